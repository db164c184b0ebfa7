"""Reads catalogue.yml: which paths exist, what they accept, and what each write sets off.

An entity there is enough for a new endpoint; code is needed only for a side effect of a new kind.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

FILE = Path(__file__).with_name("catalogue.yml")

# operation -> method; the template that matches decides between those of one method
METHODS: Mapping[str, str] = {
    "list": "GET",
    "read": "GET",
    "create": "POST",
    "upload": "POST",
    "update": "PUT",
    "delete": "DELETE",
    "options": "OPTIONS",
    "head": "HEAD",
}
# operation -> the action that a key has to be granted (inferred)
ACTIONS: Mapping[str, str] = {
    "list": "index",
    "head": "index",
    "options": "index",
    "read": "view",
    "create": "add",
    "update": "update",
    "delete": "delete",
    "upload": "upload",
}
_ON_ITEM = ("read", "update", "delete")


@dataclass(frozen=True, slots=True)
class Junction:
    """Values kept one per row of another table."""

    table: str
    owner: str
    value: str


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute; `column` is None where nothing of this name is stored in the table."""

    name: str
    type: str
    column: str | None
    required: bool = False
    readonly: bool = False
    secret: bool = False
    default: Any = None
    values: tuple[str, ...] = ()
    references: str | None = None
    junction: Junction | None = None
    constant: str | None = None
    is_list: bool = False
    as_number: bool = False

    @property
    def title(self) -> str:
        """The caption in messages and OPTIONS."""
        return self.name.replace("_", " ").capitalize()


@dataclass(frozen=True, slots=True)
class Effect:
    """A side effect: the handler's name, the operations it follows, and how we know."""

    does: str
    writes: tuple[str, ...]
    known: str


@dataclass(frozen=True, slots=True)
class Entity:
    """One entity of the API."""

    name: str
    table: str
    key: str
    module: str
    handler: str
    operations: Mapping[str, re.Pattern[str]]
    paths: Mapping[str, str]
    attributes: Mapping[str, Attribute]
    effects: tuple[Effect, ...]
    fields: str | None  # module key of its additional fields
    customer: str | None  # column that holds the customer
    partner: str | None  # column that holds the partner
    unique_live: tuple[str, ...]
    unfiltered_fails: bool
    fixed: Mapping[str, str]

    @property
    def controller(self) -> str:
        """What a right of an API key is given for: the path without its names."""
        path = next(iter(self.paths.values()))
        return "/".join(part for part in re.sub(r"(--)?\{\w+\}", "", path).split("/") if part)


def template(path: str) -> re.Pattern[str]:
    """Return the pattern of a path with `{names}`; a name never spans `/` or `--`."""
    parts = re.split(r"\{(\w+)\}", path)
    texts = (
        f"(?P<{part}>(?:(?!--)[^/])+)" if odd % 2 else re.escape(part)
        for odd, part in enumerate(parts)
    )
    return re.compile("".join(texts))


@cache
def catalogue() -> Mapping[str, Entity]:
    """Return all entities by name."""
    read = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return {name: _entity(name, body) for name, body in read["entities"].items()}


def find(path: str) -> Iterator[tuple[Entity, str, Mapping[str, str]]]:
    """Yield each (entity, operation, names in the path) whose template fits, of any method."""
    for entity in catalogue().values():
        for operation, pattern in entity.operations.items():
            match = pattern.fullmatch(path)
            if match is not None:
                yield entity, operation, match.groupdict()


def _entity(name: str, body: Mapping[str, Any]) -> Entity:
    paths = _paths(body)
    return Entity(
        name=name,
        table=body.get("table", ""),
        key=body.get("key", "id"),
        module=body["module"],
        handler=body.get("handler", "rows"),
        operations={operation: template(path) for operation, path in paths.items()},
        paths=paths,
        attributes={n: _attribute(n, a) for n, a in body.get("attributes", {}).items()},
        effects=tuple(
            Effect(e["does"], tuple(e["writes"]), e["known"]) for e in body.get("effects", ())
        ),
        fields=body.get("fields"),
        customer=body.get("customer"),
        partner=body.get("partner"),
        unique_live=tuple(body.get("unique_live", ())),
        unfiltered_fails=body.get("unfiltered_fails", False),
        fixed=body.get("fixed", {}),
    )


def _paths(body: Mapping[str, Any]) -> Mapping[str, str]:
    offered = body["operations"]
    if isinstance(offered, Mapping):
        return dict(offered)
    path = body["path"]
    item = body.get("item", f"{path}/{{id}}")
    return {operation: item if operation in _ON_ITEM else path for operation in offered}


def _attribute(name: str, body: str | Mapping[str, Any]) -> Attribute:
    if isinstance(body, str):
        body = {"type": body}
    junction = Junction(**body["junction"]) if "junction" in body else None
    virtual = junction is not None or "constant" in body or body.get("virtual", False)
    return Attribute(
        name=name,
        type=body["type"],
        column=None if virtual else body.get("column", name),
        required=body.get("required", False),
        readonly=body.get("readonly", False),
        secret=body.get("secret", False),
        default=body.get("default"),
        values=tuple(body.get("values", ())),
        references=body.get("references"),
        junction=junction,
        constant=body.get("constant"),
        is_list=body.get("list", False),
        as_number=body.get("number", False),
    )
