"""Pages about the source: what Sonar has, what of it is read, how full it is, what has changed.

Reads the schemas and the ledger in `ops` and the landed rows; asks Sonar nothing. The pages show no
text out of a row: only counts, ranges of numbers and dates, and members of Sonar's own code lists.
"""

from __future__ import annotations
