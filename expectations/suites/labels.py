"""Business rules of `labels`: labels of customers only; the text tells them apart."""

from __future__ import annotations

from typing import Any

from expectations.suites.rules import all_rows, between, not_empty, one_of


def rules() -> list[Any]:
    """Return the rules of the mart."""
    return [
        between("id", 1),
        one_of("module", ["customers"]),
        not_empty("label"),
        all_rows(
            "label unique, upper and lower case alike",
            "lower(label) not in (select lower(label) from {batch} group by 1 having count(*) > 1)",
        ),
    ]
