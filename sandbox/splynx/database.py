"""Splynx databases on a MariaDB of ours, with the two accounts that an operator would have.

`migration` may read and write rows of one database and nothing else, as the runbook asks of a real
Splynx. `splynx_admin` may do anything in it: that is the account for backup and restore.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pymysql
from pymysql.constants import CLIENT
from pymysql.cursors import Cursor
from sqlalchemy.engine import URL

from runtime.errors import ConfigError
from services.mariadb import MariaDb

ACCOUNT = "migration"
ADMIN = "splynx_admin"
_HERE = Path(__file__).parent
# Foreign keys lead to earlier files only.
SCHEMA = tuple(
    _HERE / "schema" / f"{area}.sql"
    for area in (
        "administration",
        "customers",
        "tariffs",
        "services",
        "billing",
        "scheduling",
        "support",
        "network",
        "inventory",
    )
)
_CREATE = re.compile(r"^create table (\w+)", re.M)
_ACCOUNT_RIGHTS = "select, insert, update, delete"


@dataclass(frozen=True, slots=True)
class SplynxDatabase:
    """A Splynx database: how to reach it, and the address by which it is named as a target."""

    url: URL = field(repr=False)
    admin_url: URL = field(repr=False)
    address: str


def create_database(server: MariaDb, name: str) -> SplynxDatabase:
    """Return the database `name`, made as a fresh installation where it does not exist yet.

    The right of `migration` is granted last: a database without it was interrupted while being made
    and is made again. An existing one keeps its rows.

    Raises:
        ConfigError: the database was made from an older schema and lacks tables, or it is on a
            server that is not of this project alone and was made by somebody else.
    """
    with closing(_connect(server)) as connection, connection.cursor() as cursor:
        is_complete = _is_complete(cursor, server, name)
        if not server.is_ours and not is_complete:
            _refuse_foreign(cursor, name)
        for account in (ACCOUNT, ADMIN):
            _set_account(cursor, server, account)
        if not is_complete:
            cursor.execute(f"drop database if exists `{name}`")
            cursor.execute(
                f"create database `{name}` character set utf8mb4 collate utf8mb4_unicode_ci"
            )
            cursor.execute(f"use `{name}`")
            for script in (*SCHEMA, _HERE / "seed.sql"):
                _run(cursor, script.read_text(encoding="utf-8"))
            _grant(cursor, server, ADMIN, "all", name)
            _grant(cursor, server, ACCOUNT, _ACCOUNT_RIGHTS, name)
        elif missing := _missing_tables(cursor, name):
            raise ConfigError(
                f"the database {name} lacks {len(missing)} of the sandbox's present tables, first "
                f"{missing[0]}: run `make sandbox-reset`, which empties it"
            )
    return SplynxDatabase(
        url=_url(server, ACCOUNT, name),
        admin_url=_url(server, ADMIN, name),
        address=f"{server.host}:{server.port}/{name}",
    )


def _refuse_foreign(cursor: Cursor, name: str) -> None:
    """Refuse to replace a database of a server that others may use too."""
    cursor.execute(
        "select count(*) from information_schema.tables where table_schema = %s", (name,)
    )
    row = cursor.fetchone()
    if row is not None and row[0]:
        raise ConfigError(
            f"the server has a database {name} of {row[0]} tables that this sandbox did not finish:"
            " drop it yourself, if nothing in it is needed"
        )


def drop_database(server: MariaDb, name: str) -> None:
    """Remove the database `name` and the rights on it; the right of `migration` goes first."""
    with closing(_connect(server)) as connection, connection.cursor() as cursor:
        for account in (ACCOUNT, ADMIN):
            cursor.execute(
                "delete from mysql.db where User = %s and Db = %s", (account, _pattern(name))
            )
        cursor.execute("flush privileges")
        cursor.execute(f"drop database if exists `{name}`")


def _connect(server: MariaDb) -> pymysql.connections.Connection[Cursor]:
    url = server.url()
    return pymysql.connect(
        host=server.host,
        port=server.port,
        user=url.username,
        password=server.root_password,
        client_flag=CLIENT.MULTI_STATEMENTS,
        connect_timeout=5,
        autocommit=True,
        ssl_disabled=server.is_ours,
    )


def _run(cursor: Cursor, script: str) -> None:
    cursor.execute(script)
    while cursor.nextset():
        pass


def _password(server: MariaDb, account: str) -> str:
    """Return the account's password: made from the server's own secret, so it needs no file."""
    return hmac.new(server.root_password.encode(), account.encode(), hashlib.sha256).hexdigest()


def _set_account(cursor: Cursor, server: MariaDb, account: str) -> None:
    who = (account, server.clients)
    cursor.execute("create user if not exists %s@%s", who)
    cursor.execute("alter user %s@%s identified by %s", (*who, _password(server, account)))


def _pattern(name: str) -> str:
    """Return the name as GRANT reads it, where an underscore stands for any character."""
    return name.replace("_", r"\_")


def _grant(cursor: Cursor, server: MariaDb, account: str, rights: str, name: str) -> None:
    cursor.execute(f"grant {rights} on `{_pattern(name)}`.* to %s@%s", (account, server.clients))


def _is_complete(cursor: Cursor, server: MariaDb, name: str) -> bool:
    cursor.execute(
        "select 1 from mysql.db where User = %s and Host = %s and Db = %s",
        (ACCOUNT, server.clients, _pattern(name)),
    )
    return cursor.fetchone() is not None


def _missing_tables(cursor: Cursor, name: str) -> list[str]:
    scripts = (script.read_text(encoding="utf-8") for script in SCHEMA)
    wanted = {table for script in scripts for table in _CREATE.findall(script)}
    cursor.execute(
        "select table_name from information_schema.tables where table_schema = %s", (name,)
    )
    return sorted(wanted - {table for (table,) in cursor.fetchall()})


def _url(server: MariaDb, account: str, name: str) -> URL:
    return URL.create(
        "mysql+pymysql", account, _password(server, account), server.host, server.port, name
    )
