"""What can happen to the warehouse and to the disk while rows are landed, each in one clear line.

The texts of Postgres and of dlt are never repeated: they quote rows.
"""

from __future__ import annotations

import errno
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType

import psycopg2

from runtime.errors import WarehouseError

logger = logging.getLogger(__name__)

_DISK_FULL = "53100"
_LOST = ("08", "57P")  # connection exceptions; shutdown, crash
_UNEXPLAINED = (psycopg2.OperationalError, psycopg2.InterfaceError)  # without a code
_AGAIN = "run extract again, it goes on from what has landed"


@contextmanager
def rows_kept_off_the_terminal() -> Iterator[None]:
    """Keep psycopg2 from printing what Postgres said when a connection dies inside a COPY.

    It hands such an error to `sys.excepthook` from within C, whatever its caller catches, and the
    error quotes the row that was being read.
    """
    before = sys.excepthook

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if any(isinstance(cause, psycopg2.Error) for cause in _causes(error)):
            logger.warning("event=copy_broke cause=%s", kind.__name__)
        else:
            before(kind, error, trace)

    sys.excepthook = hook
    try:
        yield
    finally:
        sys.excepthook = before


@contextmanager
def disk_errors(what: str) -> Iterator[None]:
    """Turn a full disk of this machine into an error that says what to do."""
    try:
        yield
    except OSError as exc:
        if not _is_full(exc):
            raise
        raise _full_here(what) from None


def warehouse_error(exc: BaseException, what: str) -> WarehouseError:
    """Return the error to raise for `exc`, by what Postgres or the disk said underneath it."""
    for cause in _causes(exc):
        if isinstance(cause, WarehouseError):
            return cause
        if isinstance(cause, OSError) and _is_full(cause):
            return _full_here(what)
        if isinstance(cause, psycopg2.Error):
            return _from_postgres(cause, what)
    return WarehouseError(
        f"{what} failed ({type(exc).__name__}): look into the log of Postgres, then {_AGAIN}"
    )


def _from_postgres(exc: psycopg2.Error, what: str) -> WarehouseError:
    code = exc.pgcode or ""
    if code == _DISK_FULL:
        return WarehouseError(
            f"{what} failed: the warehouse's disk is full: make room there and {_AGAIN}"
        )
    if code.startswith(_LOST) or (not code and isinstance(exc, _UNEXPLAINED)):
        return WarehouseError(
            f"{what} failed: the connection to the warehouse was lost: see that it is up "
            f"(`make services-up` starts the embedded one) and {_AGAIN}"
        )
    return WarehouseError(
        f"{what} failed: Postgres refused with {type(exc).__name__} ({code or 'no code'}): look "
        f"into its log, then {_AGAIN}"
    )


def _causes(exc: BaseException) -> Iterator[BaseException]:
    waiting: list[BaseException | None] = [exc]
    seen: set[int] = set()
    while waiting:
        cause = waiting.pop(0)
        if isinstance(cause, BaseException) and id(cause) not in seen:
            seen.add(id(cause))
            yield cause
            inner = (
                getattr(cause, name, None) for name in ("orig", "exception", "client_exception")
            )
            waiting += [*inner, cause.__cause__, cause.__context__]


def _is_full(exc: OSError) -> bool:
    return exc.errno in {errno.ENOSPC, errno.EDQUOT}


def _full_here(what: str) -> WarehouseError:
    return WarehouseError(
        f"{what} failed: no space left on this machine's disk: free some (LOCAL_DIR moves the "
        f"working folder elsewhere) and {_AGAIN}"
    )
