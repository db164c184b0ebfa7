"""A row of ours that is in Splynx: what the ledger knows of it, and how it stands there now. Pure.

Whether staff changed it is told by marks of what we sent (`load.rest.marks`). A row that was never
read back has none, and counts as untouched.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from sqlalchemy import Connection, text

from load.rest.marks import by_name, found_marks
from load.rest.shapes import Part, Shape, Shapes
from load.target.targets import Target

Key = tuple[str, int | str]  # a table, and the id that Splynx gave, or else the name
_NOTHING = (None, "")
EDITED = "edited by staff since"
VANISHED = "deleted in Splynx since"


class Aim(Enum):
    """What is to become of a row."""

    DELETE = "delete"
    PUT_BACK = "put back"


class End(Enum):
    """What became of it."""

    OPEN = "open"
    DELETED = "deleted"
    HIDDEN = "hidden"  # it went with the row that it belongs to
    PUT_BACK = "put back"


@dataclass(slots=True, eq=False)
class Standing:
    """One row. `image` is what it held before the run; `by` is the row of Splynx that makes it.

    `was_begun`: an earlier start has found it fit and perhaps taken back what it leads to.
    `leads` are the rows that it leads to, `makes` those that Splynx made with it.
    """

    shape: Shape
    sonar_key: str
    row_key: Mapping[str, Any]
    item: str
    aim: Aim
    base: list[int] | None = None
    by: Key | None = None
    image: Mapping[str, Any] | None = None
    was_begun: bool = False
    record: Mapping[str, Any] | None = None
    leads: tuple[Key, ...] = ()
    makes: frozenset[Key] = field(default_factory=frozenset)
    reason: str | None = None
    end: End = End.OPEN

    @property
    def name(self) -> str:
        """Table and record, for messages."""
        return f"{self.shape.name} {self.sonar_key}"

    @property
    def id(self) -> int | None:
        """The id that Splynx gave it, where rows of the table have one."""
        return int(self.row_key["id"]) if self.shape.has_id and self.row_key.get("id") else None

    @property
    def key(self) -> Key | None:
        """Table and id; where its rows have none, the name by which others lead to it."""
        if self.shape.has_id:
            return None if self.id is None else (self.shape.name, self.id)
        name = self.row_key.get("name")
        return None if name is None else (self.shape.name, str(name))

    def see(
        self, record: Mapping[str, Any] | None, shapes: Shapes, fields: Collection[str]
    ) -> None:
        """Take in how it stands in Splynx; None: it is not there."""
        self.record = record
        self.leads = tuple(_leads(self, record)) if record else ()
        self.makes = frozenset(_makes(self.shape, shapes, record)) if record else frozenset()
        if self.reason is None:
            self.reason = self._why_it_stays(fields)

    def _why_it_stays(self, fields: Collection[str]) -> str | None:
        if self.record is None:
            return VANISHED if self.aim is Aim.PUT_BACK else None
        return EDITED if self.edited(self.record, fields) else None

    def edited(self, record: Mapping[str, Any], fields: Collection[str]) -> list[str]:
        """Return the attributes that are neither as we wrote them nor as they were before."""
        before = by_name(self.shape, self.base)
        found = found_marks(self.shape, record, fields)
        held = found_marks(self.shape, self.image["record"], fields) if self.image else {}
        later = self.shape.late.keys() if self.was_begun else ()
        return [
            name
            for name, mark in before.items()
            if name not in later and found[name] not in {mark, held.get(name)}
        ]

    def to_put_back(self, record: Mapping[str, Any], fields: Collection[str]) -> dict[str, Any]:
        """Return the attributes that do not hold what they held before, and what that was."""
        if self.image is None:
            return {}
        held: Mapping[str, Any] = self.image["record"]
        found = found_marks(self.shape, record, fields)
        wanted = found_marks(self.shape, held, fields)
        return {
            name: _sent(self.shape, name, held.get(name), record.get(name), fields)
            for name in self.shape.sent
            if found[name] != wanted[name]
        }


def own_fields(warehouse: Connection, shapes: Shapes, target: Target) -> dict[str, frozenset[str]]:
    """Return the names of the additional fields of ours that Splynx has, by mart."""
    found: dict[str, frozenset[str]] = {}
    for shape in shapes.sent:
        part = next((part for part in shape.parts if part.holds == "values"), None)
        leads = part.shape.mart.references if part else ()
        tables = [ref.to_mart for ref in leads if ref.to_column == "name"]
        rows = warehouse.execute(
            text(
                "select row_key ->> 'name' from ops.row_state where target = :target"
                " and table_name = any(:tables) and row_key ->> 'name' is not null"
            ),
            {"target": target.name, "tables": tables},
        )
        found[shape.name] = frozenset(rows.scalars())
    return found


def _leads(row: Standing, record: Mapping[str, Any]) -> Iterator[Key]:
    if row.by is not None:
        yield row.by
    for reference in row.shape.references:
        value = record.get(row.shape.attributes.get(reference.column, reference.column))
        if reference.to_column == "id" and (key := _number(value)):
            yield reference.to_mart, key
    for part in row.shape.parts:
        yield from _parts_lead(part, record.get(part.attribute))


def _parts_lead(part: Part, held: object) -> Iterator[Key]:
    """Yield what the links, additional fields or objects in a record lead to."""
    if part.holds == "values":
        table = next((r.to_mart for r in part.shape.references if r.to_column == "name"), None)
        for name, value in held.items() if table and isinstance(held, Mapping) else ():
            if value not in _NOTHING:
                yield str(table), str(name)
        return
    for column in part.columns:
        table = part.shape.leads.get(column)
        for entry in _entries(held) if table else ():
            of_object = entry.get("id" if part.holds == "links" else column) if isinstance(
                entry, Mapping
            ) else entry  # fmt: skip
            if table and (key := _number(of_object)):
                yield table, key


def _entries(held: object) -> list[Any]:
    listed = list(held.values()) if isinstance(held, Mapping) else held
    return listed if isinstance(listed, list) else [e for e in str(listed or "").split(",") if e]


def _makes(shape: Shape, shapes: Shapes, record: Mapping[str, Any]) -> Iterator[Key]:
    """Yield the rows that Splynx made with this one and names in it."""
    for child in shapes.sent:
        for made in child.made:
            if made.by != shape.name or made.attribute is None:
                continue
            part = next((p.attribute for p in shape.parts if p.shape.name == made.part), None)
            listed = record.get(part) if part else [record]
            objects = list(listed.values()) if isinstance(listed, Mapping) else listed or []
            for held in objects:
                if isinstance(held, Mapping) and (key := _number(held.get(made.attribute))):
                    yield child.name, key


def _sent(shape: Shape, name: str, held: object, now: object, fields: Collection[str]) -> object:
    """Return what is sent so that an attribute holds again what it held."""
    part = next((part for part in shape.parts if part.attribute == name), None)
    if part is None:
        return held
    if part.holds == "values":
        old = held if isinstance(held, Mapping) else {}
        new = now if isinstance(now, Mapping) else {}
        of_ours = {one for one in {*old, *new} if not fields or one in fields}
        return {one: old.get(one) or "" for one in sorted(of_ours)}
    entries = _entries(held)
    if part.holds == "links":
        return [str(e.get("id") if isinstance(e, Mapping) else e) for e in entries]
    sent = [part.shape.attributes[column] for column in part.columns]
    return [{one: e.get(one) for one in sent} for e in entries if isinstance(e, Mapping)]


def _number(value: object) -> int | None:
    said = str(value or "")
    return int(said) or None if said.isdecimal() else None
