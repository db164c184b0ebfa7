"""The real servers of the test session: started by the project's own code, in temporary folders.

Each server proves its identity before anything is created in it; databases are then copied from a
template that is made once, so that a test gets a fresh one in a fraction of a second.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, create_engine, text

from runtime.settings import ROOT
from runtime.warehouse import ensure_ops
from sandbox import sonar_server
from sandbox.splynx.database import create_database, drop_database
from services import mariadb, postgres
from services.mariadb import MariaDb
from services.postgres import Postgres

# A test's data need not survive a power cut. It must survive kill -9 of the server: commits are
# written before they are answered (synchronous_commit stays on), only never pushed to the disk.
NOT_DURABLE: Mapping[str, str] = {
    "fsync": "off",
    "full_page_writes": "off",
    # Databases come and go by the hundred, and one that is being vacuumed cannot be dropped.
    "autovacuum": "off",
    "shared_buffers": "64MB",
}
# The last four make a hundred tables in a third of the time when the machine is busy.
CARELESS: Mapping[str, str] = {
    "innodb-flush-log-at-trx-commit": "0",
    "innodb-flush-method": "nosync",
    "innodb-doublewrite": "OFF",
    "innodb-buffer-pool-size": "64M",
    "innodb-log-file-size": "32M",
    "innodb-file-per-table": "OFF",
    "innodb-stats-persistent": "OFF",
    "debug-no-sync": "ON",
    "sync-frm": "OFF",
}
# dbt parses the project anew, which costs forty seconds of CPU, for a database of another name: a
# test that wants the parse that `make setup` left takes a warehouse by this one.
PARSED_FOR = "warehouse"
PARSE = ROOT / "build" / "dbt" / "partial_parse.msgpack"
_TEMPLATE = "warehouse_template"
# The 171 tables of a fresh Splynx take a fifth of a second in memory, and more than one on a disk
# that is busy; so it goes with all files of servers. A container may have 64 MB, hence the room.
_MEMORY = Path("/dev/shm")  # noqa: S108 - folders in it are mkdtemp's
_ROOM = 6 * 1024**3


def _memory() -> Path | None:
    """Return the machine's memory as a folder, where it has room and no other folder is wished."""
    if "TMPDIR" in os.environ or not os.access(_MEMORY, os.W_OK):
        return None
    return _MEMORY if shutil.disk_usage(_MEMORY).free >= _ROOM else None


@contextmanager
def temporary_folder(name: str) -> Iterator[Path]:
    """Yield a folder with a short path (Unix sockets need one) and remove it afterwards."""
    folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=_memory()))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def parse() -> dict[str, str]:
    """Return the variables that lead dbt to the parse of this checkout, if there is one."""
    return {"DBT_PARTIAL_PARSE_FILE_PATH": str(PARSE)} if PARSE.exists() else {}


class Warehouses:
    """Fresh warehouse databases on one running server."""

    def __init__(self, server: Postgres) -> None:
        self._server = server
        self._numbers = itertools.count(1)
        self._admin = create_engine(server.url("postgres"), isolation_level="AUTOCOMMIT")
        self._execute(f"drop database {PARSED_FOR}")  # the server's own: each test makes it anew
        self._execute(f"create database {_TEMPLATE}")
        template = create_engine(server.url(_TEMPLATE))
        ensure_ops(template)
        template.dispose()
        others_are_gone(self._admin, _TEMPLATE)  # Postgres copies no database that is in use

    def _execute(self, statement: str) -> None:
        with self._admin.connect() as connection:
            connection.exec_driver_sql(statement)

    @contextmanager
    def fresh(self, name: str | None = None) -> Iterator[URL]:
        """Yield the URL of a new database that holds the empty `ops` schema; drop it afterwards."""
        name = name or f"test_{next(self._numbers)}"
        self._execute(f"create database {name} template {_TEMPLATE} strategy file_copy")
        try:
            yield self._server.url(name)
        finally:
            self._execute(f"drop database if exists {name} with (force)")

    def close(self) -> None:
        """Close the connections that belong to this object."""
        self._admin.dispose()


@contextmanager
def warehouses() -> Iterator[Warehouses]:
    """Run a Postgres for the session."""
    with temporary_folder("warehouse") as folder:
        try:
            made = Warehouses(postgres.up(folder))
            yield made
            made.close()
        finally:
            postgres.down(folder)


def plain(url: URL) -> str:
    """Return the URL as it stands in an environment variable, password included."""
    return url.render_as_string(hide_password=False)


def disposing(engine: Engine) -> Iterator[Engine]:
    """Yield the engine to a test and close its connections afterwards."""
    try:
        yield engine
    finally:
        engine.dispose()


def others_are_gone(engine: Engine, database: str | None = None) -> None:
    """Wait until Postgres has ended all other sessions of this database, or of the one named.

    The server finishes what a killed process sent last, a commit too, before it notices.
    """
    engine.dispose()
    others = text(
        "select count(*) from pg_stat_activity where datname = coalesce(:name, current_database())"
        " and backend_type = 'client backend' and pid <> pg_backend_pid()"
    )
    deadline = time.monotonic() + 120
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        while connection.execute(others, {"name": database}).scalar_one():
            assert time.monotonic() < deadline, "somebody else is still at work here"
            time.sleep(0.01)


@dataclass(frozen=True, slots=True)
class Splynx:
    """A fresh Splynx database; `engine` connects as its administrator."""

    url: URL
    admin_url: URL
    address: str
    engine: Engine


class Splynxes:
    """Fresh Splynx databases on one running server."""

    def __init__(self, server: MariaDb) -> None:
        self.server = server
        self._numbers = itertools.count(1)

    @contextmanager
    def fresh(self) -> Iterator[Splynx]:
        """Yield a new database as after a fresh installation; drop it afterwards."""
        name = f"splynx_{next(self._numbers)}"
        made = create_database(self.server, name)
        engine = create_engine(made.admin_url.update_query_dict({"ssl_disabled": "true"}))
        try:
            yield Splynx(made.url, made.admin_url, made.address, engine)
        finally:
            engine.dispose()
            drop_database(self.server, name)


@contextmanager
def splynxes() -> Iterator[Splynxes]:
    """Run a MariaDB for the session."""
    with temporary_folder("splynx") as folder:
        try:
            yield Splynxes(mariadb.up(folder))
        finally:
            mariadb.down(folder)


@dataclass(frozen=True, slots=True)
class Sonar:
    """A running Sonar sandbox; `truth` is what its generator says it made."""

    url: str
    token: str
    truth: Mapping[str, Any]


class Sonars:
    """Sonar sandboxes of one test; each has a server of its own."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack

    def start(self, size: str, seed: int, traps: Mapping[str, int]) -> Sonar:
        """Start a tenant that is stopped when the test ends."""
        folder = self._stack.enter_context(temporary_folder("sonar"))
        self._stack.callback(sonar_server.down, folder)
        server = sonar_server.up(folder, size=size, seed=seed, traps=traps)
        truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
        return Sonar(server.url, server.token, truth)
