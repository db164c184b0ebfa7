"""`inspect`: read what the target is and holds, and replace what `ops.target_*` says about it.

Reads Splynx in one consistent snapshot; writes the warehouse in one transaction, so that dbt sees
the old facts or the new ones and never a mixture. Ids and business keys are all that are in use,
rows of ours included: whether an id is ours is said by `ops.id_map` and `ops.row_state`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, text

from load import intents
from load.mysql import read_facts
from load.mysql.session import answering
from load.row_hash import my_name, target_text
from load.target_facts import ServerFacts, TableFacts
from load.targets import Target, latest_of
from runtime.errors import GateFailed
from runtime.manifest import Manifest, Mart
from runtime.run_ledger import Run
from runtime.settings import SplynxDb

_SEPARATOR = "char(31 using utf8mb4)"  # between the values of a business key of several columns
_TABLES = ("target_table", "target_column", "target_key", "target_id", "target_business_key")


@dataclass(frozen=True, slots=True)
class Inspection:
    """What an inspection found, for its printed summary."""

    target: Target
    server: ServerFacts
    rows: Mapping[str, int]
    missing: tuple[str, ...]
    settled: intents.Settled


def _refuse_engines(tables: Mapping[str, TableFacts]) -> None:
    wrong = [f"{t.name} is {t.engine}" for t in tables.values() if t.engine != "InnoDB"]
    if wrong:
        raise GateFailed(
            f"a load could not be taken back: {', '.join(sorted(wrong))}; "
            "convert to InnoDB (alter table … engine=InnoDB) and inspect again",
            report={"engines": sorted(wrong)},
        )


def _store_server(warehouse: Connection, target: Target, server: ServerFacts, run_id: str) -> None:
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


def _store_table(warehouse: Connection, target: Target, table: TableFacts, rows: int) -> None:
    _insert(
        warehouse,
        "target_table",
        ("target", "table_name", "engine", "charset", "row_count"),
        [(target.name, table.name, table.engine, table.charset, rows)],
    )
    _insert(
        warehouse,
        "target_column",
        (
            "target", "table_name", "column_name", "position", "data_type", "column_type",
            "max_length", "numeric_precision", "numeric_scale", "is_unsigned", "is_nullable",
            "has_default", "is_auto_increment", "charset", "enum_values",
        ),
        [
            (
                target.name, table.name, c.name, c.position, c.data_type, c.column_type,
                c.max_length, c.numeric_precision, c.numeric_scale, c.is_unsigned, c.is_nullable,
                c.has_default, c.is_auto_increment, c.charset,
                None if c.enum_values is None else list(c.enum_values),
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


def _store_ids(
    warehouse: Connection, splynx: Connection, target: Target, table: TableFacts
) -> None:
    if table.id_column is None:
        return
    statement = f"select {my_name(table.id_column)} from {my_name(table.name)}"
    for page in read_facts.pages(splynx, statement):
        warehouse.execute(
            text(
                "insert into ops.target_id (target, table_name, id)"
                " select :target, :table_name, unnest(cast(:ids as numeric[]))::bigint"
            ),
            {"target": target.name, "table_name": table.name, "ids": [row[0] for row in page]},
        )


def _store_business_keys(
    warehouse: Connection, splynx: Connection, target: Target, mart: Mart, table: TableFacts
) -> None:
    if table.id_column is None:
        return
    for columns in mart.business_keys:
        if not table.columns.keys() >= set(columns):
            continue  # the contract check says it
        parts = f", {_SEPARATOR}, ".join(target_text(name) for name in columns)
        value = target_text(columns[0]) if len(columns) == 1 else f"concat({parts})"
        statement = (
            f"select {my_name(table.id_column)}, {value} from {my_name(table.name)}"
            f" where {value} <> ''"
        )
        for page in read_facts.pages(splynx, statement):
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
                    "table_name": table.name,
                    "column_name": " + ".join(columns),
                    "values": [row[1] for row in page],
                    "ids": [row[0] for row in page],
                },
            )


def _referenced(tables: Mapping[str, TableFacts]) -> set[str]:
    return {key.ref_table for t in tables.values() for key in t.keys if key.ref_table} - set(tables)


def _store(
    run: Run,
    splynx: Connection,
    target: Target,
    manifest: Manifest,
    tables: Mapping[str, TableFacts],
) -> dict[str, int]:
    """Replace all facts of `target`; return the rows of each mart's table."""
    others = read_facts.table_facts(splynx, _referenced(tables))
    rows: dict[str, int] = {}
    with run.engine.begin() as warehouse:
        for name in _TABLES:
            warehouse.execute(
                text(f"delete from ops.{name} where target = :target"), {"target": target.name}
            )
        for mart in manifest.marts:
            if mart.name in tables:
                table = tables[mart.name]
                rows[mart.name] = read_facts.row_count(splynx, mart.name)
                _store_table(warehouse, target, table, rows[mart.name])
                _store_ids(warehouse, splynx, target, table)
                _store_business_keys(warehouse, splynx, target, mart, table)
        for table in others.values():
            _store_ids(warehouse, splynx, target, table)
        _store_server(warehouse, target, read_facts.server_facts(splynx), run.run_id)
    return rows


def _target(warehouse: Engine, address: str, *, new_epoch: bool) -> Target:
    with warehouse.connect() as connection:
        known = latest_of(connection, address)
    if known is None:
        return Target(address, 1)
    return Target(address, known.epoch + 1) if new_epoch else known


def inspect(run: Run, db: SplynxDb, manifest: Manifest, *, new_epoch: bool = False) -> Inspection:
    """Inspect the target and make it the warehouse's current one.

    First settles what a killed load left open, because an id that we wrote but did not record would
    look like a stranger's. A new epoch starts with nothing of ours in the target.

    Raises:
        GateFailed: a mart's table is not InnoDB.
        ConfigError, TargetError: as `load.mysql.session.fail`.
    """
    target = _target(run.engine, db.address, new_epoch=new_epoch)
    names = [mart.name for mart in manifest.marts]
    with answering(db) as engine:
        settled = intents.settle(run, engine, manifest, target)
        with read_facts.snapshot(engine) as splynx:
            tables = read_facts.table_facts(splynx, names)
            _refuse_engines(tables)
            server = read_facts.server_facts(splynx)
            rows = _store(run, splynx, target, manifest, tables)
    missing = tuple(name for name in names if name not in tables)
    run.note(target=target.name, rows=rows, missing=missing, **settled.counts())
    return Inspection(target, server, rows, missing, settled)
