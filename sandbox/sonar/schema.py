"""What the schema file says about collections and relations.

Reads `schema.graphql` beside this module. Relations are told from the published naming alone
(`account_id` belongs to `account`, `contactable_type` and `contactable_id` to `contactable`), so a
new collection needs its types in the schema file and no resolver.
"""

from __future__ import annotations

import gc
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from functools import cache
from pathlib import Path

from graphql import (
    GraphQLError,
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
    is_required_argument,
)

SCHEMA_FILE = Path(__file__).with_name("schema.graphql")
ADDITIONS_FILE = Path(__file__).with_name("additions.graphql")  # met on a tenant, not published


class RelationKind(Enum):
    """Where the rows of a relation are found."""

    PARENT = "parent"  # this row holds the other's id
    OWNER = "owner"  # this row holds the other's type and id
    ONE_CHILD = "one child"  # one other row holds this id
    CHILDREN = "children"  # other rows hold this id
    OWNED = "owned"  # other rows hold this type and id
    LINKED = "linked"  # many-to-many, kept as pairs
    LOOSE = "loose"  # nothing in the rows tells: part of this row alone, or worked out by Sonar


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
    listed: bool  # answers with a plain list
    asks: bool  # has arguments that must be given


class NotASchemaError(ValueError):
    """A file that cannot be served."""


@cache
def load_schema(*, additions: bool = False) -> GraphQLSchema:
    """Return the sandbox's schema, built once; on demand with what newer tenants have."""
    files = (SCHEMA_FILE, ADDITIONS_FILE) if additions else (SCHEMA_FILE,)
    return _built("\n".join(file.read_text(encoding="utf-8") for file in files))


def _built(text: str) -> GraphQLSchema:
    """Return the schema of a text in GraphQL's schema language, unchecked.

    Checking 3,000 published types would take longer than all the rest (ours: 0.5 s instead of 0.3),
    and the collector of garbage doubles what reading them takes. That our own files hold a valid
    schema is for a test to say.
    """
    gc.disable()
    try:
        return build_schema(text, assume_valid=True, no_location=True)
    finally:
        gc.enable()


def read_schema(path: Path) -> GraphQLSchema:
    """Return the schema of a file in GraphQL's schema language.

    Raises:
        NotASchemaError: there is none to be served in it.
    """
    try:
        schema = _built(path.read_text(encoding="utf-8"))
        queries = root_queries(schema)
    except (OSError, UnicodeDecodeError, GraphQLError, TypeError, ValueError) as exc:
        why = exc.message if isinstance(exc, GraphQLError) else str(exc)
        raise NotASchemaError(f"{path} holds no schema that can be served: {why}") from exc
    if not any(query.paged for query in queries.values()):
        raise NotASchemaError(f"{path} has no query that answers with pages: this is not a Sonar")
    return schema


def query_type(schema: GraphQLSchema) -> GraphQLObjectType:
    """Return the root type."""
    root = schema.query_type
    if root is None:
        raise ValueError("the schema file names no query root")
    return root


@cache
def root_queries(schema: GraphQLSchema) -> Mapping[str, RootQuery]:
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
            listed=_holds_list(field.type),
            asks=any(is_required_argument(argument) for argument in field.args.values()),
        )
    return queries


@cache
def home_queries(schema: GraphQLSchema) -> Mapping[str, str]:
    """Return by entity type the root query whose rows the relations lead to.

    Several queries can answer with one type. It is then the one that lists without being given
    arguments, and of those the one with the shortest name: `invoices`, not `core_invoices`.
    """
    homes: dict[str, RootQuery] = {}
    for query in root_queries(schema).values():
        known = homes.get(query.entity)
        if known is None or _homeliness(query) < _homeliness(known):
            homes[query.entity] = query
    return {entity: query.name for entity, query in homes.items()}


def _homeliness(query: RootQuery) -> tuple[bool, bool, int]:
    return query.asks, query.singleton, len(query.name)


def object_types(schema: GraphQLSchema) -> list[GraphQLObjectType]:
    """Return the types of objects that a query can lead to, in the order of the schema."""
    roots = (schema.query_type, schema.mutation_type)
    return [
        kind
        for name, kind in schema.type_map.items()
        if isinstance(kind, GraphQLObjectType) and kind not in roots and not name.startswith("__")
    ]


@cache
def implementers(schema: GraphQLSchema, owner: GraphQLInterfaceType) -> Sequence[str]:
    """Return the names of the object types that implement an interface."""
    return tuple(kind.name for kind in schema.get_possible_types(owner))


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
    field = parent.fields[field_name]
    answer = get_named_type(field.type)
    if isinstance(answer, GraphQLInterfaceType):
        return Relation(RelationKind.OWNER, "", f"{field_name}_id", f"{field_name}_type")
    if not isinstance(answer, GraphQLObjectType):
        raise TypeError(f"{parent.name}.{field_name} is not a relation")
    entity = schema.type_map[connection_entity(answer) or answer.name]
    if not isinstance(entity, GraphQLObjectType):
        raise TypeError(f"{parent.name}.{field_name} must lead to an object type")
    if entity.name not in home_queries(schema) or _holds_list(field.type):
        return Relation(RelationKind.LOOSE, entity.name)
    if entity is not answer:
        return _other_side(parent, entity) or Relation(RelationKind.LINKED, entity.name)
    column = _own_column(parent, field_name, entity)
    if column is not None:
        return Relation(RelationKind.PARENT, entity.name, column)
    found = _other_side(parent, entity)
    if found is None or found.kind is not RelationKind.CHILDREN:
        return Relation(RelationKind.LOOSE, entity.name)
    return replace(found, kind=RelationKind.ONE_CHILD)


def _own_column(parent: GraphQLObjectType, field: str, entity: GraphQLObjectType) -> str | None:
    """Return the column of this row that holds the other's id.

    `account` has `account_id`, `account_status_completion` has `account_status_id_completion`, and
    `parent_subnet` the `subnet_id` that no field `subnet` leads through.
    """
    if f"{field}_id" in parent.fields:
        return f"{field}_id"
    for name in map(str, parent.fields):
        if "_id_" in name and name.replace("_id_", "_", 1) == field:
            return name
    own = snake_case(entity.name)
    taken = own in parent.fields and not is_leaf_type(get_named_type(parent.fields[own].type))
    return f"{own}_id" if f"{own}_id" in parent.fields and not taken else None


def _other_side(parent: GraphQLObjectType, entity: GraphQLObjectType) -> Relation | None:
    """Return how rows of `entity` point to `parent`, None when they do not."""
    key = f"{snake_case(parent.name)}_id"
    if entity is parent:
        own = next((name for name in entity.fields if name.endswith(f"_{key}")), None)
        if own is not None:
            return Relation(RelationKind.CHILDREN, entity.name, own)
    elif key in entity.fields:
        return Relation(RelationKind.CHILDREN, entity.name, key)
    for name, field in entity.fields.items():
        if get_named_type(field.type) in parent.interfaces:
            return Relation(RelationKind.OWNED, entity.name, f"{name}_id", f"{name}_type")
    for name, field in entity.fields.items():
        if get_named_type(field.type) is parent and f"{name}_id" in entity.fields:
            return Relation(RelationKind.CHILDREN, entity.name, f"{name}_id")
    return None


def snake_case(type_name: str) -> str:
    """Return `AccountStatus` as `account_status`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", type_name).lower()
