"""How full the fields of a collection are: one statement over its landed rows.

What may be shown of a value is decided here, by the type in the schema: the range of numbers and
dates, how often each member of a code list occurs. `Numeric` is text (telephone numbers), and
coordinates say where somebody lives: neither is in the list. A range that does not look like a
number or a date after all is dropped, so that no text can pass as one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.exc import DataError

from extract.source_docs.facts import Coverage, Field, Filled

DISTINCT_UP_TO = 20_000  # rows; counting distinct values sorts each field once
_MOST_MEMBERS = 40  # of a code list; counties and countries would say where people live
_EXPRESSIONS = 1_200  # Postgres takes 1,664 in one select

_NUMBERS = frozenset({"Int", "Float", "Int64Bit"})
_MOMENTS = frozenset({"Date", "Datetime"})
_IS_NUMBER = r"^-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?$"
_SAFE = re.compile(
    r"-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?"
    r"|[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9:.]+(Z|[+-][0-9:]+)?)?"
)
_NAME = re.compile(r"[_A-Za-z][_0-9A-Za-z]*")
_LANDED = frozenset({"read", "link", "embedded"})


@dataclass(frozen=True, slots=True)
class _Measure:
    """One figure of one field: how Postgres computes it over the column `value`."""

    field: Field
    name: str
    expression: str


def landed_tables(connection: Connection) -> frozenset[str]:
    """Return the names of the raw tables."""
    tables = text("select tablename from pg_tables where schemaname = 'raw_sonar'")
    return frozenset(connection.execute(tables).scalars())


def cover(
    connection: Connection, table: str, fields: Sequence[Field], *, with_distinct: bool
) -> Coverage:
    """Measure the live rows of `table`; big tables are read once.

    Args:
        connection: on the warehouse.
        table: name in `raw_sonar`.
        fields: of the entity; those that have not landed are left out.
        with_distinct: count distinct values as well, which is not cheap over many rows.
    """
    landed = [f for f in fields if f.status in _LANDED and _NAME.fullmatch(f.name)]
    count = text(
        "select count(*) filter (where _deleted_at is null),"
        f' count(*) filter (where _deleted_at is not null) from raw_sonar."{table}"'
    )
    live: tuple[int, int] = tuple(connection.execute(count).one())  # type: ignore[assignment]
    rows, deleted = live
    if not rows:
        return Coverage(0, deleted, {})
    found: dict[str, dict[str, Any]] = {field.name: {} for field in landed}
    for part in _parts(landed, with_distinct=with_distinct):
        for measure, value in zip(part, _measured(connection, table, part), strict=True):
            found[measure.field.name][measure.name] = value
    filled = {field.name: _filled(field, found[field.name], rows) for field in landed}
    return Coverage(rows, deleted, filled)


def _parts(fields: Sequence[Field], *, with_distinct: bool) -> Iterator[list[_Measure]]:
    part: list[_Measure] = []
    for field in fields:
        measures = list(_measures(field, with_distinct=with_distinct))
        if len(part) + len(measures) > _EXPRESSIONS:
            yield part
            part = []
        part += measures
    if part:
        yield part


def _members(field: Field) -> tuple[str, ...]:
    if field.scalar == "Boolean":
        return ("true", "false")
    members = field.code_list or ()
    return members if len(members) <= _MOST_MEMBERS else ()


def _measures(field: Field, *, with_distinct: bool) -> Iterator[_Measure]:
    def measure(name: str, expression: str) -> _Measure:
        return _Measure(field, name, expression)

    yield measure("nulls", "count(*) - count({value})")
    if field.status == "link":
        yield measure("linked", "sum({value})")
        return
    if field.status == "embedded":
        return
    if with_distinct:
        yield measure("distinct", "count(distinct {value})")
    if field.scalar in _NUMBERS:
        yield measure("low", "min({number})")
        yield measure("high", "max({number})")
    elif field.scalar in _MOMENTS:
        yield measure("low", 'min({value} collate "C")')
        yield measure("high", 'max({value} collate "C")')
    for member in _members(field):
        yield measure(f"={member}", f"count(*) filter (where {{value}} = '{member}')")


def _measured(connection: Connection, table: str, part: Sequence[_Measure]) -> Sequence[Any]:
    """Run the statement; numbers are cast as they are, and checked only if one turns out wrong."""
    for number in (_cast, _checked_cast):
        statement = _statement(table, part, number)
        try:
            with connection.begin_nested():
                return tuple(connection.exec_driver_sql(statement).one())
        except DataError:
            if number is _checked_cast:
                raise
    raise AssertionError("unreachable")


def _cast(value: str) -> str:
    return f"{value}::numeric"


def _checked_cast(value: str) -> str:
    return f"case when {value} ~ '{_IS_NUMBER}' then {value}::numeric end"


def _statement(table: str, part: Sequence[_Measure], number: Callable[[str], str]) -> str:
    columns = {
        field.name: f"f{i}"
        for i, field in enumerate({m.field.name: m.field for m in part}.values())
    }
    inner = {m.field.name: f"{_value(m.field)} as {columns[m.field.name]}" for m in part}
    outer = [
        m.expression.format(value=columns[m.field.name], number=number(columns[m.field.name]))
        for m in part
    ]
    # `offset 0` keeps Postgres from taking each value out of the payload once per figure.
    return (
        f"select {', '.join(outer)} from (select {', '.join(inner.values())}"
        f' from raw_sonar."{table}" where _deleted_at is null offset 0) as live'
    )


def _value(field: Field) -> str:
    if field.status == "link":
        entities = f"payload->'{field.name}'->'entities'"
        return (
            f"case when jsonb_typeof({entities}) = 'array' then jsonb_array_length({entities}) end"
        )
    return f"payload->>'{field.name}'"


def _filled(field: Field, found: dict[str, Any], rows: int) -> Filled:
    values = {name[1:]: count for name, count in found.items() if name.startswith("=") and count}
    present = rows - found["nulls"]
    return Filled(
        nulls=found["nulls"],
        distinct=found.get("distinct"),
        low=_shown(found.get("low")),
        high=_shown(found.get("high")),
        values=values,
        unlisted=present - sum(values.values()) if _members(field) else 0,
        linked=None if field.status != "link" else int(found["linked"] or 0),
    )


def _shown(value: Any) -> str | None:  # noqa: ANN401 - whatever the driver gives
    return str(value) if value is not None and _SAFE.fullmatch(str(value)) else None
