"""Sonar's filters over rows: `search`, `general_search` and the equality shortcuts.

Criteria inside one Search are ANDed, several Search objects are ORed. Inferred, not published: two
bounds on one attribute are ANDed, NEQ also finds null, text is compared without regard to case.
"""

from __future__ import annotations

import ipaddress
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, partial
from typing import Any

from graphql import GraphQLError

from sandbox.sonar.schema import Attribute
from sandbox.sonar.store import Row

Test = Callable[[Row], bool]
Attributes = Mapping[str, Attribute]

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "GTE": operator.ge,
    "GT": operator.gt,
    "LTE": operator.le,
    "LT": operator.lt,
    "EQ": operator.eq,
    "NEQ": operator.ne,
}
_TEXT = frozenset({"String", "Text", "ID", "EmailAddress", "Numeric", "URL"})
_NOT_MODELLED = ("geopoint_fields", "reverse_relation_filters")


class InvalidArgumentError(GraphQLError):
    """An argument that the server refuses, in the shape of its validation errors."""

    def __init__(self, argument: str, message: str) -> None:
        details = {"category": "validation", "validation": {argument: [message]}}
        super().__init__("validation", extensions=details)


@cache
def instant(text: str) -> datetime:
    """Parse an ISO 8601 instant; without an offset it is refused by the caller's comparison."""
    return datetime.fromisoformat(text)


def matches(attributes: Attributes, searches: Sequence[Mapping[str, Any]]) -> Test | None:
    """Return the test for a list of Search objects; None when every row passes."""
    alternatives = [list(_criteria(attributes, search)) for search in searches if search]
    if not alternatives or any(not criteria for criteria in alternatives):
        return None
    if len(alternatives) == 1:
        criteria = alternatives[0]
        return lambda row: all(test(row) for test in criteria)
    return lambda row: any(all(test(row) for test in group) for group in alternatives)


def equals(attribute: Attribute, value: object) -> Test:
    """Return the test of an equality shortcut."""
    name = attribute.name
    if attribute.scalar == "Datetime":
        wanted = _read_instant(name, value)
        return lambda row: row.get(name) is not None and instant(row[name]) == wanted
    if attribute.scalar in ("Int64Bit", "ID"):
        return lambda row: row.get(name) == str(value)
    return lambda row: row.get(name) == value


def contains_anywhere(attributes: Attributes, text: str) -> Test:
    """Return the test of `general_search`: a partial match on any text attribute."""
    names = [name for name, attribute in attributes.items() if attribute.scalar in _TEXT]
    wanted = text.casefold()
    return lambda row: any(wanted in str(row.get(name) or "").casefold() for name in names)


@dataclass(frozen=True, slots=True)
class IdRange:
    """The id range that a search asks for, and what it asks beyond that."""

    lowest: int | None
    highest: int | None
    rest: Sequence[Mapping[str, Any]]


def id_range(searches: Sequence[Mapping[str, Any]]) -> IdRange:
    """Take the id bounds out of a single Search, so that a keyset page costs one bisect."""
    if len(searches) != 1:
        return IdRange(None, None, searches)
    lowest: int | None = None
    highest: int | None = None
    others = []
    for item in searches[0].get("integer_fields") or ():
        if item["attribute"] != "id" or item["operator"] == "NEQ":
            others.append(item)
            continue
        value = _read_integer("id", item["search_value"])
        if item["operator"] in ("GT", "GTE", "EQ"):
            bound = value + 1 if item["operator"] == "GT" else value
            lowest = bound if lowest is None else max(lowest, bound)
        if item["operator"] in ("LT", "LTE", "EQ"):
            bound = value - 1 if item["operator"] == "LT" else value
            highest = bound if highest is None else min(highest, bound)
    return IdRange(lowest, highest, [{**searches[0], "integer_fields": others}])


