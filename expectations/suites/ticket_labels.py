"""Business rules of `ticket_labels`: labels of tickets."""

from __future__ import annotations

from expectations.suites.rules import Rule, between, no_rows


def rules() -> list[Rule]:
    """Return the rules of the mart."""
    return [
        between("ticket_id", 1),
        between("label_id", 1),
        no_rows(
            "the label is not one of customers",
            "exists (select from splynx_staging.labels as label"
            " where label.id = label_id and label.module <> 'ticket')",
        ),
    ]
