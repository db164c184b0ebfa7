"""Business rules of `tax`: one rate of a share, never a group."""

from __future__ import annotations

from typing import Any

from expectations.suites.rules import between, not_empty, not_null, one_of


def rules() -> list[Any]:
    """Return the rules of the mart."""
    return [
        between("id", 1),
        not_empty("name"),
        not_null("rate"),
        between("rate", 0),
        one_of("type", ["single"]),
    ]
