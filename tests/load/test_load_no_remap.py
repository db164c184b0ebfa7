"""Records whose id a stranger holds: listed always, and refused where the operator wants none."""

from __future__ import annotations

import pytest

from load.run import plan_only
from load.target.targets import current
from runtime.errors import GateFailed
from runtime.run_ledger import stage
from runtime.settings import splynx_db
from tests.load import miniature
from tests.load.conftest import Scene

pytestmark = [pytest.mark.postgres, pytest.mark.mysql]

TABLES = ", ".join(mart.name for mart in miniature.MANIFEST.marts)


@pytest.fixture
def taken(scene: Scene) -> Scene:
    """Let a plan of the target's own have the id of Sonar's plan 2, which gets 1002."""
    scene.target("insert into plans (id, title, price, speed) values (2, 'Theirs', 1, 1)")
    miniature.run_inspect()
    scene.mart("update splynx_staging.plans set id = 1002 where id = 2")
    scene.mart("update splynx_staging.subscriptions set plan_id = 1002 where plan_id = 2")
    with scene.warehouse.connect() as connection:
        target = current(connection, scene.splynx.address).name
    scene.mart(
        "create schema intermediate;"
        " create table intermediate.int_crosswalk__candidates as"
        " select 'plans' as entity, n::text as _sonar_key, n as sonar_id"
        " from generate_series(1, 3) as n;"
        f" create table intermediate.int_crosswalk as select '{target}' as target, entity,"
        " _sonar_key, case sonar_id when 2 then 1002 else sonar_id end as planned_id,"
        " case sonar_id when 2 then 'new' else 'kept' end as origin"
        " from intermediate.int_crosswalk__candidates"
    )
    miniature.accept(scene.warehouse)
    return scene


def test_new_ids_are_listed_and_no_remap_refuses_before_the_first_write(taken: Scene) -> None:
    said = "plans: id 2 of record 2 is in use in the target; it gets 1002"
    with stage("plan") as run:
        assert [str(r) for r in plan_only(run, splynx_db(), miniature.MANIFEST).remaps] == [said]
    before = taken.target_rows(f"checksum table {TABLES}")
    with pytest.raises(GateFailed, match="1 records would get a new id") as error:
        miniature.run_load(no_remap=True)
    assert error.value.report == {"remaps": [said]}
    assert taken.target_rows(f"checksum table {TABLES}") == before
    assert taken.rows("select 1 from ops.row_state") == []
    assert taken.rows(
        "select exit_code, detail -> 'collisions_detected' from ops.step where step = 'load'"
    ) == [(3, 1)]


def test_every_collision_is_recorded_with_what_becomes_of_the_record(taken: Scene) -> None:
    taken.mart(
        "insert into intermediate.int_crosswalk__candidates values"
        " ('plans', 'matched', 7), ('plans', 'twin', 1), ('plans', 'rejected', 8),"
        " ('plans', 'far', 500)"
    )
    taken.mart(
        "insert into intermediate.int_crosswalk select target, 'plans', key, id, origin"
        " from ops.current_target, (values ('matched', 2, 'matched'), ('twin', 1003, 'new'),"
        " ('far', 1004, 'new')) as more (key, id, origin)"
    )
    taken.mart(
        "create schema audit; create table audit.audit_rejections as"
        " select * from (values ('clients', 'accounts', 'gone', 'login_taken'),"
        " ('clients', 'accounts', 'other', 'no_name')"
        " ) as found (entity, collection, _sonar_key, reason)"
    )
    taken.target(
        "insert into clients (id, login, name, balance, since, last_seen)"
        " values (900, 'LOGIN7', 'Theirs', 0, '2024-01-01', '2024-01-01')"
    )
    expected = [
        ("clients", "7", "login", "abort", "row 900"),
        ("clients", "gone", "login", "reject", None),
        ("plans", "1", "id", "keep", "record twin"),
        ("plans", "2", "id", "new id", "row 2"),
        ("plans", "matched", "row", "match", "row 2"),
        ("plans", "twin", "id", "new id", "record 1"),
    ]
    recorded = (
        "select table_name, _sonar_key, what, action, held_by from ops.collision order by 1, 2"
    )
    with pytest.raises(GateFailed, match="login of record 7"):
        miniature.run_load()
    assert taken.rows(recorded) == expected
    taken.target("delete from clients where id = 900")
    for _ in range(2):  # what was there before is replaced; what is loaded is still a collision
        miniature.run_load()
        assert taken.rows(recorded) == expected[1:]
        assert taken.rows(
            "select detail -> 'collisions_detected', detail -> 'collisions' from ops.step"
            " where step = 'load' order by started_at desc limit 1"
        ) == [(5, {"keep": 1, "match": 1, "new id": 2, "reject": 1})]


def test_without_it_the_record_comes_under_its_new_id(taken: Scene) -> None:
    miniature.run_load()
    assert taken.target_rows("select id, title from plans where id in (2, 1002) order by id") == [
        (2, "Theirs"),
        (1002, "Plan 2"),
    ]
    assert taken.rows("select detail -> 'remaps_finalized' from ops.step where step = 'load'") == [
        (1,)
    ]
    # its id is settled: another load is no reason to refuse
    assert miniature.run_load(no_remap=True).written == 0
