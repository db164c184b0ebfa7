"""Business rules of `customer_info`: exactly one row for each customer."""

from __future__ import annotations

from expectations.suites.rules import Rule, between, one_for_each


def rules() -> list[Rule]:
    """Return the rules of the mart."""
    return [between("customer_id", 1), one_for_each("customers", "customer_id")]
