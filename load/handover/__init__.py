"""Secrets that Splynx needs and the warehouse must never hold: from Sonar to Splynx, in memory."""
