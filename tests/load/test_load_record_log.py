"""The log of single records: bounded, in its own file, and without a single value."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from load.planning.scope import Scope
from load.writing import record_log
from runtime.errors import Unfinished
from tests.load import miniature
from tests.load.conftest import Scene

pytestmark = [pytest.mark.postgres, pytest.mark.mysql]

PLANTED = ("Wilhelmina Plantedperson", "wilhelmina@planted.example", "+1 555 0134567")


def log(folder: Path) -> list[dict[str, str]]:
    """Return the newest log: name and value of every part of every line."""
    path = max(folder.iterdir(), key=lambda file: file.stat().st_mtime_ns)
    lines = path.read_text(encoding="utf-8").splitlines()
    return [dict(re.findall(r"(\w+)=(\S+)", line)) for line in lines]


def test_single_records_are_told_by_key_and_column_alone(scene: Scene, tmp_path: Path) -> None:
    scene.target("alter table clients add constraint c check (name not like '%%Planted%%')")
    miniature.run_inspect()
    scene.mart("update splynx_staging.clients set parent_id = null")
    miniature.accept(scene.warehouse)
    planned = tmp_path / "planned"
    miniature.run_load(dry_run=True, log_folder=planned)
    assert {line["outcome"] for line in log(planned)} == {"planned"}
    miniature.run_load(chosen=Scope(limit=30))
    name, mail, phone = PLANTED
    scene.mart(
        f"update splynx_staging.clients set name = '{name}', note = '{mail}' where id = 4;"
        f" update splynx_staging.clients set login = '{mail}', note = '{phone}' where id in (5, 6)"
    )
    scene.target("update clients set note = 'by Wilhelmina Plantedperson' where id = 6")
    miniature.accept(scene.warehouse)
    with pytest.raises(Unfinished):
        miniature.run_load(log_folder=tmp_path, chosen=Scope(limit=40))
    told = "".join(path.read_text() for path in tmp_path.glob("*.log"))
    for value in (*PLANTED, "Wilhelmina", "planted.example", "0134567"):
        assert value not in told
    lines = {(line["table"], line["record"]): line for line in log(tmp_path)}
    refused = lines["clients", "4"]
    assert (refused["class"], refused["columns"]) == ("update", "name,note")
    assert (refused["outcome"], refused["error"]) == ("quarantined", "4025")
    assert lines["clients", "5"]["columns"] == "login,note"
    assert lines["clients", "5"]["outcome"] == "written"
    assert (lines["clients", "6"]["class"], lines["clients", "6"]["contested"]) == (
        "conflict",
        "note",
    )
    assert lines["clients", "35"]["outcome"] == "written"
    assert ("clients", "45") not in lines  # not chosen
    assert ("clients", "7") not in lines  # as it was: nothing to tell


def test_a_table_has_no_more_lines_than_allowed(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert record_log.MOST == 200
    monkeypatch.setattr(record_log, "MOST", 25)
    scene.target("alter table clients add constraint c check (login <> 'login59')")
    miniature.run_inspect()
    miniature.accept(scene.warehouse)
    with pytest.raises(Unfinished):
        miniature.run_load(log_folder=tmp_path)
    lines = log(tmp_path)
    counts = Counter(line["table"] for line in lines)
    assert counts["clients"] == counts["client_info"] == 25
    assert counts["plans"] == 3
    # what asks for attention is among them
    assert ("59", "quarantined") in {(line["record"], line["outcome"]) for line in lines}
