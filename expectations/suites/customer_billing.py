"""Business rules of `customer_billing`: one row for each customer, a balance, days of any month."""

from __future__ import annotations

from expectations.suites.rules import Rule, between, not_null, one_for_each


def rules() -> list[Rule]:
    """Return the rules of the mart."""
    return [
        between("customer_id", 1),
        one_for_each("customers", "customer_id"),
        not_null("deposit"),
        between("payment_method", 1),
        not_null("billing_date"),
        between("billing_date", 1, 28),  # Splynx bills on no other day
        between("billing_due", 0, 365),
        between("blocking_period", 0, 99),
        between("grace_period", 0, 365),
    ]
