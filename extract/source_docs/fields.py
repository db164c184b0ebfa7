"""Every field of a collection's entity, with what becomes of it (pure)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from graphql import (
    GraphQLField,
    GraphQLSchema,
    get_named_type,
    get_nullable_type,
    is_enum_type,
    is_interface_type,
    is_leaf_type,
    is_object_type,
    is_required_argument,
)

from extract.catalogue.discovery import Collection, entity_of
from extract.catalogue.selection import Selection, select
from extract.source_docs.facts import Field


def homes(collections: Sequence[Collection]) -> Mapping[str, str]:
    """Return for each entity type the collection that holds its rows."""
    found: dict[str, str] = {}
    for collection in collections:
        if collection.is_connection and not collection.skipped:
            found.setdefault(collection.entity, collection.name)
    return found


def fields_of(
    schema: GraphQLSchema,
    collection: Collection,
    home_of: Mapping[str, str],
    *,
    max_depth: int,
    dropped: frozenset[str] = frozenset(),
) -> list[Field]:
    """Return the fields of the entity in the schema's order."""
    entity = schema.type_map[collection.entity]
    if not (is_object_type(entity) or is_interface_type(entity)):
        return []
    selection = select(schema, collection, max_depth=max_depth, dropped=dropped)
    return [
        _field(name, field, collection, selection, home_of, dropped)
        for name, field in entity.fields.items()
    ]


def _field(  # noqa: PLR0913, PLR0917 - one field, all that decides about it
    name: str,
    field: GraphQLField,
    collection: Collection,
    selection: Selection,
    home_of: Mapping[str, str],
    dropped: frozenset[str],
) -> Field:
    named = get_named_type(field.type)
    inner = entity_of(named) or named
    home = None if is_leaf_type(named) else home_of.get(inner.name)
    is_single = get_nullable_type(field.type) is named
    status, note = _status(name, field, collection, selection, home, dropped)
    return Field(
        name=name,
        type=str(field.type),
        scalar=named.name if is_leaf_type(named) and is_single else None,
        status=status,
        note=note,
        code_list=tuple(named.values) if is_enum_type(named) and is_single else None,
        collection=home,
    )


def _status(  # noqa: PLR0911, PLR0913, PLR0917 - one return per answer
    name: str,
    field: GraphQLField,
    collection: Collection,
    selection: Selection,
    home: str | None,
    dropped: frozenset[str],
) -> tuple[str, str]:
    if collection.skipped:
        return "not read", ""
    if name in dropped:
        return "refused", "Sonar refuses it to this token"
    if name in selection.secrets:
        return "secret", "may hold a secret, so it is never asked for"
    if selection.hidden is not None and name == selection.hidden.field:
        return "read", "empty in the rows where it is a secret"
    if name in selection.leaves:
        return "read", ""
    if any(link.name == name for link in selection.links):
        return "link", "the ids are read, with Sonar's own count of them"
    if name in set(_embedded_names(selection)):
        return "embedded", "read inside the row"
    if any(is_required_argument(argument) for argument in field.args.values()):
        return "not read", "needs arguments"
    return "not read", "its rows are read by themselves" if home else "not part of the row"


def _embedded_names(selection: Selection) -> Iterator[str]:
    """Yield the field names of the embedded objects, which the selection keeps as query text."""
    for body in selection.embedded:
        yield body.partition(" ")[0]
