"""Business rules of `credit_notes_to_invoices`: each credit note is about one invoice."""

from __future__ import annotations

from expectations.suites.rules import Rule, between, one_for_each, unique


def rules() -> list[Rule]:
    """Return the rules of the mart."""
    return [
        between("credit_note_id", 1),
        between("invoice_id", 1),
        one_for_each("credit_notes", "credit_note_id"),
        unique(["credit_note_id"]),
    ]
