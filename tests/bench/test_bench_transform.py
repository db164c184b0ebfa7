"""The benchmark of the transform works and judges its goals; nothing is timed here."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from bench.frame import Cost
from bench.transform.__main__ import main
from bench.transform.cases import goals
from bench.transform.plain import models
from tests.proving import proving


@pytest.mark.e2e
@pytest.mark.prove
@pytest.mark.skipif(not proving(), reason="dbt takes minutes of CPU for it")
def test_every_way_builds_the_same_tables(tmp_path: Path) -> None:
    record = tmp_path / "transform.json"
    outcome = CliRunner().invoke(main, ["--quick", "--record", str(record)])
    assert outcome.exit_code == 0, outcome.output
    assert "every way built the same tables" in outcome.output
    written = json.loads(record.read_text())
    assert {"full", "start-up", "plain SQL", "again"} <= set(written["ways"])


def _costs(*seconds: float) -> list[Cost]:
    return [Cost(each, each, cpu=0, server_cpu=0, peak_mib=0) for each in seconds]


def test_start_up_counts_for_a_build_after_changes_and_not_against_the_plain_sql() -> None:
    slow = {"full": _costs(30), "start-up": _costs(10), "plain SQL": _costs(8)}
    assert [(goal.found, goal.is_met) for goal in goals({**slow, "again": _costs(15)})] == [
        ("2.50 (2.50-2.50)", False),
        ("2.00 (2.00-2.00)", False),
        ("4.00 (4.00-4.00)", False),
    ]
    fast = {"full": _costs(19), "start-up": _costs(1), "plain SQL": _costs(15)}
    assert [goal.is_met for goal in goals({**fast, "again": _costs(3.8)})] == [True, True, True]


def test_a_model_comes_after_those_that_it_reads() -> None:
    def node(kind: str, *parents: str) -> dict[str, object]:
        reads = {"nodes": list(parents)}
        return {"resource_type": kind, "config": {"enabled": True}, "depends_on": reads}

    nodes = {
        "a": {**node("model", "b", "seed"), "name": "a"},
        "b": {**node("model", "c"), "name": "b"},
        "c": {**node("model"), "name": "c"},
        "seed": node("seed"),
        "test": node("test", "a"),
    }
    assert [model["name"] for model in models({"nodes": nodes})] == ["c", "b", "a"]
