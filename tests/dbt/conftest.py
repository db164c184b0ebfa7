"""dbt as an operator runs it, on warehouses of this session."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL, Engine, create_engine, text

from sandbox.sonar.schema import load_schema
from sandbox.sonar.tenant import Tenant, generate
from tests import services

ROOT = Path(__file__).parents[2]


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
            [str(Path(sys.executable).with_name("dbt")), "--no-use-colors", *arguments],
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


@pytest.fixture(scope="session")
def dbt_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with the profile, the parsed manifest and the logs of this session."""
    folder = tmp_path_factory.mktemp("dbt")
    profile = (ROOT / "profiles.yml.example").read_text(encoding="utf-8")
    (folder / "profiles.yml").write_text(profile, encoding="utf-8")
    return folder


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


@pytest.fixture(scope="session")
def tenant() -> Tenant:
    """The demo tenant, from the generator itself: neither server nor extractor are asked."""
    return generate(load_schema(), "demo", seed=1)


@pytest.fixture
def empty(warehouses: services.Warehouses, dbt_folder: Path) -> Iterator[Dbt]:
    """Return dbt on a fresh warehouse."""
    with warehouses.fresh() as url:
        yield Dbt(url, dbt_folder)


def land(engine: Engine, tenant: Tenant, collections: Sequence[str]) -> None:
    """Land the tenant as an extraction does, and book it in the ledger."""
    ledger = text(
        "insert into ops.extract_ledger (run_id, source, collection, kind, state, grade,"
        " server_count, landed_count, server_sums) values ('r1', '127.0.0.1', :collection,"
        " 'connection', 'complete', 'proven', :count, :count, cast(:sums as jsonb))"
    )
    with engine.begin() as connection:
        for collection in collections:
            rows = tenant.rows.get(collection, [])
            connection.execute(
                text(
                    f"insert into raw_sonar.{collection} (_sonar_key, payload, _run_id)"
                    " values (:key, cast(:payload as jsonb), 'r1')"
                ),
                [
                    {"key": row["id"], "payload": json.dumps(row).replace("\\u0000", "\\ufffd")}
                    for row in rows
                ],
            )
            sums = json.dumps({"id": tenant.truth["sums"][collection]["id"]})
            connection.execute(
                ledger, {"collection": collection, "count": len(rows), "sums": sums}
            )


@pytest.fixture(scope="session")
def build(
    warehouses: services.Warehouses, dbt_folder: Path, tenant: Tenant
) -> Iterator[Callable[[], Built]]:
    """Build the demo tenant once, and hand out copies of that warehouse."""
    numbers = itertools.count(1)
    engines: list[Engine] = []
    with warehouses.fresh() as url:
        dbt = Dbt(url, dbt_folder)
        seeded = dbt("seed")  # creates the raw tables too
        assert seeded.code == 0, seeded.output
        sources = dbt.manifest()["sources"].values()
        engine = create_engine(url)
        land(engine, tenant, [s["name"] for s in sources if s["schema"] == "raw_sonar"])
        built = dbt("build", "--exclude-resource-type", "unit_test")
        engine.dispose()
        assert built.code == 0, built.output

        def copy() -> Built:
            name = f"{url.database}_copy_{next(numbers)}"
            admin = create_engine(url.set(database="postgres"), isolation_level="AUTOCOMMIT")
            with admin.connect() as connection:
                connection.exec_driver_sql(f"create database {name} template {url.database}")
            admin.dispose()
            engine = create_engine(url.set(database=name))
            engines.append(engine)
            return Built(Dbt(engine.url, dbt_folder), engine, tenant)

        yield copy
        for engine in engines:
            engine.dispose()
