"""Taking a run back: what it wrote goes, what staff did stays, everything else is as it was."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine

from load import __main__ as commands
from load.mysql.checksums import Sum, columns_of, table_sum
from load.rollback import commands as rollback_commands
from load.rollback.run import Undone, roll_back
from runtime.errors import ConfigError, GateFailed, ReconcileMismatch, Unfinished
from runtime.run_ledger import stage
from runtime.settings import ROOT, splynx_db
from sandbox.splynx.prefilled import prefill
from tests.load import miniature
from tests.load.conftest import Scene
from tests.services import others_are_gone

pytestmark = [pytest.mark.postgres, pytest.mark.mysql]

STRANGERS = """
insert into plans values (900, 'Theirs', 1, 1);
insert into clients (id, login, name, balance, since, last_seen)
values (900, 'theirs', 'Theirs', 0, '2024-01-01', '2024-01-01');
insert into client_info values (900, 'V');
insert into subscriptions values (900, 900, 900, '2031-01-01', 'THEIRS')
"""


def content(engine: Engine) -> dict[str, Sum]:
    with engine.connect() as connection:
        return {
            table: table_sum(connection, table, columns)
            for table, columns in columns_of(connection).items()
        }


def loaded() -> str:
    """Load, and return the run's id."""
    with pytest.MonkeyPatch.context() as patch:
        run_id = f"run-{loaded.number}"  # type: ignore[attr-defined]
        loaded.number += 1  # type: ignore[attr-defined]
        patch.setenv("RUN_ID", run_id)
        miniature.run_load()
    return run_id


loaded.number = 1  # type: ignore[attr-defined]


def rolled_back(run_id: str) -> Undone:
    with stage("rollback") as run:
        return roll_back(run, splynx_db(), miniature.MANIFEST, run_id)


def kept_by(run_id: str) -> dict[str, str]:
    """Roll back a run of which rows stay; return them with their reasons."""
    with pytest.raises(Unfinished) as error:
        rolled_back(run_id)
    return dict(item.split(": ", 1) for item in error.value.items)


@pytest.fixture
def used(scene: Scene) -> Scene:
    """Return the scene with rows of staff in the target."""
    prefill(scene.splynx.engine)
    for statement in STRANGERS.split(";\n"):
        scene.target(statement)
    miniature.run_inspect()
    miniature.accept(scene.warehouse)
    return scene


def test_a_load_into_a_target_in_use_leaves_no_trace(used: Scene) -> None:
    before = content(used.splynx.engine)
    run_id = loaded()
    assert content(used.splynx.engine) != before
    undone = rolled_back(run_id)
    assert (undone.deleted, undone.put_back, undone.kept) == (used.sizes.rows, 0, [])
    assert content(used.splynx.engine) == before
    assert undone.checked == len(before)
    assert used.rows("select 1 from ops.row_state union all select 1 from ops.id_map") == []
    again = rolled_back(run_id)
    assert (again.deleted, again.kept) == (0, [])
    assert content(used.splynx.engine) == before
    assert miniature.run_load().inserted == used.sizes.rows


