"""Business rules of `ticket_groups`: each title once."""

from __future__ import annotations

from expectations.suites.rules import Rule, between, not_empty, not_null, unique_in_any_case


def rules() -> list[Rule]:
    """Return the rules of the mart."""
    return [
        between("id", 1),
        not_null("title"),
        not_empty("title"),
        unique_in_any_case("title"),
    ]
