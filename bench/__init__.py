"""Benchmarks: each way of doing a thing in turn, against a yardstick measured in the same run."""
