"""Which Splynx id each Sonar record has."""
