"""Which endpoints a load by REST asks, for what, and with which attributes (pure)."""

from __future__ import annotations

from collections.abc import Iterator

from load.rest.probing import CREATE, LIST, READ, UPDATE, Endpoint
from load.rest.shapes import VALUES, Shape, Shapes


def endpoints(shapes: Shapes) -> list[Endpoint]:
    """Return every endpoint once, in the order in which a load comes to them."""
    found: dict[str, Endpoint] = {}
    for shape in shapes.sent:
        for needed in _needed(shape):
            known = found.get(needed.path)
            found[needed.path] = needed if known is None else _both(known, needed)
    return list(found.values())


def _needed(shape: Shape) -> Iterator[Endpoint]:
    """Yield what a mart needs: rows of it that Splynx makes itself are read and changed only."""
    path = shape.path or shape.item
    if not path:
        return  # such rows are read inside those that they belong to
    operations = {READ} if shape.item else set()
    if shape.item and shape.can_change:
        operations.add(UPDATE)
    if shape.path:
        operations.add(LIST)
    if shape.kind == "record":
        operations.add(CREATE)
    field = shape.identity.field if shape.identity else None
    parts = [part for part in shape.parts if part.attribute != VALUES]
    sent = {*shape.attributes.values(), *shape.also, *shape.secret, *shape.late}
    yield Endpoint(
        path=path,
        item=shape.item or None,
        operations=frozenset(operations),
        sent=frozenset(sent | {part.attribute for part in parts}),
        tables=(shape.name,),
        fields=frozenset({field} if field else ()),
    )


def _both(one: Endpoint, other: Endpoint) -> Endpoint:
    """Return what two marts need of the same endpoint."""
    return Endpoint(
        path=one.path,
        item=one.item or other.item,
        operations=one.operations | other.operations,
        sent=one.sent | other.sent,
        tables=(*one.tables, *other.tables),
        fields=one.fields | other.fields,
    )
