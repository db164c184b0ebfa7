"""The benchmark of the whole way proves what it did and judges its goals; nothing is timed here."""

from __future__ import annotations

import csv
import json
import os
import sys
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from click.testing import CliRunner

from bench.frame import BenchError
from bench.growth.__main__ import main as growth
from bench.whole import profile, results, watch
from bench.whole.__main__ import main
from bench.whole.book import Book
from bench.whole.prepare import Prepared, change
from bench.whole.project import copy
from bench.whole.results import Gone
from bench.whole.watch import Stage, Where
from bench.whole.way import Way
from sandbox.sonar.schema import load_schema
from sandbox.sonar.tenant import generate
from tests.proving import proving

_TENANT = Prepared(Path("nowhere"), "reference", 1.0, rows=1000, changed=10, code="none")


@pytest.mark.e2e
@pytest.mark.prove
@pytest.mark.skipif(not proving(), reason="dbt takes minutes of CPU for it")
def test_every_part_of_the_way_ends_reconciled(tmp_path: Path) -> None:
    record = tmp_path / "whole.json"
    outcome = CliRunner().invoke(main, ["--quick", "--profile", "--record", str(record)])
    assert outcome.exit_code == 0, outcome.output
    assert "every layer agrees" in outcome.output
    written = json.loads(record.read_text())
    tenant = written["factor 1"]
    assert set(tenant["parts"]) == {"setup", "whole", "one customer", "delta"}
    assert tenant["rows in Splynx"] > 100
    stages = {f"{part}-{stage}" for part, stages in tenant["parts"].items() for stage in stages}
    assert set(written["profiles"]) == stages
    assert written["profiles"]["whole-transform"]["packages"].get("dbt", 0) > 0.05


@pytest.mark.e2e
@pytest.mark.prove
@pytest.mark.skipif(not proving(), reason="dbt takes minutes of CPU for it")
def test_every_size_ends_reconciled(tmp_path: Path) -> None:
    record = tmp_path / "growth.json"
    outcome = CliRunner().invoke(growth, ["--quick", "--factors", "2", "--record", str(record)])
    assert outcome.exit_code == 0, outcome.output
    assert "every layer agrees" in outcome.output
    written = json.loads(record.read_text())
    one, two = written["factor 1"], written["factor 2"]
    assert set(one["parts"]) == set(two["parts"]) == {"setup", "whole"}
    assert two["rows in Splynx"] > one["rows in Splynx"] > 100
    assert written["goals"] == []


def _stage(seconds: float, peak: float = 100, warehouse: float = 0) -> Stage:
    return Stage(seconds, seconds, {"Postgres": 1.0}, peak, peak + warehouse, 0, "")


def _gone(factor: float = 1.0, **parts: dict[str, Stage]) -> Gone:
    rows = round(_TENANT.rows * factor)
    named = {part.replace("_", " "): stages for part, stages in parts.items()}
    return Gone(replace(_TENANT, factor=factor, rows=rows), 900, named)


def test_stages_are_summed_and_the_slowest_turn_counts() -> None:
    good = _gone(whole={"extract": _stage(300), "load": _stage(250)}, delta={"load": _stage(89)})
    assert [(goal.found, goal.is_met) for goal in results.goals({1.0: [good]})] == [
        ("550.00 (550.00-550.00)", True),
        ("89.00 (89.00-89.00)", True),
        ("100", True),
        ("100", True),
    ]
    slow = _gone(
        whole={"extract": _stage(300), "load": _stage(301, peak=1530, warehouse=10)},
        delta={"load": _stage(91)},
    )
    assert [goal.is_met for goal in results.goals({1.0: [good, slow]})] == [
        False,
        False,
        True,
        False,
    ]


def test_a_row_may_cost_a_little_more_at_size_but_not_much() -> None:
    one = _gone(whole={"extract": _stage(10), "load": _stage(10)})
    three = _gone(3.0, whole={"extract": _stage(34, peak=114), "load": _stage(36, peak=116)})
    judged = {goal.what: goal.is_met for goal in results.growth({1.0: [one], 3.0: [three]})}
    assert judged == {
        "extract, time a row, 3 times the rows": True,
        "extract, memory, 3 times the rows": True,
        "load, time a row, 3 times the rows": False,
        "load, memory, 3 times the rows": False,
    }
    assert results.growth({3.0: [three]}) == []


def test_what_all_are_compared_with_is_not_asked_for() -> None:
    outcome = CliRunner().invoke(growth, ["--factors", "1", "--factors", "3"])
    assert outcome.exit_code == 1
    assert "measured anyway" in outcome.output


def test_the_record_holds_every_stage_of_every_part() -> None:
    turns = [_gone(whole={"load": _stage(10)}), _gone(whole={"load": _stage(30)})]
    record = results.record(turns)
    assert record["seconds"]["whole"] == {"middle": 20.0, "lowest": 10.0, "highest": 30.0}
    assert record["parts"]["whole"]["load"]["cpu of Postgres"]["middle"] == 1.0


