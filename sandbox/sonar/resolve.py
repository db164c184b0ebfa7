"""One resolver for every field: root queries, connections, relations, leaves.

What a field means comes from the schema (`sandbox.sonar.schema`); nothing here knows a collection.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import GraphQLError, GraphQLObjectType, GraphQLResolveInfo, GraphQLSchema

from sandbox.sonar.connections import Connection, select
from sandbox.sonar.schema import (
    Attribute,
    Relation,
    RelationKind,
    RootQuery,
    attributes,
    query_type,
    relation,
    root_queries,
)
from sandbox.sonar.search import id_range
from sandbox.sonar.store import Row, Store

Json = Any
Source = Row | Connection | None  # what a field can resolve to, apart from leaves and lists
Info = GraphQLResolveInfo[Any]


@dataclass(frozen=True, slots=True)
class Scene:
    """What a request sees: the tenant, and what the server denies or misstates to it."""

    schema: GraphQLSchema
    store: Store
    denied_collections: frozenset[str] = frozenset()
    denied_fields: frozenset[tuple[str, str]] = frozenset()  # entity type, field
    errors_in_total: Mapping[str, int] = field(default_factory=dict)


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
    if info.field_name in attributes(info.parent_type) or "__typename" not in source:
        return source.get(info.field_name)
    followed = relation(scene.schema, info.parent_type, info.field_name)
    return _follow(scene, info.parent_type, source, followed, arguments)


def _root(scene: Scene, name: str, arguments: Mapping[str, Any]) -> Source:
    if name in scene.denied_collections:
        raise _denied(name)
    query = root_queries(scene.schema)[name]
    collection = scene.store.collections[name]
    if query.singleton:
        return next(iter(collection.rows), None)
    if not query.paged:
        return _Whole(collection.rows)
    if not collection.keyed or not arguments.get("search"):
        return _connection(scene, query, collection.rows, arguments)
    wanted = id_range(arguments["search"])
    rows = collection.between(wanted.lowest, wanted.highest)
    return _connection(scene, query, rows, {**arguments, "search": wanted.rest})


class _Whole(Connection):
    """A connection without pages: everything at once."""

    def __init__(self, rows: Sequence[Row]) -> None:
        super().__init__({}, rows, {})

    def entities(self) -> Sequence[Row]:
        return self.found


def _connection(
    scene: Scene, query: RootQuery, rows: Sequence[Row], arguments: Mapping[str, Any]
) -> Connection:
    wrong = scene.errors_in_total.get(query.name, 0)
    known = attributes(_object_type(scene, query.entity))
    return Connection(known, rows, arguments, error_in_total=wrong)


def _follow(
    scene: Scene,
    parent: GraphQLObjectType,
    row: Row,
    followed: Relation,
    arguments: Mapping[str, Any],
) -> Source:
    target = row.get(followed.type_column) if followed.type_column and not followed.target else None
    entity = target or followed.target
    collection = scene.store.of_entity(entity) if entity else None
    if collection is None:
        return None
    known = attributes(_object_type(scene, entity))
    match followed.kind:
        case RelationKind.PARENT | RelationKind.OWNER:
            found = collection.get(row.get(followed.column) or "")
            return _first(known, [] if found is None else [found], arguments)
        case RelationKind.ONE_CHILD:
            rows = collection.where(**{followed.column: row["id"]})
            return _first(known, rows, arguments)
        case RelationKind.CHILDREN:
            rows = collection.where(**{followed.column: row["id"]})
        case RelationKind.OWNED:
            owner = {followed.type_column: parent.name, followed.column: row["id"]}
            rows = collection.where(**owner)
        case RelationKind.LINKED:
            rows = scene.store.linked(parent.name, row["id"], entity)
    return Connection(known, rows, arguments)


def _first(
    known: Mapping[str, Attribute], rows: Sequence[Row], arguments: Mapping[str, Any]
) -> Row | None:
    return next(iter(select(known, rows, arguments)), None)


def _object_type(scene: Scene, name: str) -> GraphQLObjectType:
    entity = scene.schema.type_map[name]
    if not isinstance(entity, GraphQLObjectType):
        raise TypeError(f"{name} must be an object type")
    return entity


def _denied(what: str) -> GraphQLError:
    return GraphQLError(f"You do not have permission to read {what}.")
