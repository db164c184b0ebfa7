"""Business rules of `partners`: an import adds partners and touches none."""

from __future__ import annotations

from expectations.suites.rules import Rule, between, not_empty


def rules() -> list[Rule]:
    """Return the rules of the mart."""
    return [
        between("id", 1),
        not_empty("name"),
    ]
