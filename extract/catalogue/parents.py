"""Which parents can testify for a collection: pairs read out of the schema (pure).

The child has an object field of the parent's type with its `…_id` beside it, the parent has one
connection to the child. Where either side has several of them, the schema does not say which belong
together, and the pair is no witness.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from graphql import (
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_object_type,
)

from extract.catalogue.discovery import Collection, entity_of, is_list

MOST_PARENTS = 200  # each costs Sonar a count; more would no longer be one quick request


@dataclass(frozen=True, slots=True)
class Candidate:
    """A parent collection whose `connection` counts the rows that name it in `key`."""

    parent: Collection
    connection: str
    key: str
    takes_archived: bool


def candidates(
    schema: GraphQLSchema, collections: Sequence[Collection], collection: Collection
) -> tuple[Candidate, ...]:
    """Return every pair that can testify for `collection`, in name order of the parents.

    Of several collections with one entity only that with the shortest name takes part: relations
    lead to `invoices`, not to `core_invoices`.
    """
    homes = _homes(collections)
    child = schema.type_map[collection.entity]
    if homes.get(collection.entity) != collection or not is_object_type(child):
        return ()
    keys = _keys(child)
    return tuple(
        found
        for entity, parent in sorted(homes.items(), key=lambda home: home[1].name)
        if len(keys.get(entity, ())) == 1
        and entity != child.name
        and is_object_type(owner := schema.type_map[entity])
        and (found := _pair(parent, owner, collection, keys[entity][0])) is not None
    )


def _keys(child: GraphQLObjectType) -> Mapping[str, Sequence[str]]:
    """Return the fields that name a row of another type, by that type."""
    keys: dict[str, list[str]] = {}
    for name, field in child.fields.items():
        if f"{name}_id" in child.fields and not is_list(field):
            keys.setdefault(get_named_type(field.type).name, []).append(f"{name}_id")
    return keys


def _homes(collections: Sequence[Collection]) -> Mapping[str, Collection]:
    homes: dict[str, Collection] = {}
    for collection in sorted(collections, key=lambda one: (len(one.name), one.name)):
        if collection.is_connection and collection.skipped is None and collection.has_id:
            homes.setdefault(collection.entity, collection)
    return homes


def _pair(
    parent: Collection, owner: GraphQLObjectType, collection: Collection, key: str
) -> Candidate | None:
    connections = [
        name
        for name, field in owner.fields.items()
        if (entity := entity_of(get_named_type(field.type))) and entity.name == collection.entity
    ]
    if len(connections) != 1 or not parent.has_total:
        return None
    name = connections[0]
    # Another name than the collection's own is that of a part: `open_jobs`, `archived_accounts`.
    if not f"_{collection.name}".endswith(f"_{name}"):
        return None
    field = owner.fields[name]
    counts = get_named_type(field.type)
    takes_archived = "include_archived" in field.args
    if collection.takes_archived and not takes_archived:
        return None
    if "paginator" not in field.args or not _has_field(counts, "page_info"):
        return None
    return Candidate(parent, name, key, takes_archived)


def _has_field(named: GraphQLNamedType, name: str) -> bool:
    return is_object_type(named) and name in named.fields


def choose(
    found: Sequence[Candidate], parents: Mapping[str, int | None], filled: Mapping[str, int]
) -> Candidate | None:
    """Return the small parent that the most landed rows name; None when no row names one.

    `parents` are Sonar's counts by collection, `filled` the landed rows with a value by key. Of no
    rows at all every parent can say so.
    """
    small = [one for one in found if is_small(parents.get(one.parent.name))]
    best = max(small, key=lambda one: filled.get(one.key, 0), default=None)
    if best is None or (filled.get("", 0) and not filled.get(best.key, 0)):
        return None
    return best


def is_small(count: int | None) -> bool:
    """Tell whether a collection of so many rows can be asked as parents in one request."""
    return count is not None and 0 < count <= MOST_PARENTS
