"""A collection's rows on their way to the warehouse: CSV files in the bytes that Sonar sent.

A spool belongs to one collection of one run. What it has taken is cut off as a slice whenever the
caller likes; a slice is one file, and one file is what the warehouse takes whole or not at all.
Every field is quoted: an unquoted empty field would be NULL. Payloads may hold line breaks, so the
slice keeps where each row ends instead of looking for lines.
"""

from __future__ import annotations

import itertools
import threading
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from extract.catalogue.discovery import Collection
from extract.landing.mishaps import disk_errors
from extract.landing.spans import Span, ascending
from extract.reading.paging import Row

_HEADER = b"_sonar_key,payload,_run_id\n"
_BLOCK = 500  # rows read at a time

_numbers = itertools.count(1)


def quoted(value: str) -> bytes:
    """Return a CSV field."""
    return b'"%b"' % value.encode().replace(b'"', b'""')


@dataclass(frozen=True, slots=True, eq=False)
class Slice:
    """One file of rows. `ends[i]` is where row i ends in it, `ends[-1]` the size of the file.

    `spans` are the lowest and highest id of each batch that was added, where every batch came in
    the order of its ids; None where the keys are no ids or in another order.
    """

    collection: Collection
    run_id: str
    path: Path
    keys: Sequence[str]
    ends: Sequence[int]
    spans: Sequence[Span] | None

    @property
    def rows(self) -> int:
        """How many rows it holds; a key may come more than once."""
        return len(self.keys)

    @property
    def bytes(self) -> int:
        """The size of the file."""
        return self.ends[-1]


def payloads(piece: Slice, wanted: Sequence[int]) -> Iterator[bytes]:
    """Yield the payloads of some rows as quoted CSV fields; `wanted` ascends."""
    tail = len(_tail(piece.run_id))
    for number, line in zip(wanted, _lines(piece, wanted), strict=True):
        yield line[len(quoted(piece.keys[number])) + 1 : -tail]


def rewrite(piece: Slice, wanted: Sequence[int], path: Path) -> None:
    """Write some rows to a file of their own; `wanted` ascends.

    Raises:
        WarehouseError: the disk is full.
    """
    with disk_errors("spooling rows"), path.open("wb") as file:
        file.write(_HEADER)
        file.writelines(_lines(piece, wanted))


def _lines(piece: Slice, wanted: Sequence[int]) -> Iterator[bytes]:
    def start(number: int) -> int:
        return piece.ends[number - 1] if number else len(_HEADER)

    position = 0
    with piece.path.open("rb") as file:
        for first in range(0, piece.rows, _BLOCK):
            before, last = position, min(first + _BLOCK, piece.rows) - 1
            while position < len(wanted) and wanted[position] <= last:
                position += 1
            if position == before:
                continue
            low = start(first)
            file.seek(low)
            block = file.read(piece.ends[last] - low)
            for number in wanted[before:position]:
                yield block[start(number) - low : piece.ends[number] - low]


def _tail(run_id: str) -> bytes:
    """Return how every row of a run ends."""
    return b",%b\n" % quoted(run_id)


class Spool:
    """Takes the rows of one collection; several readers may add at the same time."""

    def __init__(self, collection: Collection, run_id: str, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.collection = collection
        self._run_id = run_id
        self._folder = folder
        self._lock = threading.Lock()
        self._file: BinaryIO | None = None
        self._begin()

    @property
    def rows(self) -> int:
        """How many rows came since the last cut."""
        return len(self._keys)

    @property
    def bytes(self) -> int:
        """How many bytes of file they are."""
        return self._ends[-1] if self._ends else 0

    def add(self, rows: Sequence[Row]) -> None:
        """Take rows. Blocks for as long as it takes to write them: 2 µs a row.

        Raises:
            WarehouseError: the disk is full.
        """
        if not rows:
            return
        with self._lock, disk_errors("spooling rows"):
            if self._file is None:
                self._file = self._path.open("wb")
                self._file.write(_HEADER)
            end = self.bytes or len(_HEADER)
            tail = _tail(self._run_id)
            for row in rows:
                line = b'%b,"%b"%b' % (quoted(row.key), row.payload.replace(b'"', b'""'), tail)
                self._file.write(line)
                end += len(line)
                self._ends.append(end)
            keys = [row.key for row in rows]
            self._keys.extend(keys)
            self._span(keys)

    def cut(self) -> Slice | None:
        """Return what came since the last cut, or None when nothing did.

        Raises:
            WarehouseError: the disk is full.
        """
        with self._lock:
            if self._file is None:
                return None
            with disk_errors("spooling rows"):
                self._file.close()
            made = Slice(
                self.collection, self._run_id, self._path, self._keys, self._ends, self._spans
            )
            self._begin()
            return made

    def _begin(self) -> None:
        self._file = None
        self._path = self._folder / f"{self.collection.name}-{next(_numbers):06d}.csv"
        self._keys: list[str] = []
        self._ends = array("q")
        self._spans: list[Span] | None = []

    def _span(self, keys: Sequence[str]) -> None:
        span = ascending(keys)
        if span is None or self._spans is None:
            self._spans = None
        else:
            self._spans.append(span)
