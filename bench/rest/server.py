"""An API that answers from memory, each answer late by a fixed time.

`python -m bench.rest.server`

It speaks as much of Splynx's API as a load uses: creations, records, lists by id or by attribute,
changes, and the rows that Splynx makes itself. Requests are kept in the order in which they came,
so that another client can send the same. What is measured is the client: the server does little, in
a process of its own.
"""

from __future__ import annotations

import asyncio
import itertools
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

import click
import orjson
from aiohttp import web

from sandbox.sonar.listening import serve

_API = "/api/2.0/"
_CUSTOMERS = "admin/customers/customer"
_INFO = "admin/customers/customer-info"
_PAYMENTS = "admin/finance/payments"
_TRANSACTIONS = "admin/finance/transactions"
_OF_ONE = re.compile(r"customer/\d+/")
_NOT_FOUND = 404, {"error": {"internal_code": "NOT_FOUND"}}

Record = dict[str, Any]


class Store:
    """What the API holds, by path and id, and what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, str]] = []
        self._records: dict[str, dict[str, Record]] = {}
        self._ids: dict[str, Iterator[int]] = {}

    def forget(self) -> None:
        """Hold nothing, as if never asked."""
        for held in (self.asked, self._records, self._ids):
            held.clear()

    def answer(self, method: str, path: str, query: str, body: bytes) -> tuple[int, object]:
        """Return status and content of the answer to a request."""
        path = _OF_ONE.sub("customer/0/", path)
        match method:
            case "POST":
                return 201, {"id": self._create(path, orjson.loads(body))}
            case "PUT":
                if (record := self._record(path)) is None:
                    return _NOT_FOUND
                record.update(orjson.loads(body))
                return 202, None
            case "GET" if query:
                return 200, self._list(path, query)
            case "GET":
                record = self._record(path)
                return (200, record) if record else _NOT_FOUND
        return 200, {"attributes": []}

    def _create(self, path: str, body: Record) -> int:
        key = self._add(path, body)
        record = self._records[path][key]
        if path == _CUSTOMERS:
            self._records.setdefault(_INFO, {})[key] = {"customer_id": key}
        if path == _PAYMENTS:
            made = {"customer_id": record["customer_id"], "total": record["amount"]}
            record["transaction_id"] = self._add(_TRANSACTIONS, made)
        return int(key)

    def _add(self, path: str, record: Record) -> str:
        key = str(next(self._ids.setdefault(path, itertools.count(1))))
        self._records.setdefault(path, {})[key] = {**record, "id": key}
        return key

    def _record(self, path: str) -> Record | None:
        place, _, name = path.rpartition("/")
        part, _, key = name.rpartition("--")
        return self._records.get(f"{place}/{part}".rstrip("/"), {}).get(key)

    def _list(self, path: str, query: str) -> list[Record]:
        held, conditions = self._records.get(path, {}), parse_qsl(query)
        ids = [value for name, value in conditions if name.startswith("main_attributes[id][1]")]
        if ids:
            return [held[one] for one in ids if one in held]
        wanted = {name.removeprefix("main_attributes[")[:-1]: v for name, v in conditions}
        return [r for r in held.values() if all(str(r.get(n)) == v for n, v in wanted.items())]


def application(store: Store, latency: float) -> web.Server:
    """Return the server; every answer of the API takes `latency` seconds more than its making."""

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        body = await request.read()
        if not request.path.startswith(_API):
            return _control(store, request)
        path = request.path.removeprefix(_API)
        store.asked.append((request.method, request.raw_path, body.decode()))
        status, content = store.answer(request.method, path, request.query_string, body)
        await asyncio.sleep(latency)
        return web.Response(
            status=status,
            body=b"" if content is None else orjson.dumps(content),
            content_type="application/json",
        )

    return web.Server(handle, access_log=None)


def _control(store: Store, request: web.BaseRequest) -> web.Response:
    if request.path == "/forget":
        store.forget()
    asked = orjson.dumps(store.asked if request.path == "/asked" else len(store.asked))
    return web.Response(body=asked, content_type="application/json")


@click.command()
@click.option("--latency", type=float, default=0.02, show_default=True, help="Seconds.")
def main(*, latency: float) -> None:
    """Serve on a free port until SIGTERM."""
    store = Store()
    asyncio.run(serve(lambda: web.ServerRunner(application(store, latency)), 0, "", click.echo))


if __name__ == "__main__":
    main()
