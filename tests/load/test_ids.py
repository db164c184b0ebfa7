"""The id manifest: every id once, with what became of it, as CSV and as a page."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from load import __main__ as commands
from load.ids import command as ids_command
from tests.load import miniature
from tests.load.conftest import Scene

pytestmark = [pytest.mark.postgres, pytest.mark.mysql]


def test_every_id_is_listed_once_with_what_became_of_it(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    miniature.run_load()
    scene.mart("create schema if not exists intermediate")
    scene.mart(
        "create table intermediate.int_crosswalk as select target, entity, _sonar_key, planned_id,"
        " 'kept'::text as origin from ops.id_map where entity <> 'notes'"
    )
    scene.mart(
        "insert into intermediate.int_crosswalk select target, 'plans', key, id, origin"
        " from ops.current_target, (values ('at <b>', 900, 'matched'), ('gone', 901, 'new'))"
        " as more (key, id, origin)"
    )
    scene.mart("delete from ops.id_map where entity = 'clients' and _sonar_key = '7'")
    scene.mart(
        "insert into ops.collision (target, table_name, _sonar_key, what, action, held_by, run_id)"
        " select target, 'plans', key, what, action, held, 'r' from ops.current_target,"
        " (values ('at <b>', 'row', 'match', 'row 900'), ('2', 'id', 'keep', 'record 5'),"
        " ('2', 'title', 'abort', 'row 8'), ('out', 'title', 'reject', null),"
        " ('never planned', 'title', 'abort', 'row 9')) as c (key, what, action, held)"
    )
    for name, value in (("BUILD", tmp_path), ("read_manifest", lambda: miniature.MANIFEST)):
        monkeypatch.setattr(ids_command, name, value)
    out = tmp_path / "new" / "ids.csv"
    done = CliRunner().invoke(commands.commands, ["ids", "--out", str(out)], catch_exceptions=False)
    assert done.exit_code == 0
    said = done.stdout.splitlines()
    assert said[:3] == [
        "clients: 59 loaded, 1 pending",
        "notes: 20 loaded",
        "plans: 3 loaded, 1 matched, 1 unused, 1 rejected",
    ]
    with out.open(encoding="utf-8", newline="") as file:
        rows = {(row["entity"], row["sonar_key"]): row for row in csv.DictReader(file)}
    assert said[-2] == f"{len(rows) - 1} ids, 1 pending"
    assert rows["clients", "7"]["state"] == "pending"
    assert rows["notes", "n9"]["splynx_id"] == "9"
    assert rows["plans", "at <b>"]["origin"] == "matched"
    assert rows["plans", "at <b>"]["clash"] == "row: match (row 900)"
    assert rows["plans", "2"]["clash"] == "id: keep (record 5); title: abort (row 8)"
    assert rows["plans", "2"]["state"] == "loaded"
    assert list(rows["plans", "out"].values())[2:] == ["", "", "rejected", "", "title: reject"]
    assert ("plans", "never planned") not in rows
    assert rows["plans", "3"]["clash"] == ""
    script = (tmp_path / "ids" / "ids.js").read_text(encoding="utf-8").splitlines()
    plans = next(line for line in script if line.startswith('IDS.set("plans", '))
    lines = json.loads(plans.removeprefix('IDS.set("plans", ').removesuffix(");")).split("\n")
    assert lines[-3:] == [
        "at <b>\t900\tmatched\tmatched\trow: match (row 900)",
        "gone\t901\tnew\tunused\t",
        "out\t-\t\trejected\ttitle: reject",
    ]
    page = (tmp_path / "ids" / "index.html").read_text(encoding="utf-8")
    assert f"Every id of {scene.splynx.address}#1." in page
    assert "login" not in page + "".join(script)
