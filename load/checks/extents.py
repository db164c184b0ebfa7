"""What the values of the marts reach: one aggregate query a mart, for the contract check."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from sqlalchemy import Connection

from load.checks.contract import Extent
from load.checks.mart_types import mart_type
from load.planning.row_hash import pg_name, pg_relation
from load.target.facts import ColumnFact, TableFacts
from runtime.manifest import Manifest, Mart, MartColumn

_MEMBERS = 200  # distinct values looked at per enum column; a list this long is no enum


def _aggregates(column: MartColumn, fact: ColumnFact) -> str:
    name = pg_name(column.name)
    # Postgres prints numbers and dates in ASCII; only the length of real texts is asked in bytes.
    text = f"{name}::text"
    family = mart_type(column.data_type).family
    is_number = family in {"integer", "decimal"}
    measured = name if family == "bytes" else text
    shortest = "null::integer"
    if family == "bytes":
        shortest = f"min(octet_length({name if column.none is None else _or_empty(name)}))"
    members = f"(array_agg(distinct {text}) filter (where {name} is not null))[:{_MEMBERS}]"
    if family == "boolean":
        members = f"array_agg(distinct {name}::integer::text) filter (where {name} is not null)"
    return ", ".join(
        (
            f"count(*) filter (where {name} is null)",
            f"coalesce(max(char_length({text})), 0)",
            f"coalesce(max(octet_length({measured})), 0)",
            f"min({name})::numeric" if is_number else "null::numeric",
            f"max({name})::numeric" if is_number else "null::numeric",
            members if fact.data_type == "enum" else "null::text[]",
            shortest,
        )
    )


def _or_empty(name: str) -> str:
    return f"coalesce({name}, '')"


def _finite(value: Decimal | None) -> Decimal | None:
    return value if value is None or value.is_finite() else None


def _of_mart(connection: Connection, mart: Mart, table: TableFacts) -> dict[str, Extent]:
    columns = [c for c in mart.columns if c.name in table.columns]
    if not columns:
        return {}
    wanted = ", ".join(_aggregates(c, table.columns[c.name]) for c in columns)
    found = connection.exec_driver_sql(f"select {wanted} from {pg_relation(mart)}", {}).one()
    width = 7
    extents = {}
    for position, column in enumerate(columns):
        part = found[position * width : (position + 1) * width]
        values = set(part[5] or ())
        if column.none is not None and part[0] and table.columns[column.name].data_type == "enum":
            values.add(column.none)
        extents[column.name] = Extent(
            nulls=part[0],
            longest=part[1],
            longest_bytes=part[2],
            smallest=_finite(part[3]),
            largest=_finite(part[4]),
            values=frozenset(values),
            shortest_bytes=part[6],
        )
    return extents


def extents(
    connection: Connection, manifest: Manifest, tables: Mapping[str, TableFacts]
) -> dict[tuple[str, str], Extent]:
    """Return the extent of each mart column that the target has. Reads every mart once."""
    return {
        (mart.name, name): extent
        for mart in manifest.marts
        if mart.name in tables
        for name, extent in _of_mart(connection, mart, tables[mart.name]).items()
    }
