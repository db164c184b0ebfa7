"""A load against real servers: whole, once, refusals isolated, nothing written when refused."""

from __future__ import annotations

import pytest

from load.mysql.read_facts import table_facts
from load.mysql.session import answering
from load.mysql.writer import Writer
from load.planning.clusters import Cluster, Row
from load.target.targets import current
from load.writing.pre_images import Images
from runtime.errors import Unfinished
from runtime.run_ledger import stage
from runtime.settings import splynx_db
from tests.load import miniature
from tests.load.conftest import Scene

pytestmark = [pytest.mark.postgres, pytest.mark.mysql]


def nothing_written(scene: Scene) -> bool:
    counts = scene.target_rows(
        "select (select count(*) from plans), (select count(*) from clients),"
        " (select count(*) from client_info), (select count(*) from subscriptions),"
        " (select count(*) from notes)"
    )
    return counts == [(0, 0, 0, 0, 0)] and scene.rows("select 1 from ops.row_state") == []


def test_a_load_brings_every_value_and_a_second_one_writes_nothing(scene: Scene) -> None:
    result = miniature.run_load()
    assert (result.inserted, result.updated) == (scene.sizes.rows, 0)
    assert miniature.content(scene.splynx.engine) == miniature.mart_content(scene.warehouse)
    assert scene.rows("select count(*) from ops.row_state where state = 'written'") == [
        (scene.sizes.rows,)
    ]
    assert scene.rows("select entity, count(*) from ops.id_map group by 1 order by 1") == [
        ("clients", 60),
        ("notes", 20),
        ("plans", 3),
        ("subscriptions", scene.sizes.rows - 143),
    ]
    second = miniature.run_load()
    assert second.written == 0
    assert second.plan.count("unchanged") == scene.sizes.rows
    assert scene.rows(
        "select detail -> 'inserted', detail -> 'unchanged' from ops.step"
        " where step = 'load' order by started_at desc limit 1"
    ) == [(0, scene.sizes.rows)]


def test_a_dry_run_plans_the_same_and_writes_nothing(scene: Scene) -> None:
    planned = miniature.run_load(dry_run=True)
    assert nothing_written(scene)
    done = miniature.run_load()
    assert planned.plan == done.plan
    assert planned.plan.writes == done.written


def test_a_change_in_sonar_updates_that_row_only(scene: Scene) -> None:
    miniature.run_load()
    scene.mart("update splynx_staging.clients set name = 'New ''name''' where id = 7")
    miniature.accept(scene.warehouse)
    result = miniature.run_load()
    assert (result.inserted, result.updated) == (0, 1)
    assert miniature.content(scene.splynx.engine) == miniature.mart_content(scene.warehouse)
    assert miniature.run_load().written == 0


def test_edits_of_staff_are_kept_and_told_apart(scene: Scene) -> None:
    miniature.run_load()
    scene.target("update clients set name = 'by staff' where id in (5, 6)")
    scene.target("update clients set status = 'disabled' where id = 8")
    scene.target("delete from notes where id = 3")
    scene.mart("update splynx_staging.clients set name = 'by Sonar' where id = 6")
    scene.mart("update splynx_staging.clients set status = 'disabled' where id = 8")
    scene.mart("delete from splynx_staging.subscriptions where id = 1")
    miniature.accept(scene.warehouse)
    result = miniature.run_load()
    assert result.written == 0
    plan = {table.table: dict(table.counts) for table in result.plan.tables}
    assert plan["clients"] == {"unchanged": 58, "edited": 1, "conflict": 1}
    assert plan["notes"] == {"unchanged": 19, "vanished": 1}
    assert plan["subscriptions"]["gone"] == 1
    assert scene.target_rows("select name from clients where id in (5, 6)") == [("by staff",)] * 2
    # what staff changed just as Sonar did is now ours: a later change of Sonar's goes through
    scene.mart("update splynx_staging.clients set status = 'new' where id = 8")
    miniature.accept(scene.warehouse)
    assert miniature.run_load().updated == 1


