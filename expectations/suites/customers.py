"""Business rules of `customers`: what Splynx relies on and its database does not check."""

from __future__ import annotations

from datetime import date

from expectations.suites.rules import (
    Rule,
    all_rows,
    between,
    not_empty,
    not_null,
    one_of,
    unique_in_any_case,
)


def rules() -> list[Rule]:
    """Return the rules of the mart."""
    return [
        between("id", 1),  # MySQL gives 0 a new id
        all_rows("id is not its own parent", "parent_id is distinct from id"),
        one_of("status", ["new", "active", "blocked", "disabled"]),
        one_of("billing_type", ["recurring", "prepaid", "prepaid_monthly"]),
        one_of("category", ["person", "company"]),
        not_null("login"),
        not_empty("login"),
        # The portal compares logins without case, the table has no unique key on them.
        unique_in_any_case("login"),
        not_null("name"),
        not_empty("name"),
        between("partner_id", 1),
        between("location_id", 1),
        between("date_add", date(1990, 1, 1), date(2100, 1, 1)),
        all_rows(
            "email has the form of an address",
            r"email = '' or email ~ '^[^@\s]+@[^@\s]+\.[^@\s]+$'",
            severity="warning",
        ),
    ]
