"""The control paths under `/_sandbox`, which are not Sonar's; they take the same token.

| path | GET | POST | DELETE |
| faults | what is planned | plan a fault | forget all plans, random faults and the budget |
| chaos | | switch random faults on | switch them off |
| budget | | switch the request budget on | switch it off |
| rows | | change a record, now or after some requests | |
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import orjson
from aiohttp import web
from graphql import GraphQLSchema

from sandbox.sonar.changes import ACTIONS, Change
from sandbox.sonar.faults import (
    DOWNLOADS,
    InvalidFaultError,
    Plan,
    read_budget,
    read_chaos,
    read_fault,
)
from sandbox.sonar.responses import of_json
from sandbox.sonar.schema import root_queries
from sandbox.sonar.store import Store, UnknownRecordError
from sandbox.sonar.subject import Subject


class Control:
    """The plan of one server, and the handlers that change it."""

    def __init__(self, schema: GraphQLSchema, store: Store) -> None:
        self.plan = Plan()
        self._schema = schema
        self._store = store

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """Add the control paths."""
        router.add_get("/_sandbox/faults", self._show)
        router.add_post("/_sandbox/faults", self._plan_fault)
        router.add_delete("/_sandbox/faults", self._clear)
        router.add_post("/_sandbox/chaos", self._start_chaos)
        router.add_delete("/_sandbox/chaos", self._end_chaos)
        router.add_post("/_sandbox/budget", self._set_budget)
        router.add_delete("/_sandbox/budget", self._lift_budget)
        router.add_post("/_sandbox/rows", self._change_row)

    def make_changes(self, collections: frozenset[str]) -> None:
        """Make the changes that are due before a request for these root fields is answered."""
        for change in self.plan.take_changes(collections):
            made = {"action": change.action, "collection": change.collection}
            try:
                key = change.apply(self._store)
            except UnknownRecordError as exc:
                self.plan.made.append({**made, "refused": str(exc)})
            else:
                self.plan.made.append({**made, "key": key})

    async def _show(self, _request: web.Request) -> web.Response:
        plan = self.plan
        budget = plan.budget
        return of_json(
            {
                "requests": plan.requests,
                "faults": [asdict(fault) for fault in plan.faults],
                "changes": len(plan.changes),
                "made": plan.made,
                "chaos": None if plan.chaos is None else asdict(plan.chaos),
                "budget": None
                if budget is None
                else {"requests": budget.requests, "used": budget.used, "answer": budget.answer},
            }
        )

    async def _plan_fault(self, request: web.Request) -> web.Response:
        try:
            fault = read_fault(await _body(request))
            self._check_names(fault.collection, fault.field)
        except (InvalidFaultError, UnknownRecordError) as exc:
            return _refused(exc)
        self.plan.faults.append(fault)
        return of_json(asdict(fault))

    async def _clear(self, _request: web.Request) -> web.Response:
        self.plan = Plan(requests=self.plan.requests)
        return of_json({"cleared": True})

    async def _start_chaos(self, request: web.Request) -> web.Response:
        try:
            chaos = read_chaos(await _body(request))
            self._check_names(chaos.collection)
        except (InvalidFaultError, UnknownRecordError) as exc:
            return _refused(exc)
        self.plan.chaos = chaos
        return of_json(asdict(chaos))

    async def _end_chaos(self, _request: web.Request) -> web.Response:
        self.plan.chaos = None
        return of_json({"cleared": True})

    async def _set_budget(self, request: web.Request) -> web.Response:
        try:
            budget = read_budget(await _body(request))
        except InvalidFaultError as exc:
            return _refused(exc)
        self.plan.budget = budget
        return of_json({"requests": budget.requests, "seconds": budget.seconds})

    async def _lift_budget(self, _request: web.Request) -> web.Response:
        self.plan.budget = None
        return of_json({"cleared": True})

    async def _change_row(self, request: web.Request) -> web.Response:
        try:
            change = self._read_change(await _body(request))
            if change.after or change.counted:
                self.plan.changes.append(change)
                return of_json({"planned": True})
            return of_json({"key": change.apply(self._store)})
        except (InvalidFaultError, UnknownRecordError) as exc:
            return _refused(exc)

    def _check_names(self, collection: str | None, field: str | None = None) -> None:
        if collection is None or collection == DOWNLOADS:
            return
        if field is not None and field not in self._subject(collection).kind.fields:
            raise InvalidFaultError(f"{collection} has no field {field}")
        self._store.named(collection)

    def _subject(self, collection: object) -> Subject:
        name = self._store.named(str(collection)).name
        return Subject.for_type(self._schema, self._store, root_queries(self._schema)[name].entity)

    def _read_change(self, body: Mapping[str, Any]) -> Change:
        known = set(Change.__dataclass_fields__)
        if unknown := set(body) - known:
            raise InvalidFaultError(f"unknown: {sorted(unknown)}; known: {sorted(known)}")
        action = body.get("action")
        if action not in ACTIONS:
            raise InvalidFaultError(f"action must be one of {sorted(ACTIONS)}")
        attributes = self._subject(body.get("collection")).attributes
        values = body.get("values") or {}
        if unknown := set(values) - set(attributes):
            raise InvalidFaultError(f"{body['collection']} has no attribute {sorted(unknown)}")
        if "id" not in attributes:
            raise InvalidFaultError(f"{body['collection']} has no ids: it cannot be changed")
        if action == "archive" and "archived_at" not in attributes:
            raise InvalidFaultError(f"{body['collection']} cannot be archived")
        key, seed = body.get("key"), body.get("seed")
        if action != "insert" and key is None and seed is None:
            raise InvalidFaultError(f"{action} needs the key of a record, or a seed to choose one")
        return Change(
            action=action,
            collection=body["collection"],
            key=None if key is None else str(key),
            values=values,
            after=int(body.get("after") or 0),
            counted=body.get("counted"),
            seed=seed,
        )


async def _body(request: web.Request) -> Mapping[str, Any]:
    try:
        body = orjson.loads(await request.read())
    except orjson.JSONDecodeError as exc:
        raise InvalidFaultError("the body must be JSON") from exc
    if not isinstance(body, dict):
        raise InvalidFaultError("the body must be a JSON object")
    return body


def _refused(exc: Exception) -> web.Response:
    return of_json({"message": str(exc)}, status=422)
