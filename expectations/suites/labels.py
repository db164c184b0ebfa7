"""Business rules of `labels`: of customers and of tickets; the text tells those of a kind apart."""

from __future__ import annotations

from expectations.suites.rules import Rule, between, not_empty, one_of, unique


def rules() -> list[Rule]:
    """Return the rules of the mart."""
    return [
        between("id", 1),
        one_of("module", ["customers", "ticket"]),
        not_empty("label"),
        unique(["module", "label"]),
    ]
