"""One extraction of Sonar's whole public schema, and what it left behind, for the tests to inspect.

The schema is not ours to publish: where it is absent, the tests are skipped. The extraction is made
once per session and kept as files, because two modules look at it, maybe in two processes.
"""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, text

from tests import services
from tests.sandbox.sonar_process import ROOT, running
from tests.sandbox.whole_schema import PUBLISHED, published

ROWS = 4
MANY = {"debits": 1203, "account_groups": 45, "transactions": 230, "vehicles": 0}


@dataclass(frozen=True, slots=True)
class Extraction:
    """What the generator says, what the ledger says, and where everything else lies."""

    truth: Mapping[str, Any]
    ledger: Mapping[str, Mapping[str, Any]]
    landed: Mapping[str, int]  # raw table -> rows not deleted
    exit_code: int
    folder: Path  # every table as text, the output of the run, and the run's own files

    def places_with(self, needle: str) -> list[str]:
        """Return the files in which a text occurs."""
        wanted = needle.encode()
        spellings = (wanted, wanted.hex().encode())  # bytea is written in hexadecimal digits
        return sorted(
            str(path.relative_to(self.folder))
            for path in self.folder.rglob("*")
            if path.is_file() and any(one in path.read_bytes() for one in spellings)
        )


def extraction(factory: pytest.TempPathFactory, warehouses: services.Warehouses) -> Extraction:
    """Return the extraction of this session; whoever comes first makes it."""
    schema = published()
    base = factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder = shared / "whole-extraction"
    with (shared / "whole-extraction.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (shared / "whole-extraction.json").exists():
            folder.mkdir()
            made = extract(schema, folder, warehouses)
            facts = {
                "truth": made.truth,
                "ledger": made.ledger,
                "landed": made.landed,
                "exit_code": made.exit_code,
            }
            (shared / "whole-extraction.json").write_text(json.dumps(facts, default=str))
    facts = json.loads((shared / "whole-extraction.json").read_text())
    return Extraction(**facts, folder=folder)


def extract(
    schema: Path, folder: Path, warehouses: services.Warehouses, *options: str, code: Path = ROOT
) -> Extraction:
    """Serve a schema, run the extractor of `code` on it and keep what it leaves in `folder`."""
    served = [f"--schema={schema}", f"--rows={ROWS}"]
    if schema == PUBLISHED:
        served += [f"--count={name}={count}" for name, count in MANY.items()]
    outside = folder.with_name(f"{folder.name}-server")  # the server may know the secrets
    outside.mkdir()
    with running(outside, *served) as server, warehouses.fresh() as url:
        environment = {
            **os.environ,
            "ENV_FILE": str(folder / "none.env"),
            "LOCAL_DIR": str(folder / "local"),
            "WAREHOUSE_URL": services.plain(url),
            "SONAR_URL": server.url,
            "SONAR_API_KEY": server.token,
        }
        done = subprocess.run(
            [sys.executable, "-m", "extract", "run", *options],
            cwd=code, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        (folder / "output.txt").write_text(done.stdout + done.stderr)
        engine = create_engine(url)
        with engine.connect() as connection:
            _dump(connection, folder / "tables")
            ledger = {row["collection"]: row for row in _rows(connection, _LEDGER)}
            landed: dict[str, int] = {
                name: connection.execute(
                    text(f'select count(*) from raw_sonar."{name}" where _deleted_at is null')
                ).scalar_one()
                for schema_name, name in _tables(connection)
                if schema_name == "raw_sonar" and not name.startswith("_dlt")
            }
        engine.dispose()
        return Extraction(server.truth, ledger, landed, done.returncode, folder)


_LEDGER = (
    "select collection, kind, state, grade, reason, server_count, landed_count, server_sums,"
    " landed_sums from ops.extract_ledger"
)


def _rows(connection: Connection, query: str) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(text(query)).mappings()]


def _tables(connection: Connection) -> list[tuple[str, str]]:
    query = (
        "select table_schema, table_name from information_schema.tables"
        " where table_type = 'BASE TABLE'"
        " and table_schema not in ('pg_catalog', 'information_schema')"
    )
    return [(row[0], row[1]) for row in connection.execute(text(query))]


def _dump(connection: Connection, folder: Path) -> None:
    """Write every table of every schema as text."""
    folder.mkdir()
    raw = connection.connection.driver_connection
    assert raw is not None
    for schema, name in _tables(connection):
        with raw.cursor() as cursor, (folder / f"{schema}.{name}").open("wb") as file:
            cursor.copy_expert(f'copy (select * from "{schema}"."{name}") to stdout', file)
