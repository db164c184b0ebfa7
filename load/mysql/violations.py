"""Rows of the target that lead nowhere although a foreign key says they lead somewhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from sqlalchemy import Connection

from load.planning.row_hash import my_name, target_text

_SAMPLES = 5


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """A foreign key of the database; columns in key order."""

    table: str
    columns: tuple[str, ...]
    to_table: str
    to_columns: tuple[str, ...]
    on_delete: str


@dataclass(frozen=True, slots=True)
class Violation:
    """A foreign key that rows break: how many, and the keys of some."""

    key: ForeignKey
    rows: int
    samples: tuple[str, ...]

    def __str__(self) -> str:
        """Name both sides, and sample rows by key."""
        columns = ", ".join(self.key.columns)
        return (
            f"{self.key.table}.{columns}: {self.rows} rows lead to no row of {self.key.to_table},"
            f" such as {'; '.join(self.samples)}"
        )


def foreign_keys(connection: Connection) -> list[ForeignKey]:
    """Return all foreign keys inside the database."""
    rows = connection.exec_driver_sql(
        "select k.table_name, k.constraint_name, k.column_name, k.referenced_table_name,"
        " k.referenced_column_name, r.delete_rule"
        " from information_schema.key_column_usage as k"
        " join information_schema.referential_constraints as r"
        " on r.constraint_schema = k.constraint_schema and r.table_name = k.table_name"
        " and r.constraint_name = k.constraint_name"
        " where k.table_schema = database() and k.referenced_table_schema = database()"
        " order by k.table_name, k.constraint_name, k.ordinal_position"
    ).all()
    found = []
    for _, group in groupby(rows, key=lambda row: (row[0], row[1])):
        parts = list(group)
        found.append(
            ForeignKey(
                table=str(parts[0][0]),
                columns=tuple(str(part[2]) for part in parts),
                to_table=str(parts[0][3]),
                to_columns=tuple(str(part[4]) for part in parts),
                on_delete=str(parts[0][5]).upper(),
            )
        )
    return found


def primary_keys(connection: Connection) -> dict[str, tuple[str, ...]]:
    """Return the primary key's columns by table, for tables that have one."""
    rows = connection.exec_driver_sql(
        "select table_name, column_name from information_schema.statistics"
        " where table_schema = database() and index_name = 'PRIMARY'"
        " order by table_name, seq_in_index"
    ).all()
    return {
        str(table): tuple(str(row[1]) for row in group)
        for table, group in groupby(rows, key=lambda row: row[0])
    }


def violations(connection: Connection) -> Iterator[Violation]:
    """Yield every foreign key that rows break: a dump is loaded without checking them."""
    named = primary_keys(connection)
    for key in foreign_keys(connection):
        joined = " and ".join(
            f"parent.{my_name(to)} = child.{my_name(column)}"
            for column, to in zip(key.columns, key.to_columns, strict=True)
        )
        given = " and ".join(f"child.{my_name(column)} is not null" for column in key.columns)
        broken = (
            f"from {my_name(key.table)} as child left join {my_name(key.to_table)} as parent"
            f" on {joined} where {given} and parent.{my_name(key.to_columns[0])} is null"
        )
        rows = int(connection.exec_driver_sql(f"select count(*) {broken}").scalar_one())
        if rows:
            samples = _samples(connection, named.get(key.table, key.columns), broken)
            yield Violation(key, rows, samples)


def _samples(connection: Connection, columns: Sequence[str], broken: str) -> tuple[str, ...]:
    wanted = ", ".join(target_text(name, "child") for name in columns)
    found = connection.exec_driver_sql(f"select {wanted} {broken} limit {_SAMPLES}")
    return tuple(
        ", ".join(f"{name} {value}" for name, value in zip(columns, row, strict=True))
        for row in found
    )
