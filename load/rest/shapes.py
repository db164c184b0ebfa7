"""How the rows of each mart go over Splynx's REST API, as `meta.load.rest` of its YAML says. Pure.

A mart is one of four kinds. A **record** is created by POST and changed by PUT. A **part** travels
inside the body of another mart's row: links as a list of ids, additional fields as
`additional_attributes`, items of a document as a list of objects. A **made** row is Splynx's own
work when it creates another row: it is looked up and changed, never posted. What the API does not
take at all is **absent**, with the reason, and with a path where it can be read.
`docs/adding-an-entity.md` explains the keys.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from load.checks.mart_types import mart_type
from runtime.manifest import Mart, Reference

ROUTE = "rest"
VALUES = "additional_attributes"

Kind = Literal["record", "part", "made", "absent"]
Holds = Literal["values", "links", "objects"]

_PLACE = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Identity:
    """How a row is found again: by an additional `field`, else by `attributes` taken together."""

    field: str | None = None
    attributes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Made:
    """Rows that Splynx makes together with a row of the mart `by`, to which `column` leads.

    Its id is what the record of `by` holds in `attribute`. With `part`, that is in the objects of
    this part: in the one at the place of the part's row whose column of that name leads to the made
    row. With `match`, the row is the one in the list at `path` that has these attributes. With none
    of them, it is the id of the row of `by`.
    """

    by: str
    column: str
    attribute: str | None = None
    part: str | None = None
    match: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """Rows of `shape` that travel in `attribute` of the body of the row that `owner` leads to."""

    shape: Shape
    attribute: str
    owner: str
    holds: Holds

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are sent, without the owner's."""
        return tuple(name for name in self.shape.attributes if name != self.owner)


@dataclass(frozen=True)
class Shape:
    """How the rows of one mart are sent.

    `attributes` maps columns to attributes; `omitted` columns are not sent, each for its reason.
    `computed` ones are not sent either: Splynx works them out, and a row that is read back must
    have them. `late` attributes get their value when all else of the cluster is there; until then
    the one given here, or none. `also` is sent with each creation and not compared; `{name}` in it
    is the value of an additional field, `{name|text}` the text where that holds nothing. `instead`
    has, by column, texts of the mart that the API is not known to take, and what goes in their
    place. `secret` attributes get a random value at creation, never kept. A row with `gone_when`
    (column, value) is deleted when all else is there. Without `can_change` there is no PUT; unless
    it `really_deletes`, a DELETE leaves the row in Splynx's database with a mark. A row of a
    `record` that `made` applies to (`load.rest.bodies.Draft.made`) is not posted either.
    """

    mart: Mart
    kind: Kind
    reason: str = ""
    path: str = ""
    item: str = ""
    module: str | None = None
    identity: Identity | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    omitted: Mapping[str, str] = field(default_factory=dict)
    computed: Mapping[str, str] = field(default_factory=dict)
    late: Mapping[str, Any] = field(default_factory=dict)
    also: Mapping[str, str] = field(default_factory=dict)
    secret: tuple[str, ...] = ()
    instead: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    refers: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    made: tuple[Made, ...] = ()
    gone_when: tuple[str, str] | None = None
    can_change: bool = True
    really_deletes: bool = False
    inside: str | None = None
    parts: tuple[Part, ...] = ()

    @property
    def name(self) -> str:
        """The mart's name, which is the table's."""
        return self.mart.name

    @property
    def has_id(self) -> bool:
        """Whether the server gives its rows an id that goes to `ops.id_map`."""
        return self.mart.key == ("id",)

    @cached_property
    def references(self) -> tuple[Reference, ...]:
        """The references whose columns are sent or stand in a path."""
        used = {*self.attributes, *self.places}
        return tuple(ref for ref in self.mart.references if ref.column in used)

    @cached_property
    def leads(self) -> Mapping[str, str]:
        """The mart whose id each of these columns holds."""
        return {r.column: r.to_mart for r in reversed(self.references) if r.to_column == "id"}

    @cached_property
    def places(self) -> tuple[str, ...]:
        """Columns that stand in a path."""
        return tuple(dict.fromkeys(_PLACE.findall(f"{self.path}{self.item}")))

    @cached_property
    def sent(self) -> tuple[str, ...]:
        """The attributes that are sent, sorted, those that hold parts among them."""
        return tuple(sorted({*self.attributes.values(), *(part.attribute for part in self.parts)}))

    @cached_property
    def families(self) -> Mapping[str, str | None]:
        """The family of values of each attribute that is a column of the mart."""
        named = {**self.attributes, **self.computed}
        return {
            named[column.name]: mart_type(column.data_type).family
            for column in self.mart.columns
            if column.name in named
        }


@dataclass(frozen=True)
class Shapes:
    """All marts, in the order in which they are sent."""

    all: tuple[Shape, ...]

    def __getitem__(self, name: str) -> Shape:
        """Return the shape of the mart of that name."""
        return self._by_name[name]

    def __iter__(self) -> Iterator[Shape]:
        """Yield them in order."""
        return iter(self.all)

    @cached_property
    def sent(self) -> tuple[Shape, ...]:
        """What has requests of its own: records and made rows, in order."""
        return tuple(shape for shape in self.all if shape.kind in {"record", "made"})

    @cached_property
    def _by_name(self) -> Mapping[str, Shape]:
        return {shape.name: shape for shape in self.all}
