"""Business rules of `invoice_payers`: something pays something, by more than nothing."""

from __future__ import annotations

from expectations.suites.rules import Rule, all_rows, between, one_of


def rules() -> list[Rule]:
    """Return the rules of the mart."""
    return [
        between("id", 1),
        between("customer_id", 1),
        between("payer_id", 1),
        one_of("type", ["payment", "credit_note", "transaction"]),
        all_rows("it pays an invoice or a debit", "num_nonnulls(invoice_id, transaction_id) = 1"),
        all_rows("an amount is above zero", "amount > 0"),
    ]