def test_what_is_stopped_leaves_the_parts_before(tmp_path: Path) -> None:
    record = tmp_path / "whole.json"
    (tmp_path / "samples").mkdir()

    def parts() -> Generator[Way]:
        yield cast(Way, SimpleNamespace(rows_in_target=900, costs={"whole": {"load": _stage(5)}}))
        raise BenchError("stopped")

    book = Book(record, results.goals)
    with pytest.raises(BenchError, match="stopped"):
        book.enter(_TENANT, parts(), tmp_path / "samples")
    written = json.loads(record.read_text())
    assert written["factor 1"]["seconds"]["whole"]["middle"] == 5.0
    assert [goal["what"] for goal in written["goals"]][:1] == ["whole, seconds"]


def test_a_profile_tells_whose_code_is_at_work() -> None:
    process = 'process 7:"python -m load run";thread (7): MainThread;'
    found = profile.summary(
        [
            f"{process}<module> (load/run.py);send (load/mysql/bulk.py:12) 5",
            f"{process}<module> (load/run.py);sleep (threading.py:9) 2",
            f"{process}<module> (load/run.py);_load (<frozen importlib._bootstrap>);x (dlt/a.py) 2",
            f"{process}render (<template>:7) 1",
            f"{process.rstrip(';')} 90",
            f"{process}<module> (load/run.py);end (test\x00\x7f\n",
            "snapshot\x00 (load/run.py:3)\n",
        ]
    )
    assert found == {
        "samples": 10,
        "packages": {"this project": 0.5, "Python": 0.2, "imports": 0.2, "jinja2": 0.1},
        "functions": {
            "send (load/mysql/bulk.py)": 0.5,
            "sleep (threading.py)": 0.2,
            "imports": 0.2,
            "render (<template>)": 0.1,
        },
    }


def test_a_stage_is_profiled_while_it_runs(tmp_path: Path) -> None:
    (tmp_path / "burn.py").write_text(
        # Its own CPU, not the clock: on a busy machine it then lasts as much longer as it must.
        "import time\nwhile time.process_time() < 3: sum(range(1000))\n"
    )
    samples = tmp_path / "samples.txt"
    try:
        watch.run(("burn",), Where(tmp_path, dict(os.environ), os.getpid(), {}), samples)
    except BenchError as error:
        pytest.skip(f"this machine does not let a process look at another: {error}")
    with samples.open() as lines:
        found = profile.summary(lines)
    assert found["samples"] > 5
    assert "<module> (burn.py)" in found["functions"]


def test_one_row_in_a_hundred_changes_and_small_collections_stay() -> None:
    schema = load_schema()
    store = generate(schema, "demo", 1, 0.5).store(schema)
    before = {name: list(store.named(name).rows) for name in store.collections}
    changed = change(store, seed=1)
    moved = {
        name: sum(old != new for old, new in zip(rows, store.named(name).rows, strict=True))
        for name, rows in before.items()
    }
    assert sum(moved.values()) == changed > 50
    assert all(count == len(before[name]) // 100 for name, count in moved.items() if count)
    assert moved["accounts"] > 0


def test_an_account_changes_even_in_the_smallest_tenant() -> None:
    schema = load_schema()
    assert change(generate(schema, "tiny", 1).store(schema), seed=1) > 0


def test_the_copy_signs_for_every_reason_in_every_entity(tmp_path: Path) -> None:
    seeds = copy(tmp_path) / "dbt_project" / "seeds"
    rejections = _rows(seeds / "map_accepted_rejections.csv")
    pairs = {(row["entity"], row["reason"]) for row in rejections}
    entities, reasons = ({pair[place] for pair in pairs} for place in (0, 1))
    assert len(rejections) == len(pairs) == len(entities) * len(reasons)
    losses = _rows(seeds / "map_accepted_access_losses.csv")
    assert len(losses) == len({row["reason"] for row in losses}) > 10
    assert min(int(row["max_rows"]) for row in [*rejections, *losses]) > 10**6


def _rows(seed: Path) -> list[dict[str, str]]:
    with seed.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_memory_of_children_counts_and_failures_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen, look = tmp_path / "seen", watch._tree

    def looked(top: int) -> float:
        found = look(top)
        if found > 90:
            seen.touch()
        return found

    monkeypatch.setattr(watch, "_tree", looked)
    (tmp_path / "hungry.py").write_text(
        "import pathlib, subprocess, sys, time\n"
        "if len(sys.argv) > 1:\n"
        "    held, deadline = bytearray(b'x') * 90_000_000, time.monotonic() + 60\n"
        "    while not pathlib.Path('seen').exists() and time.monotonic() < deadline:\n"
        "        time.sleep(0.05)\n"
        "else:\n"
        "    subprocess.run([sys.executable, __file__, 'child'], check=True)\n"
    )
    (tmp_path / "failing.py").write_text("raise SystemExit('no room')\n")
    here = {"PATH": str(Path(sys.executable).parent)}
    where = Where(tmp_path, here, 1 << 30, {"nobody": lambda: 3.0})
    cost = watch.run(("hungry",), where)
    assert cost.peak_mib > 90
    assert cost.servers == {"nobody": 0.0}
    with pytest.raises(BenchError, match="no room"):
        watch.run(("failing",), where)
