"""Splynx marts -> Splynx: what the target is, what would change, and the change itself."""
