"""Talking with Sonar: one session, one budget, typed answers and typed failures."""
