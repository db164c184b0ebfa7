"""Business rules of `customer_documents`: texts, names, and only what is signed is shown."""

from __future__ import annotations

from expectations.suites.rules import (
    Rule,
    all_rows,
    between,
    no_longer_than,
    not_empty,
    not_null,
    one_of,
)


def rules() -> list[Rule]:
    """Return the rules of the mart."""
    return [
        between("id", 1),
        between("customer_id", 1),
        not_null("title"),
        not_empty("title"),
        no_longer_than("title", 256),
        one_of("type", ["contract", "uploaded"]),
        all_rows(
            "only signed contracts are shown", "visible_by_customer = '0' or status = 'signed'"
        ),
        all_rows("files have a name", "type <> 'uploaded' or filename_original is not null"),
        all_rows(
            "contracts have a text", "type <> 'contract' or code is not null", severity="warning"
        ),
        all_rows("no markup that acts", "code !~* '<(script|iframe|object|embed)'"),
    ]
