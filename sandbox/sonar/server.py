"""The HTTP side: `POST /api/graphql` and `GET /api/files/{id}`, both with a Bearer token.

What goes wrong on purpose is planned over the control paths (`sandbox.sonar.control`).
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

import orjson
from aiohttp import web

from sandbox.sonar.connections import HONEST, Limits
from sandbox.sonar.control import Control
from sandbox.sonar.engine import Engine
from sandbox.sonar.faults import DOWNLOADS, Fault
from sandbox.sonar.flaws import Flaw, failed
from sandbox.sonar.resolve import Scene
from sandbox.sonar.responses import (
    drop,
    drop_midway,
    of_file,
    of_flaw,
    of_json,
    of_result,
    refusal,
    unauthenticated,
)
from sandbox.sonar.schema import root_queries
from sandbox.sonar.store import Store

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class SonarServer:
    """One tenant behind one token."""

    def __init__(self, engine: Engine, store: Store, token: str) -> None:
        self._engine = engine
        self._store = store
        self._token = token
        self._control = Control(engine.schema, store)
        self._queries = root_queries(engine.schema)

    def app(self) -> web.Application:
        """Return the application; one per event loop."""
        app = web.Application(middlewares=[self._authenticate], client_max_size=4 * 1024**2)
        app.router.add_post("/api/graphql", self._graphql)
        app.router.add_get("/api/files/{key}", self._file)
        self._control.add_routes(app.router)
        return app

    @web.middleware
    async def _authenticate(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        sent = request.headers.get("Authorization", "")
        if not hmac.compare_digest(sent.encode(), f"Bearer {self._token}".encode()):
            return unauthenticated()
        return await handler(request)

    async def _graphql(self, request: web.Request) -> web.StreamResponse:
        try:
            body = orjson.loads(await request.read())
            text, variables = body["query"], body.get("variables") or {}
        except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
            return of_json({"message": "The body must be JSON with a query."}, status=400)
        document = self._engine.read(text)
        self._control.make_changes(document.root_fields)
        faults = self._control.plan.take(document.root_fields)

        async def respond() -> web.Response:
            scene, operation = self._scene(faults), body.get("operationName")
            result = self._engine.execute(scene, document, variables, operation)
            flaw = failed(result.errors)
            if flaw is None:
                return of_result(result, {fault.kind for fault in faults})
            if flaw.answer == "timed_out":
                await asyncio.sleep(flaw.seconds)
            return of_flaw(flaw)

        return await _spoiled(request, faults, respond)

    async def _file(self, request: web.Request) -> web.StreamResponse:
        key = request.match_info["key"]
        faults = self._control.plan.take(frozenset({DOWNLOADS}))
        kinds = {fault.kind for fault in faults}

        async def respond() -> web.Response:
            if "denied_collection" in kinds:
                return of_json({"message": "This action is unauthorized."}, status=403)
            files = self._store.collections.get("files")
            row = None if files is None else files.get(key)
            if row is None:
                return of_json({"message": "Not Found"}, status=404)
            return of_file(row, kinds)

        return await _spoiled(request, faults, respond)

    def _scene(self, faults: Sequence[Fault]) -> Scene:
        denied_fields = set()
        general, limits = HONEST, dict[str, Limits]()
        for fault in faults:
            name = fault.collection
            if name is None:
                general = _lowered(general, fault)
            elif fault.kind == "denied_field" and fault.field is not None:
                denied_fields.add((self._queries[name].entity, fault.field))
        for fault in faults:
            if fault.collection is not None:
                before = limits.get(fault.collection, general)
                limits[fault.collection] = _lowered(before, fault)
        return Scene(
            self._engine.schema,
            self._store,
            denied_collections=_collections(faults, "denied_collection"),
            empty_collections=_collections(faults, "empty_collection"),
            denied_fields=frozenset(denied_fields),
            flaws=_flaws(faults),
            limits=limits,
            other_limits=general,
        )


async def _spoiled(
    request: web.Request, faults: Sequence[Fault], respond: Callable[[], Awaitable[web.Response]]
) -> web.StreamResponse:
    """Answer as the faults allow: late, refused, not at all, in part, or well."""
    kinds = {fault.kind for fault in faults}
    if "slow" in kinds:
        await asyncio.sleep(max(fault.seconds for fault in faults if fault.kind == "slow"))
    refused = refusal(faults)
    if refused is not None:
        return refused
    if "dropped" in kinds:
        return drop(request)
    if "dropped_midway" in kinds:
        return await drop_midway(request, await respond())
    return await respond()


def _collections(faults: Sequence[Fault], kind: str) -> frozenset[str]:
    return frozenset(f.collection for f in faults if f.kind == kind and f.collection is not None)


def _flaws(faults: Sequence[Fault]) -> dict[str, list[Flaw]]:
    flaws: dict[str, list[Flaw]] = {}
    for fault in faults:
        if fault.kind in ("unreadable_row", "too_large") and fault.collection is not None:
            limit = fault.limit if fault.kind == "too_large" else None
            flaw = Flaw(fault.key, fault.field, limit, fault.answer, fault.seconds)
            flaws.setdefault(fault.collection, []).append(flaw)
    return flaws


def _lowered(limits: Limits, fault: Fault) -> Limits:
    if fault.kind == "page_limit" and fault.limit is not None:
        return replace(limits, page=fault.limit)
    if fault.kind == "capped_total":
        return replace(limits, total_cap=fault.limit)
    if fault.kind == "wrong_total":
        return replace(limits, total_off_by=fault.by)
    return limits
