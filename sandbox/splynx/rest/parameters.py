"""Query strings and form bodies as PHP reads them, and the search conditions in them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.splynx.rest.columns import Value
from sandbox.splynx.rest.errors import bad_request

_COMPARING = {"=", "!=", ">=", "<=", ">", "<", "<>", "LIKE", "REGEXP"}
_PAIR = 2


def nested(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Return `a[b][c]=v` as nested mappings; `a[]=v` takes the next number."""
    result: dict[str, Any] = {}
    for name, value in pairs:
        first, *rest = re.split(r"\[", name.replace("]", ""))
        place = result
        path = [first, *rest]
        for part in path[:-1]:
            inner = place.setdefault(part or str(len(place)), {})
            if not isinstance(inner, dict):
                break
            place = inner
        else:
            place[path[-1] or str(len(place))] = value
    return result


def as_list(value: Value) -> list[Any]:
    """Return a PHP array, a JSON list or a text with commas as a list."""
    if isinstance(value, Mapping):
        return list(value.values())
    if isinstance(value, list):
        return value
    return [part for part in str(value).split(",") if part] if value is not None else []


@dataclass(frozen=True, slots=True)
class Condition:
    """One search condition: attribute, SQL with `{0}` for the column, and its parameters."""

    name: str
    sql: str
    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Search:
    """What a list was asked for; parameters of other names are ignored."""

    main: tuple[Condition, ...]
    additional: tuple[Condition, ...]
    order: tuple[tuple[str, str], ...]
    limit: int | None
    offset: int
    is_empty: bool


def read_search(query: Mapping[str, Any]) -> Search:
    """Read the search parameters of a list.

    Raises:
        ApiError: an operator that does not exist, or one without its values (inferred: 400).
    """
    order = query.get("order")
    return Search(
        main=_conditions(query.get("main_attributes")),
        additional=_conditions(query.get("additional_attributes")),
        order=tuple(
            (name, "desc" if str(way).upper() == "DESC" else "asc")
            for name, way in (order.items() if isinstance(order, Mapping) else ())
        ),
        limit=_number(query.get("limit")),
        offset=_number(query.get("offset")) or 0,
        is_empty=not query,
    )


def _number(value: Value) -> int | None:
    return int(value) if isinstance(value, str) and value.isdecimal() else None


def _conditions(given: Value) -> tuple[Condition, ...]:
    if not isinstance(given, Mapping):
        return ()
    return tuple(_condition(name, value) for name, value in given.items())


def _condition(name: str, given: Value) -> Condition:
    if not isinstance(given, Mapping):
        return Condition(name, "{0} = %s", (given,))
    operator, *values = [given[key] for key in sorted(given)]
    operator = str(operator).upper()
    many = [
        v for value in values for v in (as_list(value) if isinstance(value, Mapping) else [value])
    ]
    if operator == "IS" and many:
        word = {"NULL": "is null", "NOT NULL": "is not null"}.get(str(many[0]).upper())
        if word is not None:
            return Condition(name, f"{{0}} {word}", ())
    elif operator in _COMPARING and len(many) == 1:
        return Condition(name, f"{{0}} {operator} %s", (many[0],))
    elif operator == "BETWEEN" and len(many) == _PAIR:
        return Condition(name, "{0} between %s and %s", tuple(many))
    elif operator == "IN" and many:
        return Condition(name, f"{{0}} in ({', '.join('%s' for _ in many)})", tuple(many))
    elif operator == "FIND_IN_SET" and len(many) == 1:
        return Condition(name, "find_in_set(%s, {0})", (many[0],))
    raise bad_request("The search cannot be read!")
