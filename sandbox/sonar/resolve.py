"""One resolver for every field: root queries, connections, relations, leaves.

What a field means comes from the schema (`sandbox.sonar.schema`); nothing here knows a collection.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    InlineFragmentNode,
    get_named_type,
    get_nullable_type,
    is_list_type,
    is_non_null_type,
)

from sandbox.sonar.connections import HONEST, Connection, Limits, select
from sandbox.sonar.flaws import Flaw
from sandbox.sonar.schema import (
    attributes,
    connection_entity,
    list_attributes,
    query_type,
    root_queries,
)
from sandbox.sonar.store import Row, Store
from sandbox.sonar.subject import Subject

Json = Any
Source = Row | Connection | None  # what a field can resolve to, apart from leaves and lists
Info = GraphQLResolveInfo[Any]


@dataclass(frozen=True, slots=True)
class Scene:
    """What a request sees: the tenant, and what the server denies or misstates to it."""

    schema: GraphQLSchema
    store: Store
    denied_collections: frozenset[str] = frozenset()
    empty_collections: frozenset[str] = frozenset()
    denied_fields: frozenset[tuple[str, str]] = frozenset()  # entity type, field
    flaws: Mapping[str, Sequence[Flaw]] = field(default_factory=dict)  # by root query
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
    if info.parent_type is scene.schema.mutation_type:
        raise GraphQLError("This Sonar exists for reading only.")
    if isinstance(source, Connection):
        if info.field_name == "entities":
            return source.page(_asked(info))
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


def _root(scene: Scene, name: str, arguments: Mapping[str, Any]) -> Json:
    if name in scene.denied_collections:
        raise _denied(name)
    query = root_queries(scene.schema)[name]
    rows = scene.store.collections[name].every()
    if query.listed:
        return list(rows)
    if query.singleton:
        return next(iter(rows), None)
    subject = scene.subject(query.entity)
    if not query.paged:
        return _Whole(subject, rows, {})
    limits = scene.limits.get(name, scene.other_limits)
    if name in scene.empty_collections:
        return Connection(subject, (), arguments, limits)
    if query.asks:  # what must be given there says what to compute, not what to look for
        arguments = {"paginator": arguments.get("paginator"), "include_archived": True}
    return Connection(subject, rows, arguments, limits, scene.flaws.get(name, ()))


class _Whole(Connection):
    """A connection without pages: everything at once."""

    def entities(self) -> Sequence[Row]:
        return self.found


def _follow(
    scene: Scene, parent: GraphQLObjectType, row: Row, name: str, arguments: Mapping[str, Any]
) -> Json:
    start, kind = scene.subject(parent.name), parent.fields[name].type
    subject, rows = start.follow(row, name)
    if subject is None:
        return None
    if is_list_type(get_nullable_type(kind)):
        return list(rows)
    answer = get_named_type(kind)
    if isinstance(answer, GraphQLObjectType) and connection_entity(answer) is not None:
        return Connection(subject, rows, arguments, scene.other_limits)
    if is_non_null_type(kind):  # nothing there can be hidden or left unmatched
        arguments = {"include_archived": True}
    return next(iter(select(subject, rows, arguments)), None)


def _denied(what: str) -> GraphQLError:
    return GraphQLError(f"You do not have permission to read {what}.")


def _asked(info: Info) -> frozenset[str]:
    """Return the names of the fields that are asked of each row of a page."""
    names: set[str] = set()
    waiting = [node.selection_set for node in info.field_nodes]
    while waiting:
        selections = waiting.pop()
        for node in () if selections is None else selections.selections:
            if isinstance(node, FieldNode):
                names.add(node.name.value)
            elif isinstance(node, FragmentSpreadNode):
                waiting.append(info.fragments[node.name.value].selection_set)
            elif isinstance(node, InlineFragmentNode):
                waiting.append(node.selection_set)
    return frozenset(names)
