"""From a mart's row to what is sent: references translated, parts folded in, and its hash. Pure.

A `Draft` is a row as the marts have it, with planned ids. Ids of the server become known as the
load goes, so a `Body` is built at the last moment, and again where one more id is known. Its hash
is over what Splynx is to hold in the end: a plan that knows the same ids comes to the same hash.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson

from load.rest.shapes import VALUES, Made, Part, Shape

_PLACE = re.compile(r"\{(\w+)\}")
_ALSO = re.compile(r"\{(\w+)(?:\|([^}]*))?\}")  # in `also`: an additional field, what else it is
_NOTHING = frozenset({None, "", "0000-00-00", "0000-00-00 00:00:00"})
_BY = "by"  # of `refers`: the column that tells which mart another column leads to


class Row(NamedTuple):
    """One row of a mart: its key, and canonical texts by column."""

    sonar_key: str
    values: Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Draft:
    """A row to be sent, with the rows that travel inside it by mart; ids as the marts have them.

    `made` says how Splynx makes it, where it does; `place` is where it then is among the objects of
    `made.part`, from 0.
    """

    shape: Shape
    row: Row
    customer_key: str | None = None
    cluster: str = ""
    parts: Mapping[str, Sequence[Row]] = field(default_factory=dict)
    made: Made | None = None
    place: int | None = None

    @property
    def sonar_key(self) -> str:
        """The key of its record in Sonar."""
        return self.row.sonar_key

    @property
    def planned_id(self) -> int | None:
        """The mart's id; None where the row has no id of its own."""
        planned = self.row.values.get("id") if self.shape.has_id else None
        return None if planned is None else int(planned)

    @property
    def is_gone(self) -> bool:
        """Whether Splynx is to delete it again when all else is there."""
        gone = self.shape.gone_when
        return gone is not None and self.row.values[gone[0]] == gone[1]


class Missing(NamedTuple):
    """A reference to a row of ours that Splynx does not have yet."""

    column: str
    table: str
    planned: str


class Ids:
    """Which of the ids in the marts are of our rows, and what the server calls them."""

    def __init__(self) -> None:
        self._targets: dict[str, dict[int, int | None]] = {}

    def learn(self, table: str, planned: int, target: int | None) -> None:
        """Note a row of ours; `target` None: Splynx does not have it yet."""
        self._targets.setdefault(table, {})[planned] = target

    def target(self, table: str, planned: int) -> int | None:
        """Return the server's id of a row of ours; the id of any other row is the server's."""
        return self._targets.get(table, {}).get(planned, planned)


@dataclass(frozen=True, slots=True)
class Body:
    """What Splynx is to hold of a row, and how to get there.

    `whole` is all of it in canonical texts, None where the row has nothing; the hash is over it.
    `create` goes with the POST: without empty values, with late ones as they are at first.
    `late` is what holds when all else is there: a PUT sends what differs then. `expected` is
    compared on read-back: `whole`, and what Splynx works out. `missing` references keep a row from
    being sent; late ones do not count, and are not in `late` as long as their row is missing.
    """

    draft: Draft
    whole: Mapping[str, Any]
    create: Mapping[str, Any]
    late: Mapping[str, Any]
    expected: Mapping[str, Any]
    hash: str
    missing: tuple[Missing, ...]
    places: Mapping[str, str]

    @property
    def path(self) -> str:
        """Where it is created, and listed."""
        return filled(self.draft.shape.path, self.places)

    def item(self, target_id: int | str | None = None) -> str:
        """Where the record is; a row without an id of its own needs none."""
        known = self.places if target_id is None else {**self.places, "id": str(target_id)}
        return filled(self.draft.shape.item, known)

    @property
    def identity(self) -> tuple[Mapping[str, str], Mapping[str, str]]:
        """Conditions that find it, on main and on additional attributes.

        What holds nothing is left out: Splynx may keep it in another form than it was sent.
        """
        main, additional = self.known_by
        return conditions(main), conditions(additional)

    @property
    def known_by(self) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        """The main and additional attributes that tell it from others, empty ones included."""
        identity = self.draft.shape.identity
        if identity is None:
            return {}, {}
        if identity.field is not None:
            return {}, {identity.field: self.whole.get(VALUES, {}).get(identity.field)}
        return {name: self.whole[name] for name in identity.attributes}, {}


