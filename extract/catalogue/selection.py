"""Which fields of a collection are asked for: leaves, links and embedded objects, never secrets.

Rows are read flat. A relation to a type that has a collection of its own is left out, because the
row carries its `…_id`. Where neither side carries the other's id the relation is many-to-many and
exists only as a nested connection: its ids are asked for here, with their count (a *link*). What
has no collection of its own is embedded to a bounded depth, each type once per path.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_interface_type,
    is_leaf_type,
    is_object_type,
    is_required_argument,
)

from extract.catalogue.deny import SecretInSomeRows, is_secret, secret_in_some_rows
from extract.catalogue.discovery import Collection, entity_of, is_list, root_entities

Composite: TypeAlias = GraphQLObjectType | GraphQLInterfaceType


@dataclass(frozen=True, slots=True)
class Link:
    """A nested connection that is landed inside its row.

    `body` is the selection inside `entities`; `arguments` what the connection takes of paginator,
    sorter and include_archived; `has_total` whether it says how many there are.
    """

    name: str
    body: str
    arguments: frozenset[str]
    has_total: bool


@dataclass(frozen=True, slots=True)
class Selection:
    """What is asked of one collection. `secrets` are the fields that were left out on purpose.

    `hidden` is the leaf that has to be emptied in some rows; what tells which rows is embedded.
    """

    leaves: tuple[str, ...]
    embedded: tuple[str, ...]
    links: tuple[Link, ...]
    secrets: tuple[str, ...]
    hidden: SecretInSomeRows | None = None


def select(
    schema: GraphQLSchema,
    collection: Collection,
    *,
    max_depth: int,
    dropped: frozenset[str] = frozenset(),
) -> Selection:
    """Return the selection for `collection`, without the top-level fields in `dropped`."""
    entity = schema.type_map[collection.entity]
    if not (is_object_type(entity) or is_interface_type(entity)):
        return Selection((), (), (), ())
    roots = root_entities(schema)
    fields = {n: f for n, f in _askable(entity) if n not in dropped}
    leaves, secrets = _leaves(entity, fields)
    embedded: list[str] = []
    links: list[Link] = []
    for name, field in fields.items():
        target = get_named_type(field.type)
        inner = entity_of(target)
        if inner is None:
            if body := _embedded(field, roots, max_depth, (entity.name,)):
                embedded.append(f"{name} {{ {body} }}")
        elif is_object_type(inner) and (
            link := _link(entity, name, field, inner, roots, max_depth)
        ):
            links.append(link)
    hidden = secret_in_some_rows(entity.name)
    if hidden is not None and hidden.field in leaves:
        if _tells(fields.get(hidden.relation), hidden):
            embedded.append(f"{hidden.relation} {{ {hidden.kind} {hidden.name} }}")
        else:  # nothing would tell a secret from what is none
            leaves.remove(hidden.field)
            secrets.append(hidden.field)
            hidden = None
    return Selection(tuple(leaves), tuple(embedded), tuple(links), tuple(secrets), hidden)


def _tells(field: GraphQLField | None, hidden: SecretInSomeRows) -> bool:
    """Tell whether a relation can be asked which rows hold a secret."""
    target = None if field is None else get_named_type(field.type)
    return is_object_type(target) and {hidden.kind, hidden.name} <= set(target.fields)


def _askable(composite: Composite) -> Iterator[tuple[str, GraphQLField]]:
    for name, field in composite.fields.items():
        if not any(is_required_argument(argument) for argument in field.args.values()):
            yield name, field


def _leaves(composite: Composite, fields: dict[str, GraphQLField]) -> tuple[list[str], list[str]]:
    leaves: list[str] = []
    secrets: list[str] = []
    for name, field in fields.items():
        scalar = get_named_type(field.type)
        if is_leaf_type(scalar):
            denied = is_secret(composite.name, name, scalar.name)
            (secrets if denied else leaves).append(name)
    return leaves, secrets


def _embedded(
    field: GraphQLField, roots: frozenset[str], depth: int, path: tuple[str, ...]
) -> str | None:
    """Return the selection of an object without a collection of its own; None leaves it out."""
    target = get_named_type(field.type)
    if depth == 0 or not is_object_type(target) or target.name in roots or target.name in path:
        return None
    return _body(target, roots, depth, (*path, target.name))


def _body(
    target: GraphQLObjectType, roots: frozenset[str], depth: int, path: tuple[str, ...]
) -> str | None:
    fields = dict(_askable(target))
    parts, _ = _leaves(target, fields)
    for name, field in fields.items():
        inner = entity_of(get_named_type(field.type))
        if inner is None:
            body = _embedded(field, roots, depth - 1, path)
            parts += [f"{name} {{ {body} }}"] if body else []
        elif is_object_type(inner) and not {inner.name} & {*roots, *path} and depth > 1:
            body = _body(inner, roots, depth - 1, (*path, inner.name))
            parts += [f"{name} {{ entities {{ {body} }} }}"] if body else []
    return " ".join(parts) or None


def _points_back(inner: GraphQLObjectType, owner: Composite) -> bool:
    """Tell whether a row of `inner` names its `owner`, directly or by a polymorphic pair."""
    names = {owner.name, *(interface.name for interface in owner.interfaces)}
    return any(
        get_named_type(field.type).name in names and not is_list(field)
        for field in inner.fields.values()
    )


def _link(  # noqa: PLR0913, PLR0917 - one decision, all of its grounds
    owner: Composite,
    name: str,
    field: GraphQLField,
    inner: GraphQLObjectType,
    roots: frozenset[str],
    max_depth: int,
) -> Link | None:
    if inner.name in roots:
        if _points_back(inner, owner) or "id" not in inner.fields:
            return None
        body: str | None = "id"
    else:
        body = _body(inner, roots, max_depth, (owner.name, inner.name)) if max_depth else None
    if body is None:
        return None
    connection = get_named_type(field.type)
    has_total = is_object_type(connection) and "page_info" in connection.fields
    return Link(name=name, body=body, arguments=frozenset(field.args), has_total=has_total)
