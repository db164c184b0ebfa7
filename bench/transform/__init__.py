"""How fast the marts are built, against the same SQL without dbt and after small changes."""
