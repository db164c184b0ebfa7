"""Business rules of `customers_labels`: each label once."""

from __future__ import annotations

from typing import Any

from expectations.suites.rules import between


def rules() -> list[Any]:
    """Return the rules of the mart."""
    return [
        between("customer_id", 1),
        between("label_id", 1),
    ]
