"""Business rules of `admins`: nobody can sign in with what is loaded."""

from __future__ import annotations

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
        between("id", 1),
        not_empty("login"),
        not_empty("name"),
        not_null("role_name"),
        one_of("deleted", ["0", "1"]),
        all_rows("no password is loaded", "password is null and otp_secret is null"),
        all_rows("no access to routers", "router_access = 'none'"),
        unique_in_any_case("login"),
        unique_in_any_case("email"),
    ]
