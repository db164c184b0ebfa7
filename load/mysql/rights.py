"""Which rights the account of SPLYNX_MYSQL_URL lacks, asked of the server itself.

EXPLAIN needs the rights of the statement that it explains and carries nothing out (MySQL 8 and
MariaDB alike), so the answer holds for rights by table, by role and by wildcard, none of which can
be read for certain from the lists of grants.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from load.mysql.session import LOST, RIGHTS, error_code
from load.planning.row_hash import my_name
from load.target.facts import TableFacts

_DENIED = frozenset({1044, 1142, 1143})  # database, table, column; whatever else comes later
_STATEMENTS: Mapping[str, str] = {
    "SELECT": "select 1 from {table} where false",
    "INSERT": "insert into {table} select * from {table} where false",
    "UPDATE": "update {table} set {column} = {column} where false",
    "DELETE": "delete from {table} where false",
}


def lacking(splynx: Connection, tables: Iterable[TableFacts]) -> dict[str, list[str]]:
    """Return the tables by right that the account lacks there; empty when a load may write all."""
    found: dict[str, list[str]] = {}
    for table in sorted(tables, key=lambda table: table.name):
        column = next(iter(table.columns))
        for right, statement in _STATEMENTS.items():
            asked = statement.format(table=my_name(table.name), column=my_name(column))
            try:
                splynx.exec_driver_sql(f"explain {asked}")
            except DBAPIError as exc:
                if error_code(exc) in LOST | RIGHTS - _DENIED:
                    raise
                if error_code(exc) in _DENIED:
                    found.setdefault(right, []).append(table.name)
    return found
