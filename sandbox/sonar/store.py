"""The tenant in memory: collections of rows in the form in which they are answered.

A row is the JSON object of one entity, plus `__typename` for polymorphic owners. Rows of a
collection with ids stay sorted by id. Many-to-many links are kept as pairs, in both directions.
"""

from __future__ import annotations

import hashlib
from array import array
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from graphql import GraphQLSchema

from sandbox.sonar.rows import Row, hold
from sandbox.sonar.schema import root_queries

__all__ = ["Collection", "Row", "Store", "UnknownRecordError"]


class UnknownRecordError(LookupError):
    """A control request names a collection or a record that does not exist."""


class Collection:
    """The rows of one root query."""

    def __init__(self, name: str, entity: str, rows: Iterable[Row]) -> None:
        self.name = name
        self.entity = entity
        self.rows = hold(rows, entity)
        self.keyed = all("id" in row for row in self.rows)
        self._keys = array("q", map(_key, self.rows) if self.keyed else ())
        places = sorted(range(len(self._keys)), key=self._keys.__getitem__)
        if places != list(range(len(self._keys))):
            self.rows = hold((self.rows[place] for place in places), entity)
            self._keys = array("q", (self._keys[place] for place in places))
        self._indexes: dict[tuple[str, ...], dict[tuple[Any, ...], array[int]]] = {}

    def get(self, key: str) -> Row | None:
        """Return the row with this id."""
        place = self._place(key)
        return None if place is None else self.rows[place]

    def between(self, lowest: int | None, highest: int | None) -> Sequence[Row]:
        """Return the rows with `lowest <= id <= highest`, in id order."""
        start = 0 if lowest is None else bisect_left(self._keys, lowest)
        end = None if highest is None else bisect_right(self._keys, highest)
        return self.rows[start:end]

    def where(self, **values: str | None) -> Sequence[Row]:
        """Return the rows that hold exactly these values; each set of columns is indexed once."""
        columns = tuple(values)
        index = self._indexes.get(columns)
        if index is None:
            index = defaultdict(partial(array, "L"))
            for place, row in enumerate(self.rows):
                index[tuple(row.get(column) for column in columns)].append(place)
            self._indexes[columns] = index
        return [self.rows[place] for place in index.get(tuple(values.values()), ())]

    def insert(self, values: Mapping[str, Any]) -> str:
        """Add a record like the first one with `values` over it; return its id."""
        if not self.keyed or not self.rows:
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
        self._indexes.clear()
        return key

    def update(self, key: str, values: Mapping[str, Any]) -> None:
        """Change a record; `updated_at` and `_version` move unless given."""
        place = self._must_have(key)
        row = self.rows[place]
        version = str(int(row.get("_version", "0")) + 1)
        changed = {**row, "updated_at": _now(), "_version": version, **values}
        self.rows[place] = changed
        self._indexes.clear()

    def delete(self, key: str) -> None:
        """Remove a record without a trace, as Sonar does."""
        place = self._must_have(key)
        del self.rows[place]
        del self._keys[place]
        self._indexes.clear()

    def archive(self, key: str) -> None:
        """Archive a record."""
        self.update(key, {"archived_at": _now()})

    def _place(self, key: str) -> int | None:
        if not key.isdecimal():
            return None
        place = bisect_left(self._keys, int(key))
        found = place < len(self._keys) and str(self._keys[place]) == key
        return place if found else None

    def _must_have(self, key: str) -> int:
        place = self._place(key)
        if place is None:
            raise UnknownRecordError(f"{self.name} {key} does not exist")
        return place


class Store:
    """All collections of a tenant and the links between them."""

    def __init__(
        self,
        schema: GraphQLSchema,
        rows: Mapping[str, Iterable[Row]],
        links: Mapping[tuple[str, str], Iterable[tuple[str, str]]],
    ) -> None:
        queries = root_queries(schema)
        self.collections = {
            query.name: Collection(query.name, query.entity, rows.get(query.name, ()))
            for query in queries.values()
        }
        self._by_entity = {query.entity: query.name for query in queries.values()}
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

    def linked(self, entity: str, key: str, other: str) -> list[Row]:
        """Return the rows of type `other` that are linked to this record, in id order."""
        collection = self.of_entity(other)
        if collection is None:
            return []
        keys = self._links.get((entity, other), {}).get(key, ())
        rows = [row for row in map(collection.get, keys) if row is not None]
        return sorted(rows, key=_key)


def _key(row: Row) -> int:
    return int(row["id"])


def _now() -> str:
    return datetime.now(UTC).replace(microsecond=0).isoformat()