def _criteria(attributes: Attributes, search: Mapping[str, Any]) -> Iterable[Test]:
    for member in _NOT_MODELLED:
        if search.get(member):
            raise InvalidArgumentError("search", f"{member} is not modelled by this sandbox")
    for member, read in _READERS.items():
        for item in search.get(member) or ():
            known(attributes, item["attribute"], "search")
            yield _range(item["attribute"], read(item), item.get("operator") or "EQ", read)
    for item in search.get("string_fields") or ():
        known(attributes, item["attribute"], "search")
        yield _text(item)
    for item in search.get("ip_address_fields") or ():
        known(attributes, item["attribute"], "search")
        yield _inside(item)
    for name in search.get("unset_fields") or ():
        known(attributes, name, "search")
        yield partial(_unset, name)
    for name in search.get("exists") or ():
        known(attributes, name, "search")
        yield partial(_exists, name)


def _unset(name: str, row: Row) -> bool:
    return row.get(name) is None


def _exists(name: str, row: Row) -> bool:
    return row.get(name) not in (None, [])


def known(attributes: Attributes, name: str, argument: str) -> Attribute:
    """Return the attribute, or refuse the argument that names one which does not exist."""
    attribute = attributes.get(name)
    if attribute is None:
        raise InvalidArgumentError(argument, f"The attribute {name} does not exist.")
    return attribute


def _range(
    name: str, wanted: object, comparison: str, read: Callable[[Mapping[str, Any]], Any]
) -> Test:
    compare = _COMPARE[comparison]
    if_null = comparison == "NEQ"

    def test(row: Row) -> bool:
        value = row.get(name)
        if value is None:
            return if_null
        return compare(read({"attribute": name, "search_value": value}), wanted)

    return test


def _text(item: Mapping[str, Any]) -> Test:
    name, wanted = item["attribute"], item["search_value"].casefold()
    partial = item.get("partial_matching", True)

    def test(row: Row) -> bool:
        value = row.get(name)
        text = "" if value is None else str(value).casefold()
        found = value is not None and (wanted in text if partial else wanted == text)
        return found is item["match"]

    return test


def _inside(item: Mapping[str, Any]) -> Test:
    name = item["attribute"]
    try:
        wanted = ipaddress.ip_network(item["search_value"], strict=False)
    except ValueError as exc:
        raise InvalidArgumentError("search", f"{item['search_value']} is not an address.") from exc

    def test(row: Row) -> bool:
        if row.get(name) is None:
            return False
        network = ipaddress.ip_network(row[name], strict=False)
        if isinstance(network, ipaddress.IPv4Network):
            found = isinstance(wanted, ipaddress.IPv4Network) and network.subnet_of(wanted)
        else:
            found = isinstance(wanted, ipaddress.IPv6Network) and network.subnet_of(wanted)
        return found is item["match"]

    return test


def _read_integer(name: str, value: object) -> int:
    try:
        return int(str(value))
    except ValueError as exc:
        raise InvalidArgumentError("search", f"The value of {name} is not an integer.") from exc


def _read_instant(name: str, value: object) -> datetime:
    try:
        parsed = instant(str(value))
    except ValueError as exc:
        raise InvalidArgumentError("search", f"The value of {name} is not an instant.") from exc
    if parsed.tzinfo is None:
        raise InvalidArgumentError("search", f"The value of {name} has no offset.")
    return parsed


def _read_date(name: str, value: object) -> date:
    try:
        return date.fromisoformat(str(value))
    except ValueError as exc:
        raise InvalidArgumentError("search", f"The value of {name} is not a date.") from exc


_READERS: dict[str, Callable[[Mapping[str, Any]], Any]] = {
    "integer_fields": lambda item: _read_integer(item["attribute"], item["search_value"]),
    "float_fields": lambda item: float(item["search_value"]),
    "datetime_fields": lambda item: _read_instant(item["attribute"], item["search_value"]),
    "date_fields": lambda item: _read_date(item["attribute"], item["search_value"]),
    "boolean_fields": lambda item: bool(item["search_value"]),
}
