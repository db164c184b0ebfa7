"""The HTTP side: `POST /api/graphql` with a Bearer token, and the control paths under `/_sandbox`.

Control paths (not Sonar's; same token): `/_sandbox/faults` GET what is planned, POST a fault,
DELETE all; `/_sandbox/rows` POST a change to a record, now or after some requests.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

import orjson
from aiohttp import web
from graphql import ExecutionResult

from sandbox.sonar.engine import Engine, answer
from sandbox.sonar.faults import (
    Fault,
    InvalidFaultError,
    Plan,
    lose_entities,
    read_change,
    read_fault,
)
from sandbox.sonar.resolve import Scene
from sandbox.sonar.schema import root_queries
from sandbox.sonar.store import Store, UnknownRecordError

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_HTML = "<html><head><title>{0}</title></head><body><center><h1>{0}</h1></center></body></html>\n"


class SonarServer:
    """One tenant behind one token."""

    def __init__(self, engine: Engine, store: Store, token: str) -> None:
        self._engine = engine
        self._store = store
        self._token = token
        self._plan = Plan()
        self._queries = root_queries(engine.schema)

    def app(self) -> web.Application:
        """Return the application; one per event loop."""
        app = web.Application(middlewares=[self._authenticate], client_max_size=4 * 1024**2)
        app.router.add_post("/api/graphql", self._graphql)
        app.router.add_get("/_sandbox/faults", self._show)
        app.router.add_post("/_sandbox/faults", self._plan_fault)
        app.router.add_delete("/_sandbox/faults", self._clear)
        app.router.add_post("/_sandbox/rows", self._change_row)
        return app

    @web.middleware
    async def _authenticate(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        sent = request.headers.get("Authorization", "")
        if not hmac.compare_digest(sent.encode(), f"Bearer {self._token}".encode()):
            return _json({"message": "Unauthenticated."}, status=401)
        return await handler(request)

    async def _graphql(self, request: web.Request) -> web.StreamResponse:
        try:
            body = orjson.loads(await request.read())
            text, variables = body["query"], body.get("variables") or {}
        except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
            return _json({"message": "The body must be JSON with a query."}, status=400)
        document = self._engine.read(text)
        for change in self._plan.take_changes(document.root_fields):
            change.apply(self._store)
        faults = self._plan.take(document.root_fields)
        spoiled = next((_refusal(fault) for fault in faults if _refuses(fault)), None)
        if spoiled is not None:
            return spoiled
        if any(fault.kind == "dropped" for fault in faults):
            return _drop(request)
        scene = self._scene(faults)
        result = self._engine.execute(scene, document, variables, body.get("operationName"))
        return _respond(result, faults)

    def _scene(self, faults: list[Fault]) -> Scene:
        fields, totals = set(), {}
        for fault in faults:
            name = fault.collection or ""
            if fault.kind == "denied_field" and fault.field is not None:
                fields.add((self._queries[name].entity, fault.field))
            elif fault.kind == "wrong_total":
                totals[name] = fault.by
        denied = {f.collection for f in faults if f.kind == "denied_collection" and f.collection}
        return Scene(self._engine.schema, self._store, frozenset(denied), frozenset(fields), totals)

    async def _show(self, _request: web.Request) -> web.Response:
        return _json(
            {
                "requests": self._plan.requests,
                "faults": [asdict(fault) for fault in self._plan.faults],
                "changes": len(self._plan.changes),
            }
        )

    async def _plan_fault(self, request: web.Request) -> web.Response:
        try:
            fault = read_fault(orjson.loads(await request.read()))
            if fault.collection is not None:
                self._store.named(fault.collection)
        except (InvalidFaultError, UnknownRecordError, orjson.JSONDecodeError) as exc:
            return _json({"message": str(exc)}, status=422)
        self._plan.faults.append(fault)
        return _json(asdict(fault))

    async def _clear(self, _request: web.Request) -> web.Response:
        self._plan = Plan(requests=self._plan.requests)
        return _json({"cleared": True})

    async def _change_row(self, request: web.Request) -> web.Response:
        try:
            change = read_change(orjson.loads(await request.read()), self._store)
            if change.after or change.counted:
                self._plan.changes.append(change)
                return _json({"planned": True})
            return _json({"key": change.apply(self._store)})
        except (InvalidFaultError, UnknownRecordError, orjson.JSONDecodeError) as exc:
            return _json({"message": str(exc)}, status=422)


def _refuses(fault: Fault) -> bool:
    return fault.kind in ("rate_limited", "server_error", "bad_gateway")


def _refusal(fault: Fault) -> web.Response:
    if fault.kind == "rate_limited":
        headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
        return _json({"message": "Too Many Attempts."}, status=429, headers=headers)
    status, reason = (500, "Server Error") if fault.kind == "server_error" else (502, "Bad Gateway")
    page = _HTML.format(f"{status} {reason}")
    return web.Response(status=status, text=page, content_type="text/html")


def _drop(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()  # nobody receives it


def _respond(result: ExecutionResult, faults: list[Fault]) -> web.Response:
    body = answer(result)
    kinds = {fault.kind for fault in faults}
    if "errors_beside_data" in kinds:
        body["data"] = lose_entities(body.get("data"), list(body.get("data") or {}))
        body["errors"] = [{"message": "Internal server error"}]
    payload = orjson.dumps(body)
    if "cut_off" in kinds:
        payload = payload[: len(payload) * 2 // 3]
    return web.Response(body=payload, content_type="application/json")


def _json(
    body: dict[str, Any], *, status: int = 200, headers: dict[str, str] | None = None
) -> web.Response:
    return web.Response(
        body=orjson.dumps(body), status=status, headers=headers, content_type="application/json"
    )
