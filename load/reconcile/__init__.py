"""Proof that the target holds what the marts say, and the marts what Sonar had.

Shares no code with the writers: it reads raw rows, marts and the live target by queries of its own
and compares values in a normal form of its own. A mistake in a writer can't hide itself here.
"""

from __future__ import annotations
