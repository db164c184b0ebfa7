"""Business rules of `admins`: nobody can sign in with what is loaded."""

from __future__ import annotations

from typing import Any

from expectations.suites.rules import all_rows, between, not_empty, not_null, one_of


def rules() -> list[Any]:
    """Return the rules of the mart."""
    return [
        between("id", 1),
        not_empty("login"),
        not_empty("name"),
        not_null("role_name"),
        one_of("deleted", ["0", "1"]),
        all_rows("no password is loaded", "password is null and otp_secret is null"),
        all_rows("no access to routers", "router_access = 'none'"),
        *(
            all_rows(
                f"{column} unique, upper and lower case alike",
                f"lower({column}) not in (select lower({column}) from {{batch}}"
                f" where {column} is not null group by 1 having count(*) > 1)",
            )
            for column in ("login", "email")
        ),
    ]
