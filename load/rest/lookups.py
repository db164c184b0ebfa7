"""Finding a row of ours in Splynx where its id is not known.

Splynx ignores a condition on a name that it does not know and then answers with everything, so what
comes back is compared here. Rows that `ops.id_map` gives to other records of ours are not meant:
two records may look alike.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from load.rest.bodies import Body, Ids, conditions
from load.rest.client import Record, Splynx
from load.rest.failures import NotFound
from load.rest.intents import Ledger
from load.rest.normal_form import fits
from load.rest.readback import Reader
from load.rest.shapes import Made, Shape, Shapes

_ID = "id"
Records = MutableMapping[tuple[str, int], Record]


class Unclear(Exception):  # noqa: N818 - named for what happened
    """Nobody but people can tell which row of Splynx the record is; the text says why."""


@dataclass(frozen=True, slots=True)
class Sought:
    """A row that may be in Splynx: by what it is found, and where."""

    shape: Shape
    sonar_key: str
    path: str
    main: Mapping[str, Any]
    additional: Mapping[str, Any]

    @property
    def api(self) -> dict[str, object]:
        """As the ledger keeps it while nobody knows whether the row is there."""
        return {"path": self.path, "main": self.main, "additional": self.additional}


def sought(body: Body) -> Sought:
    """Return how a row is found that is about to be sent. Pure."""
    main, additional = body.known_by
    return Sought(body.draft.shape, body.draft.sonar_key, body.path, main, additional)


async def is_there(splynx: Splynx, ledger: Ledger, row: Sought) -> tuple[bool, int | None]:
    """Return whether a row is in Splynx by its identity, and its id where it has one.

    Where there are several, and at least as many rows of ours that look alike are in doubt, they
    are ours: each takes one.

    Raises:
        Unclear: several may be it, or nothing identifies it.
        Failure: Splynx did not say.
    """
    found = await alike(splynx, ledger, row)
    if not row.shape.has_id:
        return bool(found), None
    ids = sorted({int(record[_ID]) for record in found})
    if len(ids) > 1 and len(ids) > await ledger.in_doubt(row.shape.name, row.api):
        raise Unclear(f"Splynx has it {len(ids)} times: {', '.join(map(str, ids[:5]))}")
    return (True, ids[0]) if ids else (False, None)


async def alike(splynx: Splynx, ledger: Ledger, row: Sought) -> list[Record]:
    """Return the records with the identity of a row that are of no other record of ours.

    Raises:
        Unclear: nothing identifies it.
        Failure: Splynx did not say.
    """
    main, additional = conditions(row.main), conditions(row.additional)
    if not main and not additional:
        raise Unclear("it holds nothing to find it by")
    found = await splynx.search(
        row.path, main_attributes=main or None, additional_attributes=additional or None
    )
    fitting = [one for one in found if fits(row.shape, row.main, row.additional, one)]
    if not row.shape.has_id or not fitting:
        return fitting
    ids = list(dict.fromkeys(int(record[_ID]) for record in fitting))
    left = set(await ledger.unclaimed(row.shape.name, row.sonar_key, ids))
    return [record for record in fitting if int(record[_ID]) in left]


async def made_id(  # noqa: PLR0913, PLR0917 - who is asked, and what is known
    splynx: Splynx,
    reader: Reader,
    ledger: Ledger,
    shapes: Shapes,
    ids: Ids,
    body: Body,
    seen: Records,
) -> int | None:
    """Return the id of a row that Splynx has made itself, None where it has not.

    `seen` keeps records of the rows by which it makes others, for rows made by the same.
    """
    made = body.draft.made
    if made is None:
        raise ValueError("not a row that Splynx makes")
    parent = ids.target(made.by, int(body.draft.row.values[made.column] or 0))
    if parent is None:
        return None
    if made.match:
        return await _matching(splynx, reader, ledger, body, made)
    if made.attribute is None:
        return parent
    if (made.by, parent) not in seen:
        by = shapes[made.by]
        item = by.item.replace("{id}", str(parent))
        # Lists may leave out parts.
        path = "" if made.part or "{" in by.path else by.path
        seen[made.by, parent] = await reader.record(path, item, parent, made.attribute)
    held = _holder(seen[made.by, parent], shapes[made.by], made.part, body.draft.place)
    return _id(held.get(made.attribute))


def _holder(record: Record, by: Shape, part: str | None, place: int | None) -> Mapping[str, Any]:
    """Return what holds the id: the record, or the object of its part at the row's place."""
    if part is None or place is None:
        return record
    attribute = next(one.attribute for one in by.parts if one.shape.name == part)
    listed = record.get(attribute)
    objects = list(listed.values()) if isinstance(listed, Mapping) else listed or []
    held = objects[place] if place < len(objects) else {}
    return held if isinstance(held, Mapping) else {}


async def _matching(
    splynx: Splynx, reader: Reader, ledger: Ledger, body: Body, made: Made
) -> int | None:
    """Return the id of a row with these attributes that is not of another record of ours.

    Rows that Splynx made for equal items of one document can stand for each other.
    """
    wanted = {name: body.whole[name] for name in made.match}
    asked = {name: value for name, value in wanted.items() if value is not None}
    try:
        if len(asked) == 1:
            found = await reader.having(body.path, *asked.popitem())
        else:
            found = await splynx.search(body.path, main_attributes=asked)
    except NotFound:
        return None
    fitting = [
        key
        for record in found
        if all(same(record.get(name), value) for name, value in wanted.items())
        and (key := _id(record.get(_ID))) is not None
    ]
    draft = body.draft
    left = await ledger.unclaimed(draft.shape.name, draft.sonar_key, fitting) if fitting else []
    return min(left, default=None)


def _id(value: object) -> int | None:
    """Return an id; nothing and 0 are none."""
    text = str(value or "")
    return int(text) or None if text.isdecimal() else None


def same(found: object, wanted: object) -> bool:
    """Tell whether two scalars are one value: as texts, or as numbers. Pure."""
    one, other = ("" if value is None else str(value) for value in (found, wanted))
    if one == other:
        return True
    try:
        return Decimal(one) == Decimal(other)
    except InvalidOperation:
        return False
