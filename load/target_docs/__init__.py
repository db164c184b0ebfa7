"""A page about the target: every table of its database and every endpoint that a load asks.

Reads `information_schema` and OPTIONS of the live Splynx, and no row of it.
"""
