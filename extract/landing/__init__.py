"""From rows that were read into `raw_sonar`."""
