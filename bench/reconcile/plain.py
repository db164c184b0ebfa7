"""The yardstick: reladiff with its command's own settings, `python -m bench.reconcile.plain FILE`.

It compares tables that spell everything in one way, so it gets copies of the marts and views of the
target that do. The copies have an index on their key: it asks range by range, we do not need one.
"""

from __future__ import annotations

import json
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import click
import pymysql
from pymysql.connections import Connection
from pymysql.cursors import Cursor
from reladiff import (  # type: ignore[import-untyped]
    connect,
    connect_to_table,
    diff_tables,
)
from reladiff.databases.mysql import MySQL  # type: ignore[import-untyped]
from sqlalchemy import URL, Engine

from bench.reconcile.planted import MARTS
from runtime.manifest import Mart
from runtime.settings import splynx_db, warehouse_url

SCHEMA = "bench_reladiff"
_PREFIX = "reladiff_"
_THREADS = 2  # one a database: what its command takes when nothing is said
_CLASSES = {frozenset("-"): "missing", frozenset("+"): "extra", frozenset("+-"): "modified"}


class _Rows(Cursor):
    """A cursor that gives its rows as the list that reladiff insists on."""

    def fetchall(self) -> list[tuple[Any, ...]]:  # type: ignore[override]
        """Return all rows."""
        return list(super().fetchall())


class _ByPyMySql(MySQL):  # type: ignore[misc]
    """Its MySQL by the driver that we use too, instead of Oracle's."""

    def create_connection(self) -> Connection[_Rows]:
        """Return a connection; reladiff calls this once in each of its threads."""
        return pymysql.connect(charset="utf8mb4", cursorclass=_Rows, **self._args)


def make_copies(warehouse: Engine) -> None:
    """Make the marts' copies that reladiff reads."""
    with warehouse.begin() as connection:
        connection.exec_driver_sql(f"create schema if not exists {SCHEMA}")
        for mart in MARTS.marts:
            copy = f"{SCHEMA}.{mart.name}"
            values = ", ".join(
                f"{column.name}::integer as {column.name}"
                if column.data_type == "boolean"
                else column.name
                if column.none is None
                else f"coalesce({column.name}::text, '{column.none}') as {column.name}"
                for column in mart.columns
            )
            connection.exec_driver_sql(f"drop table if exists {copy}")
            connection.exec_driver_sql(
                f"create table {copy} as select {values} from {mart.relation}"
            )
            connection.exec_driver_sql(f"alter table {copy} add primary key ({mart.key[0]})")
            connection.exec_driver_sql(f"analyze {copy}")


def make_views(splynx: Engine) -> None:
    """Make the target's views: an enumeration and a zero date are no types of reladiff's."""
    with splynx.begin() as connection:
        for mart in MARTS.marts:
            values = ", ".join(
                f"cast({column.name} as char character set utf8mb4) as {column.name}"
                if column.none is not None or column.name == "status"
                else column.name
                for column in mart.columns
            )
            connection.exec_driver_sql(
                f"create or replace view {_PREFIX}{mart.name} as select {values} from {mart.name}"
            )


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def main(*, file: Path) -> None:
    """Compare; write what was found, and print the seconds from the first query on."""
    url = splynx_db().url
    started = time.monotonic()
    ours = connect(_plain(warehouse_url().set(drivername="postgresql")), thread_count=1)
    theirs = _ByPyMySql(
        thread_count=1,
        host=url.host,
        port=url.port,
        user=url.username,
        password=url.password,
        database=url.database,
    )
    found = {mart.name: _compared(ours, theirs, mart) for mart in MARTS.marts}
    seconds = time.monotonic() - started
    ours.close()
    theirs.close()
    file.write_text(json.dumps(found), encoding="utf-8")
    click.echo(f"work {seconds:.3f}")


def _compared(ours: object, theirs: object, mart: Mart) -> dict[str, list[int]]:
    columns = tuple(column.name for column in mart.columns if column.name not in mart.key)
    sides = (
        connect_to_table(ours, (SCHEMA, mart.name), mart.key, extra_columns=columns),
        connect_to_table(theirs, _PREFIX + mart.name, mart.key, extra_columns=columns),
    )
    signs: dict[int, set[str]] = defaultdict(set)
    with diff_tables(*sides, max_threadpool_size=_THREADS) as differing:
        for sign, row in differing:
            signs[int(row[0])].add(sign)
    found: dict[str, list[int]] = {name: [] for name in _CLASSES.values()}
    for key in sorted(signs):
        found[_CLASSES[frozenset(signs[key])]].append(key)
    return found


def _plain(url: URL) -> str:
    return url.render_as_string(hide_password=False)


if __name__ == "__main__":
    main()
