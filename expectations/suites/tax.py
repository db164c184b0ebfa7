"""Business rules of `tax`: one rate of a share, never a group."""

from __future__ import annotations

from expectations.suites.rules import Rule, between, not_empty, not_null, one_of


def rules() -> list[Rule]:
    """Return the rules of the mart."""
    return [
        between("id", 1),
        not_empty("name"),
        not_null("rate"),
        between("rate", 0),
        one_of("type", ["single"]),
    ]
