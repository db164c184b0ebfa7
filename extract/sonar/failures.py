"""How Sonar can fail, by what the extractor does about it.

MigrationError
├── ConfigError                  mend and start again (code 2): the whole run ends
│   ├── TokenRefused             401, 403
│   │   └── TokenExpired         the same after answers had come
│   └── NotASonar                something else answers at SONAR_URL
└── SourceError
    ├── RetriableSourceError     wait and ask again, a bounded number of times
    │   ├── Unreachable          no connection at all; then the whole run ends (code 5)
    │   ├── RateLimited          everybody waits; patience is counted in time
    │   ├── WebPage              HTML instead of JSON
    │   ├── ErrorInsteadOfData   `{"error": …}`
    │   └── TooMuch              asking for less may help
    │       ├── Oversized        Sonar refuses the size; asking again is of no use
    │       ├── TimedOut, ServerFailed, CutOff, ConnectionLost
    │       └── ErrorsBesideData `errors`, of a kind that may pass
    └── FatalSourceError         the collection is recorded as failed and the run goes on
        ├── Denied               the collection is recorded as denied
        └── FieldsDenied         the fields are dropped, recorded, and the page is asked again
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from runtime.errors import ConfigError, FatalSourceError, RetriableSourceError


@dataclass(frozen=True, slots=True)
class Rate:
    """So many requests in so many seconds."""

    requests: int
    seconds: float = 60.0


class TokenRefused(ConfigError):  # noqa: N818 - these are named for what happened
    """Sonar does not take the token, or not from this machine."""


class TokenExpired(TokenRefused):
    """Sonar took the token and takes it no longer."""


class NotASonar(ConfigError):  # noqa: N818
    """What answers at SONAR_URL is no Sonar."""


class Unreachable(RetriableSourceError):  # noqa: N818
    """No connection to Sonar could be made at all."""


class RateLimited(RetriableSourceError):  # noqa: N818
    """Sonar asks for patience: `retry_after` seconds and its `rate`, where it names them."""

    def __init__(
        self, message: str, retry_after: float | None = None, rate: Rate | None = None
    ) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.rate = rate


class WebPage(RetriableSourceError):  # noqa: N818
    """A web page came instead of JSON: maintenance, a proxy, or no Sonar at all."""


class ErrorInsteadOfData(RetriableSourceError):  # noqa: N818
    """An answer with neither `data` nor `errors`, which says what is wrong in its own way."""


class TooMuch(RetriableSourceError):  # noqa: N818
    """Sonar could not give what was asked for; less of it may work.

    `page_maximum` is the largest page that Sonar serves, when it says so; it counts for nested
    pages as well.
    """

    def __init__(self, message: str, page_maximum: int | None = None) -> None:
        super().__init__(message)
        self.page_maximum = page_maximum


class Oversized(TooMuch):
    """Sonar refuses the size of a page or of a query; it is not asked the same again."""


class TimedOut(TooMuch):
    """No answer within the time-out."""


class ServerFailed(TooMuch):
    """5xx; `retry_after` where Sonar says when it will be back."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class CutOff(TooMuch):
    """An answer that ends before its end."""


class ConnectionLost(TooMuch):
    """The connection broke before an answer came."""


class ErrorsBesideData(TooMuch):
    """GraphQL errors that are no refusal, with or without data beside them."""


class Denied(FatalSourceError):  # noqa: N818
    """The token may not read this; `roots` are the root fields (aliases) that Sonar names."""

    def __init__(self, message: str, roots: Iterable[str] = ()) -> None:
        super().__init__(message)
        self.roots = frozenset(roots)


class FieldsDenied(FatalSourceError):  # noqa: N818
    """The token may not read these fields of the collection, or they have gone."""

    def __init__(self, message: str, fields: Iterable[str]) -> None:
        super().__init__(message)
        self.fields = frozenset(fields)
