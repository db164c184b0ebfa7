"""Runs of the extractor inside a test, and looks at what they left in the warehouse."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Engine, text

from extract.__main__ import cli
from tests import services

QUICK = ("--rate-limit-delay=0.01", "--rate-limit-retries=2", "--requests-per-minute=100000")
ROWS = "_sonar_key, payload, _deleted_at is not null"


def run(*arguments: str) -> None:
    """Run `extract run` in this process; errors are raised."""
    cli.main(["run", *QUICK, *arguments], standalone_mode=False)


def ledger(engine: Engine) -> dict[str, Mapping[str, Any]]:
    """Return the ledger of the last run, by collection."""
    query = text(
        "select * from ops.extract_ledger where run_id ="
        " (select run_id from ops.extract_ledger order by started_at desc limit 1)"
    )
    with engine.connect() as connection:
        return {row["collection"]: dict(row) for row in connection.execute(query).mappings()}


def noted(engine: Engine) -> Mapping[str, Any]:
    """Return what the last run noted of itself."""
    found: Mapping[str, Any] = scalar(
        engine,
        "select detail from ops.step where step = 'extract' order by started_at desc limit 1",
    )
    return found


def tables(engine: Engine, schemas: str = "raw_sonar") -> Iterator[str]:
    """Yield the tables of some schemas, quoted."""
    query = text(
        "select format('%I.%I', table_schema, table_name) from information_schema.tables"
        " where table_schema like :schemas and table_name not like '\\_dlt%' order by 1"
    )
    with engine.connect() as connection:
        yield from connection.execute(query, {"schemas": schemas}).scalars()


def checksums(engine: Engine, columns: str = "held.*") -> dict[str, Any]:
    """Return count and checksum of every raw table."""
    with engine.connect() as connection:
        return {
            name: connection.execute(
                text(
                    f"select count(*), sum(hashtextextended(row({columns})::text, 0)::numeric)"
                    f" from {name} as held"
                )
            ).one()
            for name in tables(engine)
        }


def scalar(engine: Engine, query: str) -> Any:
    """Return the one value of a query."""
    with engine.connect() as connection:
        return connection.execute(text(query)).scalar_one()


def execute(engine: Engine, statement: str) -> None:
    """Change something in the warehouse."""
    with engine.begin() as connection:
        connection.execute(text(statement))


def control(sonar: services.Sonar, path: str, **body: Any) -> Any:
    """Tell the sandbox what to do, or ask what it did."""
    return _asked(sonar, f"_sandbox/{path}", body)


def forget_faults(sonar: services.Sonar) -> None:
    """Take back every plan of the sandbox: faults, changes, chaos."""
    _asked(sonar, "_sandbox/faults", None, "DELETE")


def requests(sonar: services.Sonar) -> int:
    """Return how many requests the sandbox has had."""
    count: int = control(sonar, "faults")["requests"]
    return count


def truth(sonar: services.Sonar, collection: str, archived: str = "") -> dict[str, str]:
    """Return id and version of every row that the tenant has now, in one page."""
    page = f"paginator: {{page: 1, records_per_page: 1000}}{archived}"
    query = f"{{ {collection}({page}) {{ entities {{ id _version }} }} }}"
    answer = _asked(sonar, "api/graphql", {"query": query})
    return {row["id"]: row["_version"] for row in answer["data"][collection]["entities"]}


def page(sonar: services.Sonar, collection: str, number: int, size: int) -> list[str]:
    """Return the ids of one page, as a client asks that knows nothing of keysets."""
    asked = f"paginator: {{page: {number}, records_per_page: {size}}}"
    answer = _asked(
        sonar, "api/graphql", {"query": f"{{ {collection}({asked}) {{ entities {{ id }} }} }}"}
    )
    return [row["id"] for row in answer["data"][collection]["entities"]]


def landed(engine: Engine, collection: str) -> list[tuple[str, str]]:
    """Return id and version of every live row, as often as it is there."""
    query = text(
        f"select payload->>'id', payload->>'_version' from raw_sonar.{collection}"
        " where _deleted_at is null order by 1"
    )
    with engine.connect() as connection:
        return [(row[0], row[1]) for row in connection.execute(query)]


def _asked(
    sonar: services.Sonar, path: str, body: Mapping[str, Any] | None, method: str | None = None
) -> Any:
    request = urllib.request.Request(  # noqa: S310 - our own server
        f"{sonar.url}/{path}",
        data=json.dumps(body).encode() if body else None,
        headers={"Authorization": f"Bearer {sonar.token}", "Content-Type": "application/json"},
        method=method,
    )
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
        return json.loads(answer.read())
