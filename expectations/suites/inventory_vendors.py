"""Business rules of `inventory_vendors`: each name once."""

from __future__ import annotations

from expectations.suites.rules import Rule, between, not_empty, not_null, unique_in_any_case


def rules() -> list[Rule]:
    """Return the rules of the mart."""
    return [
        between("id", 1),
        not_null("name"),
        not_empty("name"),
        unique_in_any_case("name"),
    ]
