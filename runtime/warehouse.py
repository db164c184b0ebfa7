"""The Postgres warehouse: one way to connect, the `ops` schema, the lock of one run at a time."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import DBAPIError, OperationalError

from runtime.errors import ConfigError, GateFailed, WarehouseError
from runtime.settings import warehouse_url

_OPS_SCHEMA = Path(__file__).parent / "ops" / "ops_schema.sql"
_LOCK_KEY = 0x534F4E  # any constant; advisory locks are per database
_LOCK_NOT_AVAILABLE = "55P03"
_PATIENCE = "3s"
_LOCK_HOLDER = "WAREHOUSE_LOCK_PID"  # a parent `migrate` tells its stages which backend holds it

# What libpq says where another attempt would end the same, and what it means; the first that fits.
_REFUSALS = {
    r"certificate verify failed": (
        "shows a certificate that nobody vouches for: name the authority that signed it in "
        "WAREHOUSE_URL (sslrootcert=FILE)"
    ),
    r"server certificate for .* does not match host name": (
        "shows the certificate of another host: write the host in WAREHOUSE_URL as its "
        "certificate names it"
    ),
    r"root certificate file|certificate file .* does not exist|private key file": (
        "cannot be asked: a file named by sslrootcert, sslcert or sslkey of WAREHOUSE_URL is "
        "missing or cannot be read"
    ),
    r"does not support SSL": "offers no TLS, which sslmode in WAREHOUSE_URL demands",
    r"no pg_hba\.conf entry .* no encryption": (
        "takes no connection without TLS: add sslmode=verify-full to WAREHOUSE_URL"
    ),
    r"no pg_hba\.conf entry": (
        "lets this user of this machine in by no line of its pg_hba.conf: add one, or check "
        "WAREHOUSE_URL"
    ),
    r"authentication failed|does not exist": "refuses this user or database: check WAREHOUSE_URL",
}


def connect() -> Engine:
    """Return an engine on the warehouse that has answered once.

    Sessions are UTC with ISO dates, so that text forms and checksums do not depend on the server.

    Raises:
        ConfigError: no warehouse configured, or it refuses the credentials or the way (TLS).
        WarehouseError: it cannot be reached.
    """
    url = warehouse_url()
    engine = create_engine(
        url,
        hide_parameters=True,  # bound values are personal data; errors must not repeat them
        pool_pre_ping=True,
        connect_args={
            # work_mem: a whole mart is sorted and joined in memory; at the usual 4 MB on disk.
            "options": "-c timezone=UTC -c datestyle=ISO,YMD -c work_mem=64MB",
            "connect_timeout": 10,
            "application_name": "sonar-to-splynx",
        },
    )
    where = f"{url.host}:{url.port or 5432}/{url.database}"
    try:
        with engine.connect():
            pass
    except OperationalError as exc:
        reason = str(exc.orig)
        for words, meaning in _REFUSALS.items():
            if re.search(words, reason):
                raise ConfigError(f"the warehouse at {where} {meaning}") from None
        raise WarehouseError(
            f"the warehouse at {where} does not answer: start it (`make services-up` for the "
            "embedded one) or check WAREHOUSE_URL"
        ) from None
    return engine


@contextmanager
def warehouse_answers() -> Iterator[None]:
    """Have the loss of the warehouse inside the block say what it means.

    Raises:
        WarehouseError: a connection to it was lost.
    """
    try:
        yield
    except DBAPIError as exc:
        if not exc.connection_invalidated:
            raise
        raise WarehouseError(
            "the connection to the warehouse was lost: see that it runs, then start again; what is "
            "done stays done"
        ) from None


def ops_ddl() -> str:
    """Return the DDL of the `ops` schema without the macro lines that dbt needs around it."""
    source = _OPS_SCHEMA.read_text(encoding="utf-8")
    return source.split("{% macro ops_schema() %}")[1].split("{% endmacro %}")[0]


def ensure_ops(engine: Engine) -> None:
    """Create what is missing of the `ops` schema."""
    with engine.begin() as connection:
        # "if not exists" looks before it inserts: two first commands at once would collide.
        connection.execute(text("select pg_advisory_xact_lock(:key + 1)"), {"key": _LOCK_KEY})
        connection.execution_options(no_parameters=True).exec_driver_sql(ops_ddl())


def _is_held_by(connection: Connection, pid: int) -> bool:
    held = text(
        "select 1 from pg_locks where locktype = 'advisory' and classid = 0 and objid = :key"
        " and objsubid = 1 and granted and pid = :pid"
        " and database = (select oid from pg_database where datname = current_database())"
    )
    return connection.execute(held, {"key": _LOCK_KEY, "pid": pid}).first() is not None


def _locked(connection: Connection) -> int:
    """Take the lock, waiting as long as the backend of a run just killed may need to end."""
    connection.execute(
        text("select set_config('lock_timeout', :patience, false)"), {"patience": _PATIENCE}
    )
    try:
        connection.execute(text("select pg_advisory_lock(:key)"), {"key": _LOCK_KEY})
    except OperationalError as exc:
        if getattr(exc.orig, "pgcode", None) != _LOCK_NOT_AVAILABLE:
            raise
        raise GateFailed(
            "another run is at work on this warehouse: wait for it to end, or stop it, and "
            "start again"
        ) from None
    return int(connection.execute(text("select pg_backend_pid()")).scalar_one())


@contextmanager
def only_run(engine: Engine) -> Iterator[int]:
    """Hold the warehouse's lock while the block runs; yield the backend pid that holds it.

    A stage that `migrate` started finds the lock held by its parent and goes on under it. The lock
    lives as long as its connection: a killed run leaves nothing to clean.

    Raises:
        GateFailed: another run is at work on this warehouse.
    """
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        parent = os.environ.get(_LOCK_HOLDER, "")
        if parent.isdigit() and _is_held_by(connection, int(parent)):
            yield int(parent)
            return
        pid = _locked(connection)
        try:
            yield pid
        finally:  # at once: the backend of a closed connection may live on for a moment
            with suppress(DBAPIError):
                connection.execute(text("select pg_advisory_unlock(:key)"), {"key": _LOCK_KEY})


def lock_environment(pid: int | None) -> dict[str, str]:
    """Return the variables by which a child process finds the lock that backend `pid` holds."""
    return {} if pid is None else {_LOCK_HOLDER: str(pid)}
