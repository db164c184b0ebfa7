"""From the bytes of one HTTP answer to typed data, or to the error that says what to do (pure).

An entity's own bytes are kept as `msgspec.Raw`, so numbers of any size and precision reach the
warehouse unchanged. A failure is told by the presence of `errors`, never by a text alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, ClassVar

import msgspec

from extract.landing.characters import storable
from extract.sonar.complaints import classified
from extract.sonar.failures import (
    CutOff,
    ErrorInsteadOfData,
    ErrorsBesideData,
    NotASonar,
    Oversized,
    Rate,
    RateLimited,
    ServerFailed,
    TimedOut,
    TokenRefused,
    WebPage,
)
from runtime.errors import FatalSourceError


class _Envelope(msgspec.Struct):
    data: dict[str, msgspec.Raw] | None = None
    errors: Any = None
    error: Any = None
    message: Any = None


class _Loose(msgspec.Struct):
    """An answer whose `data` is no object, as a server of PHP sends an empty one: `[]`."""

    errors: Any = None
    error: Any = None
    message: Any = None
    data: ClassVar[None] = None


_ENVELOPE = msgspec.json.Decoder(_Envelope)
_LOOSE = msgspec.json.Decoder(_Loose)


@dataclass(frozen=True, slots=True)
class Answered(Mapping[str, msgspec.Raw]):
    """The data of one request by alias, undecoded.

    `size` is its bytes, `replaced` the characters that no warehouse could hold, `date` Sonar's own
    time of the answer (UTC), `seconds` how long it took, without the waiting before it.
    """

    data: Mapping[str, msgspec.Raw]
    size: int
    replaced: int = 0
    date: datetime | None = None
    seconds: float = 0.0

    def __getitem__(self, alias: str) -> msgspec.Raw:
        return self.data[alias]

    def __iter__(self) -> Iterator[str]:
        return iter(self.data)

    def __len__(self) -> int:
        return len(self.data)


def parse(status: int, retry_after: str | None, body: bytes, asked: str = "") -> Answered:
    """Return the data of an HTTP answer; `asked` is the query, whose names may be shown.

    Raises:
        TokenRefused: 401, 403. NotASonar: a redirect or no such page.
        RateLimited: 429, or an error text that says so. Oversized: a size that Sonar refuses.
        ServerFailed, TimedOut, CutOff, WebPage, ErrorsBesideData, ErrorInsteadOfData: may pass.
        Denied, FieldsDenied: the token may not read the collection, or some of its fields.
        FatalSourceError: the query itself was refused.
    """
    _check_status(status, retry_after)
    text, replaced = storable(body)
    try:
        envelope = _opened(text)
    except msgspec.ValidationError:
        raise ErrorInsteadOfData("Sonar answered with JSON that is no GraphQL answer") from None
    except msgspec.DecodeError:
        raise _no_json(status, body) from None
    if errors := _listed(envelope.errors):
        raise classified(errors, asked, ErrorsBesideData)
    if envelope.data is None:
        said = envelope.error or envelope.message or "neither data nor errors"
        raise classified([said], asked, ErrorInsteadOfData)
    return Answered(data=envelope.data, size=len(body), replaced=replaced)


def http_date(text: str | None) -> datetime | None:
    """Return the moment of an HTTP date in UTC, None when there is none to read."""
    if text is None:
        return None
    try:
        when = parsedate_to_datetime(text)
    except ValueError:
        return None
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).astimezone(UTC)


def told_rate(headers: Mapping[str, str]) -> Rate | None:
    """Return the request limit that an answer's headers name; it counts by the minute."""
    text = headers.get("X-RateLimit-Limit") or headers.get("RateLimit-Limit") or ""
    return Rate(int(text)) if text.isdecimal() and int(text) > 0 else None


def _check_status(status: int, retry_after: str | None) -> None:
    if status == HTTPStatus.UNAUTHORIZED:
        raise TokenRefused("Sonar refuses the token (HTTP 401): check SONAR_API_KEY")
    if status == HTTPStatus.FORBIDDEN:
        raise TokenRefused(
            "Sonar refuses the token (HTTP 403): check SONAR_API_KEY, the rights of its user, and "
            "that this machine's address is on the instance's allow list"
        )
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        raise RateLimited("Sonar limits the rate of requests (HTTP 429)", _seconds(retry_after))
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        raise Oversized("Sonar refuses the size of the request (HTTP 413)")
    if status in {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.GATEWAY_TIMEOUT}:
        raise TimedOut(f"Sonar did not answer in time (HTTP {status})")
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise ServerFailed(f"Sonar answered HTTP {status}", _seconds(retry_after))
    if status == HTTPStatus.NOT_FOUND or HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus(400):
        raise NotASonar(
            f"there is no GraphQL at SONAR_URL (HTTP {status}): write it as https://<instance>, "
            "without a path"
        )


def _opened(text: bytes) -> _Envelope | _Loose:
    try:
        return _ENVELOPE.decode(text)
    except msgspec.ValidationError:
        return _LOOSE.decode(text)


def _no_json(status: int, body: bytes) -> Exception:
    if status >= HTTPStatus.BAD_REQUEST:
        return FatalSourceError(f"Sonar answered HTTP {status} without JSON")
    if body.lstrip()[:1] == b"<":
        return WebPage("Sonar answered with a web page")
    return CutOff("Sonar answered with no complete JSON")


def _seconds(retry_after: str | None) -> float | None:
    """Return `Retry-After` in seconds; it may be a number or a date."""
    if retry_after is None:
        return None
    try:
        return max(0.0, float(retry_after))
    except ValueError:
        pass
    when = http_date(retry_after)
    return None if when is None else max(0.0, (when - datetime.now(UTC)).total_seconds())


def _listed(errors: Any) -> list[Any]:  # noqa: ANN401 - foreign JSON
    return [error for error in (errors if isinstance(errors, list) else [errors]) if error]
