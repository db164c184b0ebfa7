"""Business rules of `ticket`: tickets that nobody is told of, each of one side."""

from __future__ import annotations

from expectations.suites.rules import Rule, all_rows, between, not_empty, not_null, one_of


def rules() -> list[Rule]:
    """Return the rules of the mart."""
    return [
        between("id", 1),
        not_null("subject"),
        not_empty("subject"),
        between("status_id", 1),
        one_of("closed", ["0", "1"]),
        one_of("priority", ["low", "medium", "high", "urgent"]),
        one_of("unread_by_customer", ["0"]),
        one_of("unread_by_admin", ["0"]),
        all_rows(
            "of a customer, or of somebody unknown, not both",
            "customer_id is null or incoming_customer_id is null",
        ),
        all_rows(
            "only its customer reported it", "reporter_id is null or reporter_id = customer_id"
        ),
        all_rows("created before it changed", "created_at <= updated_at", severity="warning"),
    ]
