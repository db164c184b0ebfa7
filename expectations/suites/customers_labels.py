"""Business rules of `customers_labels`: each label once."""

from __future__ import annotations

from expectations.suites.rules import Rule, between


def rules() -> list[Rule]:
    """Return the rules of the mart."""
    return [
        between("customer_id", 1),
        between("label_id", 1),
    ]
