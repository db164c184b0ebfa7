"""What our way of running dbt does besides, on a project of a dozen models."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from dbt_common.events.base_types import EventLevel
from dbt_common.events.event_manager import EventManager
from dbt_common.events.types import Note
from sqlalchemy import Engine

from runtime.dbt_process import _say_nothing_for_debugging
from tests.dbt.project import ROOT

pytestmark = pytest.mark.postgres

_MODELS = 12
_PROJECT = """
name: a_dozen
version: '1.0.0'
profile: sonar_to_splynx
flags: {send_anonymous_usage_stats: false}
models: {+materialized: table}
"""
_LEAVES_TRACES = """
{{ config(pre_hook="set search_path = nowhere") }}
select '{{ run_query("select pg_backend_pid()").columns[0][0] if execute }}'::text as session
"""
_LOOKS = (
    "-- depends_on: {{ ref('leaves_traces') }}\n"
    "select current_setting('search_path') as path, current_setting('work_mem') as memory,"
    " current_setting('jit') as jit, pg_backend_pid()::text as session"
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return the folder of the project."""
    models = tmp_path / "models"
    models.mkdir()
    (tmp_path / "dbt_project.yml").write_text(_PROJECT, encoding="utf-8")
    for number in range(_MODELS):
        (models / f"model_{number}.sql").write_text("select 1 as one", encoding="utf-8")
    profile = (ROOT / "profiles.yml.example").read_text(encoding="utf-8")
    (tmp_path / "profiles.yml").write_text(profile, encoding="utf-8")
    return tmp_path


def _dbt(project: Path, warehouse: Engine, *arguments: str, **otherwise: str) -> str:
    """Run dbt our way; return its output."""
    url = warehouse.url
    done = subprocess.run(
        [sys.executable, "-m", "runtime.dbt_process", "--no-use-colors", *arguments],
        cwd=project,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "WAREHOUSE_HOST": str(url.host),
            "WAREHOUSE_PORT": str(url.port),
            "WAREHOUSE_USER": str(url.username),
            "WAREHOUSE_PASSWORD": str(url.password or ""),
            "WAREHOUSE_DATABASE": str(url.database),
            **otherwise,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def _sessions(warehouse: Engine) -> int:
    """Return how many connections the database has seen."""
    with warehouse.connect() as connection:
        found = connection.exec_driver_sql(
            "select sessions from pg_stat_database where datname = current_database()"
        )
        return int(found.scalar_one())


def test_a_connection_serves_many_nodes(project: Path, warehouse: Engine) -> None:
    before = _sessions(warehouse)
    said = _dbt(project, warehouse, "run")
    assert f"PASS={_MODELS}" in said
    assert _sessions(warehouse) - before < _MODELS


def test_a_node_finds_the_connection_as_if_it_were_new(project: Path, warehouse: Engine) -> None:
    (project / "models" / "leaves_traces.sql").write_text(_LEAVES_TRACES, encoding="utf-8")
    (project / "models" / "looks.sql").write_text(_LOOKS, encoding="utf-8")
    one_by_one = ("run", "--threads", "1", "--select", "leaves_traces", "looks")
    _dbt(project, warehouse, *one_by_one, PGOPTIONS="-c jit=on")
    with warehouse.connect() as connection:
        [(path, memory, jit, same)] = connection.exec_driver_sql(
            "select looks.path, looks.memory, looks.jit, looks.session = leaves_traces.session"
            " from staging.looks, staging.leaves_traces"
        )
    assert same, "both ran on one connection, or nothing is shown here"
    assert path != "nowhere"
    assert (memory, jit) == ("32MB", "on"), "ours, and the operator's own beside it"


def test_another_server_is_no_reason_to_parse_again(project: Path, warehouse: Engine) -> None:
    again = "Unable to do partial parsing"
    _dbt(project, warehouse, "parse")
    said = _dbt(project, warehouse, "parse", WAREHOUSE_HOST="db.example", WAREHOUSE_PORT="1")
    assert again not in said
    assert again in _dbt(project, warehouse, "parse", WAREHOUSE_DATABASE="another")


def test_what_others_wait_for_runs_first(project: Path, warehouse: Engine) -> None:
    """A chain whose names come last in the alphabet, which decides in dbt's own order."""
    chain = [f"waited_for_{place}" for place in range(5)]
    for name, above in zip(chain, [None, *chain], strict=False):
        read = f"select * from {{{{ ref('{above}') }}}}" if above else "select 1 as one"
        (project / "models" / f"{name}.sql").write_text(read, encoding="utf-8")
    said = _dbt(project, warehouse, "run", "--threads", "1")
    started = re.findall(r"START sql table model staging\.(\w+)", said)
    assert len(started) == len(chain) + _MODELS
    # At most one node between two: it is handed out ahead, while the next of the chain may not run
    # yet, or none if a node ends before. For the chain's last nobody waits.
    first, *later = (started.index(name) for name in chain[:-1])
    assert first == 0
    assert all(after - place in {1, 2} for place, after in pairwise([first, *later])), started


def test_events_that_nobody_hears_are_not_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(EventManager, "fire_event", EventManager.fire_event)  # put back at the end
    _say_nothing_for_debugging()
    heard: list[str] = []
    manager = EventManager()
    manager.add_callback(lambda event: heard.append(event.info.msg))  # type: ignore[attr-defined]
    for level in (EventLevel.DEBUG, EventLevel.INFO, EventLevel.WARN):
        manager.fire_event(Note(msg=level.value), level)
    assert heard == ["info", "warn"]
