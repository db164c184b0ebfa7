"""The page that people read and sign: the state of the migration in words and figures.

Reads what the stages recorded in `ops` and the audits; decides nothing that they have not decided.
"""

from __future__ import annotations
