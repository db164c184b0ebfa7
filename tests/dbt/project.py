"""dbt as an operator runs it, and a tenant landed as an extraction lands it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, text

from extract.reading.rows import key_of
from sandbox.sonar.rows import Row
from sandbox.sonar.tenant import Tenant

ROOT = Path(__file__).parents[2]
_LINKS = {  # by collection: the types on both sides, and the connection that nests the other's ids
    "accounts": [("Account", "AccountGroup", "account_groups")],
    "tickets": [("Ticket", "TicketCategory", "ticket_categories")],
    "jobs": [("Job", "User", "users")],
}


@dataclass(frozen=True, slots=True)
class Ended:
    """A dbt command that has ended; `results` by the name of the node."""

    code: int
    output: str
    results: Mapping[str, Mapping[str, Any]]


class Dbt:
    """dbt on one warehouse. The manifest is shared by all of the session, so it is parsed once."""

    def __init__(self, url: URL, folder: Path) -> None:
        self._folder = folder
        self._environment = {
            **os.environ,
            "DBT_PROFILES_DIR": str(folder),
            "DBT_TARGET_PATH": str(folder / "target"),
            "DBT_LOG_PATH": str(folder / "logs"),
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
            "WAREHOUSE_HOST": str(url.host),
            "WAREHOUSE_PORT": str(url.port),
            "WAREHOUSE_USER": str(url.username),
            "WAREHOUSE_PASSWORD": str(url.password or ""),
            "WAREHOUSE_DATABASE": str(url.database),
        }

    def __call__(self, *arguments: str) -> Ended:
        """Run `dbt` with these arguments from the root of the project."""
        results = self._folder / "target" / "run_results.json"
        results.unlink(missing_ok=True)
        done = subprocess.run(
            [sys.executable, "-m", "runtime.dbt_process", "--no-use-colors", *arguments],
            cwd=ROOT,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )
        found = json.loads(results.read_text())["results"] if results.exists() else []
        named = {result["unique_id"].split(".")[2]: result for result in found}
        return Ended(done.returncode, done.stdout + done.stderr, named)

    def manifest(self) -> Mapping[str, Any]:
        """Return the manifest as the last command left it."""
        content = (self._folder / "target" / "manifest.json").read_text(encoding="utf-8")
        return dict(json.loads(content))


@dataclass(frozen=True, slots=True)
class Built:
    """A warehouse in which dbt has built everything from the demo tenant."""

    dbt: Dbt
    engine: Engine
    tenant: Tenant

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(query))]

    def execute(self, *statements: str) -> None:
        """Execute statements in one transaction."""
        with self.engine.begin() as connection:
            for statement in statements:
                connection.execute(text(statement))


def _landed(tenant: Tenant, collection: str) -> Sequence[Row]:
    """Return the rows as an extraction lands them: links without a query of their own nested."""
    rows = tenant.rows.get(collection, [])
    if collection == "radius_accounts":  # whose passwords never land
        return [{k: v for k, v in row.items() if k != "password"} for row in rows]
    for owner, other, field in _LINKS.get(collection, ()):
        linked: dict[str, list[Row]] = {}
        for one, another in tenant.links.get((owner, other), ()):
            linked.setdefault(one, []).append({"id": another})
        rows = [{**row, field: {"entities": linked.get(row["id"], [])}} for row in rows]
    return rows


def _keys(payloads: Sequence[str], *, has_id: bool) -> list[str]:
    """Return the keys of the rows; the n-th row that looks the same is told from the first."""
    times: Counter[str] = Counter()
    keys = []
    for payload in payloads:
        key = key_of(payload.encode(), has_id=has_id)
        times[key] += 1
        keys.append(key if times[key] == 1 else f"{key}#{times[key]}")
    return keys


def land(engine: Engine, tenant: Tenant, collections: Sequence[str]) -> None:
    """Land the tenant as an extraction on its own day does, and book it in the ledger."""
    ledger = text(
        "insert into ops.extract_ledger (run_id, source, collection, kind, state, grade,"
        " server_count, landed_count, server_sums, started_at) values ('r1', '127.0.0.1',"
        " :collection, 'connection', 'complete', 'proven', :count, :count,"
        " cast(:sums as jsonb), cast(:day as timestamptz))"
    )
    with engine.begin() as connection:
        for collection in collections:
            rows = _landed(tenant, collection)
            payloads = [json.dumps(row).replace("\\u0000", "\\ufffd") for row in rows]
            keys = _keys(payloads, has_id=not rows or "id" in rows[0])
            landed = [
                {"key": key, "payload": payload}
                for key, payload in zip(keys, payloads, strict=True)
            ]
            insert = text(
                f"insert into raw_sonar.{collection} (_sonar_key, payload, _run_id)"
                " values (:key, cast(:payload as jsonb), 'r1')"
            )
            if landed:
                connection.execute(insert, landed)
            ids = tenant.truth["sums"].get(collection)
            sums = json.dumps({"sum(id)": ids["id"]} if ids else {})
            entry = {"collection": collection, "count": len(rows), "sums": sums}
            connection.execute(ledger, {**entry, "day": tenant.truth["as_of"]})
