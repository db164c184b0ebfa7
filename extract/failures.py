"""How Sonar can fail, by what the extractor does about it.

RetriableSourceError, RateLimited   wait and ask again, a bounded number of times
Unreachable                         the same, then the whole run ends (code 5)
Denied                              the collection is recorded as denied and the run goes on
FieldsDenied                        the fields are dropped, recorded, and the page is asked again
FatalSourceError                    the collection is recorded as failed and the run goes on
ConfigError                         wrong token or not a Sonar: the whole run ends (code 2)
"""

from __future__ import annotations

from collections.abc import Iterable

from runtime.errors import FatalSourceError, RetriableSourceError


class RateLimited(RetriableSourceError):  # noqa: N818 - named for what happened
    """Sonar asks for patience; `retry_after` is its own wish in seconds, if it has one."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Unreachable(RetriableSourceError):  # noqa: N818
    """No connection to Sonar could be made at all."""


class Denied(FatalSourceError):  # noqa: N818
    """The token may not read this collection."""


class FieldsDenied(FatalSourceError):  # noqa: N818
    """The token may not read these fields of the collection, or they have gone."""

    def __init__(self, message: str, fields: Iterable[str]) -> None:
        super().__init__(message)
        self.fields = frozenset(fields)
