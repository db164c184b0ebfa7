"""Business rules of `routers`: each has its own address, and Splynx does not talk to it yet."""

from __future__ import annotations

from expectations.suites.rules import Rule, all_rows, between, not_empty, not_null, one_of, unique


def rules() -> list[Rule]:
    """Return the rules of the mart."""
    return [
        between("id", 1),
        not_null("title"),
        not_empty("title"),
        not_null("ip"),
        unique(["ip"]),
        all_rows("nas_ip is its address", "nas_ip = ip"),
        all_rows("no secret is moved", "radius_secret is null"),
        one_of("authorization_method", ["none"]),
        one_of("accounting_method", ["none"]),
    ]
