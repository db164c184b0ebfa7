"""Business rules of `credit_notes`: a number and something to give back."""

from __future__ import annotations

from datetime import date

from expectations.suites.rules import Rule, all_rows, between, not_empty, one_of, unique


def rules() -> list[Rule]:
    """Return the rules of the mart."""
    return [
        between("id", 1),
        between("customer_id", 1),
        not_empty("number"),
        unique(["number"]),
        between("date_created", date(1990, 1, 1), date(2100, 1, 1)),
        all_rows("a total is above zero", "total > 0"),
        between("remind_amount", 0),
        all_rows("no more is left than the total", "remind_amount <= total"),
        one_of("status", ["not_refunded"]),
        all_rows("nothing is paid out", "payment_id is null and date_payment is null"),
    ]
