"""Business rules of `network_sites`: a site has a name, and its position is two numbers."""

from __future__ import annotations

from expectations.suites.rules import Rule, all_rows, between, not_empty, not_null


def rules() -> list[Rule]:
    """Return the rules of the mart."""
    return [
        between("id", 1),
        not_null("title"),
        not_empty("title"),
        all_rows(
            "gps is latitude,longitude",
            r"gps ~ '^-?[0-9]+([.][0-9]+)?,-?[0-9]+([.][0-9]+)?$'",
            severity="warning",
        ),
    ]
