"""After a handover the loader knows its own rows: it neither undoes the secret nor leaves it."""

from __future__ import annotations

import pytest

from load.handover.allowed import Allowed
from load.handover.ledger import Item, Outcome
from load.handover.marks import Marks
from load.mysql.checksums import Sum, columns_of, table_sum
from load.rollback.run import roll_back
from load.target.targets import current
from runtime.run_ledger import stage
from runtime.settings import splynx_db
from tests.load import miniature
from tests.load.conftest import Scene

pytestmark = [pytest.mark.postgres, pytest.mark.mysql]

NOTES = Allowed("notes", "clients", "note", "admin/clients/{id}", "login")


def _content(scene: Scene) -> dict[str, Sum]:
    with scene.splynx.engine.connect() as connection:
        tables = columns_of(connection)
        return {name: table_sum(connection, name, names) for name, names in tables.items()}


def _hand_over(scene: Scene, *ids: int) -> None:
    """Set an attribute of rows over another way, and mark them."""
    items = [
        Item(str(n), str(n), n, n, f"login{n}", None, None, was_announced=False, attribute="note")
        for n in ids
    ]
    with stage("handover") as run:
        with run.engine.connect() as warehouse:
            target = current(warehouse, splynx_db().address)
        marks = Marks(run, target, scene.splynx.engine, miniature.MANIFEST)
        before = marks.hashes(NOTES, items)
        scene.target(f"update clients set note = 'S3CR3T' where id in {ids}")
        marks.keep(NOTES, before, [Outcome(item, "handed_over") for item in items])


def test_a_later_load_keeps_it_and_a_rollback_takes_the_row(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = _content(scene)
    monkeypatch.setenv("RUN_ID", "run-1")
    miniature.run_load()
    _hand_over(scene, 2, 3, 4)

    monkeypatch.setenv("RUN_ID", "run-2")
    assert miniature.run_load().written == 0
    scene.mart("update splynx_staging.clients set name = 'Changed' where id = 3")
    miniature.accept(scene.warehouse)
    monkeypatch.setenv("RUN_ID", "run-3")
    assert miniature.run_load().written == 1
    rows = scene.target_rows("select name, note from clients where id in (2, 3, 4) order by id")
    assert [row[1] for row in rows] == ["S3CR3T"] * 3
    assert rows[1][0] == "Changed"

    for run_id in ("run-3", "run-1"):
        with stage("rollback") as run:
            roll_back(run, splynx_db(), miniature.MANIFEST, run_id)
    assert _content(scene) == empty


def test_a_row_that_staff_had_edited_stays_theirs(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUN_ID", "run-1")
    miniature.run_load()
    scene.target("update clients set name = 'By staff' where id = 5")
    _hand_over(scene, 5, 6)
    rows = scene.rows(
        "select _sonar_key, apart from ops.row_state"
        " where table_name = 'clients' and _sonar_key in ('5', '6') order by 1"
    )
    assert rows == [("5", False), ("6", True)]
