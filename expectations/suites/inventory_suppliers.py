"""Business rules of `inventory_suppliers`: whom equipment is bought from."""

from __future__ import annotations

from expectations.suites.rules import Rule, between, not_empty, not_null


def rules() -> list[Rule]:
    """Return the rules of the mart."""
    return [
        between("id", 1),
        not_null("name"),
        not_empty("name"),
        not_empty("address"),
        not_empty("contact_name"),
        not_empty("email"),
        not_empty("phone"),
    ]
