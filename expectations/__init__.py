"""Acceptance: whether the marts are complete and fit for the inspected target."""

from __future__ import annotations

import os

# Great Expectations decides about telemetry while it is imported, so this comes before any module.
os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
