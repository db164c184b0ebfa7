"""Facts of a live MySQL or MariaDB server, from its variables and `information_schema`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, text

from load.planning.row_hash import my_name
from load.target.facts import (
    ColumnFact,
    KeyFact,
    ServerFacts,
    TableFacts,
    column_type,
    default_value,
    dialect_of,
    enum_values,
    has_default,
    utf8_name,
)

_TABLES = text(
    "select table_name, engine, substring_index(table_collation, '_', 1)"
    " from information_schema.tables where table_schema = database()"
    " and table_type = 'BASE TABLE' and table_name in :names"
).bindparams(bindparam("names", expanding=True))
_NEXT_IDS = text(
    "select table_name, auto_increment from information_schema.tables"
    " where table_schema = database() and table_name in :names"
).bindparams(bindparam("names", expanding=True))
_COLUMNS = text(
    "select table_name, column_name, ordinal_position, data_type, column_type,"
    " character_maximum_length, numeric_precision, numeric_scale, is_nullable, column_default,"
    " extra, character_set_name, collation_name, version()"
    " from information_schema.columns where table_schema = database() and table_name in :names"
    " order by table_name, ordinal_position"
).bindparams(bindparam("names", expanding=True))
_UNIQUE_KEYS = text(
    "select table_name, index_name, column_name from information_schema.statistics"
    " where table_schema = database() and non_unique = 0 and table_name in :names"
    " order by table_name, index_name, seq_in_index"
).bindparams(bindparam("names", expanding=True))
_FOREIGN_KEYS = text(
    "select table_name, constraint_name, column_name, referenced_table_name,"
    " referenced_column_name from information_schema.key_column_usage"
    " where table_schema = database() and referenced_table_name is not null"
    " and table_name in :names order by table_name, constraint_name, ordinal_position"
).bindparams(bindparam("names", expanding=True))


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """Yield a connection that sees the data of one moment and writes nothing."""
    with engine.connect() as connection:
        connection.exec_driver_sql("start transaction with consistent snapshot, read only")
        yield connection
        connection.rollback()


def server_facts(connection: Connection) -> ServerFacts:
    """Return what the server is and how it is set, before any session mode of ours."""
    found = connection.exec_driver_sql(
        "select version(), @@global.sql_mode, @@character_set_database, @@global.local_infile"
    ).one()
    version = str(found[0])
    return ServerFacts(
        dialect=dialect_of(version),
        version=version,
        sql_mode=str(found[1]),
        charset=str(found[2]),
        local_infile=str(found[3]) in {"1", "ON"},
    )


def _column(row: Any) -> ColumnFact:  # noqa: ANN401 - a SQLAlchemy row
    raw, extra = str(row[4]), str(row[10] or "")
    return ColumnFact(
        name=str(row[1]),
        position=int(row[2]),
        data_type=str(row[3]).lower(),
        column_type=column_type(raw),
        max_length=None if row[5] is None else int(row[5]),
        numeric_precision=None if row[6] is None else int(row[6]),
        numeric_scale=None if row[7] is None else int(row[7]),
        is_unsigned="unsigned" in raw.lower(),
        is_nullable=str(row[8]).upper() == "YES",
        has_default=has_default(None if row[9] is None else str(row[9]), extra),
        is_auto_increment="auto_increment" in extra.lower(),
        charset=utf8_name(None if row[11] is None else str(row[11])),
        enum_values=enum_values(raw),
        default=default_value(None if row[9] is None else str(row[9]), dialect_of(str(row[13]))),
        collation=utf8_name(None if row[12] is None else str(row[12])),
    )


def _keys(connection: Connection, names: list[str]) -> Iterator[tuple[str, KeyFact]]:
    unique = connection.execute(_UNIQUE_KEYS, {"names": names}).all()
    taken = {(row[0], row[1]) for row in unique}
    for (table, name), group in groupby(unique, key=lambda row: (row[0], row[1])):
        kind = "primary" if name == "PRIMARY" else "unique"
        yield str(table), KeyFact(str(name), kind, tuple(str(row[2]) for row in group))
    foreign = connection.execute(_FOREIGN_KEYS, {"names": names}).all()
    for (table, name), group in groupby(foreign, key=lambda row: (row[0], row[1])):
        rows = list(group)
        yield (
            str(table),
            KeyFact(
                # an index and a constraint may bear one name
                name=f"{name} (foreign)" if (table, name) in taken else str(name),
                kind="foreign",
                columns=tuple(str(row[2]) for row in rows),
                ref_table=str(rows[0][3]),
                ref_columns=tuple(str(row[4]) for row in rows),
            ),
        )


def table_facts(connection: Connection, names: Iterable[str]) -> dict[str, TableFacts]:
    """Return the facts of those of the named tables that exist."""
    wanted = sorted(set(names))
    if not wanted:
        return {}
    columns: dict[str, dict[str, ColumnFact]] = {}
    for row in connection.execute(_COLUMNS, {"names": wanted}):
        fact = _column(row)
        columns.setdefault(str(row[0]), {})[fact.name] = fact
    keys: dict[str, list[KeyFact]] = {}
    for table, key in _keys(connection, wanted):
        keys.setdefault(table, []).append(key)
    return {
        str(row[0]): TableFacts(
            name=str(row[0]),
            engine=row[1],
            charset=utf8_name(row[2]),
            columns=columns.get(str(row[0]), {}),
            keys=tuple(sorted(keys.get(str(row[0]), ()), key=lambda key: key.name)),
        )
        for row in connection.execute(_TABLES, {"names": wanted})
    }


def next_ids(connection: Connection, names: Iterable[str]) -> dict[str, int]:
    """Return the next AUTO_INCREMENT value of those of the named tables that have one."""
    dialect = dialect_of(str(connection.exec_driver_sql("select version()").scalar_one()))
    if dialect == "mysql":  # which answers from a cache of a day otherwise
        connection.exec_driver_sql("set session information_schema_stats_expiry = 0")
    found = connection.execute(_NEXT_IDS, {"names": sorted(names)})
    return {str(row[0]): int(row[1]) for row in found if row[1] is not None}


def row_count(connection: Connection, table: str) -> int:
    """Return the exact number of rows."""
    found = connection.exec_driver_sql(f"select count(*) from {my_name(table)}")
    return int(found.scalar_one())


def pages(
    connection: Connection, statement: str, bound: tuple[Any, ...] | None = None, size: int = 5000
) -> Iterator[list[tuple[Any, ...]]]:
    """Yield the result of a statement in lists of at most `size` rows, never held as a whole."""
    streamed = {"stream_results": True}
    result = connection.exec_driver_sql(statement, bound, execution_options=streamed)
    for page in result.partitions(size):
        yield [tuple(row) for row in page]
