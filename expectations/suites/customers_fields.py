"""Business rules of `customers_fields`: keys of fields that Splynx takes."""

from __future__ import annotations

from expectations.suites.rules import Rule, all_rows, not_empty, one_of


def rules() -> list[Rule]:
    """Return the rules of the mart."""
    return [
        all_rows("name is one of ours", "name ~ '^sonar_[a-z0-9_]+$'"),
        not_empty("title"),
        one_of("type", ["string", "boolean", "date", "select"]),
        all_rows(
            "choices where the field has a list", "(type = 'select') = (select_values is not null)"
        ),
    ]
