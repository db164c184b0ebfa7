"""What an error text of Sonar means: which of our errors it becomes (pure).

The texts are documented nowhere; the patterns were collected from published clients and from the
framework that Sonar seems to be built on. What fits none of them is an error that may pass. Of a
text nothing is repeated that could be somebody's data (`extract.sonar.wording`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from extract.sonar.failures import (
    Denied,
    ErrorInsteadOfData,
    ErrorsBesideData,
    FieldsDenied,
    Oversized,
    Rate,
    RateLimited,
    TokenRefused,
)
from extract.sonar.wording import shown
from runtime.errors import FatalSourceError

_RATE_LIMIT = re.compile(
    r"\brequest limit\b|\brate.?limit|\btoo many (?:requests|attempts)|\bthrottl|\b429\b"
    r"|\blimit of \d+ ?(?:/|per )",
    re.IGNORECASE,
)
_RATE = re.compile(
    r"(\d[\d,]*)\s*(?:requests?|calls?|attempts?|queries)?\s*(?:/|\bper\b|\ban?\b|\bevery\b)\s*"
    r"(s|sec|second|m|min|minute|h|hour)\b",
    re.IGNORECASE,
)
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0}
_NO_TOKEN = re.compile(r"unauthenticated|invalid token|token (has )?expired", re.IGNORECASE)
_NO_RIGHT = re.compile(
    r"permission|not authori[sz]ed|unauthori[sz]ed|forbidden|denied|not allowed", re.IGNORECASE
)
_PAGE_SIZE = re.compile(
    r"\brecords?[ _]per[ _]page|\bper[ _]page\b|\bpage[ _]size|\bpage (?:is )?too large"
    r"|\btoo many (?:records|rows|results|entities)",
    re.IGNORECASE,
)
_PAGE_MAXIMUM = re.compile(
    r"(?:between \d+ and|greater than|more than|at most|less than or equal to|up to|exceed(?:s|ed)?"
    r"|(?:maximum|max|limit)(?: (?:page size|allowed|value))?(?: of| is| to)?):? *\[?(\d[\d,]*)",
    re.IGNORECASE,
)
_QUERY_SIZE = re.compile(
    r"result window|complexity|too complex|(?:maximum|max)\.? (?:query )?depth|depth limit"
    r"|(?:query|payload|request|body) (?:is )?too (?:large|deep|long|big)",
    re.IGNORECASE,
)
_BAD_QUERY = re.compile(
    r"cannot query field|unknown (argument|type|field)|syntax error|validation", re.IGNORECASE
)
_UNKNOWN_FIELD = re.compile(r'cannot query field ["\'](\w+)["\']', re.IGNORECASE)
_STRUCTURE = frozenset({"entities", "page_info", "aggregations"})


def classified(
    errors: Sequence[Any],
    asked: str,
    otherwise: type[ErrorsBesideData | ErrorInsteadOfData],
) -> Exception:
    """Return the error that `errors`, foreign JSON, amount to; `otherwise` where nothing fits.

    `asked` is our query, whose names may be shown.
    """
    messages = [_message(error) for error in errors]
    everything = " ".join(messages)
    first = shown(messages[0], asked) or "without a text"
    if _NO_TOKEN.search(everything):
        return TokenRefused(f"Sonar refuses the token: {first}. Check SONAR_API_KEY")
    if (oversized := _oversized(everything, first)) is not None:
        return oversized
    if _RATE_LIMIT.search(everything):
        return RateLimited(f"Sonar limits the rate of requests: {first}", rate=_rate(everything))
    pairs = list(zip(errors, messages, strict=True))
    if all(_is_denial(e, m) or _UNKNOWN_FIELD.search(m) for e, m in pairs):
        return _denied(pairs, first)
    if _BAD_QUERY.search(everything):
        return FatalSourceError(f"Sonar refused the query: {first}")
    return otherwise(f"Sonar answered with an error: {first}")


def _texts(error: Any) -> Iterator[str]:  # noqa: ANN401
    """Yield every text of a foreign JSON value, keys left out."""
    if isinstance(error, dict):
        for value in error.values():
            yield from _texts(value)
    elif isinstance(error, list):
        for value in error:
            yield from _texts(value)
    elif isinstance(error, str):
        yield error


def _message(error: Any) -> str:  # noqa: ANN401
    """Return what an error says, what it says about single arguments included."""
    if not isinstance(error, dict):
        return " ".join(_texts(error))
    extensions = error.get("extensions")
    details = extensions.get("validation") if isinstance(extensions, dict) else None
    said = error.get("message", error)
    return " ".join([*_texts(said), *_texts(details)])


def _is_denial(error: Any, message: str) -> bool:  # noqa: ANN401
    extensions = error.get("extensions") if isinstance(error, dict) else None
    category = extensions.get("category") if isinstance(extensions, dict) else None
    return category == "authorization" or bool(_NO_RIGHT.search(message))


def _path(error: Any) -> list[Any]:  # noqa: ANN401
    path = error.get("path") if isinstance(error, dict) else None
    return path if isinstance(path, list) else []


def _field_at_fault(error: Any, message: str) -> str | None:  # noqa: ANN401
    """Return the row's field that an error is about: below the root, its rows and their numbers."""
    if unknown := _UNKNOWN_FIELD.search(message):
        return unknown.group(1)
    below = [part for part in _path(error)[1:] if isinstance(part, str) and part not in _STRUCTURE]
    return below[0] if below else None


def _rate(text: str) -> Rate | None:
    named = _RATE.search(text)
    if named is None:
        return None
    requests = int(named.group(1).replace(",", ""))
    return Rate(requests, _SECONDS[named.group(2)[0].lower()]) if requests else None


def _oversized(text: str, first: str) -> Oversized | None:
    if _PAGE_SIZE.search(text):
        largest = _PAGE_MAXIMUM.search(text)
        number = int(largest.group(1).replace(",", "")) if largest else None
        return Oversized(f"Sonar refuses the page size: {first}", number)
    if _QUERY_SIZE.search(text):
        return Oversized(f"Sonar refuses the size of the request: {first}")
    return None


def _denied(refused: Sequence[tuple[Any, str]], first: str) -> Exception:
    fields = {_field_at_fault(error, message) for error, message in refused}
    if None not in fields:
        return FieldsDenied(f"Sonar refuses fields: {first}", {name for name in fields if name})
    roots = {path[0] for error, _ in refused if (path := _path(error)) and isinstance(path[0], str)}
    return Denied(f"Sonar denies it: {first}", roots)
