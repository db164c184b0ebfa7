"""What goes over the wire: answers, refusals, and answers spoiled on the way."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import orjson
from aiohttp import web
from graphql import ExecutionResult

from sandbox.sonar.contents import content
from sandbox.sonar.engine import answer
from sandbox.sonar.faults import Fault
from sandbox.sonar.flaws import Flaw
from sandbox.sonar.store import Row

_HTML = "<html><head><title>{0}</title></head><body><center><h1>{0}</h1></center></body></html>\n"
_USUAL_BUDGET = 400  # requests a minute, where a fault names no other
_KEPT = 2 / 3  # of an answer that is cut off


def of_json(
    body: Mapping[str, Any], *, status: int = 200, headers: Mapping[str, str] | None = None
) -> web.Response:
    """Return a JSON answer."""
    return web.Response(
        body=orjson.dumps(body), status=status, headers=headers, content_type="application/json"
    )


def unauthenticated() -> web.Response:
    """Return the answer to a token that is not valid."""
    return of_json({"message": "Unauthenticated."}, status=401)


def refusal(faults: Sequence[Fault]) -> web.Response | None:
    """Return the answer given instead of the one asked for, None when nothing refuses."""
    return next((_REFUSALS[f.kind](f) for f in faults if f.kind in _REFUSALS), None)


def of_flaw(flaw: Flaw) -> web.Response:
    """Return the answer to a request for a page that fails."""
    if flaw.answer == "timed_out":
        return _page(504, "Gateway Time-out")
    return _page(500, "Server Error")


def of_result(result: ExecutionResult, kinds: Collection[str]) -> web.Response:
    """Return the answer to a GraphQL request, spoiled as the kinds of faults say."""
    body = answer(result)
    if "errors_beside_data" in kinds:
        body["data"] = _lose_entities(body.get("data") or {})
        body["errors"] = [{"message": "Internal server error"}]
    payload = _cut(orjson.dumps(body), kinds)
    return web.Response(body=payload, content_type="application/json")


def of_file(row: Row, kinds: Collection[str]) -> web.Response:
    """Return the bytes of a file."""
    name = quote(row["filename"])
    return web.Response(
        body=_cut(content(row), kinds),
        content_type=row["mime_type"],
        headers={"Content-Disposition": f"attachment; filename*=UTF-8''{name}"},
    )


def drop(request: web.Request) -> web.Response:
    """Close the connection instead of answering."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()  # nobody receives it


async def drop_midway(request: web.Request, whole: web.Response) -> web.StreamResponse:
    """Announce the whole answer, send half of it and close the connection."""
    body = whole.body if isinstance(whole.body, bytes) else b""
    part = web.StreamResponse(status=whole.status, headers=whole.headers)
    part.content_length = len(body)
    await part.prepare(request)
    await part.write(body[: len(body) // 2])
    if request.transport is not None:
        request.transport.close()  # what was written still goes out, unlike with abort
    return part


def _too_many(fault: Fault) -> web.Response:
    headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
    return of_json({"message": "Too Many Attempts."}, status=429, headers=headers)


def _limit_reached(fault: Fault) -> web.Response:
    limit = fault.limit or _USUAL_BUDGET
    return of_json({"error": f"Request limit of {limit}/min reached."})


def _page(status: int, reason: str) -> web.Response:
    text = _HTML.format(f"{status} {reason}")
    return web.Response(status=status, text=text, content_type="text/html")


_REFUSALS: Mapping[str, Callable[[Fault], web.Response]] = {
    "rate_limited": _too_many,
    "limit_reached": _limit_reached,
    "server_error": lambda _: _page(500, "Server Error"),
    "bad_gateway": lambda _: _page(502, "Bad Gateway"),
    "expired_token": lambda _: unauthenticated(),
}


def _cut(payload: bytes, kinds: Collection[str]) -> bytes:
    return payload[: int(len(payload) * _KEPT)] if "cut_off" in kinds else payload


def _lose_entities(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return `data` with the second half of each page missing, as a failing back end leaves it."""
    lost = dict(data)
    for name, connection in data.items():
        if isinstance(connection, dict) and isinstance(connection.get("entities"), list):
            entities = connection["entities"]
            lost[name] = {**connection, "entities": entities[: len(entities) // 2]}
    return lost
