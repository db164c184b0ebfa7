"""Business rules of `ticket_messages`: a text, one author, and no notes for customers."""

from __future__ import annotations

from expectations.suites.rules import Rule, all_rows, between, no_rows, one_of


def rules() -> list[Rule]:
    """Return the rules of the mart."""
    return [
        between("id", 1),
        between("ticket_id", 1),
        one_of("author_type", ["admin", "customer", "api", "system"]),
        all_rows("it has a text", "length(message) > 0"),
        all_rows("notes are hidden", "(message_type = 'note') = (hide_for_customer = '1')"),
        all_rows(
            "at most one author",
            "num_nonnulls(customer_id, incoming_customer_id, admin_id, api_id) <= 1",
        ),
        all_rows(
            "the author is of the kind that it says",
            "(author_type = 'admin') = (admin_id is not null)"
            " and (author_type = 'customer')"
            " = (coalesce(customer_id, incoming_customer_id) is not null)",
        ),
        no_rows(
            "a customer writes in tickets of his own",
            "customer_id is not null and not exists (select from splynx_staging.ticket as ticket"
            " where ticket.id = ticket_id and ticket.customer_id = checked.customer_id)",
        ),
    ]
