"""What each refusal of Splynx means (pure).

`internal_code` decides where there is one: which status goes with most codes is not published.
Texts are localised and decide nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus

from load.rest.failures import (
    BadRequest,
    Failure,
    Forbidden,
    Invalid,
    MethodNotAllowed,
    ModuleOff,
    NotFound,
    PartnerRestricted,
    RateLimited,
    ReplyLost,
    ServerFault,
    Unauthorized,
    Undeletable,
)
from load.rest.headers import retry_after
from load.rest.problems import problems
from load.rest.remedies import remedy
from load.rest.requests import Answer, Request

_LOST = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.BAD_GATEWAY, HTTPStatus.GATEWAY_TIMEOUT}


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that is no success; `body` is its JSON, None where it has none."""

    request: Request
    answer: Answer
    code: str | None
    body: object

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.answer.status

    @property
    def label(self) -> str:
        """Status and code for a message."""
        return f"HTTP {self.status}, {self.code}" if self.code else f"HTTP {self.status}"


def refused(refusal: Refusal) -> Failure:
    """Return the failure that a refusal means."""
    status = refusal.status
    if remedy(refusal.code) is not None:
        build: Callable[[Refusal], Failure] = _unauthorized
    elif refusal.code in _BY_CODE:
        build = _BY_CODE[refusal.code]
    elif status in _LOST or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        build = _server_failed
    else:
        build = _BY_STATUS.get(status, _bad_request)
    return build(refusal)


def _unauthorized(refusal: Refusal) -> Failure:
    cure = remedy(refusal.code) or remedy("UNAUTHORIZED")
    return Unauthorized(
        f"Splynx refuses the credentials ({refusal.label}): {cure}",
        status=refusal.status,
        internal_code=refusal.code,
    )


def _forbidden(refusal: Refusal) -> Failure:
    request = refusal.request
    return Forbidden(
        f"Splynx denies {request.shown} ({refusal.label}): grant the action {request.action} of "
        f"{request.controller} under Administration > API keys (to the user's role where you log "
        "in), and let this machine's address into the key's white list if it has one",
        controller=request.controller,
        action=request.action,
        status=refusal.status,
        internal_code=refusal.code,
    )


def _module_off(refusal: Refusal) -> Failure:
    return ModuleOff(
        f"the module of {refusal.request.controller} is switched off ({refusal.label}): switch it "
        "on under Config > Integrations > Main modules and run again",
        status=refusal.status,
        internal_code=refusal.code,
    )


def _restricted(refusal: Refusal) -> Failure:
    return PartnerRestricted(
        f"Splynx keeps {refusal.request.shown} from this key or user ({refusal.label}): use one "
        "that is bound to no partner (Administration > API keys)",
        status=refusal.status,
        internal_code=refusal.code,
    )


def _undeletable(refusal: Refusal) -> Failure:
    return Undeletable(
        f"Splynx keeps what {refusal.request.shown} names, because other records need it "
        f"({refusal.label})",
        status=refusal.status,
        internal_code=refusal.code,
    )


def _server_failed(refusal: Refusal) -> Failure:
    if refusal.status in _LOST:
        return ReplyLost(
            f"no answer of Splynx to {refusal.request.shown} came through ({refusal.label})",
            status=refusal.status,
        )
    return ServerFault(
        f"Splynx failed at {refusal.request.shown} ({refusal.label}): its own log says why",
        retry_after=retry_after(refusal.answer),
        status=refusal.status,
        internal_code=refusal.code,
    )


def _rate_limited(refusal: Refusal) -> Failure:
    return RateLimited(
        f"Splynx limits the rate of requests ({refusal.label})",
        retry_after=retry_after(refusal.answer),
        status=refusal.status,
    )


def _not_found(refusal: Refusal) -> Failure:
    request = refusal.request
    is_endpoint = not request.names_a_record
    return NotFound(
        f"this Splynx has no {request.path} ({refusal.label}): its version may lack it"
        if is_endpoint
        else f"{request.shown}: Splynx knows no such record ({refusal.label})",
        is_endpoint=is_endpoint,
        status=refusal.status,
        internal_code=refusal.code,
    )


def _no_method(refusal: Refusal) -> Failure:
    request = refusal.request
    return MethodNotAllowed(
        f"this Splynx has no {request.method} for {request.controller} ({refusal.label})",
        status=refusal.status,
        internal_code=refusal.code,
    )


def _invalid(refusal: Refusal) -> Failure:
    found = list(dict.fromkeys(problems(refusal.body, refusal.request.sent)))
    said = "; ".join(f"{p.field}: {p.message}".removeprefix(": ") for p in found)
    return Invalid(
        f"Splynx refuses {refusal.request.shown} ({refusal.label}): {said or 'without a reason'}",
        problems=found,
        status=refusal.status,
        internal_code=refusal.code,
    )


def _bad_request(refusal: Refusal) -> Failure:
    said = "; ".join(p.message for p in problems(refusal.body, refusal.request.sent))
    return BadRequest(
        f"Splynx cannot carry out {refusal.request.shown} ({refusal.label})"
        + (f": {said}" if said else ""),
        status=refusal.status,
        internal_code=refusal.code,
    )


_BY_CODE: Mapping[str | None, Callable[[Refusal], Failure]] = {
    "METHOD_DISABLED": _module_off,
    "NOT_ALLOWED_BY_PARTNER_RESTRICTION": _restricted,
    "NOT_ALLOWED_BY_USER_RESTRICTION": _restricted,
    "ENTITY_CANNOT_BE_DELETED": _undeletable,
    "SERVER_ERROR": _server_failed,
}
_BY_STATUS: Mapping[int, Callable[[Refusal], Failure]] = {
    HTTPStatus.UNAUTHORIZED: _unauthorized,
    HTTPStatus.FORBIDDEN: _forbidden,
    HTTPStatus.NOT_FOUND: _not_found,
    HTTPStatus.METHOD_NOT_ALLOWED: _no_method,
    HTTPStatus.UNPROCESSABLE_ENTITY: _invalid,
    HTTPStatus.TOO_MANY_REQUESTS: _rate_limited,
}
