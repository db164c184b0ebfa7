"""Business rules of the discount of a service, which are the same for every kind of service."""

from __future__ import annotations

from expectations.suites.rules import Rule, all_rows, between, one_of


def discount_rules() -> list[Rule]:
    """Return the rules: a fixed amount, complete, and never above what the service costs."""
    return [
        between("discount_value", 0),
        one_of("discount_type", ["fixed"]),
        all_rows(
            "a discount has a value, a first day and a text; without one there is none of them",
            "case discount when '1' then discount_value > 0 and discount_start_date is not null"
            " and discount_text is not null else discount_value = 0 and discount_start_date is null"
            " and discount_end_date is null and discount_text is null end",
        ),
        all_rows(
            "discount is not above the price of all pieces",
            "discount_value <= unit_price * quantity",
        ),
        all_rows(
            "discount_end_date is not before discount_start_date",
            "discount_end_date >= discount_start_date",
        ),
    ]
