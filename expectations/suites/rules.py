"""The words that suites are written in: each returns one expectation with a plain description.

Severities are `critical` (refuses the load), `warning` and `info` (reported only).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import great_expectations.expectations as gxe

CRITICAL = "critical"
WARNING = "warning"


def _comparable(value: int | Decimal | date | None) -> float | datetime | None:
    """Return `value` in a type that the library keeps; it would make seconds of a bare date."""
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)  # noqa: DTZ001 - local wall time
    return None if value is None else float(value)


def not_null(column: str) -> Any:  # noqa: ANN401 - the library ships no types
    """`column` always has a value."""
    return gxe.ExpectColumnValuesToNotBeNull(
        column=column, severity=CRITICAL, description=f"{column} has a value"
    )


def not_empty(column: str) -> Any:  # noqa: ANN401
    """`column`, where it has a value, is not an empty or blank text."""
    return gxe.ExpectColumnValuesToMatchRegex(
        column=column, regex=r"\S", severity=CRITICAL, description=f"{column} is not blank"
    )


def unique(columns: Sequence[str], severity: str = CRITICAL) -> Any:  # noqa: ANN401
    """`columns` together occur once."""
    words = f"{', '.join(columns)} unique"
    if len(columns) == 1:
        return gxe.ExpectColumnValuesToBeUnique(
            column=columns[0], severity=severity, description=words
        )
    return gxe.ExpectCompoundColumnsToBeUnique(
        column_list=list(columns), severity=severity, description=words
    )


def one_of(column: str, values: Sequence[object], severity: str = CRITICAL) -> Any:  # noqa: ANN401
    """`column`, where it has a value, holds one of `values`."""
    return gxe.ExpectColumnValuesToBeInSet(
        column=column,
        value_set=list(values),
        severity=severity,
        description=f"{column} is one of {', '.join(str(v) for v in values)}",
    )


def no_longer_than(column: str, characters: int) -> Any:  # noqa: ANN401
    """`column`, where it has a value, fits into `characters`."""
    return gxe.ExpectColumnValueLengthsToBeBetween(
        column=column,
        max_value=characters,
        severity=CRITICAL,
        description=f"{column} has at most {characters} characters",
    )


def between(
    column: str,
    low: int | Decimal | date | None,
    high: int | Decimal | date | None = None,
    severity: str = CRITICAL,
) -> Any:  # noqa: ANN401
    """`column`, where it has a value, is between `low` and `high`, both allowed; None: no bound."""
    bounds = ("at least", low), ("at most", high)
    words = " and ".join(f"{word} {bound}" for word, bound in bounds if bound is not None)
    return gxe.ExpectColumnValuesToBeBetween(
        column=column,
        min_value=_comparable(low),
        max_value=_comparable(high),
        severity=severity,
        description=f"{column} is {words}",
    )


def all_rows(words: str, condition: str, severity: str = CRITICAL) -> Any:  # noqa: ANN401
    """Every row fulfils the SQL `condition`; where it is null the row counts as fulfilling it."""
    # The library turns {batch} into a subquery with a name of its own; ours goes around it.
    return gxe.UnexpectedRowsExpectation(
        unexpected_rows_query=(
            f"select _sonar_key from (select * from {{batch}}) as checked where not ({condition})"
        ),
        severity=severity,
        description=words,
    )


def one_for_each(parent: str, column: str) -> Any:  # noqa: ANN401
    """Each row of the mart `parent` has one here with its id in `column`; names parents."""
    return gxe.UnexpectedRowsExpectation(
        unexpected_rows_query=(
            f"select parent._sonar_key from splynx_staging.{parent} as parent"
            f" where parent.id not in (select {column} from {{batch}})"
        ),
        severity=CRITICAL,
        description=f"each row of {parent} has its row here",
    )
