"""What an inspection leaves in `ops.target_*`: facts, ids and business keys in use."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any

from sqlalchemy import Connection, text

from load.mysql import read_facts
from load.planning.row_hash import fact_text, my_name
from load.target.facts import ServerFacts, TableFacts
from load.target.targets import Target
from runtime.manifest import Mart

_TABLES = ("target_table", "target_column", "target_key", "target_business_key")
_SEPARATOR = "char(31 using utf8mb4)"  # between the values of a business key of several columns

Write = Callable[[Connection], None]
"""Writes into the warehouse what was read from the target."""


def store_server(warehouse: Connection, target: Target, server: ServerFacts, run_id: str) -> None:
    """Record the server; the target becomes the warehouse's current one."""
    warehouse.execute(
        text(
            "insert into ops.target (target, address, epoch, dialect, version, sql_mode, charset,"
            " local_infile, run_id) values (:target, :address, :epoch, :dialect, :version,"
            " :sql_mode, :charset, :local_infile, :run_id)"
            " on conflict (target) do update set dialect = excluded.dialect,"
            " version = excluded.version, sql_mode = excluded.sql_mode,"
            " charset = excluded.charset, local_infile = excluded.local_infile,"
            " run_id = excluded.run_id, inspected_at = clock_timestamp()"
        ),
        {
            "target": target.name,
            "address": target.address,
            "epoch": target.epoch,
            "dialect": server.dialect,
            "version": server.version,
            "sql_mode": server.sql_mode,
            "charset": server.charset,
            "local_infile": server.local_infile,
            "run_id": run_id,
        },
    )


