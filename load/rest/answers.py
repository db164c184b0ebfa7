"""From one HTTP answer to its content, or to the failure that says what to do (pure)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from http import HTTPStatus
from typing import Any

import msgspec

from load.rest.failures import Failure, NotASplynx, NotJson
from load.rest.refusals import Refusal, refused
from load.rest.requests import Answer, Request

_DECODER = msgspec.json.Decoder(float_hook=Decimal)


def content(answer: Answer) -> Any:  # noqa: ANN401 - foreign JSON
    """Return the JSON of a success, None where it has no body.

    Raises:
        ValueError: it is no JSON.
    """
    if not answer.body.strip():
        return None
    try:
        return _DECODER.decode(answer.body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise ValueError("no JSON") from None


def failure(request: Request, answer: Answer, *, has_worked: bool) -> Failure | None:
    """Return what is wrong with an answer, None for a success.

    `has_worked` says that a Splynx has answered in this conversation: until then, an answer that is
    not Splynx's means a wrong address.
    """
    body, is_json = _read(answer)
    if answer.status < HTTPStatus.MULTIPLE_CHOICES:
        return None if is_json else _no_splynx(request, answer, has_worked=has_worked)
    code = internal_code(body)
    if code is None and not _is_splynx(request, answer, body, has_worked=has_worked):
        return _no_splynx(request, answer, has_worked=has_worked)
    return refused(Refusal(request, answer, code, body))


def internal_code(body: object) -> str | None:
    """Return the code of the published error body."""
    error = body.get("error") if isinstance(body, Mapping) else None
    code = error.get("internal_code") if isinstance(error, Mapping) else None
    return code if isinstance(code, str) and code.replace("_", "").isalnum() else None


def _read(answer: Answer) -> tuple[Any, bool]:
    try:
        return content(answer), True
    except ValueError:
        return None, False


def _no_splynx(request: Request, answer: Answer, *, has_worked: bool) -> Failure:
    if HTTPStatus.MULTIPLE_CHOICES <= answer.status < HTTPStatus.BAD_REQUEST:
        what = "a redirect to somewhere else"
    else:
        what = "a web page" if answer.body.lstrip()[:1] == b"<" else "something of another shape"
    if has_worked:
        return NotJson(
            f"Splynx answered {request.shown} with {what} (HTTP {answer.status}): maintenance, or "
            "something in front of it",
            status=answer.status,
        )
    return NotASplynx(
        f"SPLYNX_URL answers with {what} (HTTP {answer.status}): this is no Splynx API, or "
        "something in front of it refuses; write it as https://<instance>, without a path",
        status=answer.status,
    )


def _is_splynx(request: Request, answer: Answer, body: object, *, has_worked: bool) -> bool:
    """Tell whether a failure without code can be Splynx's own, or of a proxy before it."""
    if answer.status < HTTPStatus.BAD_REQUEST:
        return False
    is_anybodys = answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR or answer.status in {
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.REQUEST_TIMEOUT,
    }
    is_validation = answer.status == HTTPStatus.UNPROCESSABLE_ENTITY and body is not None
    # the refusal of a HEAD has no body, so no code either
    return has_worked or is_anybodys or is_validation or request.method == "HEAD"
