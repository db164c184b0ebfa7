"""The rows of every root query of a schema, the links between them, and how many there are."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from random import Random
from typing import Any

from graphql import GraphQLInterfaceType, GraphQLObjectType, GraphQLSchema

from sandbox.sonar.generated.filling import Filler
from sandbox.sonar.generated.secrets import MARKER, secret_leaves
from sandbox.sonar.rows import Row
from sandbox.sonar.schema import RootQuery, home_queries, implementers, root_queries
from sandbox.sonar.store import Store

_GAP = 9  # at most, between one id and the next
_FAR = 2**31  # the last quarter of some collections has ids that 32 bits do not hold
_OFTEN = 3  # one collection in so many has such ids
_LINKS = 3  # rows that most rows are linked to at most
_MANY_LINKS = 12  # rows that the first one is linked to at most
_PARTS = 3  # embedded rows at most
_REPEATED = 3  # rows without ids from which on two of them are the same


class UnknownCountError(ValueError):
    """A number of rows for something that has no rows to be counted."""


class GeneratedStore(Store):
    """A tenant of `rows` rows a collection; `counts` says otherwise for single ones.

    Raises:
        UnknownCountError: `counts` names what is no collection.
    """

    def __init__(
        self, schema: GraphQLSchema, rows: int, seed: int, counts: Mapping[str, int] | None = None
    ) -> None:
        self._schema = schema
        self._seed = seed
        self._queries = root_queries(schema)
        self.counts = {name: _count(schema, query, rows) for name, query in self._queries.items()}
        for name, count in (counts or {}).items():
            query = self._queries.get(name)
            if query is None or (query.singleton and not query.listed):
                raise UnknownCountError(f"{name} is no collection: it has no number of rows")
            self.counts[name] = count
        self._homes = home_queries(schema)
        self._known_keys: dict[str, array[int]] = {}
        self._fillers: dict[str, Filler] = {}
        self._pairs: dict[tuple[str, str], Mapping[str, Sequence[str]]] = {}
        super().__init__(schema, {name: partial(self._rows, name) for name in self._queries}, {})

    @property
    def truth(self) -> dict[str, Any]:
        """What is true of the tenant."""
        return {
            "seed": self._seed,
            "counts": dict(sorted(self.counts.items())),
            "marker": MARKER,
            "secrets": secret_leaves(self._schema),
        }

    def link_keys(self, entity: str, key: str, other: str) -> Iterable[str]:
        """Return the ids of the rows of type `other` that a row is linked to."""
        if (entity, other) not in self._pairs:
            self._link(*sorted((entity, other)))
        return self._pairs[entity, other].get(key, ())

    def loose(self, row: Row, field: str, entity: str) -> Sequence[Row]:
        """Return what a field leads to that no column tells of: parts of the row, or some rows."""
        whose = f"{row['__typename']}:{row['id']}" if "id" in row else str(row)
        random = Random(f"{self._seed}:{whose}:{field}")
        home = self.of_entity(entity)
        if home is not None:
            rows = home.every()
            return random.sample(rows, min(len(rows), random.randrange(_PARTS)))
        filler = self._filler(entity)
        made = (filler.row(random, str(random.randrange(1, 10**6))) for _ in range(_PARTS))
        return [{**part, "__typename": entity} for part in made][: random.randint(1, _PARTS)]

    def _keys(self, entity: str) -> Sequence[int]:
        """Return the ids of the rows that relations to a type lead to."""
        home = self._homes.get(entity)
        return () if home is None else self._keys_of(home)

    def _keys_of(self, name: str) -> array[int]:
        if name not in self._known_keys:
            random = Random(f"{self._seed}:{name}:keys")
            count = self.counts[name]
            far = random.randrange(_OFTEN) == 0
            key, keys = 0, array("q")
            for place in range(count):
                key += random.randint(1, _GAP)
                if far and place == count - count // 4:
                    key += _FAR
                keys.append(key)
            self._known_keys[name] = keys
        return self._known_keys[name]

    def _rows(self, name: str) -> Iterator[Row]:
        kind = self._schema.type_map[self._queries[name].entity]
        random = Random(f"{self._seed}:{name}")
        if isinstance(kind, GraphQLInterfaceType):
            yield from self._of_many_types(kind, self.counts[name])
            return
        if not isinstance(kind, GraphQLObjectType):
            raise TypeError(f"{name} must answer with objects")
        filler, keys = self._filler(kind.name), self._keys_of(name)
        rows = (filler.row(random, str(key)) for key in keys)
        if "id" in kind.fields or len(keys) < _REPEATED:
            yield from rows
            return
        first = next(rows)
        yield first
        yield from islice(rows, len(keys) - 2)
        yield dict(first)  # nothing keeps two rows without an id from being the same

    def _of_many_types(self, kind: GraphQLInterfaceType, count: int) -> Iterator[Row]:
        names = [name for name in implementers(self._schema, kind) if self._keys(name)]
        for name in names[:count]:
            home = self.of_entity(name)
            if home is not None:
                yield home.rows[0]

    def _filler(self, entity: str) -> Filler:
        if entity not in self._fillers:
            kind = self._schema.type_map[entity]
            if not isinstance(kind, GraphQLObjectType):
                raise TypeError(f"{entity} must be an object type")
            self._fillers[entity] = Filler(self._schema, kind, self._keys)
        return self._fillers[entity]

    def _link(self, one: str, other: str) -> None:
        random = Random(f"{self._seed}:{one}:{other}")
        theirs = self._keys(other)
        forward: dict[str, list[str]] = defaultdict(list)
        backward = forward if one == other else defaultdict(list)
        for place, key in enumerate(self._keys(one)):
            most = min(len(theirs), _LINKS if place else _MANY_LINKS)
            for linked in random.sample(theirs, random.randint(most if place == 0 else 0, most)):
                if one == other and (linked == key or str(linked) in forward[str(key)]):
                    continue
                forward[str(key)].append(str(linked))
                backward[str(linked)].append(str(key))
        self._pairs[one, other] = forward
        self._pairs[other, one] = backward


def _count(schema: GraphQLSchema, query: RootQuery, rows: int) -> int:
    kind = schema.type_map[query.entity]
    if isinstance(kind, GraphQLInterfaceType):
        return min(rows, len(implementers(schema, kind)))  # one of each type
    return 1 if query.singleton and not query.listed else rows
