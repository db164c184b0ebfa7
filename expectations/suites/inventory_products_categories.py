"""Business rules of `inventory_products_categories`: each title once."""

from __future__ import annotations

from typing import Any

from expectations.suites.rules import all_rows, between, not_empty, not_null


def rules() -> list[Any]:
    """Return the rules of the mart."""
    return [
        between("id", 1),
        not_null("title"),
        not_empty("title"),
        all_rows(
            "title unique, upper and lower case alike",
            "lower(title) not in (select lower(title) from {batch} group by 1 having count(*) > 1)",
        ),
    ]
