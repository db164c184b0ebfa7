"""A private MariaDB for the Splynx sandbox: the machine's own programs, our folder and port.

Folder layout:

    service.json    address and root password (0600), made first and kept over restarts
    process.json    the running server     data/    its files     server.log    what it printed
    tmp/            its temporary tables
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import pymysql
from pymysql.connections import Connection
from sqlalchemy.engine import URL

from runtime.errors import ConfigError, ServerError, TargetError
from runtime.log import register_secret
from services import process
from services.process import HOST, Owned

ROOT = "root"
MYSQL_PORT = 3306
_START_SECONDS = 60.0
_ATTEMPTS = 3  # a port can be taken between looking and listening
_LONGEST_SOCKET = 100  # characters; the kernel takes 107

OPTIONS: Mapping[str, str] = {
    "bind-address": HOST,
    "skip-name-resolve": "ON",
    "character-set-server": "utf8mb4",
    "collation-server": "utf8mb4_unicode_ci",
    "default-storage-engine": "InnoDB",
    "sql-mode": "STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION",
    "local-infile": "ON",
    "default-time-zone": "+00:00",
    "innodb-buffer-pool-size": "256M",
    "performance-schema": "OFF",
    "skip-log-bin": "",
}


@dataclass(frozen=True, slots=True)
class MariaDb:
    """A server of ours: where it listens, its root password, from where accounts may log in."""

    host: str
    port: int
    root_password: str = field(repr=False)
    clients: str = HOST

    def url(self, database: str | None = None) -> URL:
        """Return the SQLAlchemy URL of a database, as root."""
        return URL.create("mysql+pymysql", ROOT, self.root_password, self.host, self.port, database)

    @property
    def is_ours(self) -> bool:
        """Whether `up` started it: then it has no TLS, and to prepare for that costs 25 ms."""
        return self.clients == self.host

    def connect(self, database: str | None = None) -> Connection[pymysql.cursors.Cursor]:
        """Return a connection as root; commits after each statement."""
        return pymysql.connect(
            host=self.host,
            port=self.port,
            user=ROOT,
            password=self.root_password,
            database=database,
            charset="utf8mb4",
            connect_timeout=5,
            autocommit=True,
            ssl_disabled=self.is_ours,
        )


def up(
    folder: Path,
    *,
    say: Callable[[str], None] = lambda _: None,
    options: Mapping[str, str] | None = None,
) -> MariaDb:
    """Start the server of `folder`, creating what is missing; a running one is left as it is.

    Returns once the server has proven to be ours. `options` are added to `OPTIONS` for this start.

    Raises:
        ConfigError: MariaDB is not installed, or the folder cannot be used.
        TargetError: the server did not start, or another one answers at its address.
    """
    folder = folder.resolve()
    _program("mariadbd")
    process.private_folder(folder)
    with process.only_one(folder):
        server = _remembered(folder) or _new_service(folder)
        if not (folder / "data").exists():
            _create_data(folder)
            say(f"created a MariaDB data folder in {folder}")
        owned = _already_up(folder, server)
        if owned is None:
            server, owned = _start(folder, server, {**OPTIONS, **(options or {})})
            say(f"MariaDB is up at {server.host}:{server.port} (process {owned.pid})")
        else:
            say(f"MariaDB is already up at {server.host}:{server.port} (process {owned.pid})")
    return server


def down(folder: Path) -> bool:
    """Stop the server of `folder`; return whether one was running. Data and passwords stay."""
    folder = folder.resolve()
    if not folder.exists():
        return False
    with process.only_one(folder):
        owned = _running(folder)
        if owned is None:
            process.forget(folder)
            return False
        process.stop(owned, folder=folder)
    return True


def status(folder: Path) -> MariaDb | None:
    """Return the server of `folder` when it runs and answers as ours, else None."""
    folder = folder.resolve()
    server = _remembered(folder)
    if server is None or _running(folder) is None or not _answers(folder, server):
        return None
    return server


def prove_identity(connection: Connection[pymysql.cursors.Cursor], folder: Path) -> None:
    """Refuse a server whose data directory is not the one in `folder`.

    Raises:
        TargetError: another server answers at this address.
    """
    with connection.cursor() as cursor:
        cursor.execute("select @@datadir")
        row = cursor.fetchone()
    if row is None or Path(row[0]).resolve() != (folder / "data").resolve():
        raise TargetError(
            f"the MariaDB at {connection.host}:{connection.port} is not the one of {folder}: "
            "nothing was done there; stop that server or choose another folder"
        )


def _program(name: str) -> str:
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if found is None:
        raise ConfigError(
            f"{name} is not installed: run `make setup`, or install MariaDB "
            "(Debian, Ubuntu: mariadb-server-core)"
        )
    return found


def _remembered(folder: Path) -> MariaDb | None:
    try:
        text = (folder / "service.json").read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    server = MariaDb(**json.loads(text))
    register_secret(server.root_password)
    return server


def _remember(folder: Path, server: MariaDb) -> MariaDb:
    process.write_private(folder / "service.json", json.dumps(asdict(server), indent=1))
    register_secret(server.root_password)
    return server


def _new_service(folder: Path) -> MariaDb:
    # A lost password is no harm here: each start sets the one that is remembered.
    server = MariaDb(HOST, process.free_port(), secrets.token_urlsafe(24))
    return _remember(folder, server)


def _environment() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if not k.startswith(("MYSQL", "MARIADB"))}


def _as_root() -> list[str]:
    return ["--user=root"] if os.geteuid() == 0 else []


def _create_data(folder: Path) -> None:
    """Fill the system tables beside the final place, so that a kill leaves no half folder."""
    unfinished = folder / "data.new"
    shutil.rmtree(unfinished, ignore_errors=True)
    with (folder / "server.log").open("ab") as log:
        result = subprocess.run(
            [
                _program("mariadb-install-db"),
                "--no-defaults",
                f"--datadir={unfinished}",
                "--auth-root-authentication-method=normal",
                "--skip-test-db",
                "--skip-name-resolve",
                "--force",  # a bare machine may not be able to look up its own name
                *_as_root(),
            ],
            check=False,
            cwd=folder,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    if result.returncode != 0:
        raise TargetError(
            f"mariadb-install-db failed: the reason is at the end of {folder / 'server.log'}"
        )
    unfinished.rename(folder / "data")


def _running(folder: Path) -> Owned | None:
    return process.recorded(folder) or process.find(f"--datadir={folder / 'data'}")


def _socket(folder: Path) -> Path:
    inside = folder / "mariadbd.sock"
    if len(str(inside)) <= _LONGEST_SOCKET:
        return inside
    name = hashlib.sha256(str(folder).encode()).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"mariadbd-{name}.sock"


def _accounts(server: MariaDb) -> str:
    """Return the statements that the server runs before it listens: one root, with our password."""
    account = f"{ROOT}@'{HOST}'"
    return "\n".join(
        (
            "delete from mysql.global_priv"
            f" where User = '' or (User = '{ROOT}' and Host <> '{HOST}');",
            "flush privileges;",
            f"create user if not exists {account};",
            f"alter user {account} identified by '{server.root_password}';",
            f"grant all on *.* to {account} with grant option;",
        )
    )


def _already_up(folder: Path, server: MariaDb) -> Owned | None:
    """Return the running server once it answers; None where there is none, or it was ending."""
    owned = _running(folder)
    if owned is None:
        return None
    try:
        _wait_ready(folder, server, owned)
    except TargetError:
        raise
    except ServerError:
        if process.is_running(owned):
            raise
        return None
    return owned


def _start(folder: Path, server: MariaDb, options: Mapping[str, str]) -> tuple[MariaDb, Owned]:
    failure: ServerError | None = None
    accounts = folder / "accounts.sql"
    for _ in range(_ATTEMPTS):
        server = _remember(folder, replace(server, port=process.free_port(server.port)))
        process.write_private(accounts, _accounts(server))
        # A server that starts clears the temporary tables out of its folder, whosever they are.
        process.private_folder(folder / "tmp")
        command = [
            _program("mariadbd"),
            "--no-defaults",
            f"--datadir={folder / 'data'}",
            f"--tmpdir={folder / 'tmp'}",
            f"--socket={_socket(folder)}",
            f"--pid-file={folder / 'mariadbd.pid'}",
            f"--init-file={accounts}",
            f"--port={server.port}",
            *(f"--{name}={value}" if value else f"--{name}" for name, value in options.items()),
            *_as_root(),
        ]
        owned = process.start(
            command, folder=folder, log=folder / "server.log", environment=_environment()
        )
        try:
            _wait_ready(folder, server, owned)
        except TargetError:
            process.stop(owned, folder=folder)
            raise
        except ServerError as exc:
            process.stop(owned, folder=folder)
            failure = exc
        else:
            return server, owned
        finally:
            accounts.unlink(missing_ok=True)
    raise TargetError(str(failure))


def _answers(folder: Path, server: MariaDb) -> bool:
    try:
        connection = server.connect()
    except pymysql.err.OperationalError:
        return False
    with closing(connection):
        prove_identity(connection, folder)
    return True


def _wait_ready(folder: Path, server: MariaDb, owned: Owned) -> None:
    process.wait_until(
        lambda: _answers(folder, server),
        seconds=_START_SECONDS,
        what=f"MariaDB in {folder} did not start",
        log=folder / "server.log",
        owned=owned,
    )
