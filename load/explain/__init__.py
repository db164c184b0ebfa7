"""One account through every layer: what Sonar had, what became of it and why, what Splynx holds.

Reads only. The explanation holds personal values: they are for the terminal, or for a file that was
asked for by name.
"""

from __future__ import annotations
