"""The tenant in memory: collections of rows in the form in which they are answered.

A row is the JSON object of one entity, plus `__typename` for polymorphic owners. Rows of a
collection with ids stay sorted by id. Many-to-many links are kept as pairs, in both directions.
What is found in a collection is a view: the places of rows, which are decoded when they are read.
"""

from __future__ import annotations

import hashlib
from array import array
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableSequence, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, overload

from graphql import GraphQLSchema

from sandbox.sonar.columns import Column, Columns, Places
from sandbox.sonar.rows import Row, at, hold, values
from sandbox.sonar.schema import Attribute, home_queries, root_queries

__all__ = ["Collection", "Row", "Store", "UnknownRecordError", "View"]


class UnknownRecordError(LookupError):
    """A control request names a collection or a record that does not exist."""


class Collection:
    """The rows of one root query; given as a function, they are made when they are first read."""

    def __init__(
        self, name: str, entity: str, rows: Iterable[Row] | Callable[[], Iterable[Row]]
    ) -> None:
        self.name = name
        self.entity = entity
        self._source: Callable[[], Iterable[Row]] | None = None
        self._rows: MutableSequence[Row] = []
        self._keyed = True
        self._keys = array("q")
        self._columns = Columns()
        self._indexes: dict[tuple[str, ...], dict[tuple[Any, ...], array[int]]] = {}
        if callable(rows):
            self._source = rows
        else:
            self._hold(rows)

    @property
    def rows(self) -> MutableSequence[Row]:
        """Every row, in id order where there are ids."""
        self._make()
        return self._rows

    @property
    def keyed(self) -> bool:
        """Whether the rows have ids."""
        self._make()
        return self._keyed

    def every(self) -> View:
        """Return all rows."""
        return View(self, range(len(self.rows)))

    def get(self, key: str) -> Row | None:
        """Return the row with this id."""
        place = self._place(key)
        return None if place is None else self.rows[place]

    def between(self, lowest: int | None, highest: int | None) -> range:
        """Return the places of the rows with `lowest <= id <= highest`."""
        count = len(self.rows)
        start = 0 if lowest is None else bisect_left(self._keys, lowest)
        end = count if highest is None else bisect_right(self._keys, highest)
        return range(start, max(start, end))

    def where(self, **wanted: str | None) -> View:
        """Return the rows that hold exactly these values; each set of columns is indexed once."""
        columns = tuple(wanted)
        index = self._indexes.get(columns)
        if index is None:
            index = defaultdict(partial(array, "L"))
            for place, held in enumerate(values(self.rows, columns)):
                index[held].append(place)
            self._indexes[columns] = index
        return View(self, index.get(tuple(wanted.values()), ()))

    def columns(self, attributes: Sequence[Attribute]) -> list[Column] | None:
        """Return attributes as columns; None where the rows hold something that cannot be one."""
        return self._columns.of(self.rows, attributes)

    def insert(self, values: Mapping[str, Any]) -> str:
        """Add a record like the first one with `values` over it; return its id."""
        if not self.rows or not self.keyed:
            raise UnknownRecordError(f"{self.name} has no record to copy: insert is not possible")
        key = str(values.get("id") or self._keys[-1] + 1)
        if self._place(key) is not None:
            raise UnknownRecordError(f"{self.name} {key} exists already")
        unique = hashlib.sha256(f"{self.name}:{key}".encode()).hexdigest()[:24]
        stamps = {"created_at": _now(), "updated_at": _now(), "_version": "1"}
        row: Row = {**self.rows[0], "sonar_unique_id": unique, **stamps, **values, "id": key}
        place = bisect_left(self._keys, int(key))
        self._keys.insert(place, int(key))
        self.rows.insert(place, row)
        self._columns.insert(place, row)
        self._indexes.clear()
        return key

    def update(self, key: str, values: Mapping[str, Any]) -> None:
        """Change a record; `updated_at` and `_version` move unless given."""
        place = self._must_have(key)
        row = self.rows[place]
        version = str(int(row.get("_version", "0")) + 1)
        changed = {**row, "updated_at": _now(), "_version": version, **values}
        self.rows[place] = changed
        self._columns.replace(place, changed)
        for columns in list(self._indexes):
            if any(row.get(name) != changed.get(name) for name in columns):
                del self._indexes[columns]

    def delete(self, key: str) -> None:
        """Remove a record without a trace, as Sonar does."""
        place = self._must_have(key)
        del self.rows[place]
        del self._keys[place]
        self._columns.delete(place)
        self._indexes.clear()

    def archive(self, key: str) -> None:
        """Archive a record."""
        self.update(key, {"archived_at": _now()})

    def _make(self) -> None:
        if self._source is not None:
            source, self._source = self._source, None
            self._hold(source())

    def _hold(self, rows: Iterable[Row]) -> None:
        self._rows = hold(rows, self.entity)
        keys = [key for (key,) in values(self._rows, ["id"])]
        self._keyed = None not in keys
        self._keys = array("q", map(int, keys) if self._keyed else ())
        places = sorted(range(len(self._keys)), key=self._keys.__getitem__)
        if places != list(range(len(self._keys))):
            self._rows = hold(list(at(self._rows, places)), self.entity)
            self._keys = array("q", (self._keys[place] for place in places))

    def _place(self, key: str) -> int | None:
        if not key.isdecimal() or not self.rows:
            return None
        place = bisect_left(self._keys, int(key))
        found = place < len(self._keys) and str(self._keys[place]) == key
        return place if found else None

    def _must_have(self, key: str) -> int:
        place = self._place(key)
        if place is None:
            raise UnknownRecordError(f"{self.name} {key} does not exist")
        return place


