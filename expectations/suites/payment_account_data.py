"""Business rules of `payment_account_data`: a place and a customer, never a whole card number."""

from __future__ import annotations

from expectations.suites.rules import Rule, all_rows, between

_FIELDS = " ".join(f"|| coalesce(field_{n}, '') || ' '" for n in range(1, 11))


def rules() -> list[Rule]:
    """Return the rules of the mart."""
    return [
        between("account_id", 1),
        between("customer_id", 1),
        all_rows("no field holds a whole number", f"('' {_FIELDS}) !~ repeat('[0-9]', 13)"),
    ]
