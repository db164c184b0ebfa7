"""Made-up values of the scalars, as Sonar writes them; texts hold what is awkward to carry."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from random import Random
from typing import Any

Value = Any  # a JSON value
Maker = Callable[[Random], Value]

OPENED = datetime(2015, 3, 2, 14, 0, tzinfo=UTC)
_SECONDS = int((datetime(2025, 6, 1, tzinfo=UTC) - OPENED).total_seconds())
_ZONES = [UTC] * 8 + [timezone(timedelta(hours=-6)), timezone(timedelta(hours=5, minutes=30))]
_WORDS = (
    "cable", "Ünsal", "north", "tower", "O'Brien", "a,b", 'say "hi"', "back\\slash", "50 %", "é̂",
    "日本", "🛰️", "<b>bold</b>", "two\nlines", "tab\there", "NULL", "\\N", "{}", "plan", "roof",
)  # fmt: skip
_KINDS = ("application/pdf", "image/png", "image/jpeg", "text/plain")
_TOP = 2**31 - 1


def below(random: Random, limit: int) -> int:
    """Return a whole number from 0 to `limit`, exclusive: a third of the time of `randrange`."""
    return int(random.random() * limit)


def one_of(random: Random, values: Sequence[Any]) -> Any:  # noqa: ANN401
    """Return one of the values."""
    return values[int(random.random() * len(values))]


def moment(random: Random) -> datetime:
    """Return an instant in the years of the tenant."""
    return OPENED + timedelta(seconds=below(random, _SECONDS))


def instant(value: datetime, random: Random) -> str:
    """Return an instant as it is written, in one zone or another."""
    return value.astimezone(one_of(random, _ZONES)).isoformat()


def words(random: Random, most: int = 3) -> str:
    """Return a short text."""
    return " ".join([one_of(random, _WORDS) for _ in range(1 + below(random, most))])


def amount(random: Random) -> int:
    """Return a whole number of 32 bits, now and then none at all or below zero."""
    chance = random.random()
    if chance < 0.1:  # noqa: PLR2004
        return 0
    if chance < 0.15:  # noqa: PLR2004
        return -below(random, 10_000)
    return below(random, _TOP if chance > 0.99 else 250_000)  # noqa: PLR2004


def network(random: Random) -> str:
    """Return a subnet, a single address now and then."""
    if random.random() < 0.2:  # noqa: PLR2004
        return f"2001:db8:{below(random, 2**16):x}::/56"
    third, last = below(random, 256), below(random, 256)
    return f"198.51.{third}.{last}/32" if last % 2 else f"198.51.{third}.0/24"


def _address(random: Random) -> str:
    return f"203.0.{below(random, 256)}.{1 + below(random, 255 - 1)}"


def _degrees(most: int) -> Maker:
    return lambda random: round(random.uniform(-most, most), 6)


def _place(random: Random) -> str:
    return f"{random.uniform(-80, 80):.6f},{random.uniform(-170, 170):.6f}"


def _range(random: Random) -> str:
    third = below(random, 256)
    return f"198.51.{third}.10-198.51.{third}.{11 + below(random, 250 - 11)}"


def _time(random: Random) -> str:
    return f"{below(random, 24):02}:{below(random, 60):02}:00"


_MAKERS: Mapping[str, Maker] = {
    "Int64Bit": lambda random: str(below(random, 2**40)),
    "Int": amount,
    "Float": lambda random: round(random.uniform(-1000, 100_000), 4),
    "Boolean": lambda random: random.random() < 0.5,  # noqa: PLR2004
    "ID": lambda random: f"{random.getrandbits(96):024x}",
    "Text": lambda random: words(random, 12),
    "Clob": lambda random: words(random, 40),
    "Datetime": lambda random: instant(moment(random), random),
    "Date": lambda random: moment(random).date().isoformat(),
    "Time": _time,
    "EpochTimestamp": lambda random: int(moment(random).timestamp()),
    "Numeric": lambda random: f"{below(random, 10**10):010}",
    "EmailAddress": lambda random: f"Person.{below(random, 10**6)}@example.net",
    "DomainName": lambda random: f"host-{below(random, 1000)}.example.net",
    "URL": lambda random: f"https://example.net/{below(random, 10**6)}",
    "HttpsUrl": lambda random: f"https://example.net/{below(random, 10**6)}",
    "HtmlHexColor": lambda random: f"#{below(random, 2**24):06x}",
    "Port": lambda random: str(1 + below(random, 2**16 - 1)),
    "MacAddress": lambda random: ":".join(f"{below(random, 256):02x}" for _ in range(6)),
    "IP": _address,
    "IpRange": _range,
    "SubnetScalar": network,
    "Latitude": _degrees(90),
    "Longitude": _degrees(180),
    "Geopoint": _place,
}


def maker(name: str, scalar: str) -> Maker:
    """Return what makes up values of a leaf; the scalars that are not known are short texts."""
    if name == "mime_type":
        return lambda random: one_of(random, _KINDS)
    if name.endswith("_in_bytes"):  # a file has as many bytes as its record says
        return lambda random: str(below(random, 4_000))
    return _MAKERS.get(scalar, words)