def test_a_refused_row_takes_its_cluster_out_and_the_rest_goes_on(scene: Scene) -> None:
    scene.target("alter table clients add constraint c check (name not like '%%forbidden%%')")
    miniature.run_inspect()
    scene.mart("update splynx_staging.clients set name = 'forbidden O''Hara' where id = 4")
    scene.mart("update splynx_staging.clients set parent_id = 4 where id = 9")
    miniature.accept(scene.warehouse)
    with pytest.raises(Unfinished) as refused:
        miniature.run_load()
    assert len(refused.value.items) == 1 + len(scene.rows(_NOTES_OF_THEM))
    assert refused.value.items[0].startswith("clients 4: error 4025")
    clients = {row[0] for row in scene.target_rows("select id from clients")}
    assert clients == set(range(1, 61)) - _with_relatives(scene, {4, 9})
    assert scene.target_rows("select count(*) from client_info where client_id in (4, 9)") == [(0,)]
    assert scene.rows(
        "select table_name, _sonar_key, error_code from ops.refusal where cause = 'server'"
    ) == [("clients", "4", 4025)]
    assert scene.rows("select 1 from ops.refusal where message like '%%Hara%%'") == []
    assert scene.rows("select 1 from ops.row_state where state = 'intended'") == []
    # the cause mended, the rest follows
    scene.mart("update splynx_staging.clients set name = 'fine' where id = 4")
    miniature.accept(scene.warehouse)
    miniature.run_load()
    assert miniature.content(scene.splynx.engine) == miniature.mart_content(scene.warehouse)


_NOTES_OF_THEM = """
    with recursive cluster (id) as (
        select 4::bigint
        union
        select case when child.id = cluster.id then child.parent_id else child.id end
        from cluster join splynx_staging.clients as child
            on (child.parent_id = cluster.id or child.id = cluster.id)
            and child.parent_id is not null
    )
    select id from splynx_staging.notes where client_id in (select id from cluster)
"""


def _with_relatives(scene: Scene, ids: set[int]) -> set[int]:
    pairs = scene.rows("select id, parent_id from splynx_staging.clients where parent_id > 0")
    found: set[object] = set(ids)
    while more := {i for pair in pairs for i in pair if found & set(pair)} - found:
        found |= more
    return {int(str(i)) for i in found}


def test_a_refused_plan_takes_out_all_that_refer_to_it_and_no_more(scene: Scene) -> None:
    scene.target("alter table plans add constraint c check (title <> 'Plan 2')")
    miniature.run_inspect()
    miniature.accept(scene.warehouse)
    with pytest.raises(Unfinished) as refused:
        miniature.run_load()
    assert refused.value.items[0] == "plans 2: error 4025"
    users = {
        int(str(row[0]))
        for row in scene.rows(
            "select client_id from splynx_staging.subscriptions where plan_id = 2"
        )
    }
    out = _with_relatives(scene, users)
    assert len(out) > 10  # more than the stop rule lets the server refuse
    assert {row[0] for row in scene.target_rows("select id from clients")} == (
        set(range(1, 61)) - out
    )
    assert scene.target_rows("select count(*) from notes where client_id is not null") == [
        (sum(n not in out for n in range(3, 61, 3)),)
    ]
    assert scene.rows("select cause, count(*) > 0 from ops.refusal group by 1 order by 1") == [
        ("reference", True),
        ("server", True),
    ]


def test_a_systematic_refusal_stops_the_run(scene: Scene) -> None:
    scene.target("alter table clients add constraint c check (name not like '%%forbidden%%')")
    miniature.run_inspect()
    scene.mart("update splynx_staging.clients set name = 'forbidden', parent_id = null")
    miniature.accept(scene.warehouse)
    with pytest.raises(Unfinished, match="stopped early because 11 of 14 attempted were refused"):
        miniature.run_load()
    assert scene.target_rows("select count(*) from clients") == [(0,)]
    assert scene.target_rows("select count(*) from plans") == [(3,)]


def test_nothing_new_refers_to_what_staff_deleted(scene: Scene) -> None:
    miniature.run_load()
    scene.target("delete from plans where id = 1")
    scene.mart(
        "insert into splynx_staging.subscriptions values"
        " ('new1', '5', 901, 5, 1, null, null), ('new2', '6', 902, 6, 2, null, null)"
    )
    miniature.accept(scene.warehouse)
    with pytest.raises(Unfinished) as refused:
        miniature.run_load()
    assert refused.value.items == [
        "subscriptions new1: column plan_id: leads to a row of plans that is not in Splynx"
    ]
    assert scene.target_rows("select id from subscriptions where id > 900") == [(902,)]


def test_a_row_that_staff_changed_after_the_plan_is_not_overwritten(scene: Scene) -> None:
    miniature.run_load()
    values = ("1", "Sonar's title", "1.0000", "1")
    row = Row(miniature.PLANS, "1", None, "1", values, "new", "the hash that was planned with")
    with stage("load") as run, answering(splynx_db()) as engine:
        with engine.connect() as connection:
            tables = table_facts(connection, ["plans"])
        with run.engine.connect() as warehouse:
            images = Images(run, current(warehouse, splynx_db().address))
        writer = Writer(engine, miniature.MANIFEST, tables, images)
        assert writer.write([Cluster("1", (row,))]) == [row]
        writer.close()
    assert scene.target_rows("select title from plans where id = 1") == [("Plan 1",)]
