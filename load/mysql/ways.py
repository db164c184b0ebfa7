"""Which ways of writing a server offers, found by asking it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from pymysql.err import MySQLError
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from load.mysql.session import LOST, error_code

# "Loading local data is disabled", as MySQL and MariaDB say it; a proxy may say so although the
# server's variable promises it.
NO_LOCAL = frozenset({1148, 2068, 3948, 3950, 4166})
_PROBE = "sonar_load_probe"


@dataclass(frozen=True, slots=True)
class Ways:
    """How rows can be written. `packet`: the largest statement, in bytes."""

    local: bool
    staging: bool
    packet: int

    def __str__(self) -> str:
        """Say what was chosen, and why where it is not the fastest."""
        inserts = (
            "inserts by LOAD DATA LOCAL"
            if self.local
            else "inserts by statements of 1,000 rows (the server's local_infile is off)"
        )
        updates = (
            "updates through a temporary table"
            if self.staging
            else "updates row by row in batches (no right to CREATE TEMPORARY TABLES)"
        )
        return f"{inserts}; {updates}"


def staging_table(columns: str, source: str, name: str) -> str:
    """Return the DDL of a temporary table with the types of `columns` of `source`, and our two.

    Its own primary key: servers may be set to refuse tables without one.
    """
    return (
        f"create temporary table {name} (_seq int unsigned not null primary key,"
        " _old varchar(64) character set utf8mb4 collate utf8mb4_bin not null) engine=InnoDB"
        f" select 0 as _seq, '' as _old{columns} from {source} limit 0"
    )


def ask(engine: Engine) -> Ways:
    """Return the ways of the server behind `engine` for its account."""
    with engine.connect() as connection:
        found = connection.exec_driver_sql(
            "select @@global.local_infile, @@max_allowed_packet"
        ).one()
        staging = True
        try:
            connection.exec_driver_sql(staging_table("", "(select 1 as n) as one", _PROBE))
        except (DBAPIError, MySQLError) as exc:
            if error_code(exc) in LOST:
                raise
            staging = False
        with suppress(DBAPIError):
            connection.exec_driver_sql(f"drop temporary table if exists {_PROBE}")
        connection.rollback()
    return Ways(str(found[0]) in {"1", "ON"}, staging, int(found[1]))
