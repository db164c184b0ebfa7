"""The HTTP side: `/api/2.0/...`, and the control paths under `/_sandbox` with a token of their own.

Control paths (not Splynx's; `Authorization: Bearer <control token>`): `/_sandbox/faults` GET what
is planned, POST a fault, DELETE all; `/_sandbox/modules` GET, POST {"module", "on"};
`/_sandbox/clock` POST {"seconds"} lets that much time pass for tokens.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import orjson
from aiohttp import web
from aiohttp.web_request import FileField
from sqlalchemy.exc import DBAPIError

from sandbox.splynx.rest.api import Api, Call
from sandbox.splynx.rest.columns import Value
from sandbox.splynx.rest.errors import ApiError, Reply, bad_request, server_error
from sandbox.splynx.rest.faults import Fault, InvalidFaultError, Plan, read_fault
from sandbox.splynx.rest.files import MAX_BYTES, Upload
from sandbox.splynx.rest.parameters import nested

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

log = logging.getLogger(__name__)

_PREFIX = "/api/2.0/"
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
_HTML = "<html><head><title>{0}</title></head><body><center><h1>{0}</h1></center></body></html>\n"


class SplynxServer:
    """One installation behind its own credentials and one control token."""

    def __init__(self, api: Api, token: str) -> None:
        self._api = api
        self._token = token
        self._plan = Plan()
        self._held: list[Call] = []

    def app(self) -> web.Application:
        """Return the application; one per event loop."""
        app = web.Application(client_max_size=MAX_BYTES * 3)
        app.router.add_route("*", _PREFIX + "{path:.*}", self._answer)
        app.router.add_get("/_sandbox/faults", self._controlled(self._show))
        app.router.add_post("/_sandbox/faults", self._controlled(self._plan_fault))
        app.router.add_delete("/_sandbox/faults", self._controlled(self._clear))
        app.router.add_get("/_sandbox/modules", self._controlled(self._modules))
        app.router.add_post("/_sandbox/modules", self._controlled(self._switch))
        app.router.add_post("/_sandbox/clock", self._controlled(self._move_clock))
        return app

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        path = request.match_info["path"].rstrip("/")
        kinds = set()
        pause = 0.0
        for fault in self._plan.take(request.method, path):
            kinds.add(fault.kind)
            if fault.kind == "slow":
                pause += fault.seconds
            elif fault.kind == "expire_tokens":
                self._api.tokens.expire_access()
            elif fault.kind == "module_off":
                self._api.switch(fault.module or "", on=False)
            elif fault.kind in {"answer", "server_error", "bad_gateway", "rate_limited"}:
                await asyncio.sleep(pause)
                return _refusal(fault)
        if "dropped" in kinds:
            return _drop(request)
        try:
            call = await _read_call(request, path)
            await asyncio.sleep(pause)  # the request is here, even if its client gives up
            if "late" in kinds:
                self._held.append(call)
                return _drop(request)
            reply = await asyncio.to_thread(self._api.answer, call)
            await self._carry_out_late(call)
        except ApiError as refusal:
            reply = refusal.reply()
        except DBAPIError as exc:  # its number only: the message may repeat a value
            number = exc.orig.args[0] if exc.orig is not None and exc.orig.args else "?"
            log.warning("%s %s failed: database error %s", request.method, path, number)
            reply = server_error().reply()
        except Exception:  # whatever fails inside is the published 500
            log.warning("%s %s failed", request.method, path, exc_info=True)
            reply = server_error().reply()
        return _drop(request) if "lost_reply" in kinds else _respond(reply)

    async def _carry_out_late(self, call: Call) -> None:
        """Carry out what was held back of the same request."""
        same = [one for one in self._held if (one.method, one.path) == (call.method, call.path)]
        for held in same:
            if held.body == call.body:
                self._held.remove(held)
                await asyncio.to_thread(self._api.answer, held)

    def _controlled(self, handler: Handler) -> Handler:
        async def guarded(request: web.Request) -> web.StreamResponse:
            sent = request.headers.get("Authorization", "")
            if not hmac.compare_digest(sent.encode(), f"Bearer {self._token}".encode()):
                return _json({"message": "Unauthenticated."}, status=401)
            try:
                return await handler(request)
            except (InvalidFaultError, orjson.JSONDecodeError, KeyError, TypeError) as exc:
                return _json({"message": str(exc)}, status=422)

        return guarded

    async def _show(self, _request: web.Request) -> web.Response:
        return _json(
            {
                "requests": self._plan.requests,
                "spoiled": self._plan.spoiled,
                "faults": [fault.shown() for fault in self._plan.faults],
            }
        )

    async def _plan_fault(self, request: web.Request) -> web.Response:
        fault = read_fault(orjson.loads(await request.read()))
        if fault.module is not None:
            self._refuse_unknown(fault.module)
        self._plan.faults.append(fault)
        return _json(fault.shown())

    async def _clear(self, _request: web.Request) -> web.Response:
        self._plan = Plan(requests=self._plan.requests)
        return _json({"cleared": True})

    async def _modules(self, _request: web.Request) -> web.Response:
        return _json({name: name not in self._api.off for name in sorted(self._api.modules)})

    async def _switch(self, request: web.Request) -> web.Response:
        body = orjson.loads(await request.read())
        self._refuse_unknown(body["module"])
        self._api.switch(body["module"], on=bool(body["on"]))
        return await self._modules(request)

    async def _move_clock(self, request: web.Request) -> web.Response:
        seconds = float(orjson.loads(await request.read())["seconds"])
        self._api.tokens.move_clock(seconds)
        return _json({"moved": seconds})

    def _refuse_unknown(self, module: str) -> None:
        if module not in self._api.modules:
            raise InvalidFaultError(f"modules are {', '.join(sorted(self._api.modules))}")


async def _read_call(request: web.Request, path: str) -> Call:
    body, uploads = await _read_body(request)
    return Call(
        method=request.method,
        path=path,
        query=nested(request.query.items()),
        body=body,
        uploads=uploads,
        authorization=request.headers.get("Authorization"),
        address=request.remote or "",
        agent=request.headers.get("User-Agent", ""),
    )


async def _read_body(request: web.Request) -> tuple[Mapping[str, Any], list[Upload]]:
    if request.content_type in _FORMS:
        form = await request.post()
        plain = [(n, v) for n, v in form.items() if not isinstance(v, FileField)]
        uploads = [
            Upload(name, value.filename, value.file.read())
            for name, value in form.items()
            if isinstance(value, FileField)
        ]
        return nested(plain), uploads
    data = await request.read()
    try:
        body = orjson.loads(data) if data else {}
    except orjson.JSONDecodeError:
        raise bad_request("The body must be JSON!") from None
    if body == []:
        body = {}  # how PHP writes an empty object
    if not isinstance(body, dict):
        raise bad_request("The body must be an object!")
    return body, []


def _refusal(fault: Fault) -> web.Response:
    if fault.kind == "server_error":
        return _respond(server_error().reply())
    if fault.kind == "answer" and not isinstance(fault.body, str):
        return _respond(Reply(fault.status, fault.body))
    if fault.kind == "answer":
        return web.Response(status=fault.status, text=fault.body, content_type="text/html")
    if fault.kind == "rate_limited":
        wait = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
        return web.Response(status=429, headers=wait, text="Too Many Requests")
    return web.Response(status=502, text=_HTML.format("502 Bad Gateway"), content_type="text/html")


def _drop(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()  # nobody receives it


def _respond(reply: Reply) -> web.Response:
    headers = dict(reply.headers)
    if reply.body is None:
        return web.Response(status=reply.status, headers=headers)
    return web.Response(
        body=orjson.dumps(reply.body, default=str),
        status=reply.status,
        headers=headers,
        content_type="application/json",
    )


def _json(body: Value, *, status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(body), status=status, content_type="application/json")
