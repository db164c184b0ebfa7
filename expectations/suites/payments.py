"""Business rules of `payments`: an amount, a number and a transaction each."""

from __future__ import annotations

from datetime import date

from expectations.suites.rules import Rule, all_rows, between, not_empty, not_null, unique


def rules() -> list[Rule]:
    """Return the rules of the mart."""
    return [
        between("id", 1),
        between("customer_id", 1),
        between("transaction_id", 1),
        unique(["transaction_id"]),
        between("payment_type", 1),
        not_empty("receipt_number"),
        unique(["receipt_number"]),
        between("date", date(1990, 1, 1), date(2100, 1, 1)),
        not_null("real_create_datetime"),
        all_rows("an amount is not nothing", "amount <> 0"),
        between("remind_amount", 0),
        all_rows(
            "no more is left than was paid, and nothing of what was taken back",
            "remind_amount <= greatest(amount, 0)",
        ),
        all_rows("what was taken back says of which payment", "amount > 0 or comment is not null"),
        all_rows(
            "an administrator is named, and only one",
            "(added_by = 'admin') = (added_by_id is not null)",
        ),
        between("amount", -1_000_000, 1_000_000, "warning"),
    ]
