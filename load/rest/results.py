"""What the API gives back, as small values, read from shapes that were seen or are published."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Record = dict[str, Any]  # numbers with decimals are Decimal


@dataclass(frozen=True, slots=True)
class Created:
    """What a create answers: an id, or for definitions of additional fields a name."""

    key: int | str

    @property
    def id(self) -> int:
        """The id.

        Raises:
            TypeError: this entity is known by name.
        """
        if isinstance(self.key, int):
            return self.key
        raise TypeError("created by name, not by id")


@dataclass(frozen=True, slots=True)
class File:
    """One file of an upload; `part` is the field's name: `file`, or `files[0]` for tickets."""

    part: str
    filename: str
    content: bytes = field(repr=False)
    content_type: str = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute of an entity; `rest` holds what else is told about an additional field."""

    name: str
    type: str
    title: str
    is_required: bool
    rest: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Options:
    """What an entity has. `additional` is None where it cannot have additional fields."""

    attributes: Mapping[str, Attribute]
    additional: Mapping[str, Attribute] | None


def created(body: object) -> Created | None:
    """Return what was created, None where the answer does not say."""
    if not isinstance(body, Mapping):
        return None
    key, name = body.get("id"), body.get("name")
    if isinstance(key, str) and key.isdecimal():
        key = int(key)
    if isinstance(key, int) and not isinstance(key, bool):
        return Created(key)
    return Created(name) if isinstance(name, str) and name else None


def options(body: object) -> Options:
    """Return the attributes of an OPTIONS answer: an object as seen, or a list as published."""
    if not isinstance(body, Mapping):
        return Options(dict(_attributes(body)), None)
    additional = body.get("additional_attributes")
    return Options(
        dict(_attributes(body.get("attributes"))),
        None if additional is None else dict(_attributes(additional)),
    )


def _attributes(listed: object) -> Iterator[tuple[str, Attribute]]:
    """Yield what is described; PHP writes a list with gaps as an object."""
    rows = list(listed.values()) if isinstance(listed, Mapping) else listed
    for row in rows if isinstance(rows, list) else []:
        if isinstance(row, Mapping) and isinstance(row.get("name"), str):
            yield row["name"], _attribute(row)


def _attribute(row: Mapping[str, Any]) -> Attribute:
    named = {"name", "type", "title", "required"}
    return Attribute(
        name=row["name"],
        type=str(row.get("type", "")),
        title=str(row.get("title", "")),
        is_required=row.get("required") in (True, "1", "true"),
        rest={name: value for name, value in row.items() if name not in named},
    )
