"""Business rules of `tariffs_internet`: a plan has a title, a price and speeds."""

from __future__ import annotations

from expectations.suites.rules import Rule, between, not_empty, not_null


def rules() -> list[Rule]:
    """Return the rules of the mart."""
    return [
        between("id", 1),
        not_null("title"),
        not_empty("title"),
        not_null("price"),
        between("price", 0),
        not_null("speed_download"),
        between("speed_download", 1),  # 0 would mean a plan without a limit
        not_null("speed_upload"),
        between("speed_upload", 1),
    ]
