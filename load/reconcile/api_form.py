"""Where the API shows the rows of a mart, and one form for values of both sides. Pure.

Read from `meta.load.rest` by a reading of its own. Splynx answers ids and flags as numbers or as
texts, decimals with four places or as JSON numbers, and nothing as null, an empty text, a zero date
or, for numbers, 0: here all of these are one value each.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Literal

from load.reconcile.normal_form import Form, compared
from load.reconcile.sides import Table
from runtime.manifest import Manifest, Mart

_PLACE = re.compile(r"\{(\w+)\}")
_SIZE = re.compile(r"\s*\(.*\)\s*$")
_TYPES = {
    **dict.fromkeys(("smallint", "integer", "int", "bigint"), "bigint"),
    **dict.fromkeys(("numeric", "decimal"), "decimal"),
    **dict.fromkeys(("timestamp", "timestamp without time zone"), "datetime"),
    "boolean": "tinyint",
    "date": "date",
    "time": "time",
    "bytea": "blob",
}
_ANY_CUSTOMER = {"customer_id": "0"}  # in the path of a list: those of every customer

Way = Literal["listed", "single", "inside", "unseen"]


@dataclass(frozen=True, slots=True)
class Place:
    """How the rows of a mart are read.

    `path` is their list, with {columns} of which one list each is read; `item` one of them. A row
    `inside` another mart's (`whole`) is in its attribute `within`, `holds` tells in which form.
    `attributes` are by column; `unshown` columns are not among them. `why` there is nothing to see.
    """

    way: Way
    path: str = ""
    item: str = ""
    whole: str = ""
    within: str = ""
    owner: str = ""
    holds: Literal["values", "links", "objects", ""] = ""
    attributes: Mapping[str, str] | None = None
    unshown: tuple[str, ...] = ()
    why: str = ""

    @property
    def listed_by(self) -> tuple[str, ...]:
        """Columns whose values stand in the path of the list."""
        return tuple(n for n in _PLACE.findall(self.path) if n not in _ANY_CUSTOMER)


def place_of(mart: Mart, manifest: Manifest) -> Place:
    """Return how the rows of a mart are read over the API."""
    said = mart.rest
    shown, unshown = _attributes(mart)
    if "in" in said:
        return _inside(mart, manifest.mart(str(said["in"])), shown, unshown)
    path = str(said.get("path", ""))
    item = str(said.get("item") or (f"{path}/{{id}}" if path else ""))
    if not path and not item:
        why = " ".join(str(said.get("without", "its YAML names no endpoint")).split())
        return Place("unseen", why=why)
    if path:
        return Place("listed", path, item, attributes=shown, unshown=unshown)
    places = set(_PLACE.findall(item))  # a record that is named by its path does not repeat them
    told = {column: attribute for column, attribute in shown.items() if column not in places}
    return Place("single", item=item, attributes=told, unshown=unshown)


def _inside(mart: Mart, whole: Mart, shown: Mapping[str, str], unshown: tuple[str, ...]) -> Place:
    owner = next(r.column for r in mart.references if r.to_mart == whole.name)
    within = str(mart.rest["as"])
    if within == "additional_attributes":
        holds: Literal["values", "links", "objects"] = "values"
    else:
        holds = "links" if set(mart.key) - {owner} and owner in mart.key else "objects"
    outer = str(whole.rest.get("path", ""))
    item = str(whole.rest.get("item") or f"{outer}/{{id}}")
    return Place("inside", outer, item, whole.name, within, owner, holds, shown, unshown)


def _attributes(mart: Mart) -> tuple[dict[str, str], tuple[str, ...]]:
    unshown = set(mart.rest.get("omit", {}))
    renamed = mart.rest.get("rename", {})
    named = {
        column.name: str(renamed.get(column.name, column.name))
        for column in mart.columns
        if column.name not in unshown and not (column.name == "id" and mart.key == ("id",))
    }
    return named, tuple(sorted(unshown & {column.name for column in mart.columns}))


def table_of(mart: Mart) -> Table:
    """Return the columns of a mart by the types that it declares itself."""
    columns = [
        compared(column, _TYPES.get(_SIZE.sub("", column.data_type.lower()), "text"), None)
        for column in mart.columns
    ]
    return Table(mart.name, mart.schema, mart.key, tuple(columns), is_ranged=False)


def filled(template: str, row: Mapping[str, str | None]) -> str:
    """Return a path for one row; customers stand for all of them where the row does not say."""
    return _PLACE.sub(lambda at: str(row.get(at[1]) or _ANY_CUSTOMER.get(at[1], "")), template)


def normal(value: object, form: Form) -> str:
    """Return the one text for a value, from either side."""
    if isinstance(value, bool):
        value = int(value)
    text = "" if value is None else str(value)
    if form == "number":
        return _number({"true": "1", "false": "0"}.get(text, text))
    if form in {"date", "moment"}:
        if text.startswith("0000-00-00"):
            return ""
        return text.removesuffix(".000000").removesuffix(" 00:00:00")
    return {"true": "1", "false": "0"}.get(text, text)


def _number(text: str) -> str:
    try:
        value = Decimal(text or 0)
    except InvalidOperation:
        return text
    return f"{value.normalize():f}"
