"""Business rules of `customers_values`: values that fit the kind of their field."""

from __future__ import annotations

from expectations.suites.rules import Rule, between, no_rows, one_for_each


def rules() -> list[Rule]:
    """Return the rules of the mart."""
    return [
        between("id", 1),
        no_rows(
            "value fits the kind of the field",
            "value is not null and exists (select from splynx_staging.customers_fields as field"
            " where field.name = checked.name"
            " and (field.type = 'boolean' and value not in ('0', '1')"
            r" or field.type = 'date' and value !~ '^\d\d\d\d-\d\d-\d\d$'))",
        ),
        one_for_each("customers", "id"),
    ]
