"""The pages of a benchmark run are made of its records alone and say plainly what was missed."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import pytest
from click.testing import CliRunner

from bench import pages, records
from bench.__main__ import main
from bench.frame import Cost, Goal, conclude, spreads, write

_COSTS = [Cost(10.0, 8.0, 5.0, 2.0, 90.0), Cost(14.0, 8.0, 7.0, 4.0, 110.0)]
_MET = Goal("ours, empty / plain dlt", "4.20 (4.00-4.40)", ">= 3", is_met=True)
_MISSED = Goal("peak MiB of ours", "210", "< 200", is_met=False)
_STAGE = {"seconds": 30.0, "cpu": 12.0, "cpu of Postgres": 5.0, "cpu of MariaDB": 3.0}


def _written(folder: Path, goals: Mapping[str, list[Goal]]) -> Path:
    extract = {"turns": 2, "1000 rows": {"rows": 1000, "ours, empty": spreads(_COSTS)}}
    whole = {"factor 1": {"parts": {"delta": {"load": {**_STAGE, "peak_mib": 140.0}}}}}
    for name, content in (("extract", extract), ("whole", whole)):
        told = [asdict(goal) for goal in goals.get(name, [])]
        write(folder / f"{name}.json", {**content, "goals": told})
    return folder


def test_costs_are_found_wherever_they_stand_in_a_record(tmp_path: Path) -> None:
    whole, extract = records.read(_written(tmp_path, {"extract": [_MET]}))
    assert [(way.name, way.seconds.middle, way.servers) for way in whole.ways] == [
        ("factor 1: delta: load", 30.0, 8.0)
    ]
    (way,) = extract.ways
    assert whole.ways[0].shown == "30.00"
    assert (way.name, way.shown) == ("1000 rows: ours, empty", "12.00 (10.00-14.00)")
    assert (way.cpu, way.servers, way.peak_mib) == (6.0, 3.0, 100.0)
    assert extract.facts == {"turns": "2", "1000 rows: rows": "1,000"}
    assert list(extract.goals) == [_MET]


def test_the_page_says_which_goals_were_missed(tmp_path: Path) -> None:
    goals = {"extract": [_MET, _MISSED], "whole": [_MET]}
    page = pages.performance(records.read(_written(tmp_path, goals)))
    assert "1 of 3 goals were **missed**" in page
    assert "Extraction: peak MiB of ours is 210, wanted < 200: **MISSED**" in page
    assert "| ours, empty / plain dlt | 4.20 (4.00-4.40) | >= 3 | met |" in page
    assert "| 1000 rows: ours, empty | 12.00 (10.00-14.00) | 6.0 | 3.0 | 100 |" in page
    assert re.search(r"\*\*Machine\.\*\* .+ cores, .+ GiB", page)
    assert re.search(r"Measured \S+ on \w+", page)
    assert re.search(r"Python \d.*dbt-core \d.*MariaDB", page)
    assert "Not measured in this run: Growth, Transformation, Acceptance," in page
    assert "## What costs most, and what was done" in page


def test_the_page_tells_what_python_is_at_work_on(tmp_path: Path) -> None:
    folder = _written(tmp_path, {})
    packages, functions = {"dlt": 0.625, "Python": 0.3, "orjson": 0.004}, {"imports": 0.2}
    profile = {"samples": 80, "packages": packages, "functions": functions}
    content = json.loads((folder / "whole.json").read_text())
    profiles = {"whole-extract": profile, "one customer-load": {**profile, "samples": 3}}
    write(folder / "whole.json", {**content, "profiles": profiles})
    page = pages.performance(records.read(folder))
    assert "| whole-extract | 80 | dlt 62%, Python 30% | imports 20% |" in page
    assert "one customer-load" not in page, "three samples are no profile"


def test_a_run_may_have_its_record_beside_the_usual_one(tmp_path: Path) -> None:
    folder = _written(tmp_path, {"extract": [_MET]})
    content = json.loads((folder / "extract.json").read_text())
    write(folder / "extract-far-away.json", {**content, "goals": [asdict(_MISSED)]})
    _, *found = records.read(folder)
    assert [record.title for record in found] == ["Extraction", "Extraction, far away"]
    assert [list(record.goals) for record in found] == [[_MET], [_MISSED]]
    arguments = ["performance", "--records", str(folder), "--out", str(tmp_path / "page.md")]
    assert "2 of 8 benchmarks" in CliRunner().invoke(main, arguments).output


def test_the_page_does_not_complain_where_all_is_met(tmp_path: Path) -> None:
    page = pages.performance(records.read(_written(tmp_path, {"extract": [_MET]})))
    assert "All 1 goals were met." in page
    assert "MISSED" not in page.split("## What costs most")[0]


def test_without_records_nothing_is_claimed(tmp_path: Path) -> None:
    page = pages.performance(records.read(tmp_path))
    assert "Nothing has been measured yet." in page
    assert "met" not in page.split("## What costs most")[0]


def test_the_command_writes_both_pages_and_measures_nothing(tmp_path: Path) -> None:
    folder = _written(tmp_path, {"whole": [_MISSED]})
    out = tmp_path / "performance.md"
    arguments = ["performance", "--records", str(folder), "--out", str(out)]
    outcome = CliRunner().invoke(main, arguments)
    assert outcome.exit_code == 0, outcome.output
    assert "2 of 8 benchmarks" in outcome.output
    assert "**MISSED**" in out.read_text(encoding="utf-8")
    page = (folder / "index.html").read_text(encoding="utf-8")
    assert "0 of 1 goals met, 1 MISSED" in page
    drawn = page[page.index("<svg") : page.index("</svg>")]
    assert "load" in drawn
    assert "waiting" in drawn


@pytest.mark.parametrize("is_met", [True, False])
def test_the_table_of_the_terminal_has_a_line_for_each_goal(
    tmp_path: Path, *, is_met: bool
) -> None:
    goal = Goal("whole, seconds", "610.0", "< 600", is_met)
    (line,) = pages.summary(records.read(_written(tmp_path, {"whole": [goal]}))).splitlines()
    assert line.startswith("whole ")
    assert line.endswith("met" if is_met else "MISSED")


def test_a_missed_goal_ends_a_benchmark_with_1_and_a_quick_run_has_no_goals(tmp_path: Path) -> None:
    record = tmp_path / "load.json"
    with pytest.raises(SystemExit) as ended:
        conclude(record, {"turns": 1}, [_MET, _MISSED], None)
    assert ended.value.code == 1
    assert list(records.read(tmp_path)[0].goals) == [_MET, _MISSED]
    conclude(record, {"turns": 1}, [_MET], None)
    conclude(record, {"turns": 1}, [_MISSED], "every way loaded the same rows")
    assert list(records.read(tmp_path)[0].goals) == []
