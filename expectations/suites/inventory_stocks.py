"""Business rules of `inventory_stocks`: places, none of them the base one."""

from __future__ import annotations

from expectations.suites.rules import Rule, between, not_empty, one_of


def rules() -> list[Rule]:
    """Return the rules of the mart."""
    return [
        between("id", 1),
        not_empty("name"),
        one_of("type", [0, 2, 3, 4, 6]),
        one_of("is_base", ["0"]),
    ]