class View(Sequence[Row]):
    """Some rows of a collection by their places, decoded when they are read."""

    __slots__ = ("collection", "places")

    def __init__(self, collection: Collection, places: Places) -> None:
        self.collection = collection
        self.places = places

    def __len__(self) -> int:
        return len(self.places)

    @overload
    def __getitem__(self, place: int) -> Row: ...
    @overload
    def __getitem__(self, place: slice) -> View: ...
    def __getitem__(self, place: int | slice) -> Row | View:
        if isinstance(place, slice):
            return View(self.collection, self.places[place])
        return self.collection.rows[self.places[place]]

    def __iter__(self) -> Iterator[Row]:
        yield from at(self.collection.rows, self.places)


class Store:
    """All collections of a tenant and the links between them."""

    def __init__(
        self,
        schema: GraphQLSchema,
        rows: Mapping[str, Iterable[Row] | Callable[[], Iterable[Row]]],
        links: Mapping[tuple[str, str], Iterable[tuple[str, str]]],
    ) -> None:
        queries = root_queries(schema)
        self.collections = {
            query.name: Collection(query.name, query.entity, rows.get(query.name, ()))
            for query in queries.values()
        }
        self._by_entity = home_queries(schema)
        self._links: dict[tuple[str, str], dict[str, list[str]]] = {}
        for (left, right), pairs in links.items():
            forward, backward = defaultdict(list), defaultdict(list)
            for left_key, right_key in pairs:
                forward[left_key].append(right_key)
                backward[right_key].append(left_key)
            self._links[left, right] = forward
            self._links[right, left] = backward

    def of_entity(self, entity: str) -> Collection | None:
        """Return the collection that holds rows of this type, None for a type not modelled."""
        name = self._by_entity.get(entity)
        return None if name is None else self.collections[name]

    def named(self, name: str) -> Collection:
        """Return a collection by the name of its root query."""
        collection = self.collections.get(name)
        if collection is None:
            raise UnknownRecordError(f"there is no collection {name!r}")
        return collection

    def linked(self, entity: str, key: str, other: str) -> Sequence[Row]:
        """Return the rows of type `other` that are linked to this record, in id order."""
        collection = self.of_entity(other)
        if collection is None:
            return []
        keys = self.link_keys(entity, key, other)
        rows = [row for row in map(collection.get, keys) if row is not None]
        return sorted(rows, key=_key)

    def link_keys(self, entity: str, key: str, other: str) -> Iterable[str]:
        """Return the ids of the rows of type `other` that a row is linked to."""
        return self._links.get((entity, other), {}).get(key, ())

    def loose(self, row: Row, field: str, entity: str) -> Sequence[Row]:  # noqa: ARG002
        """Return what a field leads to that no column tells of: here nothing."""
        return ()


def _key(row: Row) -> int:
    return int(row["id"])


def _now() -> str:
    return datetime.now(UTC).replace(microsecond=0).isoformat()
