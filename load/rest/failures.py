"""How Splynx's API can fail, by what its caller does about it.

MigrationError
├── ConfigError                 mend and start again (code 2)
│   ├── Unauthorized            the credentials; `internal_code` decides about the remedy
│   ├── Forbidden               a right is missing: `controller` and `action` name it
│   ├── ModuleOff               405 METHOD_DISABLED; a loader parks what needs it (code 6)
│   ├── PartnerRestricted       the key or its user may not touch this partner's records
│   └── NotASplynx              something else answers at SPLYNX_URL
└── TargetError                 code 5
    ├── Passing                 it usually passes; where it is safe it was asked again already
    │   ├── NotSent             certainly not carried out: no connection
    │   ├── RateLimited         certainly not carried out: 429
    │   ├── ReplyLost           perhaps carried out: connection lost, time-out, 408, 502, 504
    │   ├── ServerFault         perhaps carried out: any other 5xx
    │   └── NotJson             perhaps carried out: a web page where JSON belongs
    └── FatalTargetError        of this one request; a loader puts its row aside
        ├── BadRequest          400 and other 4xx
        ├── NotFound            404: the record, or the whole endpoint
        ├── MethodNotAllowed    405: the endpoint offers no such method
        ├── Undeletable         ENTITY_CANNOT_BE_DELETED
        ├── Invalid             422: `problems` by field
        └── Unexpected          done, but the answer lacks what it should hold

`is_uncertain` says whether the request may have been carried out; who created something has to
look it up then before sending it again. Messages name fields, codes and paths, never a value that
was sent or read.
"""

# ruff: noqa: N818 - these are named for what happened

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from runtime.errors import (
    ConfigError,
    FatalTargetError,
    MigrationError,
    RetriableTargetError,
)


class Failure(MigrationError):
    """Base of all: HTTP `status` and `internal_code`, where there was an answer."""

    is_uncertain: ClassVar[bool] = False

    def __init__(
        self, message: str, *, status: int | None = None, internal_code: str | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.internal_code = internal_code


class Unauthorized(Failure, ConfigError):
    """Splynx does not take the credentials."""


class Forbidden(Failure, ConfigError):
    """The key, or the user, lacks the right for `action` of `controller`."""

    def __init__(
        self,
        message: str,
        *,
        controller: str,
        action: str,
        status: int | None = None,
        internal_code: str | None = None,
    ) -> None:
        super().__init__(message, status=status, internal_code=internal_code)
        self.controller = controller
        self.action = action


class ModuleOff(Failure, ConfigError):
    """The module of this endpoint is switched off."""


class PartnerRestricted(Failure, ConfigError):
    """The key or its user is bound to a partner, and this belongs to another."""


class NotASplynx(Failure, ConfigError):
    """What answers at SPLYNX_URL is no Splynx, and never was in this conversation."""


class Passing(Failure, RetriableTargetError):
    """Splynx, or the way to it, failed in a way that usually passes.

    `is_final`: it was waited for long enough already, by whoever needed it first.
    """

    is_final = False


class NotSent(Passing):
    """No connection: the request has certainly not been carried out."""


class RateLimited(Passing):
    """Splynx asks for patience: `retry_after` seconds, where it names them."""

    def __init__(
        self, message: str, *, retry_after: float | None = None, status: int | None = None
    ) -> None:
        super().__init__(message, status=status)
        self.retry_after = retry_after


class ReplyLost(Passing):
    """No answer of Splynx's own came to a request that was sent."""

    is_uncertain = True


class ServerFault(Passing):
    """Splynx failed inside; `retry_after` where it says when it will be back."""

    is_uncertain = True

    def __init__(
        self,
        message: str,
        *,
        retry_after: float | None = None,
        status: int | None = None,
        internal_code: str | None = None,
    ) -> None:
        super().__init__(message, status=status, internal_code=internal_code)
        self.retry_after = retry_after


class NotJson(Passing):
    """Something answered instead of Splynx: maintenance, a log-in page, a proxy."""

    is_uncertain = True


class BadRequest(Failure, FatalTargetError):
    """Splynx cannot read the request, or what it asks for makes no sense."""


class NotFound(Failure, FatalTargetError):
    """No such record; `is_endpoint` where the path names none, so that the endpoint is missing."""

    def __init__(
        self,
        message: str,
        *,
        is_endpoint: bool,
        status: int | None = None,
        internal_code: str | None = None,
    ) -> None:
        super().__init__(message, status=status, internal_code=internal_code)
        self.is_endpoint = is_endpoint


class MethodNotAllowed(Failure, FatalTargetError):
    """The endpoint has no such method."""


class Undeletable(Failure, FatalTargetError):
    """Other records need this one."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one field; the text is Splynx's, in its language, values masked."""

    field: str
    message: str


class Invalid(Failure, FatalTargetError):
    """Validation failed; `problems` may be empty where the answer has a shape of its own."""

    def __init__(
        self,
        message: str,
        *,
        problems: Sequence[Problem],
        status: int | None = None,
        internal_code: str | None = None,
    ) -> None:
        super().__init__(message, status=status, internal_code=internal_code)
        self.problems = tuple(problems)


class Unexpected(Failure, FatalTargetError):
    """A success whose answer lacks what its caller needs; it has been carried out."""

    is_uncertain = True
