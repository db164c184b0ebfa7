"""What the scalars mean: how a value is read so that two of them can be compared.

Rows hold values as they are answered (ids, numbers with leading zeros and instants as text); the
readers here turn a row's value or an argument's value into something with an order.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from datetime import date, datetime, time
from functools import lru_cache
from typing import Any

from graphql import GraphQLError

INTEGERS = frozenset({"Int", "Int64Bit"})
NUMBERS = INTEGERS | {"Float", "Latitude", "Longitude"}
NETWORKS = frozenset({"IP", "SubnetScalar"})
TEXTS = frozenset(
    {"String", "Text", "Clob", "ID", "EmailAddress", "Numeric", "URL", "HttpsUrl", "DomainName"}
)

Reader = Callable[[Any], Any]
Point = tuple[float, float]  # latitude, longitude


class InvalidArgumentError(GraphQLError):
    """An argument that the server refuses, in the shape of its validation errors."""

    def __init__(self, argument: str, message: str) -> None:
        details = {"category": "validation", "validation": {argument: [message]}}
        super().__init__("validation", extensions=details)


@lru_cache(maxsize=1 << 16)
def instant(text: str) -> datetime:
    """Parse an ISO 8601 instant with an offset."""
    read = datetime.fromisoformat(text)
    if read.tzinfo is None:
        raise ValueError(f"{text} has no offset")
    return read


def point(text: str) -> Point:
    """Parse `"lat,lon"`; a blank after the comma is allowed."""
    latitude, longitude = text.split(",")
    return float(latitude), float(longitude)


def reader(scalar: str) -> Reader:
    """Return the reader for a scalar; it raises ValueError for what is not one."""
    return _READERS.get(scalar, str)


def reader_of_rows(scalar: str) -> Reader:
    """Return the reader for what rows hold: a text that is no network comes before all networks."""
    return _held_network if scalar in NETWORKS else reader(scalar)


def read_argument(scalar: str, name: str, value: object, argument: str) -> Any:  # noqa: ANN401
    """Read the value given for attribute `name`, or refuse the argument."""
    try:
        return reader(scalar)(value)
    except ValueError as exc:
        message = f"The value of {name} is not a valid {scalar}."
        raise InvalidArgumentError(argument, message) from exc


def _network(value: object) -> tuple[int, int, int]:
    network = ipaddress.ip_network(str(value), strict=False)
    return network.version, int(network.network_address), network.prefixlen


def _held_network(value: object) -> tuple[int, int, int]:
    try:
        return _network(value)
    except ValueError:
        return (0, 0, 0)


def _boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{value} is not true or false")  # noqa: TRY004  one error for bad values
    return value


_READERS: dict[str, Reader] = {
    **dict.fromkeys(INTEGERS, lambda value: int(str(value))),
    **dict.fromkeys(NUMBERS - INTEGERS, float),
    **dict.fromkeys(NETWORKS, _network),
    "Boolean": _boolean,
    "Datetime": lambda value: instant(str(value)),
    "Date": lambda value: date.fromisoformat(str(value)),
    "Time": lambda value: time.fromisoformat(str(value)),
    "Geopoint": lambda value: point(str(value)),
}
