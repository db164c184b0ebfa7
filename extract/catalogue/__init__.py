"""What Sonar has and what of it is asked for, read out of its schema."""
