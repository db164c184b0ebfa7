"""The benchmark of reconciliation finds what it planted and judges its goals; nothing is timed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from bench.frame import BenchError, Cost
from bench.reconcile.__main__ import main
from bench.reconcile.cases import PLAIN, ROWS, TABLES, WHOLE, goals_of, same, shares
from bench.reconcile.planted import Found
from tests.proving import proving

_PLANTED: Found = {"t": {"modified": [100, 200], "missing": [7], "extra": []}}


@pytest.mark.e2e
@pytest.mark.prove
@pytest.mark.skipif(not proving(), reason="servers of its own and seven processes")
def test_both_ways_find_what_was_planted(tmp_path: Path) -> None:
    record = tmp_path / "reconcile.json"
    outcome = CliRunner().invoke(main, ["--quick", "--record", str(record)])
    assert outcome.exit_code == 0, outcome.output
    assert "both ways found what was planted, and nothing else" in outcome.output
    written = json.loads(record.read_text())
    assert {ROWS, TABLES, PLAIN, WHOLE} < set(written["1 % differs"])
    for name in (ROWS, TABLES):
        assert set(written["equal"][f"{name} / reladiff"]) == {"time", "cpu", "peak_mib"}


@pytest.mark.parametrize(
    ("found", "words"),
    [
        ({"modified": [100], "missing": [7], "extra": []}, "1 modified rows of t, planted 2"),
        ({"modified": [100, 201], "missing": [7], "extra": []}, "2 modified rows of t, planted 2"),
        ({"modified": [100, 200], "missing": [7], "extra": [9]}, "1 extra rows of t, planted 0"),
        ({"modified": 2, "missing": 0, "extra": 0}, "0 missing rows of t, planted 1"),
    ],
    ids=["too few", "another row", "too many", "counts"],
)
def test_a_way_that_finds_something_else_fails(found: dict[str, object], words: str) -> None:
    with pytest.raises(BenchError, match=words):
        same({"t": found}, _PLANTED, "a way")
    same(_PLANTED, _PLANTED, "keys")
    same({"t": {"modified": 2, "missing": 1, "extra": 0}}, _PLANTED, "counts")


def _costs(*works: float, cpu: float = 1, peak: float = 100) -> list[Cost]:
    return [Cost(each, each, cpu=cpu, server_cpu=cpu, peak_mib=peak) for each in works]


def test_the_middle_of_the_turns_and_the_highest_peak_count() -> None:
    costs = {
        ROWS: _costs(2, 18, 0.5),
        TABLES: _costs(4, 9, 2, peak=120),
        PLAIN: _costs(8, 9, 1, cpu=2),
        WHOLE: _costs(1),
    }
    rows, rate, peak = goals_of(costs, "equal")
    assert (rows.found, rows.is_met) == ("2.00 (0.50-4.00)", True)
    assert (rate.found, rate.is_met) == ("1.00 (0.50-2.00)", True)
    assert (peak.found, peak.is_met) == ("120", True)
    of = shares(costs, TABLES)
    assert (of["time"]["middle"], of["cpu"]["middle"], of["peak_mib"]["middle"]) == (1, 0.5, 1.2)
    slow = {
        ROWS: _costs(9, 8, 4),
        TABLES: _costs(10, 9, 2),
        PLAIN: _costs(8, 7, 3),
        WHOLE: _costs(9, peak=251),
    }
    assert not any(goal.is_met for goal in goals_of(slow, "equal"))
