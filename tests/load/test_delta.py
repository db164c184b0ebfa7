"""What a second load looks at, and what it writes where staff and Sonar both worked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from load.mysql import read_facts
from load.planning import digests
from load.run import Result, load
from load.writing.intents import Ledger
from runtime.errors import GateFailed, Unfinished
from runtime.manifest import Manifest, Mart
from runtime.run_ledger import stage
from runtime.settings import splynx_db
from tests.load import miniature
from tests.load.conftest import Scene
from tests.load.test_rollback import content, rolled_back

pytestmark = [pytest.mark.postgres, pytest.mark.mysql]


def _load(on_conflict: str = "keep") -> Result:
    with stage("load") as run:
        return load(run, splynx_db(), miniature.MANIFEST, on_conflict=on_conflict)


def _classes(result: Result, table: str = "clients") -> dict[str, int]:
    return next(dict(found.counts) for found in result.plan.tables if found.table == table)


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list that gets the numbers of rows that the target sends one by one."""
    seen: list[int] = []
    pages = read_facts.pages

    def counting(*arguments: Any) -> Iterator[list[tuple[Any, ...]]]:
        for page in pages(*arguments):
            seen.append(len(page))
            yield page

    monkeypatch.setattr(read_facts, "pages", counting)
    return seen


def test_rows_are_looked_at_only_where_somebody_worked(
    scene: Scene, looked_at: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(digests, "WIDTH", 4)
    _load()
    del looked_at[:]
    scene.mart("update splynx_staging.clients set name = 'by Sonar' where id in (5, 30)")
    scene.mart("insert into splynx_staging.plans values ('9', 9, 'Plan 9', 1, 1)")
    miniature.accept(scene.warehouse)
    result = _load()
    assert (result.inserted, result.updated, looked_at) == (1, 2, [])
    # an edit, a deletion, a row of their own: each found, and only its neighbours read
    scene.target("update clients set name = 'by staff' where id = 30")
    scene.target("delete from notes where id = 33")
    scene.target("insert into plans values (41, 'Theirs', 1, 1)")
    result = _load()
    assert _classes(result) == {"unchanged": 59, "edited": 1}
    assert _classes(result, "notes") == {"unchanged": 19, "vanished": 1}
    assert _classes(result, "plans") == {"unchanged": 4}
    assert sum(looked_at) == 4 + 1  # of the note nothing is left
    # and their row is seen where ours would come
    scene.mart("insert into splynx_staging.plans values ('41', 41, 'Plan 41', 1, 1)")
    miniature.accept(scene.warehouse)
    with pytest.raises(GateFailed, match="plans: the id of record 41 is in use by row 41"):
        _load()


def test_sums_hold_for_every_value_and_after_every_way_of_writing(
    scene: Scene, looked_at: list[int]
) -> None:
    """Rows by LOAD DATA, by statements, one by one; updated, and taken back."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RUN_ID", "first")
        miniature.run_load(bulk=False)
        patch.setenv("RUN_ID", "second")
        scene.mart("update splynx_staging.clients set note = E'a\\f\"b', balance = -1 where id < 9")
        miniature.accept(scene.warehouse)
        miniature.run_load()
    del looked_at[:]
    assert _load().written == 0
    assert looked_at == []
    rolled_back("second")
    del looked_at[:]
    assert _load().updated == 8
    assert looked_at == []


def test_without_sums_every_row_is_looked_at(
    scene: Scene, looked_at: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with a Postgres before version 18."""
    monkeypatch.setattr(digests, "_KNOWS_CRC", 999999)
    _load()
    scene.target("update clients set name = 'by staff' where id = 30")
    scene.mart("update splynx_staging.clients set name = 'by Sonar' where id = 5")
    miniature.accept(scene.warehouse)
    result = _load()
    assert _classes(result) == {"unchanged": 58, "edited": 1, "update": 1}
    assert sum(looked_at) == scene.sizes.rows


@pytest.fixture
def both(scene: Scene) -> Scene:
    """Return a scene in which staff and Sonar changed rows 4 to 8 since the load.

    4: other columns. 5: the same column, and Sonar one more, staff another. 6: the same column,
    alike, and Sonar one more. 7: only staff. 8: only Sonar.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RUN_ID", "first")
        _load()
    scene.target("update clients set status = 'disabled' where id = 4")
    scene.mart("update splynx_staging.clients set name = 'by Sonar', note = null where id = 4")
    scene.target("update clients set name = 'by staff', status = 'disabled' where id = 5")
    scene.mart("update splynx_staging.clients set name = 'by Sonar', note = 'Sonar' where id = 5")
    scene.target("update clients set name = 'alike' where id = 6")
    scene.mart("update splynx_staging.clients set name = 'alike', note = 'Sonar' where id = 6")
    scene.target("update clients set name = 'by staff' where id = 7")
    scene.mart("update splynx_staging.clients set name = 'by Sonar' where id = 8")
    miniature.accept(scene.warehouse)
    return scene


ROWS = "select id, name, status, note from clients where id between 4 and 8 order by id"


def test_staffs_columns_stay_and_ours_are_written_beside_them(both: Scene) -> None:
    result = _load()
    assert _classes(result) == {"unchanged": 55, "edited": 1, "conflict": 1, "update": 3}
    assert [str(conflict) for conflict in result.plan.conflicts] == ["clients 5: name"]
    assert result.updated == 4
    name = both.rows("select name from splynx_staging.clients where id = 7")[0][0]
    written = [
        (4, "by Sonar", "disabled", None),
        (5, "by staff", "disabled", "Sonar"),
        (6, "alike", "active", "Sonar"),
        (7, "by staff", "active", both.target_rows("select note from clients where id = 7")[0][0]),
        (8, "by Sonar", "active", both.target_rows("select note from clients where id = 8")[0][0]),
    ]
    assert name != "by staff"
    assert both.target_rows(ROWS) == written
    # a conflict stands until a side gives way, the rest is settled; nothing is written again
    again = _load()
    assert again.written == 0
    assert _classes(again) == {"unchanged": 57, "edited": 2, "conflict": 1}
    assert both.target_rows(ROWS) == written
    # what Sonar changes later in a column of its own goes through; theirs still stays
    both.mart("update splynx_staging.clients set note = 'later', balance = 5 where id in (4, 5)")
    both.mart("update splynx_staging.clients set status = 'new' where id = 4")
    miniature.accept(both.warehouse)
    later = _load()
    assert [str(conflict) for conflict in later.plan.conflicts] == [
        "clients 4: status",
        "clients 5: name",
    ]
    assert both.target_rows(ROWS)[:2] == [
        (4, "by Sonar", "disabled", "later"),
        (5, "by staff", "disabled", "later"),
    ]
    # staff take Sonar's word: nothing is apart any more
    both.target("update clients set status = 'new' where id = 4")
    assert _classes(_load())["conflict"] == 1
    both.mart("update splynx_staging.clients set status = 'active' where id = 4")
    miniature.accept(both.warehouse)
    assert _load().updated == 1


def test_overwrite_takes_the_column_in_conflict_and_no_other(both: Scene) -> None:
    before = content(both.splynx.engine)
    _load("keep")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RUN_ID", "third")
        result = _load("overwrite")
    assert result.updated == 1
    assert both.target_rows(ROWS)[1] == (5, "by Sonar", "disabled", "Sonar")
    assert _classes(_load()) == {"unchanged": 57, "edited": 3}
    # rollback gives staff theirs back, and the conflict with it
    rolled_back("third")
    assert both.target_rows(ROWS)[1] == (5, "by staff", "disabled", "Sonar")
    assert _classes(_load("keep")) == {"unchanged": 57, "edited": 2, "conflict": 1}
    assert before.keys() == content(both.splynx.engine).keys()


def test_fail_lists_conflicts_and_writes_nothing(both: Scene) -> None:
    before = content(both.splynx.engine)
    with pytest.raises(GateFailed, match="same columns of 1 rows: clients 5: name") as refused:
        _load("fail")
    assert refused.value.exit_code == 3
    assert content(both.splynx.engine) == before
    both.target("update clients set name = 'by Sonar' where id = 5")
    assert _load("fail").updated == 4


def test_a_rollback_of_a_merge_puts_back_what_staff_had(both: Scene) -> None:
    before = content(both.splynx.engine)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RUN_ID", "second")
        _load()
    rolled_back("second")
    assert content(both.splynx.engine) == before
    assert _classes(_load()) == {"unchanged": 55, "edited": 1, "conflict": 1, "update": 3}


def test_a_refused_merge_leaves_row_and_records_as_they_were(both: Scene) -> None:
    both.target("alter table clients add constraint c check (name <> 'by Sonar')")
    miniature.run_inspect()
    miniature.accept(both.warehouse)
    states = (
        "select _sonar_key, state, new_hash, crc, base, apart from ops.row_state"
        " where table_name = 'clients' and _sonar_key in ('4', '5', '8') order by 1"
    )
    before, rows = both.rows(states), both.target_rows(ROWS)
    with pytest.raises(Unfinished, match="3 quarantined"):
        _load("overwrite")
    assert both.rows(states) == before
    shown = both.target_rows(ROWS)
    assert [shown[n] for n in (0, 1, 4)] == [rows[n] for n in (0, 1, 4)]


def test_a_merge_that_was_not_confirmed_is_settled_by_its_row(
    both: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Ledger, "confirm", dies)
        _load()
    assert both.rows("select count(*) > 0 from ops.row_state where state = 'intended'") == [(True,)]
    written = both.target_rows(ROWS)
    assert written[0] == (4, "by Sonar", "disabled", None)
    result = _load()
    assert result.settled.done > 0
    assert _classes(result) == {"unchanged": 57, "edited": 2, "conflict": 1}
    assert both.target_rows(ROWS) == written


def test_reconciliation_can_tell_what_staff_did(both: Scene) -> None:
    both.target("delete from notes where id = 33")
    _load()
    assert both.rows(
        "select table_name, key, kind, column_names from ops.staff_edit order by 1, 2"
    ) == [
        ("clients", ["4"], "edited", []),
        ("clients", ["5"], "conflict", ["name"]),
        ("clients", ["7"], "edited", []),
        ("notes", ["33"], "vanished", []),
    ]
    both.target("update clients set status = 'active' where id = 4")
    _load()
    assert len(both.rows("select 1 from ops.staff_edit")) == 3


def test_a_column_that_a_mart_gains_is_a_change(
    both: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where staff worked in the row, and where the mart loses a column again."""
    names = [column for column in miniature.CLIENTS.columns if column.name != "note"]
    wide = [*miniature.CLIENTS.columns, miniature.column("touched", "timestamp")]
    both.mart("alter table splynx_staging.clients add touched timestamp")
    both.mart("update splynx_staging.clients set touched = '2025-01-01 01:02:03'")
    _marts(both, monkeypatch, replace(miniature.CLIENTS, columns=tuple(wide)))
    result = _load()
    assert _classes(result) == {"update": 59, "conflict": 1}
    assert both.target_rows("select distinct cast(touched as char) from clients") == [
        ("2025-01-01 01:02:03",)
    ]
    assert [row[:3] for row in both.target_rows(ROWS)[:2]] == [
        (4, "by Sonar", "disabled"),
        (5, "by staff", "disabled"),
    ]
    assert _load().written == 0
    _marts(both, monkeypatch, replace(miniature.CLIENTS, columns=tuple(names)))
    result = _load()
    assert result.updated == 0
    assert _classes(result)["conflict"] == 1


def _marts(scene: Scene, patch: pytest.MonkeyPatch, clients: Mart) -> None:
    marts = tuple(clients if m.name == "clients" else m for m in miniature.MANIFEST.marts)
    patch.setattr(miniature, "MANIFEST", Manifest(marts, clients.columns[-1].name))
    miniature.accept(scene.warehouse)
