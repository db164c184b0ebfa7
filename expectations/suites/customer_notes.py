"""Business rules of `customer_notes`: notes that only inform."""

from __future__ import annotations

from expectations.suites.rules import Rule, all_rows, between, one_of


def rules() -> list[Rule]:
    """Return the rules of the mart."""
    return [
        between("id", 1),
        between("customer_id", 1),
        between("administrator_id", 1),
        one_of("type", ["comment", "call", "customer"]),
        all_rows(
            "pinned since a time, or not pinned", "(is_pinned = 1) = (pinned_date is not null)"
        ),
        all_rows("nobody has to do anything", "assigned_to is null"),
    ]
