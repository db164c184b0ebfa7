"""What the API answers when it refuses: a status with the published error body, or a list for 422.

The body of a failed validation is inferred; every other shape is published.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer: status, JSON body or none, extra headers."""

    status: int
    body: Any = None
    headers: tuple[tuple[str, str], ...] = ()


class ApiError(Exception):
    """A refusal with the published body."""

    def __init__(self, status: HTTPStatus, internal_code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.internal_code = internal_code

    def reply(self) -> Reply:
        """Return the answer for the client."""
        error = {
            "message": str(self),
            "code": int(self.status),
            "internal_code": self.internal_code,
        }
        return Reply(self.status, {"error": error})


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one field."""

    field: str
    message: str


class InvalidError(Exception):
    """A body that fails validation."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(", ".join(problem.field for problem in problems))
        self.problems = tuple(problems)

    def reply(self) -> Reply:
        """Return the answer for the client."""
        body = [{"field": p.field, "message": p.message} for p in self.problems]
        return Reply(HTTPStatus.UNPROCESSABLE_ENTITY, body)


def invalid(field: str, message: str) -> InvalidError:
    """Return the refusal of one field."""
    return InvalidError([Problem(field, message)])


def bad_request(message: str = "Bad request!") -> ApiError:
    """Return 400 for a request that cannot be read."""
    return ApiError(HTTPStatus.BAD_REQUEST, "BAD_REQUEST", message)


def unauthorized(internal_code: str = "UNAUTHORIZED") -> ApiError:
    """Return 401 with its reason."""
    return ApiError(HTTPStatus.UNAUTHORIZED, internal_code, "Not authorized!")


def forbidden() -> ApiError:
    """Return 403 for a right that the key lacks."""
    return ApiError(HTTPStatus.FORBIDDEN, "FORBIDDEN", "Permission denied!")


def not_found() -> ApiError:
    """Return 404 for an unknown record or path."""
    return ApiError(HTTPStatus.NOT_FOUND, "NOT_FOUND", "Not found!")


def not_allowed(internal_code: str = "METHOD_NOT_ALLOWED") -> ApiError:
    """Return 405: no such method here, a module that is off, or another partner's record."""
    text = "Method is disabled!" if internal_code == "METHOD_DISABLED" else "Method not allowed!"
    return ApiError(HTTPStatus.METHOD_NOT_ALLOWED, internal_code, text)


def server_error() -> ApiError:
    """Return 500."""
    return ApiError(HTTPStatus.INTERNAL_SERVER_ERROR, "SERVER_ERROR", "Internal server error!")
