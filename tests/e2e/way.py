"""One whole way with servers of its own: a tenant, a warehouse, a Splynx, and the real commands."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, create_engine, text

from tests import services
from tests.sandbox.splynx_process import running

ROOT = Path(__file__).resolve().parents[2]
MARTS = tuple(sorted(p.stem for p in ROOT.glob("dbt_project/models/marts/splynx/*.sql")))
# dbt's own variable for what a build includes. The data tests are half of a build's cost: the ways
# of the demo run all of them, and ways that prove something else don't pay for them again.
NO_DATA_TESTS = {"DBT_RESOURCE_TYPES": "seed model"}
_TIMEOUT_SECONDS = 1800


@dataclass(frozen=True, slots=True)
class Way:
    """Where the parts of one migration are; `environment` is all that a command needs."""

    environment: Mapping[str, str]
    warehouse_url: URL
    warehouse: Engine
    splynx: services.Splynx
    sonar: services.Sonar
    build: Path

    def command(self, *arguments: str) -> list[str]:
        """Return `python -m …` as an argument list."""
        return [sys.executable, "-m", *arguments]

    def run(self, *arguments: str, **changed: str) -> subprocess.CompletedProcess[str]:
        """Run `python -m …` to its end; `changed` variables hold for this command only."""
        return subprocess.run(
            self.command(*arguments),
            cwd=ROOT,
            env={**self.environment, **changed},
            capture_output=True,
            text=True,
            check=False,
            timeout=_TIMEOUT_SECONDS,
        )

    def succeed(self, *arguments: str) -> str:
        """Run a command that has to end with 0 and return what it printed."""
        done = self.run(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def all(self, query: str) -> Sequence[Any]:
        """Return the rows of a query on the warehouse."""
        with self.warehouse.connect() as connection:
            return connection.execute(text(query)).all()

    def change(self, statement: str) -> int:
        """Change the warehouse; return how many rows."""
        with self.warehouse.begin() as connection:
            return connection.execute(text(statement)).rowcount

    def target_checksums(self) -> dict[str, Any]:
        """Return MariaDB's own checksum of every table of the slice."""
        with self.splynx.engine.connect() as connection:
            return {
                table: connection.exec_driver_sql(f"checksum table `{table}`").one()[1]
                for table in MARTS
            }

    def raw_checksums(self) -> list[Any]:
        """Return a checksum of every raw table, bookkeeping columns included."""
        tables = self.all(
            "select table_name from information_schema.tables"
            " where table_schema = 'raw_sonar' and table_name !~ '^_dlt' order by 1"
        )
        return [
            self.all(
                f"select '{name}', count(*), sum(hashtextextended(t::text, 0)::numeric)"
                f' from raw_sonar."{name}" t'
            )
            for (name,) in tables
        ]


@contextmanager
def way(
    warehouses: services.Warehouses,
    splynxes: services.Splynxes,
    size: str,
    changed: Mapping[str, str] | None = None,
    **traps: int,
) -> Iterator[Way]:
    """Start a tenant and fresh databases; yield the way between them.

    `changed` variables hold for all of its commands.
    One way at a time: their warehouses have the name for which dbt has parsed the project.
    """
    with ExitStack() as stack:
        folder = stack.enter_context(services.temporary_folder("way"))
        warehouse_url = stack.enter_context(warehouses.fresh(services.PARSED_FOR))
        splynx = stack.enter_context(splynxes.fresh())
        sonar = services.Sonars(stack).start(size, 1, traps)
        (files := folder / "splynx-files").mkdir()
        api = stack.enter_context(running(splynx, files))
        warehouse = create_engine(warehouse_url, connect_args={"options": "-c timezone=UTC"})
        stack.callback(warehouse.dispose)
        environment = {
            **os.environ,
            "ENV_FILE": str(folder / "no-such.env"),
            "BUILD_DIR": str(folder / "build"),
            "LOCAL_DIR": str(folder / "local"),
            "WAREHOUSE_URL": services.plain(warehouse_url),
            "SONAR_URL": sonar.url,
            "SONAR_API_KEY": sonar.token,
            "SPLYNX_MYSQL_URL": services.plain(splynx.url),
            "SPLYNX_TARGET": splynx.address,
            "SPLYNX_URL": api.url,
            "SPLYNX_API_KEY": api.key,
            "SPLYNX_API_SECRET": api.secret,
            **services.parse(),
            **(changed or {}),
        }
        for name in ("RUN_ID", "WAREHOUSE_LOCK_PID"):
            environment.pop(name, None)
        yield Way(environment, warehouse_url, warehouse, splynx, sonar, folder / "build")
