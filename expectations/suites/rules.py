"""The words that suites are written in: each returns one rule with a plain description.

A rule is SQL about the rows of a mart: what breaks it, counted, and whose keys those rows have.
Where a row alone decides, the rule is a condition, and all conditions of a mart are counted in one
pass over it. Severities are `critical` (refuses the load), `warning` and `info` (reported only).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from expectations.gate import Severity

BATCH = "{batch}"  # stands for the mart in SQL; other braces are left alone
_KEY = "checked._sonar_key"
_LOOKS_AROUND = re.compile(r"\bselect\b", re.I)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule on the rows of a mart.

    `count` is an SQL expression in a query of the mart as `checked`, aggregates allowed; `keys` is
    a query of the Sonar keys. Both are about the rows that break the rule, and both name the mart
    as {batch}. `columns` are the ones that the rule is about, where it is about columns.
    """

    description: str
    count: str
    keys: str
    severity: Severity = "critical"
    columns: tuple[str, ...] = ()


def quoted(name: str) -> str:
    """Return a name as SQL takes it, whatever it is called."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: object) -> str:
    """Return a value as SQL text: exact, and of no type that would hide a column's wrong one."""
    if isinstance(value, date):
        return f"timestamp '{value.isoformat()}'"
    if isinstance(value, int | Decimal):
        return str(value)
    return "'" + str(value).replace("'", "''") + "'"


def _row_by_row(description: str, condition: str, severity: Severity, *columns: str) -> Rule:
    return Rule(
        description=description,
        count=f"count(*) filter (where not ({condition}))",
        keys=f"select {_KEY} from {BATCH} as checked where not ({condition})",
        severity=severity,
        columns=columns,
    )


def not_null(column: str) -> Rule:
    """`column` always has a value."""
    condition = f"checked.{quoted(column)} is not null"
    return _row_by_row(f"{column} has a value", condition, "critical", column)


def not_empty(column: str) -> Rule:
    """`column`, where it has a value, is not an empty or blank text."""
    condition = rf"checked.{quoted(column)} ~ '\S'"
    return _row_by_row(f"{column} is not blank", condition, "critical", column)


def one_of(column: str, values: Sequence[object], severity: Severity = "critical") -> Rule:
    """`column`, where it has a value, holds one of `values`."""
    listed = ", ".join(literal(value) for value in values)
    return _row_by_row(
        f"{column} is one of {', '.join(str(v) for v in values)}",
        f"checked.{quoted(column)} in ({listed})",
        severity,
        column,
    )


def no_longer_than(column: str, characters: int) -> Rule:
    """`column`, where it has a value, fits into `characters`."""
    return _row_by_row(
        f"{column} has at most {characters} characters",
        f"length(checked.{quoted(column)}) <= {characters:d}",
        "critical",
        column,
    )


def between(
    column: str,
    low: int | Decimal | date | None,
    high: int | Decimal | date | None = None,
    severity: Severity = "critical",
) -> Rule:
    """`column`, where it has a value, is between `low` and `high`, both allowed; None: no bound."""
    bounds = [
        (words, sign, bound)
        for words, sign, bound in (("at least", ">=", low), ("at most", "<=", high))
        if bound is not None
    ]
    return _row_by_row(
        f"{column} is {' and '.join(f'{words} {bound}' for words, _, bound in bounds)}",
        " and ".join(f"checked.{quoted(column)} {sign} {literal(b)}" for _, sign, b in bounds),
        severity,
        column,
    )


def _once(
    description: str, values: Sequence[str], columns: Sequence[str], severity: Severity
) -> Rule:
    """Return the rule that SQL `values` of a row, where all are there, are those of no other."""
    listed = ", ".join(values)
    filled = " and ".join(f"{value} is not null" for value in values)
    doubled = f"from {BATCH} as checked where {filled} group by {listed} having count(*) > 1"
    return Rule(
        description=description,
        count=f"(select coalesce(sum(n), 0) from (select count(*) as n {doubled}) as doubled)",
        keys=f"select {_KEY} from {BATCH} as checked"
        f" where ({listed}) in (select {listed} {doubled})",
        severity=severity,
        columns=tuple(columns),
    )


def unique(columns: Sequence[str], severity: Severity = "critical") -> Rule:
    """`columns` together occur once; rows in which one of them has no value are not compared."""
    values = [f"checked.{quoted(column)}" for column in columns]
    return _once(f"{', '.join(columns)} unique", values, columns, severity)


def unique_in_any_case(column: str, severity: Severity = "critical") -> Rule:
    """`column` occurs once, also when upper and lower case are taken for the same."""
    words = f"{column} unique, upper and lower case alike"
    return _once(words, [f"lower(checked.{quoted(column)})"], [column], severity)


def _by_query(description: str, keys: str, severity: Severity, *columns: str) -> Rule:
    count = f"(select count(*) from ({keys}) as broken)"
    return Rule(description, count, keys, severity, columns)


def all_rows(words: str, condition: str, severity: Severity = "critical") -> Rule:
    """Every row fulfils the SQL `condition`; where it is null the row counts as fulfilling it.

    The row is `checked`. A condition that looks at other rows is a query of its own. Postgres joins
    them if it is an `exists` and nothing else; for more there is `no_rows`.
    """
    rule = _row_by_row(words, condition, severity)
    return _by_query(words, rule.keys, severity) if _LOOKS_AROUND.search(condition) else rule


def no_rows(words: str, condition: str, severity: Severity = "critical") -> Rule:
    """No row fulfils the SQL `condition`: the word for an `exists` that is not all of a condition.

    Said by `all_rows`, as `not exists …` or `… or exists …`, it would reach Postgres denied, which
    makes no join of it then: every package was compared with every service.
    """
    keys = f"select {_KEY} from {BATCH} as checked where {condition}"
    return _by_query(words, keys, severity)


def leads_to(words: str, column: str, *places: str) -> Rule:
    """`column`, where it has a value, is among what the queries `places` select.

    Written so that Postgres makes one join of it, which it doesn't of `column is null or exists …`:
    payments of the reference tenant took more than eight minutes, a scan of all transactions each.
    """
    return _by_query(
        words,
        f"select {_KEY} from {BATCH} as checked where checked.{quoted(column)} is not null"
        f" and not exists (select from ({' union all '.join(places)}) as place (id)"
        f" where place.id = checked.{quoted(column)})",
        "critical",
        column,
    )


def one_for_each(parent: str, column: str) -> Rule:
    """Each row of the mart `parent` has one here with its id in `column`; names parents."""
    return _by_query(
        f"each row of {parent} has its row here",
        f"select {_KEY} from splynx_staging.{quoted(parent)} as checked where not exists"
        f" (select 1 from {BATCH} as child where child.{quoted(column)} = checked.id)",
        "critical",
        column,
    )
