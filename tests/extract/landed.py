"""Rows of a sandbox put into the raw tables directly, for tests of the proof alone."""

from __future__ import annotations

import asyncio
import json
import urllib.request
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, TypeVar

from graphql import GraphQLSchema
from sqlalchemy import Engine, text

from extract.catalogue.discovery import Collection, Kind, discover
from extract.catalogue.selection import Selection, select
from extract.proof.judgement import int_leaves
from extract.sonar.client import Manners, Query, Sonar
from runtime.settings import SonarApi
from tests import services

Result = TypeVar("Result")
HASTY = Manners(delay=0.01, retries=2)


class Tenant:
    """A sandbox as the extractor sees it."""

    def __init__(self, made: services.Sonar) -> None:
        self.api = SonarApi(made.url, "127.0.0.1", made.token)
        self.schema: GraphQLSchema = self.ask(lambda sonar: sonar.schema())
        self.collections = {one.name: one for one in discover(self.schema)}

    def ask(self, question: Callable[[Sonar], Awaitable[Result]]) -> Result:
        """Put a question in a conversation of its own."""

        async def asked() -> Result:
            async with Sonar(self.api, HASTY) as sonar:
                return await question(sonar)

        return asyncio.run(asked())

    def control(self, path: str, **body: Any) -> None:
        """Plan a fault or change a record in the sandbox."""
        self._control(path, "POST", json.dumps(body).encode())

    def mend(self) -> None:
        """Take back every fault."""
        self._control("faults", "DELETE")

    def _control(self, path: str, method: str, body: bytes | None = None) -> None:
        address = f"{self.api.url}/_sandbox/{path}"
        rights = {"Authorization": f"Bearer {self.api.key}"}
        request = urllib.request.Request(address, body, rights, method=method)  # noqa: S310
        urllib.request.urlopen(request, timeout=60).close()  # noqa: S310 - our own server

    def selection(self, name: str) -> Selection:
        """Return what is asked of a row: its leaves."""
        return select(self.schema, self.collections[name], max_depth=0)

    def leaves(self, name: str) -> tuple[str, ...]:
        """Return the Int fields of a row."""
        return int_leaves(self.schema, self.collections[name], self.selection(name))

    def rows(self, name: str) -> list[dict[str, Any]]:
        """Return every row, read in one page."""
        collection = self.collections[name]
        archived = ", include_archived: true" if collection.takes_archived else ""
        page = f"paginator: {{page: 1, records_per_page: 1000}}{archived}"
        body = f"{name}({page}) {{ entities {{ {' '.join(self.selection(name).leaves)} }} }}"
        answer = self.ask(lambda sonar: sonar.ask(Query(f"{{ {body} }}")))
        found: list[dict[str, Any]] = json.loads(bytes(answer[name]))["entities"]
        return found

    def land(self, engine: Engine, *names: str) -> None:
        """Put every row of these collections into the raw tables."""
        for name in names:
            land(engine, name, self.rows(name))


def land(engine: Engine, name: str, payloads: Iterable[Mapping[str, Any]]) -> None:
    """Make the raw table anew and put rows with these payloads into it."""
    rows = [{"key": str(row.get("id")), "payload": json.dumps(row)} for row in payloads]
    with engine.begin() as connection:
        connection.exec_driver_sql(
            f'drop table if exists raw_sonar."{name}"; create table raw_sonar."{name}"'
            " (_sonar_key text, payload jsonb, _run_id text, _deleted_at timestamptz)"
        )
        if rows:
            connection.execute(
                text(
                    f'insert into raw_sonar."{name}"'
                    " values (:key, cast(:payload as jsonb), 'r1', null)"
                ),
                rows,
            )


def change(engine: Engine, statement: str) -> None:
    """Change what landed, behind the extractor's back."""
    with engine.begin() as connection:
        assert connection.exec_driver_sql(statement).rowcount > 0


def made_up(name: str, **different: Any) -> Collection:
    """Return a collection that has everything, but for what is said."""
    return Collection(**{**_EVERYTHING, "name": name, **different})


_EVERYTHING: dict[str, Any] = {
    "kind": Kind.FULL,
    "entity": "Thing",
    "is_connection": True,
    "has_id": True,
    "has_total": True,
    "has_aggregation": True,
    "takes_archived": False,
    "required_arguments": (),
    "excluded": None,
}
