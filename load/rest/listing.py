"""What a Splynx holds of a mart's table, listed over its API: ids, and values that are unique.

A list is walked by id and ends when nothing new comes, never with a short page: how many rows one
answer holds at most is not published. Where Splynx counts its rows, that count has to agree.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from load.checks.mart_types import mart_type
from load.rest.client import Options, Splynx
from load.rest.failures import (
    BadRequest,
    Failure,
    MethodNotAllowed,
    ModuleOff,
    NotFound,
    Unexpected,
)
from load.rest.probing import ALL_CUSTOMERS, FIRST, describe, filled
from load.rest.shapes import Shape, Shapes
from runtime.manifest import MartColumn
from runtime.progress import Progress

PAGE = 1000
_SEPARATOR = "\x1f"  # between the values of a business key of several columns
_TURNS = 2  # a row that staff add meanwhile is one more than was listed


@dataclass(slots=True)
class Held:
    """The rows of one table by id, with the value of each business key that has one."""

    shape: Shape
    options: Options | None = None
    ids: set[int] = field(default_factory=set)
    keys: dict[tuple[str, ...], dict[int, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Listed:
    """All tables that can be listed, and why others cannot."""

    tables: Sequence[Held]
    refused: Mapping[str, Failure]


def listable(shapes: Shapes) -> Iterator[Shape]:
    """Yield the shapes whose rows have ids and are in one list. Pure."""
    for shape in shapes:
        names = shape.path.replace("{customer_id}", "")  # 0 in its place means every customer
        if shape.path and shape.has_id and "{" not in names:
            yield shape


async def listed(splynx: Splynx, shapes: Sequence[Shape], *, page: int = PAGE) -> Listed:
    """Return what Splynx holds of each table; several are read side by side.

    Raises:
        Failure: the credentials, the way to Splynx, or a list that cannot be read to its end.
    """
    await splynx.search(FIRST, limit=1)  # alone: wrong credentials are tried once
    counts = await asyncio.gather(*(_count(splynx, shape) for shape in shapes))
    with Progress("inspect", sum(count or 0 for count in counts), "rows") as progress:
        found = await asyncio.gather(*(_held(splynx, shape, page, progress) for shape in shapes))
    return Listed(
        [one for one in found if isinstance(one, Held)],
        {
            shape.name: one
            for shape, one in zip(shapes, found, strict=True)
            if isinstance(one, Failure)
        },
    )


async def _held(splynx: Splynx, shape: Shape, page: int, progress: Progress) -> Held | Failure:
    try:
        held = Held(shape)
        for _ in range(_TURNS):
            await _walk(splynx, held, page, progress)
            counted = await _count(splynx, shape)
            if counted in {None, len(held.ids)}:
                break
        else:
            raise Unexpected(
                f"{shape.path}: {len(held.ids)} rows are listed and Splynx counts {counted}: "
                "somebody works in it, or it does not search by id; try again when it is quiet"
            )
    except (ModuleOff, MethodNotAllowed, NotFound) as exc:
        return exc
    described = await describe(splynx, shape.path)
    held.options = described if isinstance(described, Options) else None
    return held


async def _walk(splynx: Splynx, held: Held, page: int, progress: Progress) -> None:
    """Add what has an id above those that are known, until nothing new comes."""
    path = filled(held.shape.path, ALL_CUSTOMERS)
    while True:
        above = max(held.ids, default=0)
        rows = await splynx.search(
            path, main_attributes={"id": (">", above)}, order={"id": "ASC"}, limit=page
        )
        before = len(held.ids)
        for row in rows:
            add(held, row)
        if len(held.ids) == before:
            return
        progress.advance(len(held.ids) - before)


async def _count(splynx: Splynx, shape: Shape) -> int | None:
    """Return how many rows Splynx counts; None where it does not."""
    path = filled(shape.path, ALL_CUSTOMERS)
    try:
        return await splynx.count(path, main_attributes={"id": (">", 0)})
    except (MethodNotAllowed, BadRequest, NotFound, ModuleOff):
        return None


def add(held: Held, row: Mapping[str, Any]) -> None:
    """Take over the id of one row, and its business keys. Pure.

    Raises:
        Unexpected: it has no id.
    """
    told = str(row.get("id", ""))
    if not told.isdecimal():
        raise Unexpected(f"{held.shape.path} lists a row without an id")
    held.ids.add(int(told))
    columns = {column.name: column for column in held.shape.mart.columns}
    for key in held.shape.mart.business_keys:
        parts = [
            text_of(row.get(held.shape.attributes.get(name, name)), columns.get(name))
            for name in key
        ]
        value = _SEPARATOR.join(part for part in parts if part is not None)
        if None not in parts and value:
            held.keys.setdefault(key, {})[int(told)] = value


def text_of(value: object, column: MartColumn | None) -> str | None:
    """Return a value as its database would print it; None: there is none. Pure."""
    if value is None or isinstance(value, list | dict):
        return None
    kind = mart_type(column.data_type) if column else None
    if kind and kind.family == "decimal" and kind.scale is not None:
        try:
            return f"{Decimal(str(value)):.{kind.scale}f}"
        except InvalidOperation:
            return str(value)
    return str(int(value)) if isinstance(value, bool) else str(value)
