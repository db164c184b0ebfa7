"""Business rules of `tariffs_voice`: a plan has a title and a price without tax."""

from __future__ import annotations

from expectations.suites.rules import Rule, between, not_empty, not_null, one_of


def rules() -> list[Rule]:
    """Return the rules of the mart."""
    return [
        between("id", 1),
        not_empty("title"),
        not_null("price"),
        between("price", 0),
        one_of("with_vat", ["0"]),
        between("vat_percent", 0),
    ]
