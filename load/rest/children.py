"""Rows of Splynx that lead to given ones, whoever wrote them: listed over the API by reference."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from load.rest.client import Record, Splynx
from load.rest.failures import ModuleOff
from load.rest.probing import ALL_CUSTOMERS, filled
from load.rest.shapes import Shape, Shapes
from runtime.errors import FatalTargetError

_AT_ONCE = 50  # ids in one query string
_ID = "id"


@dataclass(frozen=True, slots=True)
class Way:
    """The attribute by which rows of `child` lead to a table; `is_made`: Splynx makes them.

    `is_unnamed`: no record says which ones it has made.
    """

    child: Shape
    attribute: str
    is_made: bool
    is_unnamed: bool


class Child(NamedTuple):
    """A row that leads to the row `parent`."""

    table: str
    id: int
    parent: int
    is_unnamed: bool


def ways(shapes: Shapes, table: str) -> Iterator[Way]:
    """Yield the lists that show what leads to rows of a table. Pure."""
    for shape in shapes.sent:
        listed = shape.path.replace("{customer_id}", "")  # 0 in its place means every customer
        if not shape.has_id or not shape.path or "{" in listed:
            continue
        for reference in shape.references:
            if reference.to_mart == table and reference.to_column == _ID:
                name = shape.attributes.get(reference.column, reference.column)
                made = [m for m in shape.made if m.by == table and m.column == reference.column]
                yield Way(shape, name, bool(made), any(m.attribute is None for m in made))


def unlisted(shapes: Shapes, table: str) -> Iterator[str]:
    """Yield the tables whose rows may lead to a table and that no list shows by reference. Pure.

    Rows that travel inside of others are among them: a list of those says nothing of what is in
    them. So are tables that the API does not have.
    """
    shown = {way.child.name for way in ways(shapes, table)}
    for shape in shapes:
        made = {(one.by, one.column) for one in shape.made}
        if shape.name not in shown and any(
            reference.to_mart == table != shape.inside and (table, reference.column) not in made
            for reference in shape.mart.references
        ):
            yield shape.name


async def children(  # noqa: PLR0913 - what is looked at, and how
    splynx: Splynx,
    shapes: Shapes,
    table: str,
    ids: Sequence[int],
    *,
    made: bool = True,
    missed: set[str] | None = None,
) -> AsyncIterator[Child]:
    """Yield what leads to these rows of a table, without what Splynx `made` itself if so wanted.

    What cannot be listed, or is of a module that is off, shows nothing: `missed` gets its tables.
    """
    if missed is not None:
        missed |= set(unlisted(shapes, table))
    for way in ways(shapes, table):
        if way.is_made and not made:
            continue
        for some in (sorted(ids)[i : i + _AT_ONCE] for i in range(0, len(ids), _AT_ONCE)):
            listed = await _leading(splynx, way, some)
            if listed is None and missed is not None:
                missed.add(way.child.name)
            for record in listed or ():
                parent, key = _number(record.get(way.attribute)), _number(record.get(_ID))
                if parent is not None and parent in some and key is not None:
                    yield Child(way.child.name, key, parent, way.is_unnamed)


async def _leading(splynx: Splynx, way: Way, ids: Sequence[int]) -> list[Record] | None:
    path = filled(way.child.path, ALL_CUSTOMERS)
    wanted = sorted(map(str, ids))
    try:
        return await splynx.search(path, main_attributes={way.attribute: ("IN", wanted)})
    except (FatalTargetError, ModuleOff):
        return None


def _number(value: object) -> int | None:
    text = str(value or "")
    return int(text) if text.isdecimal() else None
