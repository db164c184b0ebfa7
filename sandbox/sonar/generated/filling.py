"""How the rows of one type are filled: leaves, references to rows that exist, owners, secrets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from random import Random
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_leaf_type,
    is_non_null_type,
)

from sandbox.sonar.generated.leaves import below, instant, maker, moment, one_of
from sandbox.sonar.generated.secrets import looks_secret, marker
from sandbox.sonar.rows import Row
from sandbox.sonar.schema import (
    RelationKind,
    attributes,
    implementers,
    list_attributes,
    relation,
    snake_case,
)

_NULLS = 0.2  # of the values that may be null
_ARCHIVED = 0.15  # of the rows that can be
_STAMPS = ("created_at", "updated_at")

Keys = Callable[[str], Sequence[int]]  # entity type -> the ids of its rows
Fill = Callable[[Random, str], Any]  # (randomness, id of the row) -> a value


class Filler:
    """Makes rows of one type. `keys` says which rows a reference can lead to."""

    def __init__(self, schema: GraphQLSchema, kind: GraphQLObjectType, keys: Keys) -> None:
        self._schema = schema
        self._kind = kind
        self._keys = keys
        self._stamps = [name for name in _STAMPS if name in kind.fields]
        self._owners = [
            (f"{name}_type", f"{name}_id", candidates)
            for name, field in kind.fields.items()
            if f"{name}_id" in kind.fields
            and isinstance(owner := get_named_type(field.type), GraphQLInterfaceType)
            and (candidates := self._candidates(f"{name}_type", owner))
        ]
        paired = {column for pair in self._owners for column in pair[:2]}
        self._fills: dict[str, Fill] = {
            name: self._fill(name)
            for name in [*attributes(kind), *sorted(list_attributes(kind))]
            if name not in paired and name not in self._stamps
        }

    def row(self, random: Random, key: str) -> Row:
        """Return a row; `key` is its id where its type has one."""
        row = {name: fill(random, key) for name, fill in self._fills.items()}
        if self._stamps:
            created = moment(random)
            later = timedelta(seconds=below(random, 10**7))
            stamps = dict(zip(_STAMPS, (created, created + later), strict=True))
            row |= {name: instant(stamps[name], random) for name in self._stamps}
        for type_column, id_column, candidates in self._owners:
            row[type_column], row[id_column] = self._owner(random, type_column, candidates)
        return row

    def _owner(
        self, random: Random, type_column: str, candidates: Sequence[str]
    ) -> tuple[str | None, str | None]:
        if not is_non_null_type(self._kind.fields[type_column].type) and random.random() < _NULLS:
            return None, None
        entity = one_of(random, candidates)
        return entity, _one_of(random, self._keys(entity))

    def _candidates(self, type_column: str, owner: GraphQLInterfaceType) -> list[str]:
        """Return the types that own a row: they implement the interface and have rows."""
        if type_column not in self._kind.fields:
            return []
        named = get_named_type(self._kind.fields[type_column].type)
        allowed = set(named.values) if isinstance(named, GraphQLEnumType) else None
        return [
            name
            for name in implementers(self._schema, owner)
            if (allowed is None or name in allowed) and self._keys(name)
        ]

    def _fill(self, name: str) -> Fill:
        field = self._kind.fields[name]
        scalar = get_named_type(field.type)
        if name == "id":
            return lambda _, key: key
        if looks_secret(self._kind.name, name, scalar.name):
            return self._secret(name, scalar.name)
        fill: Fill
        if name == "_version":
            fill = _version
        elif name in list_attributes(self._kind):
            fill = partial(_several, self._plain(name))
        elif scalar.name == "Int64Bit" and (target := self._referred(name)) is not None:
            fill = self._reference(target)
        else:
            fill = self._plain(name)
        if is_non_null_type(field.type):
            return fill
        return _sometimes(fill, 1 - _ARCHIVED if name == "archived_at" else _NULLS)

    def _plain(self, name: str) -> Fill:
        scalar = get_named_type(self._kind.fields[name].type)
        if isinstance(scalar, GraphQLEnumType):
            members = list(scalar.values)
            return lambda random, _: one_of(random, members)
        make = maker(name, scalar.name)
        return lambda random, _: make(random)

    def _secret(self, name: str, scalar: str) -> Fill:
        make = partial(marker, self._kind.name, name)
        if name in list_attributes(self._kind):
            return lambda _, key: [make(key, scalar)]
        return lambda _, key: make(key, scalar)

    def _reference(self, target: str) -> Fill:
        keys = self._keys(target)
        return lambda random, _: _one_of(random, keys)

    def _referred(self, column: str) -> str | None:
        """Return the type whose ids a column holds, None when nothing tells."""
        for name, field in self._kind.fields.items():
            if is_leaf_type(get_named_type(field.type)):
                continue
            found = relation(self._schema, self._kind, name)
            if found.kind is RelationKind.PARENT and found.column == column:
                return found.target
        known = {snake_case(name): name for name in self._schema.type_map if self._keys(name)}
        stem = column.removesuffix("_id")
        while stem and stem not in known:  # archived_by_user_id: the longest ending that is a type
            stem = stem.partition("_")[2]
        return known.get(stem)


def _one_of(random: Random, keys: Sequence[int]) -> str:
    return str(one_of(random, keys)) if keys else str(1 + below(random, 10**6))


def _version(random: Random, _: str) -> str:
    return str(1 + below(random, 40))


def _several(make: Fill, random: Random, key: str) -> list[Any]:
    return [make(random, key) for _ in range(below(random, 4))]


def _sometimes(fill: Fill, nulls: float) -> Fill:
    return lambda random, key: None if random.random() < nulls else fill(random, key)