def _insert(
    warehouse: Connection, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    values = [dict(zip(columns, row, strict=True)) for row in rows]
    if values:
        named = ", ".join(columns)
        binds = ", ".join(f":{column}" for column in columns)
        warehouse.execute(text(f"insert into ops.{table} ({named}) values ({binds})"), values)


def store_table(  # noqa: PLR0913, PLR0917 - a table, and what it holds
    warehouse: Connection,
    target: Target,
    table: TableFacts,
    rows: int,
    checksum: str | None = None,
    next_id: int | None = None,
) -> None:
    """Record a table with its columns and keys, and what it holds."""
    _insert(
        warehouse,
        "target_table",
        ("target", "table_name", "engine", "charset", "row_count", "checksum", "next_id"),
        [
            (
                target.name,
                table.name,
                table.engine,
                table.charset,
                rows,
                checksum,
                next_id,
            )
        ],
    )
    _insert(
        warehouse,
        "target_column",
        (
            "target", "table_name", "column_name", "position", "data_type", "column_type",
            "max_length", "numeric_precision", "numeric_scale", "is_unsigned", "is_nullable",
            "has_default", "is_auto_increment", "charset", "enum_values",
            "default_value", "collation_name",
        ),
        [
            (
                target.name, table.name, c.name, c.position, c.data_type, c.column_type,
                c.max_length, c.numeric_precision, c.numeric_scale, c.is_unsigned, c.is_nullable,
                c.has_default, c.is_auto_increment, c.charset,
                None if c.enum_values is None else list(c.enum_values), c.default, c.collation,
            )
            for c in table.columns.values()
        ],
    )  # fmt: skip
    _insert(
        warehouse,
        "target_key",
        ("target", "table_name", "key_name", "kind", "column_names", "ref_table",
         "ref_column_names"),
        [
            (target.name, table.name, k.name, k.kind, list(k.columns), k.ref_table,
             None if k.ref_columns is None else list(k.ref_columns))
            for k in table.keys
        ],
    )  # fmt: skip


def clear(warehouse: Connection, target: Target, *, ids: bool = True) -> None:
    """Forget what an earlier inspection of `target` left; its ids only where `ids` says so."""
    for name in (*_TABLES, *(("target_id",) if ids else ())):
        warehouse.execute(
            text(f"delete from ops.{name} where target = :target"), {"target": target.name}
        )


def forget_ids(warehouse: Connection, target: Target, but: Iterable[str]) -> None:
    """Forget the ids in use of all tables but these."""
    warehouse.execute(
        text("delete from ops.target_id where target = :target and table_name <> all(:but)"),
        {"target": target.name, "but": list(but)},
    )


def ids_in_use(splynx: Connection, target: Target, table: TableFacts) -> Iterator[Write]:
    """Read every id in use, where the table has ids; yield what puts them in place of the old.

    They travel as bits, 64 ids a number, and only what differs from what is known is written: of a
    target that was loaded nearly all are of rows of ours, which `ops.id_map` has.
    """
    yield _make_room_for_ids
    if table.id_column is not None:
        column = my_name(table.id_column)
        place = f"cast({column} & 63 as signed)"
        statement = (
            f"select {column} - {place} as first, cast(bit_or(1 << {place}) as signed)"
            f" from {my_name(table.name)} group by first"
        )
        for page in read_facts.pages(splynx, statement):
            yield partial(_hold_ids, page=page)
    yield partial(_replace_ids, target=target, table=table.name)


def _make_room_for_ids(warehouse: Connection) -> None:
    warehouse.exec_driver_sql("drop table if exists load_held")
    warehouse.exec_driver_sql("create temporary table load_held (first bigint, bits bigint)")


def _hold_ids(warehouse: Connection, page: Sequence[tuple[Any, ...]]) -> None:
    warehouse.execute(
        text(
            "insert into load_held select first::bigint, bits from"
            " unnest(cast(:firsts as numeric[]), cast(:bits as bigint[])) as held (first, bits)"
        ),
        {"firsts": [row[0] for row in page], "bits": [row[1] for row in page]},
    )


def _replace_ids(warehouse: Connection, target: Target, table: str) -> None:
    warehouse.exec_driver_sql("analyze load_held")
    warehouse.execute(text(_REPLACE_IDS), {"target": target.name, "table_name": table})


_REPLACE_IDS = """
with known as (
    select id - (id & 63) as first, bit_or(1::bigint << (id & 63)::integer) as bits
    from (
        select id from ops.target_id where target = :target and table_name = :table_name
        union all
        select target_id from ops.id_map where target = :target and entity = :table_name
    ) as ids (id)
    group by 1
),
differing as (
    select first, coalesce(held.bits, 0) as held, coalesce(known.bits, 0) as known
    from load_held as held full join known using (first) where held.bits is distinct from known.bits
),
gone as (
    delete from ops.target_id
    where target = :target and table_name = :table_name and id in (
        select differing.first + n from differing, generate_series(0, 63) as n
        where (differing.known & ~differing.held) >> n & 1 = 1
    )
)
insert into ops.target_id (target, table_name, id)
select :target, :table_name, differing.first + n
from differing, generate_series(0, 63) as n
where (differing.held & ~differing.known) >> n & 1 = 1
"""


def insert_ids(warehouse: Connection, target: Target, table: str, ids: Sequence[int | str]) -> None:
    """Record ids in use of a table."""
    warehouse.execute(
        text(
            "insert into ops.target_id (target, table_name, id)"
            " select :target, :table_name, unnest(cast(:ids as numeric[]))::bigint"
        ),
        {"target": target.name, "table_name": table, "ids": list(ids)},
    )


def business_keys_in_use(
    splynx: Connection, target: Target, mart: Mart, table: TableFacts
) -> Iterator[Write]:
    """Read the values in use of what Splynx itself keeps unique; yield what records them."""
    if table.id_column is None:
        return
    for columns in mart.business_keys:
        if not table.columns.keys() >= set(columns):
            continue  # the contract check says it
        texts = [fact_text(table.columns[name]) for name in columns]
        value = texts[0] if len(texts) == 1 else f"concat({f', {_SEPARATOR}, '.join(texts)})"
        statement = (
            f"select {my_name(table.id_column)}, {value} from {my_name(table.name)}"
            f" where {value} <> ''"
        )
        for page in read_facts.pages(splynx, statement):
            yield partial(
                insert_business_keys, target=target, table=table.name, columns=columns, held=page
            )


def insert_business_keys(
    warehouse: Connection,
    target: Target,
    table: str,
    columns: Sequence[str],
    held: Sequence[tuple[Any, ...]],
) -> None:
    """Record which row (by id) has which value of a business key, parts joined by chr(31)."""
    warehouse.execute(
        text(
            "insert into ops.target_business_key"
            " (target, table_name, column_name, value, id)"
            " select :target, :table_name, :column_name, found.value, found.id::bigint"
            " from unnest(cast(:values as text[]), cast(:ids as numeric[]))"
            " as found (value, id)"
        ),
        {
            "target": target.name,
            "table_name": table,
            "column_name": " + ".join(columns),
            "values": [row[1] for row in held],
            "ids": [row[0] for row in held],
        },
    )
