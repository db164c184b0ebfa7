"""A server that answers from memory: `python -m bench.extract.source --rows … --token …`.

It speaks as much of Sonar's protocol as an extraction uses: introspection, counts and totals under
aliases, pages by id, filters on id and `updated_at`. Rows are rendered once; a page is a piece of
them, joined. A document is parsed the first time it comes. So what is measured is the client.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import click
import orjson
from aiohttp import web
from graphql import (
    FieldNode,
    GraphQLSchema,
    OperationDefinitionNode,
    build_schema,
    graphql_sync,
    parse,
    value_from_ast_untyped,
)

from bench.extract.rows import INT_LEAVES, Rows, made
from sandbox.sonar.listening import serve

_WINDOW = 60.0
_SHARED = """
scalar Datetime
scalar Date
scalar Int64Bit
enum RangeOperator { EQ GT GTE LT LTE }
enum SortDirection { ASC DESC }
enum AggregationFunction { SUM MIN MAX COUNT AVG }
input Paginator { page: Int! records_per_page: Int! }
input Sorter { attribute: String! direction: SortDirection! }
input SearchIntegerField {
  attribute: String! search_value: Int64Bit! operator: RangeOperator!
}
input SearchDatetimeField {
  attribute: String! search_value: Datetime! operator: RangeOperator!
}
input Search { integer_fields: [SearchIntegerField] datetime_fields: [SearchDatetimeField] }
input Aggregator { field_name: String! aggregation_function: AggregationFunction! }
type PageInfo { page: Int! records_per_page: Int! total_pages: Int! total_count: Int! }
type Aggregation { field: String! value: String aggregation_function: AggregationFunction! }
"""
_TYPES = """
type Row{n} {{
  id: Int64Bit! account_id: Int amount: Int name: String description: String street: String
  city: String zip: String latitude: String longitude: String status: String is_archived: Boolean
  note: String reference: String due_date: Date created_at: Datetime! updated_at: Datetime!
}}
type Row{n}Connection {{ entities: [Row{n}] page_info: PageInfo! aggregations: [Aggregation] }}
"""
_ROOT = (
    "{name}(paginator: Paginator, sorter: [Sorter], search: [Search],"
    " aggregation: [Aggregator]): Row{n}Connection"
)


def names(count: int) -> list[str]:
    """Return the names of the collections that are served."""
    return [f"rows_{number:03d}" for number in range(count)]


def _schema(count: int) -> GraphQLSchema:
    types = "".join(_TYPES.format(n=n) for n in range(count))
    roots = "\n".join(_ROOT.format(name=name, n=n) for n, name in enumerate(names(count)))
    return build_schema(f"{_SHARED}{types}type Query {{ {roots} }}", assume_valid=True)


@lru_cache(maxsize=1024)
def _fields(document: str) -> tuple[FieldNode, ...]:
    operation = parse(document, no_location=True).definitions[0]
    assert isinstance(operation, OperationDefinitionNode)  # noqa: S101 - our own client asks
    return tuple(each for each in operation.selection_set.selections if isinstance(each, FieldNode))


class Source:
    """The collections, and how many requests were granted when."""

    def __init__(self, collections: Mapping[str, Rows], stamp: str, limit: int | None) -> None:
        self._collections = collections
        self._stamp = datetime.fromisoformat(stamp)
        self._schema = _schema(len(collections))
        self._introspected: bytes | None = None
        self._limit = limit
        self._recent: deque[float] = deque()
        self.granted: list[float] = []

    def answer(self, body: bytes) -> bytes:
        """Return the answer to a request."""
        if self._limit and not self._has_room(self._limit):
            message = f"Request limit of {self._limit}/min reached."
            return orjson.dumps({"errors": [{"message": message}]})
        asked = orjson.loads(body)
        if "__schema" in asked["query"]:
            return self._introspection(asked["query"])
        variables = asked.get("variables") or {}
        parts = [self._field(field, variables) for field in _fields(asked["query"])]
        return b'{"data":{%b}}' % b",".join(parts)

    def _has_room(self, limit: int) -> bool:
        now = time.monotonic()
        while self._recent and self._recent[0] <= now - _WINDOW:
            self._recent.popleft()
        if len(self._recent) >= limit:
            return False
        self._recent.append(now)
        self.granted.append(now)
        return True

    def _introspection(self, query: str) -> bytes:
        if self._introspected is None:
            result = graphql_sync(self._schema, query)
            self._introspected = orjson.dumps({"data": result.data})
        return self._introspected

    def _field(self, field: FieldNode, variables: dict[str, Any]) -> bytes:
        name = field.name.value
        alias = field.alias.value if field.alias else name
        if name == "__typename":
            return b'"%b":"Query"' % alias.encode()
        arguments = {
            each.name.value: value_from_ast_untyped(each.value, variables)
            for each in field.arguments or ()
        }
        rows = self._collections[name]
        low, high = self._range(rows, arguments.get("search") or [])
        parts = []
        for wanted in field.selection_set.selections if field.selection_set else ():
            if not isinstance(wanted, FieldNode):
                continue
            if wanted.name.value == "entities":
                paginator = arguments["paginator"]
                size = paginator["records_per_page"]
                first = low + (paginator["page"] - 1) * size
                page = rows.rendered[first : min(first + size, high)]
                parts.append(b'"entities":[%b]' % b",".join(page))
            elif wanted.name.value == "page_info":
                parts.append(b'"page_info":{"total_count":%d}' % (high - low))
            else:
                totals = _totals(rows, low, high, arguments.get("aggregation") or [])
                parts.append(b'"aggregations":%b' % orjson.dumps(totals))
        return b'"%b":{%b}' % (alias.encode(), b",".join(parts))

    def _range(self, rows: Rows, search: list[dict[str, Any]]) -> tuple[int, int]:
        """Return the slice of rows that the criteria leave; they are all ANDed."""
        low, high = 0, len(rows.rendered)
        for criteria in search:
            for each in criteria.get("integer_fields") or []:
                value = int(each["search_value"])
                above = {"GT": value, "GTE": value - 1, "EQ": value - 1}
                below = {"LT": value - 1, "LTE": value, "EQ": value}
                low = max(low, above.get(each["operator"], low))
                high = min(high, below.get(each["operator"], high))
            for each in criteria.get("datetime_fields") or []:
                since = datetime.fromisoformat(str(each["search_value"]).replace("Z", "+00:00"))
                if self._stamp < (since if since.tzinfo else since.replace(tzinfo=UTC)):
                    high = low
        return low, max(low, high)


def _totals(
    rows: Rows, low: int, high: int, aggregators: list[dict[str, str]]
) -> list[dict[str, Any]]:
    found = []
    for each in aggregators:
        name, function = each["field_name"], each["aggregation_function"]
        value: int | None = None
        if function == "SUM":
            value = rows.sums[name][high] - rows.sums[name][low]
        elif high > low and name == "id":
            value = {"MIN": low + 1, "MAX": high}[function]
        elif high > low:
            value = {"MIN": min, "MAX": max}[function](_values(rows, name, low, high))
        shown = None if value is None else str(value)
        found.append({"field": name, "aggregation_function": function, "value": shown})
    return found


def _values(rows: Rows, name: str, low: int, high: int) -> list[int]:
    assert name in INT_LEAVES  # noqa: S101 - nothing else can be totalled
    sums = rows.sums[name]
    return [sums[i + 1] - sums[i] for i in range(low, high)]


def _server(source: Source, token: str) -> web.ServerRunner:
    async def answer(request: web.BaseRequest) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {token}":
            return web.json_response({"message": "Unauthenticated."}, status=401)
        if request.path == "/granted":
            return web.json_response(source.granted)
        return web.Response(
            body=source.answer(await request.read()), content_type="application/json"
        )

    return web.ServerRunner(web.Server(answer, access_log=None), shutdown_timeout=1.0)


@click.command()
@click.option("--rows", type=int, default=1000, help="Of each collection, at most.")
@click.option("--collections", type=int, default=1)
@click.option("--uneven", is_flag=True, help="Collection n has n % 20 rows, at most `rows`.")
@click.option("--version", type=int, default=1)
@click.option("--stamp", default="2024-01-01T00:00:00+00:00")
@click.option("--limit", type=int, help="Requests that are granted in 60 seconds.")
@click.option("--token", envvar="BENCH_TOKEN", required=True)
def main(  # noqa: PLR0913 - one parameter an option
    *,
    rows: int,
    collections: int,
    uneven: bool,
    version: int,
    stamp: str,
    limit: int | None,
    token: str,
) -> None:
    """Serve until SIGTERM."""
    sizes = [min(rows, n % 20) if uneven else rows for n in range(collections)]
    served = {
        name: made(size, version, stamp)
        for name, size in zip(names(collections), sizes, strict=True)
    }
    source = Source(served, stamp, limit)
    runner: Callable[[], web.BaseRunner] = lambda: _server(source, token)  # noqa: E731
    asyncio.run(serve(runner, 0, token, click.echo))


if __name__ == "__main__":
    main()
