"""Business rules of `credit_notes_items`: untaxed lines, each with its transaction."""

from __future__ import annotations

from expectations.suites.rules import Rule, between, not_empty, one_for_each, unique


def rules() -> list[Rule]:
    """Return the rules of the mart."""
    return [
        between("id", 1),
        between("credit_note_id", 1),
        one_for_each("credit_notes", "credit_note_id"),
        between("pos", 1, 65535),
        unique(["credit_note_id", "pos"]),
        not_empty("description"),
        between("quantity", 1, 1),
        between("price", 0),
        between("tax", 0, 0),
        between("transaction_id", 1),
        unique(["transaction_id"]),
    ]
