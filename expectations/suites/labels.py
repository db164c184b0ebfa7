"""Business rules of `labels`: labels of customers only; the text tells them apart."""

from __future__ import annotations

from expectations.suites.rules import Rule, between, not_empty, one_of, unique_in_any_case


def rules() -> list[Rule]:
    """Return the rules of the mart."""
    return [
        between("id", 1),
        one_of("module", ["customers"]),
        not_empty("label"),
        unique_in_any_case("label"),
    ]
