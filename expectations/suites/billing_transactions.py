"""Business rules of `billing_transactions`: signs, totals, and which reference belongs to what."""

from __future__ import annotations

from datetime import date

from expectations.suites.rules import Rule, all_rows, between, not_empty, one_of


def rules() -> list[Rule]:
    """Return the rules of the mart."""
    return [
        between("id", 1),
        between("customer_id", 1),
        one_of("type", ["debit", "credit"]),
        between("quantity", 1),
        between("price", 0),
        between("total", 0),
        between("remind_amount", 0),
        all_rows("no more is open than the total", "remind_amount <= total"),
        between("tax_percent", 0, 100),
        all_rows(
            "without tax the total is price times quantity, with tax no less",
            "total = quantity * price or tax_percent > 0 and total >= quantity * price",
        ),
        all_rows(
            "a percent has its tax, and a tax its percent",
            "(tax_percent > 0) = (tax_id is not null)",
        ),
        between("date", date(1990, 1, 1), date(2100, 1, 1)),
        not_empty("description"),
        all_rows("a period ends after it began", "period_to >= period_from"),
        all_rows("a period has both ends", "(period_from is null) = (period_to is null)"),
        one_of("to_invoice", ["0", "1"]),
        all_rows("what waits for an invoice is on none", "to_invoice = '0' or invoice_id is null"),
        all_rows("only charges wait for an invoice", "to_invoice = '0' or type = 'debit'"),
        all_rows("only charges are on an invoice", "invoice_id is null or type = 'debit'"),
        all_rows("it is invoiced by its invoice", "invoice_id is not distinct from invoiced_by_id"),
        all_rows("only credits are on a credit note", "credit_note_id is null or type = 'credit'"),
        all_rows(
            "it is of a payment, an invoice or a credit note, not of two of them",
            "num_nonnulls(payment_id, invoice_id, credit_note_id) <= 1",
        ),
        one_of("source", ["manual", "auto"]),
    ]
