"""What a test Splynx says it will charge, against what the mapping expects.

A check: it shares no code with the writers.
"""
