"""What a mart's declared Postgres type promises. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

_TYPE = re.compile(r"^(?P<name>[a-z ]+?)\s*(?:\(\s*(?P<a>\d+)\s*(?:,\s*(?P<b>\d+)\s*)?\))?$")
_FAMILIES = {
    "text": "text",
    "varchar": "text",
    "character varying": "text",
    "char": "text",
    "character": "text",
    "smallint": "integer",
    "integer": "integer",
    "int": "integer",
    "bigint": "integer",
    "numeric": "decimal",
    "decimal": "decimal",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "moment",
    "timestamp without time zone": "moment",
    "time": "time",
    "bytea": "bytes",
}


@dataclass(frozen=True, slots=True)
class MartType:
    """A declared type: family, and length (text) or digits and scale (decimal) where given."""

    family: str | None  # None: a type whose values have no exact form in MySQL
    length: int | None = None
    digits: int | None = None
    scale: int | None = None


@cache
def mart_type(declared: str) -> MartType:
    """Return what `declared` ("varchar(64)", "numeric(19,4)", "date", …) promises."""
    found = _TYPE.match(declared.strip().lower())
    family = _FAMILIES.get(found["name"]) if found else None
    if found is None or family is None:
        return MartType(None)
    first = int(found["a"]) if found["a"] else None
    if family == "text":
        unsized_char = found["name"] in {"char", "character"} and first is None
        return MartType(family, length=1 if unsized_char else first)
    if family == "decimal" and first is not None:
        return MartType(family, digits=first, scale=int(found["b"] or 0))
    return MartType(family)
