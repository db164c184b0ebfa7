"""A load of chosen customers, proven alone: what is held against the target, and what is seen."""

from __future__ import annotations

import pytest

from load.planning.scope import Scope
from load.reconcile.reconciliation import reconcile_choice
from load.reconcile.results import EntityResult
from runtime.errors import ConfigError
from runtime.run_ledger import Run
from runtime.settings import splynx_db
from tests.load import miniature
from tests.load.conftest import Scene

pytestmark = [pytest.mark.postgres, pytest.mark.mysql]


def proven(scene: Scene) -> dict[str, EntityResult]:
    run = Run(run_id="proof-1", engine=scene.warehouse, lock_pid=0)
    _, results = reconcile_choice(run, miniature.MANIFEST, splynx_db())
    return {result.entity: result for result in results}


def found(scene: Scene) -> list[tuple[str, str, tuple[str, ...]]]:
    """Return entity, kind and keys of all differences in the target's rows."""
    return [
        (name, difference.kind, difference.keys)
        for name, result in proven(scene).items()
        for difference in result.differences
        if difference.layer == "target"
    ]


@pytest.fixture
def loaded(scene: Scene) -> Scene:
    """Yield the scene with customer 12 loaded, who has children, services and notes of his own."""
    scene.mart("update splynx_staging.clients set parent_id = null")
    scene.mart("update splynx_staging.clients set parent_id = 12 where id = 13")
    scene.mart(
        "insert into splynx_staging.subscriptions values ('a', '12', 900, 12, 2, null, null)"
    )
    scene.mart("insert into splynx_staging.notes values ('n', 900, 12, 'of twelve')")
    miniature.accept(scene.warehouse)
    written = miniature.run_load(chosen=Scope(accounts=("12",))).written
    results = proven(scene)
    assert {result.verdict for result in results.values()} == {"agrees"}
    assert sum(result.mart for result in results.values()) == written
    assert sum(result.target.identical for result in results.values()) == written
    assert results["clients"].mart == 2
    return scene


def test_it_is_recorded_as_what_it_is(loaded: Scene) -> None:
    assert loaded.rows("select distinct scope, verdict from ops.reconciliation") == [
        ("accounts 12", "agrees")
    ]
    miniature.run_load()
    with pytest.raises(ConfigError, match="was not of some chosen customers"):
        proven(loaded)


def test_what_is_wrong_with_the_chosen_customer_is_seen(loaded: Scene) -> None:
    loaded.target("update subscriptions set serial = 'theirs' where id = 900")
    assert found(loaded) == [("subscriptions", "modified", ("900",))]
    loaded.target("delete from subscriptions where id = 900")
    assert found(loaded) == [("subscriptions", "missing", ("a",))]
    loaded.target("insert into subscriptions (id, client_id, plan_id, ends) values"
                  " (900, 12, 2, '0000-00-00'), (901, 12, 2, '0000-00-00')")  # fmt: skip
    assert found(loaded) == [("subscriptions", "extra", ("901",))]
    loaded.target("delete from subscriptions where id = 901")
    loaded.target("update plans set price = price + 1 where id = 2")
    assert found(loaded) == [("plans", "modified", ("2",))]


def test_a_row_that_the_plan_forgot_is_missed(loaded: Scene) -> None:
    loaded.target("delete from notes where id = 900")
    for table in ("row_state", "chosen"):
        loaded.mart(f"delete from ops.{table} where table_name = 'notes' and _sonar_key = 'n'")
    loaded.mart("delete from ops.id_map where entity = 'notes' and _sonar_key = 'n'")
    (difference,) = (d for d in proven(loaded)["notes"].differences if d.layer == "target")
    assert (difference.kind, difference.keys) == ("missing", ("n",))
    assert "no load wrote them" in difference.what


def test_others_are_no_part_of_it(loaded: Scene) -> None:
    miniature.run_load(chosen=Scope(accounts=("20",)))
    loaded.target("update clients set name = 'theirs' where id = 12")
    assert found(loaded) == []
    miniature.run_load(chosen=Scope(accounts=("12",)))
    assert [row[:2] for row in found(loaded)] == [("clients", "modified")]


def test_a_plan_of_the_choice_sees_staff_and_what_left_the_marts(loaded: Scene) -> None:
    """As one of everything would: edits stay, and rows are gone only when the marts lost them."""
    loaded.target("update clients set note = 'by staff' where id = 13")
    loaded.mart("update splynx_staging.clients set name = 'by Sonar' where id = 13")
    loaded.mart("delete from splynx_staging.notes where _sonar_key = 'n'")
    # still in the mart, but another customer's: neither gone nor to be removed
    loaded.mart("update splynx_staging.subscriptions set _customer_key = '30' where id = 900")
    miniature.accept(loaded.warehouse)
    plan = miniature.run_load(chosen=Scope(accounts=("13",))).plan
    counts = {table.table: dict(table.counts) for table in plan.tables}
    assert counts["clients"]["update"] == 1
    assert "gone" not in counts["subscriptions"]
    assert loaded.target_rows("select name, note from clients where id = 13") == [
        ("by Sonar", "by staff")
    ]
    assert loaded.target_rows("select count(*) from subscriptions where id = 900") == [(1,)]
