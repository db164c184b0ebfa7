"""Business rules of `inventory_products`: whose, of what kind, and never for a price."""

from __future__ import annotations

from expectations.suites.rules import Rule, all_rows, between, not_empty, not_null


def rules() -> list[Rule]:
    """Return the rules of the mart."""
    return [
        between("id", 1),
        not_empty("name"),
        not_null("vendor_id"),
        not_null("category_id"),
        all_rows("no price that could be billed", "rent_price = 0 and sold_price = 0"),
    ]
