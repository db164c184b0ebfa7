"""Business rules of `partners`: an import adds partners and touches none."""

from __future__ import annotations

from typing import Any

from expectations.suites.rules import between, not_empty


def rules() -> list[Any]:
    """Return the rules of the mart."""
    return [
        between("id", 1),
        not_empty("name"),
    ]
