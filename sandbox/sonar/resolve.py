"""One resolver for every field: root queries, connections, relations, leaves.

What a field means comes from the schema (`sandbox.sonar.schema`); nothing here knows a collection.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import GraphQLError, GraphQLObjectType, GraphQLResolveInfo, GraphQLSchema

from sandbox.sonar.connections import HONEST, Connection, Limits, select
from sandbox.sonar.schema import (
    RelationKind,
    attributes,
    list_attributes,
    query_type,
    relation,
    root_queries,
)
from sandbox.sonar.search import id_range
from sandbox.sonar.store import Collection, Row, Store
from sandbox.sonar.subject import Subject

Json = Any
Source = Row | Connection | None  # what a field can resolve to, apart from leaves and lists
Info = GraphQLResolveInfo[Any]

_SINGLE = frozenset({RelationKind.PARENT, RelationKind.OWNER, RelationKind.ONE_CHILD})


@dataclass(frozen=True, slots=True)
class Scene:
    """What a request sees: the tenant, and what the server denies or misstates to it."""

    schema: GraphQLSchema
    store: Store
    denied_collections: frozenset[str] = frozenset()
    empty_collections: frozenset[str] = frozenset()
    denied_fields: frozenset[tuple[str, str]] = frozenset()  # entity type, field
    limits: Mapping[str, Limits] = field(default_factory=dict)  # by root query
    other_limits: Limits = HONEST

    def subject(self, entity: str) -> Subject:
        """Return an entity type with the tenant behind it."""
        return Subject.for_type(self.schema, self.store, entity)


def resolve_field(source: Source, info: Info, **arguments: Json) -> Json:
    """Resolve any field of the schema; `info.context` is the Scene."""
    scene: Scene = info.context
    if info.parent_type is query_type(scene.schema):
        return _root(scene, info.field_name, arguments)
    if isinstance(source, Connection):
        return getattr(source, info.field_name)()
    if (info.parent_type.name, info.field_name) in scene.denied_fields:
        raise _denied(f"the field {info.field_name} of {info.parent_type.name}")
    if source is None:
        raise TypeError(f"{info.parent_type.name}.{info.field_name} was asked of nothing")
    parent = info.parent_type
    is_leaf = info.field_name in attributes(parent) or info.field_name in list_attributes(parent)
    if is_leaf or "__typename" not in source:
        return source.get(info.field_name)
    return _follow(scene, parent, source, info.field_name, arguments)


def _root(scene: Scene, name: str, arguments: Mapping[str, Any]) -> Source:
    if name in scene.denied_collections:
        raise _denied(name)
    query = root_queries(scene.schema)[name]
    collection = scene.store.collections[name]
    if query.singleton:
        return next(iter(collection.rows), None)
    subject = scene.subject(query.entity)
    if not query.paged:
        return _Whole(subject, collection.rows, {})
    limits = scene.limits.get(name, scene.other_limits)
    if name in scene.empty_collections:
        return Connection(subject, (), arguments, limits)
    rows, rest = _narrowed(collection, arguments)
    return Connection(subject, rows, rest, limits)


class _Whole(Connection):
    """A connection without pages: everything at once."""

    def entities(self) -> Sequence[Row]:
        return self.found


def _narrowed(
    collection: Collection, arguments: Mapping[str, Any]
) -> tuple[Sequence[Row], Mapping[str, Any]]:
    """Use the id order where the arguments allow it; return the rows left and what to ask them."""
    if not collection.keyed:
        return collection.rows, arguments
    if arguments.get("id") is not None:
        row = collection.get(str(arguments["id"]))
        return (() if row is None else (row,)), arguments
    if arguments.get("search"):
        wanted = id_range(arguments["search"])
        rows = collection.between(wanted.lowest, wanted.highest)
        return rows, {**arguments, "search": wanted.rest}
    return collection.rows, arguments


def _follow(
    scene: Scene, parent: GraphQLObjectType, row: Row, name: str, arguments: Mapping[str, Any]
) -> Source:
    start = scene.subject(parent.name)
    subject, rows = start.follow(row, name)
    if subject is None:
        return None
    if relation(scene.schema, parent, name).kind in _SINGLE:
        return next(iter(select(subject, rows, arguments)), None)
    return Connection(subject, rows, arguments, scene.other_limits)


def _denied(what: str) -> GraphQLError:
    return GraphQLError(f"You do not have permission to read {what}.")
