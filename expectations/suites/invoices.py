"""Business rules of `invoices`: totals that can be owed, and states that fit what is due."""

from __future__ import annotations

from datetime import date

from expectations.suites.rules import Rule, all_rows, between, not_empty, one_of


def rules() -> list[Rule]:
    """Return the rules of the mart."""
    return [
        between("id", 1),
        between("customer_id", 1),
        not_empty("number"),
        between("date_created", date(1990, 1, 1), date(2100, 1, 1)),
        all_rows(
            "due by a day that is not before the invoice", "date_till >= date_created", "warning"
        ),
        between("total", 0),
        between("due", 0),
        all_rows("no more is due than the total", "due <= total"),
        one_of("status", ["not_paid", "paid", "deleted"]),
        all_rows("paid where nothing is due, unless deleted", "(status = 'not_paid') = (due > 0)"),
        all_rows("deleted means deleted", "(status = 'deleted') = (deleted = '1')"),
        all_rows("only a paid invoice names its payment", "payment_id is null or status = 'paid'"),
        all_rows("a payment has its day", "payment_id is null or date_payment is not null"),
        one_of("type", ["one_time", "recurring"]),
        all_rows("no invoice is sent again", "is_sent = '1'"),
    ]
