"""The benchmark of the extractor works and compares contents; nothing is timed here."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from bench.extract import cases
from bench.extract.__main__ import main
from bench.extract.rows import made
from bench.frame import BenchError, Cost, ratio

pytestmark = pytest.mark.e2e


def test_every_way_lands_the_rows_that_were_served(tmp_path: Path) -> None:
    record = tmp_path / "extract.json"
    outcome = CliRunner().invoke(main, ["--quick", "--record", str(record)])
    assert outcome.exit_code == 0, outcome.output
    assert "every way landed the same rows" in outcome.output
    written = json.loads(record.read_text())
    assert set(written["2000 rows"]) == {
        "ours, empty",
        "lean, empty",
        "ours, all unchanged",
        "ours, all changed",
    }


def test_contents_that_differ_are_an_error() -> None:
    class Place:
        def ask(self, query: str) -> tuple[int, int]:
            return (5, 1) if "raw_sonar" in query else (5, 2)

    with pytest.raises(BenchError, match="contents differ"):
        cases.same(Place(), 5)  # type: ignore[arg-type]


def test_rows_are_the_same_again_and_differ_by_version() -> None:
    first = made(50, 1, "2024-01-01T00:00:00+00:00")
    assert first.rendered == made(50, 1, "2024-01-01T00:00:00+00:00").rendered
    changed = made(50, 2, "2025-01-01T00:00:00+00:00").rendered
    assert not set(first.rendered) & set(changed)
    assert 500 < sum(map(len, first.rendered)) / 50 < 700
    assert first.sums["id"][50] == 50 * 51 // 2


def test_a_ratio_is_taken_within_a_turn() -> None:
    def cost(work: float) -> Cost:
        return Cost(seconds=work, work=work, cpu=0, server_cpu=0, peak_mib=0)

    found = ratio([cost(2), cost(20), cost(4)], [cost(1), cost(10), cost(1)])
    assert (found.lowest, found.middle, found.highest) == (0.25, 0.5, 0.5)
