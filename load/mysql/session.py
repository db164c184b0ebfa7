"""How we speak to a MySQL or MariaDB server: encrypted, utf8mb4, strict, one clock; one error tree.

Session modes are *set*, not hoped for. STRICT_ALL_TABLES makes the server refuse what it would cut
or blank; the NO_ZERO_* modes stay off because Splynx keeps zero dates in NOT NULL columns.
"""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, NoReturn

from pymysql.err import MySQLError
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from load.mysql.offering import Offering
from runtime.errors import ConfigError, FatalTargetError, RetriableTargetError
from runtime.settings import SplynxDb

MODES = ("STRICT_ALL_TABLES", "NO_ENGINE_SUBSTITUTION", "ERROR_FOR_DIVISION_BY_ZERO")
_CONNECT_SECONDS = 10
_ANSWER_SECONDS = 600  # a row lock waits 50 s by default; hashing a large table takes longer

LOST = frozenset({1053, 1152, 1159, 1161, 1927, 2002, 2003, 2006, 2013, 2014, 2026, 2055, 4031})
LOCKED = frozenset({1205, 1213})  # lock wait time-out, deadlock: the same write may pass next time
FULL = frozenset({1021, 1041, 1114, 1030})  # disk, memory or table space
RIGHTS = frozenset(
    {
        1044,
        1045,
        1049,
        1130,
        1142,
        1143,
        1227,
        1251,
        1290,
        1370,
        1396,
        1698,
        1792,
        1820,
        1836,
        2054,
        2059,
    }
)


def error_code(exc: DBAPIError | MySQLError) -> int:
    """Return the server's error number, 0 when the driver raised without one."""
    raised = exc.orig if isinstance(exc, DBAPIError) else exc
    arguments = raised.args if raised is not None else ()
    return arguments[0] if arguments and isinstance(arguments[0], int) else 0


def fail(exc: DBAPIError | MySQLError, address: str) -> NoReturn:
    """Raise what an error of the server means for the operator. Never repeats its text or values.

    Raises:
        ConfigError: rights, credentials, database name or a read-only server.
        RetriableTargetError: locked by others, longer than we waited.
        FatalTargetError: unreachable, connection lost, disk full, or a number we don't know.
    """
    code = error_code(exc)
    if code in RIGHTS:
        raise ConfigError(
            f"the Splynx database at {address} refuses user, database or right (error {code}): "
            "check SPLYNX_MYSQL_URL and the grants of its user"
        ) from None
    if code in LOCKED:
        raise RetriableTargetError(
            f"Splynx at {address} keeps rows locked (error {code}): run the load again later"
        ) from None
    if code in LOST:
        raise FatalTargetError(
            f"no answer from the Splynx database at {address} (error {code}): check that it runs "
            "and is reachable, then start again; a load goes on where it stopped"
        ) from None
    if code in FULL:
        raise FatalTargetError(
            f"the Splynx server at {address} has no space left (error {code}): make room, then "
            "start again; a load goes on where it stopped"
        ) from None
    raise FatalTargetError(
        f"the Splynx database at {address} failed with error {code}: look it up in the server's "
        "documentation, and run `make inspect` if its tables were changed"
    ) from None


def is_loopback(host: str | None) -> bool:
    """Return whether the host is this machine."""
    if host is None or host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def connection_arguments(url: URL) -> dict[str, Any]:
    """Return the driver's arguments: TLS with verified certificate and name unless on loopback.

    `?ssl_ca=FILE` in the URL names the authority of a private certificate; `?ssl_disabled=true` is
    the operator's own decision for a network that is private already.
    """
    arguments: dict[str, Any] = {
        "charset": "utf8mb4",
        "connect_timeout": _CONNECT_SECONDS,
        "read_timeout": _ANSWER_SECONDS,
        "write_timeout": _ANSWER_SECONDS,
    }
    if url.query.get("ssl_disabled") == "true":
        return arguments | {"ssl_disabled": True}
    authority = url.query.get("ssl_ca")
    if authority is None and is_loopback(url.host):
        return arguments
    try:
        context = ssl.create_default_context(cafile=str(authority) if authority else None)
    except OSError:
        raise ConfigError(f"SPLYNX_MYSQL_URL: ssl_ca={authority} cannot be read") from None
    return arguments | {"ssl": context}


def splynx_engine(db: SplynxDb) -> Engine:
    """Return an engine on Splynx's database; nothing is sent before the first connection."""
    arguments = connection_arguments(db.url)
    engine = create_engine(
        db.url.difference_update_query(["ssl_ca", "ssl_disabled", "charset"]),
        connect_args=arguments | {"local_infile": True},
        hide_parameters=True,  # bound values are personal data; errors must not repeat them
        isolation_level="REPEATABLE READ",
    )

    @event.listens_for(engine, "do_connect")
    def connect(_dialect: object, _record: object, places: Any, named: Any) -> Offering:  # noqa: ANN401 - a URL's parts
        return Offering(*places, **named)

    @event.listens_for(engine, "connect")
    def set_modes(connection: Any, _record: object) -> None:  # noqa: ANN401 - a PyMySQL connection
        with connection.cursor() as cursor:
            cursor.execute("set session sql_mode = %s", (",".join(MODES),))
            # The server's own zone, said explicitly: Splynx reads and writes local wall time.
            cursor.execute("set session time_zone = @@global.time_zone")

    return engine


@contextmanager
def answering(db: SplynxDb) -> Iterator[Engine]:
    """Yield an engine on Splynx; whatever the server refuses inside becomes an operator's error."""
    engine = splynx_engine(db)
    try:
        yield engine
    except DBAPIError as exc:
        if not isinstance(exc.orig, MySQLError):
            raise  # the warehouse's error, not Splynx's
        fail(exc, db.address)
    except MySQLError as exc:  # raised while a new session was being set up
        fail(exc, db.address)
    finally:
        engine.dispose()


def pin_clock(connection: Connection) -> None:
    """Have NOW() and CURRENT_TIMESTAMP give one moment until the session ends."""
    moment = int(datetime.now(UTC).timestamp())
    connection.exec_driver_sql(f"set session timestamp = {moment}")
