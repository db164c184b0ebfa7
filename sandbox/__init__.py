"""Stand-ins for both systems: real servers on loopback, filled with generated data."""
