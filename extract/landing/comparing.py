"""Which rows of some slices the warehouse does not hold yet, or holds with another payload.

Postgres compares, on jsonb, so that it does not matter how either side spells JSON. Nothing is
asked of an empty table, nor of one that this run found empty as long as the ids that come lie apart
from all that it landed there. Otherwise keys go first: where none is held, all rows are new; a held
row whose `updated_at` differs has changed for certain; only the rest has its payload sent and
compared. (Asking after 50,000 keys takes a quarter of the time of landing them.)
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg2
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from extract.catalogue.discovery import Collection
from extract.landing.mishaps import warehouse_error
from extract.landing.spans import Landed, Span
from extract.landing.spool import Slice, payloads, quoted, rewrite

_CHUNK = 1 << 16
_COPY = "copy {} from stdin with (format csv, encoding 'utf-8')"


# In a CSV field. Found once, it is the row's own, or the shapes differ and so do the payloads.
_STAMP = re.compile(rb'""updated_at""\s*:\s*""([^"\\]*)""')


@dataclass(frozen=True, slots=True)
class Delivery:
    """What is to be landed of a collection: files with their rows, each key once."""

    collection: Collection
    files: Sequence[tuple[Path, int]]
    all_new: bool  # no key is held yet
    leftovers: Sequence[Path] = field(default=())  # files to remove afterwards

    @property
    def rows(self) -> int:
        """How many rows they are."""
        return sum(rows for _, rows in self.files)


def prepare(engine: Engine, slices: Sequence[Slice], landed: Landed) -> Delivery:
    """Return what is to be landed of the slices of one collection.

    Raises:
        WarehouseError: Postgres failed.
    """
    collection, spans = slices[0].collection, spans_of(slices)
    name = collection.name
    try:
        empty = not landed.knows(name) and _is_empty(engine, name)
        landed.found(name, empty=empty)
        if landed.lie_apart(name, spans):
            return _whole(slices)
        wanted, all_new = _last_of_each_key(slices), True
        if not empty:
            with engine.begin() as session:
                all_new, wanted = _unheld(session, name, slices, wanted)
    except (DBAPIError, psycopg2.Error) as exc:
        raise warehouse_error(exc, f"comparing {name}") from None
    files, leftovers = [], [piece.path for piece in slices]
    for piece, rows in zip(slices, wanted, strict=True):
        path = piece.path
        if rows and len(rows) < piece.rows:
            path = path.with_suffix(".changed.csv")
            rewrite(piece, rows, path)
            leftovers.append(path)
        if rows:
            files.append((path, len(rows)))
    return Delivery(collection, files, all_new, leftovers)


def spans_of(slices: Sequence[Slice]) -> Sequence[Span] | None:
    """Return all spans of the slices, or None when those of one are not known."""
    found: list[Span] = []
    for piece in slices:
        if piece.spans is None:
            return None
        found.extend(piece.spans)
    return found


def _whole(slices: Sequence[Slice]) -> Delivery:
    files = [(piece.path, piece.rows) for piece in slices]
    return Delivery(
        slices[0].collection, files, all_new=True, leftovers=[path for path, _ in files]
    )


def _last_of_each_key(slices: Sequence[Slice]) -> list[Sequence[int]]:
    """Return, for each slice, the numbers of the rows that no later row replaces."""
    everything: list[Sequence[int]] = [range(piece.rows) for piece in slices]
    keys = {key for piece in slices for key in piece.keys}
    if len(keys) == sum(piece.rows for piece in slices):
        return everything
    last = {
        key: (which, number)
        for which, piece in enumerate(slices)
        for number, key in enumerate(piece.keys)
    }
    return [
        [number for number, key in enumerate(piece.keys) if last[key] == (which, number)]
        for which, piece in enumerate(slices)
    ]


def _is_empty(engine: Engine, name: str) -> bool:
    query = f'select not exists (select 1 from raw_sonar."{name}")'
    with engine.connect() as session:
        return bool(session.exec_driver_sql(query).scalar_one())


def _unheld(
    session: Connection,
    name: str,
    slices: Sequence[Slice],
    wanted: list[Sequence[int]],
) -> tuple[bool, list[Sequence[int]]]:
    """Return whether no key is held, and what is left without the rows that are held as they are.

    Rows are told apart by their position in `wanted`, slices end to end.
    """
    session.exec_driver_sql(
        "create temporary table sent (n integer, key text, updated_at text) on commit drop;"
        "create temporary table again (n integer, payload jsonb) on commit drop"
    )
    copy_in(session, "sent", _keys(slices, wanted))
    table = f'raw_sonar."{name}" as held'
    found = session.exec_driver_sql(
        "select count(*), array_agg(n order by n) filter (where held._deleted_at is null and"
        " coalesce(sent.updated_at = held.payload->>'updated_at', true))"
        f" from sent join {table} on held._sonar_key = sent.key"
    ).one()
    maybe_same: list[int] = found[1] or []
    if not maybe_same:
        return found[0] == 0, wanted
    copy_in(session, "again", _rows(slices, wanted, maybe_same))
    # "is distinct from" keeps Postgres from hashing payloads in order to join them.
    same: list[int] | None = session.exec_driver_sql(
        f"select array_agg(n) from again join sent using (n) join {table}"
        " on held._sonar_key = sent.key where not held.payload is distinct from again.payload"
    ).scalar_one()
    return False, _without(wanted, set(same or ()))


def _without(wanted: Sequence[Sequence[int]], same: set[int]) -> list[Sequence[int]]:
    left: list[Sequence[int]] = []
    first = 0
    for rows in wanted:
        left.append([row for n, row in enumerate(rows, first) if n not in same])
        first += len(rows)
    return left


def _keys(slices: Sequence[Slice], wanted: Sequence[Sequence[int]]) -> Iterator[bytes]:
    n = 0
    for piece, rows in zip(slices, wanted, strict=True):
        for row, payload in zip(rows, payloads(piece, rows), strict=True):
            stamps = _STAMP.findall(payload)
            stamp = b'"%b"' % stamps[0] if len(stamps) == 1 else b""
            yield b"%d,%b,%b\n" % (n, quoted(piece.keys[row]), stamp)
            n += 1


def _rows(
    slices: Sequence[Slice], wanted: Sequence[Sequence[int]], numbers: Sequence[int]
) -> Iterator[bytes]:
    first, position = 0, 0
    for piece, rows in zip(slices, wanted, strict=True):
        start = position
        while position < len(numbers) and numbers[position] < first + len(rows):
            position += 1
        mine = numbers[start:position]
        fields = payloads(piece, [rows[n - first] for n in mine])
        for n, payload in zip(mine, fields, strict=True):
            yield b"%d,%b\n" % (n, payload)
        first += len(rows)


class _Stream:
    """What psycopg2's COPY reads from; it takes whatever a read returns."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)

    def read(self, _size: int = -1) -> bytes:
        taken, size = [], 0
        for piece in self._pieces:
            taken.append(piece)
            size += len(piece)
            if size >= _CHUNK:
                break
        return b"".join(taken)


def copy_in(session: Connection, table: str, pieces: Iterable[bytes]) -> None:
    """Fill a temporary table from pieces of CSV, in the session's transaction."""
    driver: Any = session.connection.driver_connection
    with driver.cursor() as cursor:
        cursor.copy_expert(_COPY.format(table), _Stream(pieces))
