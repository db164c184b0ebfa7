"""What Sonar has, read out of its schema: every root query, its walk and its best proof.

Works on a graphql-core schema built from introspection; asks nothing itself. The few names in here
are Sonar's conventions (connections with `entities` and `page_info`, the arguments `paginator`,
`sorter`, `search`, `aggregation` and `include_archived`), never names of queries.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

import orjson
from graphql import (
    GraphQLField,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    build_client_schema,
    get_introspection_query,
    get_named_type,
    get_nullable_type,
    is_interface_type,
    is_leaf_type,
    is_list_type,
    is_object_type,
    is_required_argument,
)

from extract.catalogue.deny import excluded_query
from runtime.errors import ConfigError

INTROSPECTION = get_introspection_query(descriptions=False)
_CONNECTION_FIELD = "entities"


class Kind(StrEnum):
    """What a root query can do."""

    FULL = "full"  # pages, order, filters and a count: the strongest walk and proof
    PAGE = "page"  # page numbers only
    LIST = "list"  # everything in one answer
    SINGLETON = "singleton"  # one object
    NEEDS_ARGUMENTS = "needs_arguments"


_WALKS = {Kind.FULL: "keyset", Kind.PAGE: "page", Kind.LIST: "list", Kind.SINGLETON: "singleton"}


@dataclass(frozen=True, slots=True)
class Collection:
    """One root query. `excluded` says why our own list leaves it alone."""

    name: str
    kind: Kind
    entity: str
    is_connection: bool
    has_id: bool
    has_total: bool
    has_aggregation: bool
    takes_archived: bool
    required_arguments: tuple[str, ...]
    excluded: str | None

    @property
    def walk(self) -> str | None:
        """How its rows are read, or None when they are not."""
        return None if self.skipped else _WALKS.get(self.kind)

    @property
    def best_grade(self) -> str | None:
        """The strongest proof that its schema allows."""
        if self.skipped:
            return None
        if self.kind in {Kind.LIST, Kind.SINGLETON}:
            return "whole"
        if self.has_total and self.has_aggregation and self.has_id:
            return "proven"
        return "counted" if self.has_total else "incomplete"

    @property
    def skipped(self) -> str | None:
        """Why it is not read, or None."""
        if self.excluded:
            return self.excluded
        if self.required_arguments:
            return f"needs arguments: {', '.join(self.required_arguments)}"
        return None


def entity_of(named: GraphQLNamedType) -> GraphQLNamedType | None:
    """Return the entity type of a connection type, or None when `named` is not a connection."""
    if is_object_type(named) and _CONNECTION_FIELD in named.fields:
        entity: GraphQLNamedType = get_named_type(named.fields[_CONNECTION_FIELD].type)
        return entity
    return None


def is_list(field: GraphQLField) -> bool:
    """Tell whether the field returns a plain list."""
    return is_list_type(get_nullable_type(field.type))


@lru_cache(maxsize=2)  # hundreds of selections ask for it, each time of the same schema
def root_entities(schema: GraphQLSchema) -> frozenset[str]:
    """Return the names of the types that have a collection of their own."""
    return frozenset(
        entity.name
        for field in _query_type(schema).fields.values()
        if not _required(field) and (entity := entity_of(get_named_type(field.type)))
    )


def _query_type(schema: GraphQLSchema) -> GraphQLObjectType:
    if schema.query_type is None:
        raise ConfigError("the schema at SONAR_URL has no queries: this is not a Sonar")
    return schema.query_type


def _required(field: GraphQLField) -> tuple[str, ...]:
    return tuple(name for name, argument in field.args.items() if is_required_argument(argument))


def _kind(field: GraphQLField, connection: GraphQLObjectType | None, *, has_id: bool) -> Kind:
    if _required(field):
        return Kind.NEEDS_ARGUMENTS
    if connection is None:
        return Kind.LIST if is_list(field) else Kind.SINGLETON
    if "paginator" not in field.args:
        return Kind.LIST
    walks_by_id = has_id and {"sorter", "search"} <= set(field.args)
    return Kind.FULL if walks_by_id and "page_info" in connection.fields else Kind.PAGE


def _collection(name: str, field: GraphQLField) -> Collection:
    returned = get_named_type(field.type)
    entity = entity_of(returned)
    connection = returned if entity is not None and is_object_type(returned) else None
    row = entity or returned
    has_id = (is_object_type(row) or is_interface_type(row)) and "id" in row.fields
    return Collection(
        name=name,
        kind=_kind(field, connection, has_id=has_id),
        entity=row.name,
        is_connection=connection is not None,
        has_id=has_id,
        has_total=connection is not None and "page_info" in connection.fields,
        has_aggregation=connection is not None
        and "aggregations" in connection.fields
        and "aggregation" in field.args,
        takes_archived="include_archived" in field.args,
        required_arguments=_required(field),
        excluded=excluded_query(name),
    )


def discover(schema: GraphQLSchema) -> tuple[Collection, ...]:
    """Classify all root queries, in name order.

    Raises:
        ConfigError: no query returns a connection, so the server is something else than Sonar.
    """
    fields = _query_type(schema).fields
    found = tuple(
        _collection(name, fields[name])
        for name in sorted(fields)
        if not is_leaf_type(get_named_type(fields[name].type))
    )
    if not any(collection.is_connection for collection in found):
        raise ConfigError(
            "the GraphQL server at SONAR_URL has no collections with `entities`: "
            "this is not a Sonar"
        )
    return found


def schema_from(introspected: bytes) -> GraphQLSchema:
    """Build the schema from the JSON of an introspection's `__schema`.

    Raises:
        ConfigError: it is no usable schema.
    """
    try:
        return build_client_schema({"__schema": orjson.loads(introspected)})
    except (KeyError, TypeError, ValueError):
        raise ConfigError(
            "SONAR_URL gives no usable schema by introspection: this is not a Sonar, or the token "
            "may not introspect"
        ) from None


def chosen(
    collections: tuple[Collection, ...], include: tuple[str, ...], exclude: tuple[str, ...]
) -> Iterator[Collection]:
    """Yield the readable collections that `include` (empty: all) and `exclude` leave.

    Raises:
        ConfigError: a name that Sonar does not have, or that cannot be read.
    """
    known = {collection.name: collection for collection in collections}
    if unknown := sorted({*include, *exclude} - set(known)):
        raise ConfigError(
            f"Sonar has no query named {', '.join(unknown)}: `make discover` lists what there is"
        )
    for name in include:
        if reason := known[name].skipped:
            raise ConfigError(f"{name} cannot be extracted: {reason}")
    for collection in collections:
        wanted = not include or collection.name in include
        if wanted and collection.name not in exclude and not collection.skipped:
            yield collection
