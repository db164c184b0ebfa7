"""Times in HTTP headers (pure)."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from load.rest.requests import Answer


def retry_after(answer: Answer) -> float | None:
    """Return `Retry-After` in seconds; it may be a number or a date."""
    text = answer.headers.get("retry-after")
    if text is None:
        return None
    if text.isdecimal():
        return float(text)
    when = http_date(text)
    return None if when is None else max(0.0, (when - datetime.now(UTC)).total_seconds())


def http_date(text: str | None) -> datetime | None:
    """Return the moment of an HTTP date in UTC, None when there is none to read."""
    if text is None:
        return None
    try:
        when = parsedate_to_datetime(text)
    except ValueError:
        return None
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).astimezone(UTC)
