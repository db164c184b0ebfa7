"""Records that Sonar has no more: their rows are kept, flagged or deleted, and come back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from load.planning import removal
from load.run import Result, load
from runtime.errors import GateFailed
from runtime.manifest import Manifest, Removal
from runtime.run_ledger import stage
from runtime.settings import splynx_db
from tests.load import miniature
from tests.load.conftest import Scene
from tests.load.test_rollback import content, rolled_back

pytestmark = [pytest.mark.postgres, pytest.mark.mysql]

RULES = {
    "clients": Removal("flag", "status", "disabled"),
    "client_info": Removal("delete"),
    "subscriptions": Removal("delete"),
    "notes": Removal("delete"),
}
GONE = (
    "delete from splynx_staging.subscriptions where client_id in (4, 5)",
    "delete from splynx_staging.client_info where client_id in (4, 5, 6)",
    "delete from splynx_staging.clients where id in (4, 5)",
    "delete from splynx_staging.plans where id = 3",
    "delete from splynx_staging.notes where id in (3, 6)",
)


def _load(run_id: str, *, many_gone: bool = False) -> Result:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RUN_ID", run_id)
        with stage("load") as run:
            return load(run, splynx_db(), miniature.MANIFEST, many_gone=many_gone)


def _counts(result: Result) -> dict[str, int]:
    found: dict[str, int] = {}
    for table in result.plan.tables:
        for name, rows in table.counts.items():
            if name != "unchanged":
                found[name] = found.get(name, 0) + rows
    return found


@pytest.fixture
def gone(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """Return a loaded scene with rules, from whose marts customers 4 and 5 and others have gone."""
    marts = tuple(
        replace(mart, on_delete=RULES.get(mart.name, Removal()))
        for mart in miniature.MANIFEST.marts
    )
    monkeypatch.setattr(miniature, "MANIFEST", Manifest(marts, "rules"))
    scene.mart("update splynx_staging.clients set parent_id = null where parent_id in (4, 5)")
    scene.mart("insert into splynx_staging.subscriptions values ('x', '4', 800, 4, 1, null, null)")
    miniature.accept(scene.warehouse)
    _load("first")
    for statement in GONE:
        scene.mart(statement)
    miniature.accept(scene.warehouse)
    return scene


def test_rows_go_as_their_tables_rule_says_and_come_back(gone: Scene) -> None:
    before = content(gone.splynx.engine)
    subscriptions = len(gone.target_rows("select 1 from subscriptions where client_id in (4, 5)"))
    result = _load("second")
    assert _counts(result) == {"gone": 1, "to_flag": 2, "to_delete": subscriptions + 5}
    assert (result.removed.deleted, result.removed.flagged) == (subscriptions + 5, 2)
    assert result.removed.kept == []
    assert gone.target_rows("select id from clients where status = 'disabled'") == [(4,), (5,)]
    assert gone.target_rows("select 1 from client_info where client_id in (4, 5, 6)") == []
    assert gone.target_rows("select 1 from plans where id = 3") == [(1,)]
    assert gone.rows("select 1 from ops.id_map where entity = 'notes' and target_id = 3") == []
    # once
    again = _load("third")
    assert (again.written, again.removed.deleted, again.removed.flagged) == (0, 0, 0)
    assert _counts(again) == {"gone": 1}
    # and back, whole: with the columns that no mart writes
    assert rolled_back("second").restored == subscriptions + 5
    assert content(gone.splynx.engine) == before
    assert _counts(_load("fourth", many_gone=True)) == _counts(result)


def test_a_record_that_returns_is_written_again(gone: Scene) -> None:
    _load("second")
    gone.mart(
        "insert into splynx_staging.clients select k, k, k::bigint, null, 'login' || k, 'Back',"
        " 'active', 1, null, null, null from unnest(array['4', '5']) as k;"
        "insert into splynx_staging.client_info values ('4', '4', 4, 'VAT')"
    )
    miniature.accept(gone.warehouse)
    result = _load("third")
    assert (result.inserted, result.updated) == (1, 2)
    assert (
        gone.target_rows("select name, status from clients where id in (4, 5)")
        == [("Back", "active")] * 2
    )
    assert _counts(_load("fourth")) == {"gone": 1}
    rolled_back("third")
    assert gone.target_rows("select status from clients where id = 4") == [("disabled",)]
    assert gone.target_rows("select 1 from client_info where client_id = 4") == []


def test_what_staff_worked_on_stays(gone: Scene) -> None:
    gone.target("update subscriptions set ends = '2040-01-01' where id = 800")
    gone.target("update clients set name = 'by staff' where id = 5")
    marts = [
        replace(mart, on_delete=Removal("delete")) if mart.name == "clients" else mart
        for mart in miniature.MANIFEST.marts
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(miniature, "MANIFEST", Manifest(tuple(marts), "harder"))
        miniature.accept(gone.warehouse)
        result = _load("second")
        kept = {str(kept) for kept in result.removed.kept}
    assert gone.target_rows("select id from clients where id in (4, 5) order by id") == [(4,), (5,)]
    assert gone.target_rows("select 1 from subscriptions where id = 800") == [(1,)]
    assert "clients 4: row 800 of subscriptions, which stays, leads to it" in kept
    assert "client_info 4: belongs to clients 4" in kept
    assert gone.target_rows("select 1 from client_info where client_id = 6") == []
    assert gone.rows("select 1 from ops.row_state where removed = 'intended'") == []


def test_a_deletion_that_was_not_written_down_is_known_by_its_absence(
    gone: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    before = content(gone.splynx.engine)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(removal.Removal, "_deleted", dies)
        _load("second")
    assert content(gone.splynx.engine) != before
    _load("third")
    assert gone.rows("select 1 from ops.row_state where removed = 'intended'") == []
    assert _counts(_load("fourth")) == {"gone": 1}
    rolled_back("third")
    rolled_back("second")
    assert content(gone.splynx.engine) == before


def test_more_than_a_few_are_not_removed_unasked(gone: Scene) -> None:
    gone.mart("delete from splynx_staging.notes")
    miniature.accept(gone.warehouse)
    before = content(gone.splynx.engine)
    with pytest.raises(GateFailed, match="notes: 20 of 20"):
        _load("second")
    assert content(gone.splynx.engine) == before
    assert _load("third", many_gone=True).removed.deleted > 20
    assert gone.target_rows("select 1 from notes") == []
