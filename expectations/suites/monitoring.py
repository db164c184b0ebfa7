"""Business rules of `monitoring`: nothing is watched, and nobody is told, before staff say so."""

from __future__ import annotations

from expectations.suites.rules import Rule, between, not_empty, not_null, one_of


def rules() -> list[Rule]:
    """Return the rules of the mart."""
    return [
        between("id", 1),
        not_null("title"),
        not_empty("title"),
        not_null("ip"),
        not_empty("ip"),
        not_null("network_site_id"),
        one_of("active", ["0"]),
        one_of("is_ping", ["0"]),
        one_of("send_notifications", ["0"]),
    ]
