"""One sealed archive of a migration for finance and auditors, verified offline years later."""

from __future__ import annotations
