"""A load that went out in waves, as the report tells it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from load.report.collect import collect
from load.report.collect_waves import customers_of, paired
from load.report.facts import Beside
from load.report.page import write
from load.report.verdict import judge
from runtime.migrate import stages_of
from tests.load import miniature
from tests.reconcile import small_world

BEGAN = datetime(2026, 3, 4, 5, 6, tzinfo=UTC)
_FIRST = {"scope": "the first 1", "inserted": 9, "tables": {
    "customers": {"insert": 1, "not_selected": 29, "gone": 3}
}}  # fmt: skip
_SECOND = {"scope": "the first 10", "inserted": 80, "updated": 1, "tables": {
    "customers": {"unchanged": 1, "insert": 9, "not_selected": 20}
}}  # fmt: skip
_ALL = {"scope": "everything", "inserted": 200, "tables": {
    "customers": {"unchanged": 10, "insert": 20}
}}  # fmt: skip
_AGREES = {"entities": 3, "differing": 0, "unexplained": 0}


def _step(name: str, minute: int, code: int | None, detail: dict[str, Any]) -> dict[str, Any]:
    return {
        "step": name,
        "started_at": BEGAN + timedelta(minutes=minute),
        "exit_code": code,
        "detail": detail,
        "seconds": None if code is None else 1.5,
    }


def test_each_load_stands_with_the_reconciliation_after_it() -> None:
    first, second, third = paired(
        [
            _step("load", 0, 0, _FIRST),
            _step("reconcile", 1, 0, _AGREES),
            _step("load", 2, 0, _SECOND),
            _step("reconcile", 3, 6, _AGREES),
            _step("load", 4, 0, _ALL),
            _step("reconcile", 5, 4, {"differing": 2, "unexplained": 1}),
        ],
        "customers",
    )
    assert (first.scope, first.customers, first.rows, first.verdict) == (
        "the first 1", 1, 9, "agrees",
    )  # fmt: skip
    assert (second.customers, second.rows, second.verdict) == (10, 81, "not compared")
    assert (third.customers, third.rows, third.verdict) == (30, 200, "differs")
    assert (third.differing, third.unexplained, third.reconcile_seconds) == (2, 1, 1.5)


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ([_step("load", 0, 3, {})], (None, None, "not reconciled")),
        ([_step("load", 0, None, {"scope": "the first 1"})], (None, None, "not reconciled")),
        (
            [_step("load", 0, 6, _FIRST), _step("load", 1, 0, _FIRST)],
            (1, 9, "not reconciled"),
        ),
        ([_step("load", 0, 0, _FIRST), _step("reconcile", 1, None, {})], (1, 9, "not ended")),
        ([_step("load", 0, 0, _FIRST), _step("reconcile", 1, 2, {})], (1, 9, "failed")),
    ],
    ids=["refused", "killed", "incomplete, begun again", "reconciling", "no target"],
)
def test_a_wave_that_did_not_come_to_its_end_says_so(
    steps: list[dict[str, Any]], said: tuple[int | None, int | None, str]
) -> None:
    wave = next(paired(steps, "customers"))
    assert (wave.customers, wave.rows, wave.verdict) == said


def test_the_stages_of_a_migration_in_waves_leave_what_is_read_here() -> None:
    names = [stage.name.split()[0] for stage in stages_of((1, 10))]
    assert names[5:11] == ["load", "reconcile"] * 3


def test_customers_are_the_mart_that_leads_to_no_other_of_its_group() -> None:
    assert customers_of(small_world.manifest()) == "customers"
    assert customers_of(miniature.MANIFEST) == "clients"


def _ran(warehouse: Engine, run_id: str, minute: int, steps: list[dict[str, Any]]) -> None:
    insert = text(
        "insert into ops.step (run_id, step, started_at, ended_at, exit_code, detail) values"
        " (:run, :step, :began, :ended, :code, cast(:detail as jsonb))"
    )
    with warehouse.begin() as connection:
        for step in (_step("migrate", 0, 0, {}), *steps):
            began = step["started_at"] + timedelta(minutes=minute)
            connection.execute(
                insert,
                {
                    "run": run_id,
                    "step": step["step"],
                    "began": began,
                    "ended": None if step["exit_code"] is None else began + timedelta(seconds=2),
                    "code": step["exit_code"],
                    "detail": json.dumps(step["detail"]),
                },
            )


@pytest.mark.postgres
def test_the_page_shows_the_last_run_in_waves_on_this_target(
    warehouse: Engine, tmp_path: Path
) -> None:
    manifest = small_world.manifest()
    with warehouse.connect() as connection:
        assert collect(connection, manifest).waves is None
    _ran(warehouse, "old", 0, [_step("load", 1, 0, _FIRST), _step("load", 2, 0, _ALL)])
    _ran(
        warehouse,
        "waves",
        60,
        [
            _step("load", 1, 0, _FIRST),
            _step("reconcile", 2, 0, _AGREES),
            _step("load", 3, 0, _SECOND),
            _step("reconcile", 4, 4, {"differing": 1, "unexplained": 1}),
        ],
    )
    _ran(warehouse, "plain", 120, [_step("load", 1, 0, _ALL), _step("reconcile", 2, 0, _AGREES)])
    with warehouse.connect() as connection:
        facts = collect(connection, manifest)
    assert facts.waves is not None
    assert facts.waves.run_id == "waves"
    assert [(w.scope, w.customers, w.rows, w.verdict) for w in facts.waves.all] == [
        ("the first 1", 1, 9, "agrees"), ("the first 10", 10, 81, "differs"),
    ]  # fmt: skip
    page = write(facts, judge(facts), tmp_path / "report", Beside()).read_text()
    assert 'id="waves"' in page
    assert "2: the first 10" in page
    document = json.loads((tmp_path / "report" / "report.json").read_text())
    assert document["waves"]["all"][1]["verdict"] == "differs"
