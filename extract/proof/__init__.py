"""Whether what landed is what Sonar has, and where it is not."""
