"""From the bytes of one HTTP answer to typed data, or to the error that says what to do (pure).

An entity's own bytes are kept as `msgspec.Raw`, so numbers of any size and precision reach the
warehouse unchanged. Error bodies were collected from published clients; their texts are documented
nowhere, so a failure is told by the presence of `errors`, and texts only choose between remedies.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

import msgspec

from extract.characters import storable
from extract.failures import Denied, FieldsDenied, RateLimited
from runtime.errors import ConfigError, FatalSourceError, RetriableSourceError

_SHOWN = 160
_RATE_LIMIT = re.compile(r"rate.?limit|too many|throttl|\b429\b", re.IGNORECASE)
_NO_TOKEN = re.compile(r"unauthenticated|invalid token|token (has )?expired", re.IGNORECASE)
_NO_RIGHT = re.compile(
    r"permission|not authori[sz]ed|unauthori[sz]ed|forbidden|denied|not allowed", re.IGNORECASE
)
_BAD_QUERY = re.compile(
    r"cannot query field|unknown (argument|type|field)|syntax error|validation", re.IGNORECASE
)
_UNKNOWN_FIELD = re.compile(r'cannot query field "(\w+)"', re.IGNORECASE)
_STRUCTURE = frozenset({"entities", "page_info", "aggregations"})


class _Envelope(msgspec.Struct):
    data: dict[str, msgspec.Raw] | None = None
    errors: list[Any] | None = None
    error: Any = None
    message: Any = None


@dataclass(frozen=True, slots=True)
class Answer:
    """Data by root query, undecoded, and how many characters had to be replaced."""

    data: Mapping[str, msgspec.Raw]
    replaced: int
    size: int


def parse(status: int, retry_after: str | None, body: bytes) -> Answer:
    """Return the data of an HTTP answer.

    Raises:
        ConfigError: 401, 403, a redirect or no such page: the address or the token is wrong.
        RateLimited: 429, or an error text that says so.
        RetriableSourceError: 5xx, HTML, cut-off JSON, an error that may pass.
        Denied, FieldsDenied: the token may not read the collection, or some of its fields.
        FatalSourceError: the query itself was refused.
    """
    _check_status(status, retry_after)
    text, replaced = storable(body)
    try:
        envelope = msgspec.json.decode(text, type=_Envelope)
    except msgspec.ValidationError:  # JSON, but no GraphQL answer
        raise _classified(["neither data nor errors"]) from None
    except msgspec.DecodeError:
        if status >= HTTPStatus.BAD_REQUEST:
            raise FatalSourceError(f"Sonar answered HTTP {status}") from None
        looks = "a web page" if body.lstrip()[:1] == b"<" else "no complete JSON"
        raise RetriableSourceError(f"Sonar answered with {looks}") from None
    if envelope.errors:
        raise _classified([error for error in envelope.errors if error])
    if envelope.data is None:
        raise _classified([envelope.error or envelope.message or "neither data nor errors"])
    return Answer(data=envelope.data, replaced=replaced, size=len(body))


def _check_status(status: int, retry_after: str | None) -> None:
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        raise ConfigError(
            f"Sonar refuses the token (HTTP {status}): check SONAR_API_KEY, and that this "
            "machine's address is on the instance's allow list"
        )
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        raise RateLimited("Sonar limits the rate of requests (HTTP 429)", _seconds(retry_after))
    if status == HTTPStatus.NOT_FOUND or HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus(400):
        raise ConfigError(
            f"there is no GraphQL at SONAR_URL (HTTP {status}): write it as https://<instance>, "
            "without a path"
        )
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT:
        wait = _seconds(retry_after)
        if wait is not None:
            raise RateLimited(f"Sonar asks to wait (HTTP {status})", wait)
        raise RetriableSourceError(f"Sonar answered HTTP {status}")


def _seconds(retry_after: str | None) -> float | None:
    """Return `Retry-After` in seconds; it may be a number or a date."""
    if retry_after is None:
        return None
    try:
        return max(0.0, float(retry_after))
    except ValueError:
        pass
    try:
        when = parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    return max(0.0, (when - datetime.now(UTC)).total_seconds())


def _message(error: Any) -> str:  # noqa: ANN401 - foreign JSON
    text = error.get("message", error) if isinstance(error, dict) else error
    return " ".join(str(text).split())[:_SHOWN]


def _is_denial(error: Any, message: str) -> bool:  # noqa: ANN401
    extensions = error.get("extensions") if isinstance(error, dict) else None
    category = extensions.get("category") if isinstance(extensions, dict) else None
    return category == "authorization" or bool(_NO_RIGHT.search(message))


def _field_at_fault(error: Any, message: str) -> str | None:  # noqa: ANN401
    """Return the row's field that an error is about: below the root, its rows and their numbers."""
    if unknown := _UNKNOWN_FIELD.search(message):
        return unknown.group(1)
    path = error.get("path") if isinstance(error, dict) else None
    if not isinstance(path, list):
        return None
    below = [part for part in path[1:] if isinstance(part, str) and part not in _STRUCTURE]
    return below[0] if below else None


def _classified(errors: Sequence[Any]) -> Exception:
    messages = [_message(error) for error in errors]
    first = messages[0] if messages else "an empty list of errors"
    everything = " ".join(messages)
    if _RATE_LIMIT.search(everything):
        return RateLimited(f"Sonar limits the rate of requests: {first}")
    if _NO_TOKEN.search(everything):
        return ConfigError(f"Sonar refuses the token: {first}. Check SONAR_API_KEY")
    pairs = list(zip(errors, messages, strict=True))
    refused = [(e, m) for e, m in pairs if _is_denial(e, m) or _UNKNOWN_FIELD.search(m)]
    fields = {_field_at_fault(error, message) for error, message in refused}
    if refused and len(refused) == len(pairs):
        named = {name for name in fields if name}
        if None not in fields:
            return FieldsDenied(f"Sonar refuses fields: {first}", named)
        return Denied(f"Sonar denies it: {first}")
    if _BAD_QUERY.search(everything):
        return FatalSourceError(f"Sonar refused the query: {first}")
    return RetriableSourceError(f"Sonar answered with an error: {first}")
