"""The live target, read only: one consistent snapshot of Splynx's MySQL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import DBAPIError, OperationalError

from load.reconcile.normal_form import compared, quoted_mysql
from load.reconcile.sides import INTEGERS, Table
from runtime.errors import ConfigError, TargetError
from runtime.manifest import Mart
from runtime.settings import SplynxDb

_REFUSED_CREDENTIALS = frozenset({1044, 1045, 1049, 1142, 1698})
# Zero dates and the like are read as they are; `||` and "…" keep MySQL's own meaning.
_SESSION = (
    "set session sql_mode = '', time_zone = '+00:00'",
    "set session transaction isolation level repeatable read",
    "start transaction with consistent snapshot, read only",
)


@contextmanager
def snapshot(db: SplynxDb) -> Iterator[Connection]:
    """Yield a connection inside a read-only snapshot of the target.

    Raises:
        ConfigError: the target refuses the credentials, or a right to read is missing.
        TargetError: it cannot be reached or fails.
    """
    engine = create_engine(
        db.url,
        hide_parameters=True,
        isolation_level="AUTOCOMMIT",  # the snapshot below is begun by hand
        connect_args={"charset": "utf8mb4", "connect_timeout": 10},
    )
    try:
        with engine.connect() as connection:
            for statement in _SESSION:
                connection.exec_driver_sql(statement)
            yield connection
            connection.exec_driver_sql("rollback")
    except DBAPIError as exc:
        code = exc.orig.args[0] if exc.orig is not None and exc.orig.args else None
        if isinstance(exc, OperationalError) and code in _REFUSED_CREDENTIALS:
            raise ConfigError(
                f"Splynx at {db.address} refuses this user or database (error {code}): "
                "check SPLYNX_MYSQL_URL and the user's right to read"
            ) from None
        raise TargetError(
            f"Splynx at {db.address} does not answer (error {code}): check that it is up and "
            "reachable, then run make reconcile again"
        ) from None
    finally:
        engine.dispose()


def table_of(connection: Connection, mart: Mart) -> Table:
    """Return how `mart` is compared with its table in the live target.

    Raises:
        ConfigError: the target lacks the table or one of the columns.
    """
    rows = connection.execute(
        text(
            "select column_name, data_type, numeric_scale from information_schema.columns"
            " where table_schema = database() and table_name = :table"
        ),
        {"table": mart.name},
    ).all()
    found = {row[0]: (str(row[1]).lower(), row[2]) for row in rows}
    lacking = [column.name for column in mart.columns if column.name not in found]
    if lacking:
        raise ConfigError(
            f"the target has no {mart.name}.{lacking[0]}: is SPLYNX_MYSQL_URL the target that was "
            "loaded? Then run make inspect"
        )
    return Table(
        name=mart.name,
        schema=mart.schema,
        key=mart.key,
        columns=tuple(compared(column, *found[column.name]) for column in mart.columns),
        is_ranged=found[mart.key[0]][0] in INTEGERS,
        has_mark="deleted" in found,
    )


def dangling(
    connection: Connection, mart: Mart, rows_from: str | None = None
) -> Iterator[tuple[str, list[tuple[object, ...]]]]:
    """Yield each reference of the mart and the keys of target rows that it leads nowhere from.

    Rows that are not ours are among them: the caller sorts them out. `rows_from` is what to look
    at, if not at the whole table.
    """
    children = rows_from or quoted_mysql(mart.name)
    spelt = {column.name: column.none for column in mart.columns}
    for reference in mart.references:
        column = f"child.{quoted_mysql(reference.column)}"
        none = spelt.get(reference.column)
        keys = ", ".join(f"child.{quoted_mysql(name)}" for name in mart.key)
        parent = quoted_mysql(reference.to_mart)
        parent_column = f"parent.{quoted_mysql(reference.to_column)}"
        rows = connection.execute(
            text(
                f"select {keys} from {children} as child"
                f" left join {parent} as parent on {parent_column} = {column}"
                f" where {column} is not null and {parent_column} is null"
                + ("" if none is None else f" and cast({column} as char) <> :none")
            ),
            {} if none is None else {"none": none},
        ).all()
        yield f"{reference.column} → {reference.to_mart}", [tuple(row) for row in rows]