def test_what_staff_did_stays_with_what_it_needs(used: Scene) -> None:
    before = content(used.splynx.engine)
    run_id = loaded()
    # 1 was edited, 2 got a child of staff's, 3 an edited part, 4 was deleted by staff
    used.target("update clients set name = 'by staff', parent_id = 0 where id = 1")
    used.target("insert into subscriptions values (901, 2, 900, '2031-01-01', 'NEW')")
    used.target("update client_info set vat = 'by staff' where client_id = 3")
    for table, key in (("notes", "client_id"), ("subscriptions", "client_id")):
        used.target(f"delete from {table} where {key} = 4")
    used.target("delete from client_info where client_id = 4")
    used.target("delete from clients where id = 4")
    # and one of our subscriptions: it needs its plan and its client
    row = used.target_rows(
        "select id, client_id, plan_id from subscriptions where client_id between 5 and 60"
        " order by id limit 1"
    )[0]
    used.target(f"update subscriptions set ends = '2040-01-01' where id = {row[0]}")
    kept = kept_by(run_id)
    client = str(row[1])
    parents = dict(used.rows("select id, parent_id from splynx_staging.clients"))
    wanted = {
        "clients 1": "edited since",
        "client_info 1": "belongs to clients 1",
        "clients 2": "row 901 of subscriptions, which is not of this run, leads to it",
        "client_info 2": "belongs to clients 2",
        "client_info 3": "edited since",
        "clients 3": "needed by client_info 3",
        f"subscriptions s{row[0]}": "edited since",
        f"plans {row[2]}": f"needed by subscriptions s{row[0]}",
        f"clients {client}": f"needed by subscriptions s{row[0]}",
        f"client_info {client}": f"belongs to clients {client}",
    }
    child: object = int(client)
    while (parent := parents[child]) is not None:
        wanted.setdefault(f"clients {parent}", f"needed by clients {child}")
        wanted.setdefault(f"client_info {parent}", f"belongs to clients {parent}")
        child = parent
    assert kept == wanted
    names = used.target_rows("select id, name from clients order by id")
    assert "by staff" in str(names)
    assert (900, "Theirs") in names
    assert {row[0] for row in names} == {900} | {
        int(name.split()[1]) for name in wanted if name.startswith("clients")
    }
    after = content(used.splynx.engine)
    ours = {"plans", "clients", "client_info", "subscriptions", "notes"}
    assert {t: s for t, s in after.items() if t not in ours} == {
        t: s for t, s in before.items() if t not in ours
    }
    assert after["notes"] == before["notes"]
    assert used.rows("select count(*) from ops.rollback_kept") == [(len(wanted),)]
    assert kept_by(run_id) == wanted  # again: nothing more to do, the same list
    assert content(used.splynx.engine) == after
    # once staff have taken their rows away, the rest goes too
    used.target("delete from subscriptions where id = 901")
    assert "clients 2" not in kept_by(run_id)


def test_an_update_is_put_back_and_belongs_to_the_run_before(used: Scene) -> None:
    first = loaded()
    before = content(used.splynx.engine)
    used.mart("update splynx_staging.clients set name = 'new ' || name, note = null where id < 20")
    used.mart("update splynx_staging.subscriptions set plan_id = 4, serial = null where id < 9")
    used.mart("insert into splynx_staging.plans values ('4', 4, 'Late', 4, 4)")
    miniature.accept(used.warehouse)
    second = loaded()
    with pytest.raises(GateFailed, match=rf"roll back {second} \(2[0-9] rows\) first"):
        rolled_back(first)
    used.target("update clients set status = 'disabled' where id = 7")
    kept = kept_by(second)
    assert kept == {"clients 7": "edited since"}
    used.target("update clients set status = 'active' where id = 7")
    assert rolled_back(second).put_back == 1
    assert content(used.splynx.engine) == before
    assert used.rows("select distinct run_id, inserted_by, old_hash from ops.row_state") == [
        (first, first, None)
    ]
    assert used.rows("select 1 from ops.pre_image") == []
    plan = miniature.run_load(dry_run=True).plan
    assert plan.count("insert", "update") == plan.writes == 28
    assert rolled_back(first).deleted == used.sizes.rows
    assert used.target_rows("select id from clients") == [(900,)]


_DIE = """
import os, sys
from load.rollback import run as rollback
from load.mysql.undo import Undo
rollback.BATCH_ROWS = 40
real, left = {where}, [{after}]
def dying(*arguments):
    if left[0] == 0: os._exit(9)
    left[0] -= 1
    return real(*arguments)
{where} = dying
from runtime.run_ledger import stage
from runtime.settings import splynx_db
from tests.load import miniature
with stage("rollback") as run:
    rollback.roll_back(run, splynx_db(), miniature.MANIFEST, "run-k")
"""


