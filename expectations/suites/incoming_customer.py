"""Business rules of `incoming_customer`: each address once, and nobody is taken for a customer."""

from __future__ import annotations

from expectations.suites.rules import Rule, all_rows, between, not_empty, unique_in_any_case


def rules() -> list[Rule]:
    """Return the rules of the mart."""
    return [
        between("id", 1),
        not_empty("name"),
        unique_in_any_case("email"),
        all_rows("an address makes nobody a customer", "customer_id is null"),
    ]
