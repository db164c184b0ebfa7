"""Business rules of `services_voice`: dates, prices and discounts that a bill can bear."""

from __future__ import annotations

from datetime import date

from expectations.suites.discounts import discount_rules
from expectations.suites.rules import Rule, all_rows, between, not_null, one_of


def rules() -> list[Rule]:
    """Return the rules of the mart."""
    return [
        between("id", 1),
        not_null("customer_id"),
        not_null("tariff_id"),
        one_of("status", ["active", "stopped"]),
        not_null("unit_price"),
        between("unit_price", 0),
        between("quantity", 1),
        between("start_date", date(1990, 1, 1), date(2100, 1, 1)),
        all_rows("end_date is not before start_date", "end_date >= start_date"),
        all_rows("months at once are 1 to 99", "period::integer between 1 and 99"),
        *discount_rules(),
    ]
