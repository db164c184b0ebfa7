"""What every stage needs in order to run. Imports no stage, knows neither Sonar nor Splynx."""
