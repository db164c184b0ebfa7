"""What the schema file says about collections and relations.

Reads `schema.graphql` beside this module. Relations are told from the published naming alone
(`account_id` belongs to `account`, `contactable_type` and `contactable_id` to `contactable`), so a
new collection needs its types in the schema file and no resolver.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from functools import cache
from pathlib import Path

from graphql import (
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    build_schema,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
)

SCHEMA_FILE = Path(__file__).with_name("schema.graphql")


class RelationKind(Enum):
    """Where the rows of a relation are found."""

    PARENT = "parent"  # this row holds the other's id
    OWNER = "owner"  # this row holds the other's type and id
    ONE_CHILD = "one child"  # one other row holds this id
    CHILDREN = "children"  # other rows hold this id
    OWNED = "owned"  # other rows hold this type and id
    LINKED = "linked"  # many-to-many, kept as pairs


@dataclass(frozen=True, slots=True)
class Relation:
    """How to follow one object or connection field from a row."""

    kind: RelationKind
    target: str  # name of the entity type; empty for an owner, whose type is in the row
    column: str = ""  # the id column, on whichever side holds it
    type_column: str = ""


@dataclass(frozen=True, slots=True)
class Attribute:
    """A leaf field of an entity."""

    name: str
    scalar: str
    required: bool


@dataclass(frozen=True, slots=True)
class RootQuery:
    """A root query: its name is also the name of the collection that it serves."""

    name: str
    entity: str
    paged: bool
    singleton: bool


@cache
def load_schema() -> GraphQLSchema:
    """Return the sandbox's schema, built once per process."""
    return build_schema(SCHEMA_FILE.read_text(encoding="utf-8"))


def query_type(schema: GraphQLSchema) -> GraphQLObjectType:
    """Return the root type."""
    root = schema.query_type
    if root is None:
        raise ValueError("the schema file names no query root")
    return root


def root_queries(schema: GraphQLSchema) -> dict[str, RootQuery]:
    """Return every root query by name."""
    queries = {}
    for name, field in query_type(schema).fields.items():
        answer = get_named_type(field.type)
        if not isinstance(answer, GraphQLObjectType):
            raise TypeError(f"root query {name} must answer with an object type")
        entity = connection_entity(answer)
        queries[name] = RootQuery(
            name=name,
            entity=entity or answer.name,
            paged="page_info" in answer.fields,
            singleton=entity is None,
        )
    return queries


def connection_entity(answer: GraphQLObjectType) -> str | None:
    """Return the entity type of a connection type, None when `answer` is not one."""
    entities = answer.fields.get("entities")
    return None if entities is None else get_named_type(entities.type).name


@cache
def attributes(entity: GraphQLObjectType | GraphQLInterfaceType) -> dict[str, Attribute]:
    """Return the leaf fields of `entity` by name."""
    return {
        name: Attribute(name, get_named_type(field.type).name, is_non_null_type(field.type))
        for name, field in entity.fields.items()
        if is_leaf_type(get_named_type(field.type)) and not _holds_list(field.type)
    }


@cache
def list_attributes(entity: GraphQLObjectType | GraphQLInterfaceType) -> frozenset[str]:
    """Return the names of the fields that hold lists of leaves."""
    return frozenset(
        name
        for name, field in entity.fields.items()
        if is_leaf_type(get_named_type(field.type)) and _holds_list(field.type)
    )


def _holds_list(kind: GraphQLOutputType) -> bool:
    return is_list_type(get_nullable_type(kind))


@cache
def relations(entity: GraphQLObjectType) -> frozenset[str]:
    """Return the names of the fields that lead to other rows."""
    return frozenset(
        name
        for name, field in entity.fields.items()
        if field.args and not is_leaf_type(get_named_type(field.type))
    )


@cache
def relation(schema: GraphQLSchema, parent: GraphQLObjectType, field_name: str) -> Relation:
    """Return how `field_name` is followed from a row of `parent`."""
    answer = get_named_type(parent.fields[field_name].type)
    if isinstance(answer, GraphQLInterfaceType):
        return Relation(RelationKind.OWNER, "", f"{field_name}_id", f"{field_name}_type")
    if not isinstance(answer, GraphQLObjectType):
        raise TypeError(f"{parent.name}.{field_name} is not a relation")
    name = connection_entity(answer)
    if name is None:
        if f"{field_name}_id" in parent.fields:
            return Relation(RelationKind.PARENT, answer.name, f"{field_name}_id")
        return Relation(RelationKind.ONE_CHILD, answer.name, f"{snake_case(parent.name)}_id")
    entity = schema.type_map[name]
    if not isinstance(entity, GraphQLObjectType):
        raise TypeError(f"{name} must be an object type")
    return _many(parent, entity)


def _many(parent: GraphQLObjectType, entity: GraphQLObjectType) -> Relation:
    key = f"{snake_case(parent.name)}_id"
    if entity is parent:
        own = next(name for name in entity.fields if name.endswith(f"_{key}"))
        return Relation(RelationKind.CHILDREN, entity.name, own)
    if key in entity.fields:
        return Relation(RelationKind.CHILDREN, entity.name, key)
    for name, field in entity.fields.items():
        if get_named_type(field.type) in parent.interfaces:
            return Relation(RelationKind.OWNED, entity.name, f"{name}_id", f"{name}_type")
    return Relation(RelationKind.LINKED, entity.name)


def snake_case(type_name: str) -> str:
    """Return `AccountStatus` as `account_status`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", type_name).lower()