def test_killed_in_the_middle_and_started_again(
    used: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = content(used.splynx.engine)
    monkeypatch.setenv("RUN_ID", "run-k")
    miniature.run_load()
    monkeypatch.delenv("RUN_ID")
    used.mart("update splynx_staging.clients set name = 'x' || id where id %% 2 = 0")
    miniature.accept(used.warehouse)
    monkeypatch.setenv("RUN_ID", "run-k2")
    miniature.run_load()
    monkeypatch.delenv("RUN_ID")
    for run_id, where, after in (
        ("run-k2", "rollback._set_back", 0),  # committed in Splynx, not yet in ops
        ("run-k", "rollback._forget", 1),
        ("run-k", "Undo._delete", 3),  # inside a transaction
    ):
        script = _DIE.replace("run-k", run_id).replace("{where}", where)
        died = subprocess.run(
            [sys.executable, "-c", script.replace("{after}", str(after))],
            cwd=ROOT,
            env=dict(os.environ),
            check=False,
        )
        assert died.returncode == 9
        others_are_gone(used.warehouse)
        whole = used.target_rows(
            "select count(*) from clients where not exists"
            " (select 1 from client_info where client_id = clients.id)"
        )
        assert whole == [(0,)]
        if run_id == "run-k2":
            assert rolled_back(run_id).put_back == 30
    rest = rolled_back("run-k")
    assert 0 < rest.deleted < used.sizes.rows
    assert content(used.splynx.engine) == before
    assert used.rows("select 1 from ops.row_state union all select 1 from ops.id_map") == []


def test_what_changes_while_it_runs(used: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Staff edit a row, and another that is not ours, between the look and the deletion."""
    from load.rollback.run import Undo  # noqa: PLC0415

    run_id = loaded()
    real: Callable[..., None] = Undo.undo
    edits = ["update clients set note = 'just now' where id in (8, 900)"]

    def late(self: Undo, rows: object) -> None:
        if edits:
            used.target(edits.pop())
        real(self, rows)

    monkeypatch.setattr(Undo, "undo", late)
    with pytest.raises(ReconcileMismatch, match="in clients: did staff") as error:
        rolled_back(run_id)
    assert error.value.report == {"tables": ["clients"]}
    notes = used.target_rows("select id, note from clients where note = 'just now'")
    assert notes == [(8, "just now"), (900, "just now")]
    assert used.target_rows("select client_id from client_info where client_id = 8") == [(8,)]


def test_a_deletion_that_would_act_on_a_strangers_row_is_left_out(
    used: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    used.target(
        "create table bookmarks (id int primary key, client int unsigned not null,"
        " foreign key (client) references clients (id) on delete cascade)"
    )
    run_id = loaded()
    used.target("insert into bookmarks values (1, 5)")
    before = used.target_rows("select * from bookmarks")
    monkeypatch.setattr("load.rollback.run.edges", lambda *_: [])  # as if it came after the look
    kept = kept_by(run_id)
    assert kept["clients 5"] == "a row of bookmarks leads to it"
    assert used.target_rows("select * from bookmarks") == before


def test_what_the_commands_say(used: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    newer = replace(miniature.NOTES, name="not_there_yet")  # a mart that the target has no table of
    manifest = replace(miniature.MANIFEST, marts=(*miniature.MANIFEST.marts, newer))
    monkeypatch.setattr(rollback_commands, "read_manifest", lambda: manifest)
    run_id = loaded()
    done = CliRunner().invoke(
        commands.commands, ["rollback", "--run", run_id], catch_exceptions=False
    )
    lines = done.stdout.splitlines()
    assert lines[0] == f"run {run_id}: {used.sizes.rows} rows deleted, 0 put back"
    assert lines[1].startswith("everything else is unchanged: ")
    with pytest.raises(ConfigError, match="no load ran under the id nonsense"):
        rolled_back("nonsense")
    monkeypatch.setenv("SPLYNX_TARGET", "other/splynx")
    with pytest.raises(ConfigError, match="SPLYNX_TARGET says"):
        rolled_back(run_id)
