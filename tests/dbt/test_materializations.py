"""How this project builds tables and runs data tests, on a project of four models."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import orjson
import pytest
from sqlalchemy import Engine

from tests.dbt.project import ROOT

pytestmark = pytest.mark.postgres

Build = Callable[[], Mapping[str, Mapping[str, str]]]

_PROJECT = f"""
name: four_models
version: '1.0.0'
profile: sonar_to_splynx
macro-paths: [{ROOT / "dbt_project" / "macros" / "materializations"}]
flags: {{send_anonymous_usage_stats: false}}
models: {{+materialized: table}}
data_tests: {{+store_failures: true}}
"""
_FILES = {
    "models/quotients.sql": "select number, 12 / divisor as quotient from public.numbers",
    "models/short_names.sql": "select name from public.numbers",
    "models/other_type.sql": "select number::text as number from public.numbers",
    "models/hooked.sql": "{{ config(post_hook='select 1') }} select 1 as one",
    "models/models.yml": """
models:
  - name: quotients
    columns: [{name: quotient, data_tests: [unique]}]
  - name: short_names
    config: {contract: {enforced: true}}
    columns: [{name: name, data_type: varchar(5)}]
  - name: other_type
    config: {contract: {enforced: true}}
    columns: [{name: number, data_type: bigint}]
""",
}


@pytest.fixture
def build(warehouse: Engine, tmp_path: Path) -> Build:
    """Return `dbt build` of the four models: results by name."""
    for name, content in {"dbt_project.yml": _PROJECT, **_FILES}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content, encoding="utf-8")
    profile = (ROOT / "profiles.yml.example").read_text(encoding="utf-8")
    (tmp_path / "profiles.yml").write_text(profile, encoding="utf-8")
    url = warehouse.url
    environment = {
        **os.environ,
        "WAREHOUSE_HOST": str(url.host),
        "WAREHOUSE_PORT": str(url.port),
        "WAREHOUSE_USER": str(url.username),
        "WAREHOUSE_PASSWORD": str(url.password or ""),
        "WAREHOUSE_DATABASE": str(url.database),
    }

    def dbt_build() -> Mapping[str, Mapping[str, str]]:
        subprocess.run(
            [str(Path(sys.executable).with_name("dbt")), "--no-use-colors", "build"],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            check=False,
        )
        found = orjson.loads((tmp_path / "target" / "run_results.json").read_bytes())["results"]
        return {result["unique_id"].split(".")[2]: result for result in found}

    with warehouse.begin() as connection:
        connection.exec_driver_sql(
            "create table public.numbers as select * from"
            " (values (1, 2, 'one'), (2, 2, 'two')) as numbers (number, divisor, name)"
        )
    return dbt_build


def _change(warehouse: Engine, statement: str) -> None:
    with warehouse.begin() as connection:
        connection.exec_driver_sql(statement)


def _rows(warehouse: Engine, query: str) -> list[tuple[object, ...]]:
    with warehouse.connect() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(query)]


def test_tables_keep_contracts_and_what_they_held_and_failures_are_stored(
    build: Build, warehouse: Engine
) -> None:
    results = build()
    failing = results["unique_quotients_quotient"]
    assert (results["quotients"]["status"], failing["status"]) == ("success", "fail")
    stored = f"select unique_field, n_records from {failing['relation_name']}"
    assert _rows(warehouse, stored) == [(6, 2)]
    assert results["short_names"]["status"] == "success"
    assert "no hooks" in results["hooked"]["message"]
    assert "enforced contract that failed" in results["other_type"]["message"]
    quotients = "select number, quotient from staging.quotients order by number"
    assert _rows(warehouse, quotients) == [(1, 6), (2, 6)]
    analyzed = "select reltuples from pg_class where oid = 'staging.quotients'::regclass"
    assert _rows(warehouse, analyzed) == [(2,)]
    options = "select reloptions from pg_class where oid = 'staging.quotients'::regclass"
    assert _rows(warehouse, options) == [(["autovacuum_enabled=false"],)]

    _change(warehouse, "update public.numbers set divisor = 0 where number = 1")
    _change(warehouse, "update public.numbers set name = 'eleven' where number = 1")
    results = build()
    assert "division by zero" in results["quotients"]["message"]
    assert _rows(warehouse, quotients) == [(1, 6), (2, 6)]
    assert "too long" in results["short_names"]["message"]
    assert _rows(warehouse, "select name from staging.short_names order by 1") == [
        ("one",),
        ("two",),
    ]

    _change(warehouse, "drop table staging.quotients")
    _change(warehouse, "create view staging.quotients as select 1 as one")
    _change(warehouse, "update public.numbers set divisor = 3 where number = 1")
    results = build()
    assert _rows(warehouse, quotients) == [(1, 4), (2, 6)]
    assert results["unique_quotients_quotient"]["status"] == "pass"
    assert _rows(warehouse, f"select to_regclass('{failing['relation_name']}')") == [(None,)]
