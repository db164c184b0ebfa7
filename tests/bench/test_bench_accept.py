"""The benchmark of acceptance works and judges its goals; nothing is timed here."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from bench.accept.__main__ import main
from bench.accept.cases import goals
from bench.accept.checks import Counts, same
from bench.frame import BenchError, Cost
from tests.proving import proving


@pytest.mark.e2e
@pytest.mark.prove
@pytest.mark.skipif(not proving(), reason="dbt takes minutes of CPU for it")
def test_every_way_finds_the_same_rows(tmp_path: Path) -> None:
    record = tmp_path / "accept.json"
    outcome = CliRunner().invoke(main, ["--quick", "--record", str(record)])
    assert outcome.exit_code == 0, outcome.output
    assert "every way found the same rows" in outcome.output
    written = json.loads(record.read_text())
    assert {"ours, whole stage", "ours, rules", "plain SQL"} == set(written["ways"])
    assert written["rules"] > 1000


@pytest.mark.parametrize(
    ("ours", "planted", "words"),
    [
        ({"m: a": 1, "m: b": 0}, {}, "differ by 1 rules"),
        ({"m: a": 2, "m: b": 0, "m: c": 0}, {}, "differ by 1 rules"),
        ({"m: a": 2, "m: b": 0}, {"m: a": 1}, "not found as planted"),
        ({"m: a": 2, "m: b": 0}, {"m: b": 0}, "not found as planted"),
        ({"m: a": 2, "m: b": 0}, {"m: gone": 1}, "not found as planted"),
    ],
    ids=["another count", "another rule", "planted otherwise", "nothing planted", "rule is gone"],
)
def test_a_way_that_finds_something_else_fails(ours: Counts, planted: Counts, words: str) -> None:
    with pytest.raises(BenchError, match=words):
        same(ours, {"m: a": 2, "m: b": 0}, planted)
    same({"m: a": 2, "m: b": 0}, {"m: a": 2, "m: b": 0}, {"m: a": 2})


def _costs(*works: float, start: float = 0, peak: float = 0) -> list[Cost]:
    return [Cost(each + start, each, cpu=0, server_cpu=0, peak_mib=peak) for each in works]


def test_the_slowest_turn_and_the_highest_peak_count() -> None:
    good = {
        "ours, whole stage": _costs(70, 114, start=5, peak=490),
        "ours, rules": _costs(10, 20),
        "plain SQL": _costs(4, 4, peak=900),
    }
    assert [(goal.found, goal.is_met) for goal in goals(good)] == [
        ("3.75 (2.50-5.00)", True),
        ("119.0", True),
        ("490", True),
    ]
    bad = {
        "ours, whole stage": _costs(70, 116, start=5, peak=490),
        "ours, rules": _costs(22, 22, peak=501),
        "plain SQL": _costs(4, 4),
    }
    assert not any(goal.is_met for goal in goals(bad))
