"""From `raw_sonar` to the marts: dbt's build, what it needs before, and pages about its models."""