class _Translation:
    """The texts of rows with the server's ids, and the references that have none yet."""

    def __init__(self, ids: Ids) -> None:
        self._ids = ids
        self.missing: dict[tuple[str, Missing], None] = {}  # by the mart that leads there

    def text(self, shape: Shape, row: Row, column: str) -> str | None:
        """Return the text of a column."""
        value = row.values[column]
        table = None if value is None else _table(shape, row, column)
        if value is None or table is None:
            return shape.instead.get(column, {}).get(value or "", value)
        target = self._ids.target(table, int(value))
        if target is None:
            self.missing[shape.name, Missing(column, table, value)] = None
            return None
        return str(target)

    def part(self, part: Part, rows: Sequence[Row]) -> Any:  # noqa: ANN401 - JSON
        """Return what the rows of a part are in the body."""
        shape, columns = part.shape, part.columns
        if part.holds == "links":
            return sorted(text for row in rows if (text := self.text(shape, row, columns[0])))
        if part.holds == "values":
            return {str(row.values["name"]): row.values["value"] for row in rows}
        return [
            {shape.attributes[name]: self.text(shape, row, name) for name in columns}
            for row in rows
        ]


def body(draft: Draft, ids: Ids) -> Body:
    """Return what is sent for a draft, with the ids that are known now."""
    shape = draft.shape
    translation = _Translation(ids)
    whole: dict[str, Any] = {
        attribute: translation.text(shape, draft.row, column)
        for column, attribute in shape.attributes.items()
    }
    for part in shape.parts:
        folded = translation.part(part, draft.parts.get(part.shape.name, ()))
        if folded or part.holds != "values":
            whole[part.attribute] = folded
    places = {
        column: text
        for column in shape.places
        if column != "id" and (text := translation.text(shape, draft.row, column)) is not None
    }
    waiting = {
        shape.attributes.get(missing.column)
        for leading, missing in translation.missing
        if leading == shape.name
    } & shape.late.keys()
    return Body(
        draft=draft,
        whole=whole,
        create=_creation(shape, whole),
        late={name: whole[name] for name in shape.late if name not in waiting},
        expected={**whole, **_computed(shape, draft.row)},
        hash=_hash(whole),
        missing=tuple(
            missing
            for leading, missing in translation.missing
            if leading != shape.name or shape.attributes.get(missing.column) not in shape.late
        ),
        places=places,
    )


def conditions(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of the attributes by which Splynx can be asked: what holds something."""
    return {name: value for name, value in attributes.items() if value not in _NOTHING}


def tables_led_to(shape: Shape) -> set[str]:
    """Return the marts whose ids stand in the columns that are sent, parts included."""
    found = {*shape.leads.values()}
    found |= {to for by in shape.refers.values() for kind, to in by.items() if kind != _BY}
    return found.union(*(tables_led_to(part.shape) for part in shape.parts))


def _table(shape: Shape, row: Row, column: str) -> str | None:
    """Return the mart whose id a column holds, None where it holds none."""
    by = shape.refers.get(column)
    return shape.leads.get(column) if by is None else by.get(row.values[by[_BY]] or "")


def _creation(shape: Shape, whole: Mapping[str, Any]) -> dict[str, Any]:
    first = {**whole, **shape.late}
    sent = {name: value for name, value in first.items() if value not in (None, "")}
    fields = whole.get(VALUES, {})
    also = {
        name: _ALSO.sub(lambda at: fields.get(at[1]) or at[2] or "", v)
        for name, v in shape.also.items()
    }
    return {**sent, **also}


def _computed(shape: Shape, row: Row) -> dict[str, str | None]:
    return {attribute: row.values[column] for column, attribute in shape.computed.items()}


def _hash(whole: Mapping[str, Any]) -> str:
    canonical = orjson.dumps(whole, option=orjson.OPT_SORT_KEYS)
    return f"{hashlib.md5(canonical, usedforsecurity=False).hexdigest()}:rest"


def filled(template: str, places: Mapping[str, str]) -> str:
    """Return a path with its places filled.

    Raises:
        KeyError: what belongs in one of them is not known.
    """
    return _PLACE.sub(lambda place: places[place[1]], template)
