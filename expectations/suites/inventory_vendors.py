"""Business rules of `inventory_vendors`: each name once."""

from __future__ import annotations

from typing import Any

from expectations.suites.rules import all_rows, between, not_empty, not_null


def rules() -> list[Any]:
    """Return the rules of the mart."""
    return [
        between("id", 1),
        not_null("name"),
        not_empty("name"),
        all_rows(
            "name unique, upper and lower case alike",
            "lower(name) not in (select lower(name) from {batch} group by 1 having count(*) > 1)",
        ),
    ]
