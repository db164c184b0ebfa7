"""Single criteria of a search over the attributes of a row, and the test of an equality shortcut.

Inferred, not published: a member of `Search` takes attributes of its own kind only, NEQ also finds
null, text is compared without regard to case, the edge of an area belongs to it.
"""

from __future__ import annotations

import ipaddress
import operator
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from sandbox.sonar.schema import Attribute
from sandbox.sonar.store import Row
from sandbox.sonar.values import (
    INTEGERS,
    NETWORKS,
    NUMBERS,
    TEXTS,
    InvalidArgumentError,
    Point,
    read_argument,
    reader,
    reader_of_rows,
)

Test = Callable[[Row], bool]
Attributes = Mapping[str, Attribute]
Item = Mapping[str, Any]

RANGES: Mapping[str, frozenset[str]] = {  # member of Search -> scalars of its attributes
    "integer_fields": INTEGERS,
    "float_fields": NUMBERS,
    "datetime_fields": frozenset({"Datetime"}),
    "date_fields": frozenset({"Date"}),
    "boolean_fields": frozenset({"Boolean"}),
}
_CORNERS = 3  # the fewest that make an area

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "GTE": operator.ge,
    "GT": operator.gt,
    "LTE": operator.le,
    "LT": operator.lt,
    "EQ": operator.eq,
    "NEQ": operator.ne,
}


def known(attributes: Attributes, name: str, argument: str) -> Attribute:
    """Return the attribute, or refuse the argument that names one which does not exist."""
    attribute = attributes.get(name)
    if attribute is None:
        raise InvalidArgumentError(argument, f"The attribute {name} does not exist.")
    return attribute


def equals(attribute: Attribute, value: object) -> Test:
    """Return the test of an equality shortcut."""
    name, read = attribute.name, reader_of_rows(attribute.scalar)
    wanted = read_argument(attribute.scalar, name, value, name)
    return lambda row: row.get(name) is not None and read(row[name]) == wanted


def in_range(attributes: Attributes, member: str, item: Item) -> Test:
    """Return the test of one item of `integer_fields` and the other members with an operator."""
    attribute = _of_kind(attributes, member, item["attribute"], RANGES[member])
    name, compare = attribute.name, _COMPARE[item.get("operator") or "EQ"]
    # A float is compared with a float, even where the attribute holds whole numbers.
    scalar = "Float" if member == "float_fields" else attribute.scalar
    read = reader(scalar)
    wanted = read_argument(scalar, name, item["search_value"], "search")
    if_null = item.get("operator") == "NEQ"

    def test(row: Row) -> bool:
        value = row.get(name)
        return if_null if value is None else compare(read(value), wanted)

    return test


def has_text(attributes: Attributes, item: Item) -> Test:
    """Return the test of one item of `string_fields`; it takes any attribute as it is written."""
    name = known(attributes, item["attribute"], "search").name
    wanted, partial = item["search_value"].casefold(), item.get("partial_matching", True)

    def test(row: Row) -> bool:
        value = row.get(name)
        text = "" if value is None else str(value).casefold()
        found = value is not None and (wanted in text if partial else wanted == text)
        return found is item["match"]

    return test


def in_network(attributes: Attributes, item: Item) -> Test:
    """Return the test of one item of `ip_address_fields`: inside an address or subnet, or not."""
    name = _of_kind(attributes, "ip_address_fields", item["attribute"], NETWORKS).name
    try:
        wanted = ipaddress.ip_network(item["search_value"], strict=False)
    except ValueError as exc:
        raise InvalidArgumentError("search", f"{item['search_value']} is not an address.") from exc

    def test(row: Row) -> bool:
        if row.get(name) is None:
            return False
        try:
            network = ipaddress.ip_network(row[name], strict=False)
        except ValueError:
            return not item["match"]
        found = (
            network.version == wanted.version
            and network.prefixlen >= wanted.prefixlen
            and network.network_address in wanted
        )
        return found is item["match"]

    return test


def in_area(attributes: Attributes, vertices: Sequence[Item]) -> Test:
    """Return the test of `geopoint_fields`: any place of the row lies inside the polygon."""
    if len(vertices) < _CORNERS:
        raise InvalidArgumentError("search", f"An area needs {_CORNERS} vertices.")
    corners = [
        (
            read_argument("Latitude", "latitude", vertex["latitude"], "search"),
            read_argument("Longitude", "longitude", vertex["longitude"], "search"),
        )
        for vertex in vertices
    ]
    places = _places(attributes)
    if not places:
        raise InvalidArgumentError("search", "There is no attribute with a place.")
    return lambda row: any(
        at is not None and _inside(at, corners) for at in (place(row) for place in places)
    )


def contains_anywhere(attributes: Attributes, text: str) -> Test:
    """Return the test of a general search: a partial match on any text attribute."""
    names = [name for name, attribute in attributes.items() if attribute.scalar in TEXTS]
    wanted = text.casefold()
    return lambda row: any(wanted in str(row.get(name) or "").casefold() for name in names)


def _of_kind(attributes: Attributes, member: str, name: str, scalars: frozenset[str]) -> Attribute:
    attribute = known(attributes, name, "search")
    if attribute.scalar not in scalars:
        message = f"{member} cannot search {name}, which is a {attribute.scalar}."
        raise InvalidArgumentError("search", message)
    return attribute


def _places(attributes: Attributes) -> list[Callable[[Row], Point | None]]:
    places = [_geopoint(name) for name, one in attributes.items() if one.scalar == "Geopoint"]
    if {"latitude", "longitude"} <= set(attributes):
        places.append(_pair)
    return places


def _geopoint(name: str) -> Callable[[Row], Point | None]:
    read = reader("Geopoint")
    return lambda row: None if row.get(name) is None else read(row[name])


def _pair(row: Row) -> Point | None:
    latitude, longitude = row.get("latitude"), row.get("longitude")
    if latitude is None or longitude is None:
        return None
    return float(latitude), float(longitude)


def _inside(at: Point, corners: Sequence[Point]) -> bool:
    inside = False
    for one, other in pairwise([*corners, corners[0]]):
        if _between(at, one, other):
            return True
        if (one[0] > at[0]) is not (other[0] > at[0]):
            crossing = one[1] + (at[0] - one[0]) / (other[0] - one[0]) * (other[1] - one[1])
            inside ^= at[1] < crossing
    return inside


def _between(at: Point, one: Point, other: Point) -> bool:
    """Say whether a point lies on the line between two others."""
    area = (other[0] - one[0]) * (at[1] - one[1]) - (other[1] - one[1]) * (at[0] - one[0])
    return (
        area == 0
        and min(one[0], other[0]) <= at[0] <= max(one[0], other[0])
        and min(one[1], other[1]) <= at[1] <= max(one[1], other[1])
    )
