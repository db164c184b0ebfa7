"""Business rules of `invoices_items`: lines that Splynx can add up to the invoice."""

from __future__ import annotations

from expectations.suites.rules import Rule, all_rows, between, not_empty, one_of, unique


def rules() -> list[Rule]:
    """Return the rules of the mart."""
    return [
        between("id", 1),
        between("invoice_id", 1),
        between("pos", 1, 65535),
        unique(["invoice_id", "pos"]),
        not_empty("description"),
        between("quantity", 1),
        between("price", 0),
        between("tax", 0, 100),
        all_rows(
            "a percent has its tax, and a tax its percent", "(tax > 0) = (tax_id is not null)"
        ),
        all_rows("a period ends after it began", "period_to >= period_from"),
        all_rows("a period has both ends", "(period_from is null) = (period_to is null)"),
        one_of("deleted", ["0", "1"]),
        all_rows(
            "a line has a transaction unless deleted",
            "(transaction_id is not null) = (deleted = '0')",
        ),
    ]
