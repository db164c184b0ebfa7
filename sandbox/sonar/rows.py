"""Many rows in little memory: packed as JSON arrays of their values, decoded when they are read.

A row of 20 columns takes about 300 bytes instead of the 1,500 of a dict, and nothing that the
garbage collector walks through; reading one costs a few microseconds, so small collections stay
lists. Rows of one collection share the tuples of their column names.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, MutableSequence, Sequence
from itertools import chain, islice
from operator import itemgetter
from typing import Any, Self, overload

import orjson

Row = dict[str, Any]

PACKED_FROM = 5_000  # rows; a page of 500 takes 4 ms from a list and 7 ms packed


def hold(rows: Iterable[Row], typename: str | None = None) -> MutableSequence[Row]:
    """Return the rows as they are best held, each with its `__typename` when one is given.

    Few rows may carry another one: an interface's rows are of several types.
    """
    if isinstance(rows, Rows) and len(rows) >= PACKED_FROM:
        return Rows(rows, typename)
    every = iter(rows)
    kept = list(islice(every, PACKED_FROM))
    if len(kept) >= PACKED_FROM:
        return Rows(chain(kept, every), typename)
    return kept if typename is None else [{"__typename": typename, **row} for row in kept]


def at(rows: Sequence[Row], places: Iterable[int]) -> Iterator[Row]:
    """Yield the rows at these places."""
    if isinstance(rows, Rows):
        yield from rows.at(places)
    else:
        for place in places:
            yield rows[place]


def values(rows: Sequence[Row], names: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """Yield what each row holds under these names, None where it has no such column."""
    if isinstance(rows, Rows):
        yield from rows.values(names)
    else:
        for row in rows:
            yield tuple(row.get(name) for name in names)


class Rows(MutableSequence[Row]):
    """Packed rows; what is read from them are copies.

    A slice shares the packed rows and decodes none. With `typename`, every row that is read carries
    it as `__typename`.
    """

    __slots__ = ("_packed", "_shape_of", "_shapes", "typename")

    def __init__(self, rows: Iterable[Row] = (), typename: str | None = None) -> None:
        self.typename = typename
        self._shapes: dict[tuple[str, ...], int] = {}
        self._shape_of = array("H")
        self._packed: list[bytes] = []
        if isinstance(rows, Rows):
            self._shapes = dict(rows._shapes)
            self._shape_of, self._packed = rows._shape_of[:], rows._packed[:]
        else:
            self.extend(rows)

    def append(self, value: Row) -> None:
        """Add a row at the end."""
        shape, packed = self._pack(value)
        self._shape_of.append(shape)
        self._packed.append(packed)

    def insert(self, index: int, value: Row) -> None:
        """Add a row before the one at `index`."""
        shape, packed = self._pack(value)
        self._shape_of.insert(index, shape)
        self._packed.insert(index, packed)

    @overload
    def __setitem__(self, place: int, value: Row) -> None: ...
    @overload
    def __setitem__(self, place: slice, value: Iterable[Row]) -> None: ...
    def __setitem__(self, place: int | slice, value: Row | Iterable[Row]) -> None:
        if isinstance(place, slice) or not isinstance(value, dict):
            raise TypeError("rows are replaced one by one")
        self._shape_of[place], self._packed[place] = self._pack(value)

    def __delitem__(self, place: int | slice) -> None:
        del self._shape_of[place]
        del self._packed[place]

    def __len__(self) -> int:
        return len(self._packed)

    @overload
    def __getitem__(self, place: int) -> Row: ...
    @overload
    def __getitem__(self, place: slice) -> Self: ...
    def __getitem__(self, place: int | slice) -> Row | Self:
        if isinstance(place, slice):
            part = type(self)(typename=self.typename)
            part._shapes = self._shapes
            part._shape_of, part._packed = self._shape_of[place], self._packed[place]
            return part
        columns = list(self._shapes)[self._shape_of[place]]
        return self._unpack(columns, self._packed[place])

    def __iter__(self) -> Iterator[Row]:
        shapes = list(self._shapes)
        unpack = self._unpack
        for shape, packed in zip(self._shape_of, self._packed, strict=True):
            yield unpack(shapes[shape], packed)

    def at(self, places: Iterable[int]) -> Iterator[Row]:
        """Yield the rows at these places."""
        shapes, shape_of, packed = list(self._shapes), self._shape_of, self._packed
        for place in places:
            yield self._unpack(shapes[shape_of[place]], packed[place])

    def values(self, names: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        """Yield what each row holds under these names, without making the rows."""
        read = [_reader(columns, names) for columns in self._shapes]
        loads = orjson.loads
        for shape, packed in zip(self._shape_of, self._packed, strict=True):
            held = loads(packed)
            held.append(None)
            yield read[shape](held)

    def _pack(self, row: Row) -> tuple[int, bytes]:
        kept = row
        if "__typename" in row:
            kept = {name: value for name, value in row.items() if name != "__typename"}
        shape = self._shapes.setdefault(tuple(kept), len(self._shapes))
        # Copied, because orjson answers in a buffer of 1,024 bytes whose unused end stays lost.
        return shape, bytes(memoryview(orjson.dumps(list(kept.values()))))

    def _unpack(self, columns: tuple[str, ...], packed: bytes) -> Row:
        row = dict(zip(columns, orjson.loads(packed), strict=True))
        if self.typename is not None:
            row["__typename"] = self.typename
        return row


def _reader(
    columns: tuple[str, ...], names: Sequence[str]
) -> Callable[[Sequence[Any]], tuple[Any, ...]]:
    """Return what reads these names out of the values of a row, which None follows."""
    places = [columns.index(name) if name in columns else len(columns) for name in names]
    if len(places) == 1:
        (only,) = places
        return lambda held: (held[only],)
    return itemgetter(*places)
