"""A load of some customers, or without some tables: what goes along, what stays, what is said."""

from __future__ import annotations

from typing import Any

import pytest

from load.planning.closure import relatives
from load.planning.scope import Scope, listed
from load.rollback.run import roll_back
from load.run import plan_only
from runtime.errors import ConfigError, GateFailed
from runtime.run_ledger import stage
from runtime.settings import splynx_db
from tests.load import miniature
from tests.load.conftest import Scene


def test_relatives_are_whole_clusters() -> None:
    joined = [("1", "2"), ("3", "2"), ("5", "6")]
    assert relatives(["3"], joined) == {"1", "2", "3"}
    assert relatives(["4", "6"], joined) == {"4", "5", "6"}
    assert relatives([], joined) == set()


def test_lists_are_written_with_commas_or_blanks() -> None:
    assert listed("7, 3 3,,10") == ("10", "3", "7")
    assert listed(None) == ()


def cluster_of(scene: Scene, *keys: str) -> set[str]:
    """Return the customers that share a cluster with these, told from the marts by other means."""
    pairs = scene.rows(
        "select c._customer_key, p._customer_key from splynx_staging.clients as c"
        " join splynx_staging.clients as p on p.id = c.parent_id union"
        " select s._customer_key, c._customer_key from splynx_staging.subscriptions as s"
        " join splynx_staging.clients as c on c.id = s.client_id"
    )
    found = set(keys)
    while (
        more := {str(k) for pair in pairs for k in pair if found & {str(p) for p in pair}} - found
    ):
        found |= more
    return found


def expected(scene: Scene, customers: set[str]) -> dict[str, list[tuple[Any, ...]]]:
    """Return what the target holds once these customers are loaded and nobody else."""
    told = miniature.mart_content(scene.warehouse)
    keys = {
        str(row[0]): str(row[1])
        for row in scene.rows("select id, _customer_key from splynx_staging.subscriptions")
    }
    subscriptions = [row for row in told["subscriptions"] if keys[row[0]] in customers]
    return {
        "plans": [row for row in told["plans"] if row[0] in {s[2] for s in subscriptions}],
        "clients": [row for row in told["clients"] if row[0] in customers],
        "client_info": [row for row in told["client_info"] if row[0] in customers],
        "subscriptions": subscriptions,
        "notes": [row for row in told["notes"] if row[1] in customers],
    }


@pytest.mark.postgres
@pytest.mark.mysql
def test_chosen_customers_bring_what_belongs_to_them_and_the_rest_follows(scene: Scene) -> None:
    # an allocation: a row of customer 12 that leads to customer 13
    scene.mart(
        "insert into splynx_staging.subscriptions values ('a', '12', 900, 13, 2, null, null)"
    )
    scene.mart("update splynx_staging.subscriptions set plan_id = 2 where _customer_key = '12'")
    miniature.accept(scene.warehouse)
    parent = str(
        scene.rows("select parent_id from splynx_staging.clients where parent_id > 0 limit 1")[0][0]
    )
    customers = cluster_of(scene, "12", parent)
    assert {"12", "13", parent} < customers
    assert len(customers) < 40
    chosen = Scope(accounts=("12", parent))
    with stage("plan") as run:
        plan = plan_only(run, splynx_db(), miniature.MANIFEST, chosen)
    result = miniature.run_load(chosen=chosen)
    assert plan == result.plan
    whole = expected(scene, customers)
    assert miniature.content(scene.splynx.engine) == whole
    assert 0 < len(whole["plans"]) <= 3
    assert whole["notes"]
    rows = {table: len(held) for table, held in miniature.mart_content(scene.warehouse).items()}
    for table in result.plan.tables:  # conservation: every row of a mart once
        assert sum(table.counts.values()) == rows[table.table]
        assert table.counts.get("insert", 0) == len(whole[table.table])
    left = sum(rows.values()) - result.written
    assert result.plan.count("not_selected") == left
    assert scene.rows("select scope, customers from ops.choice") == [
        (f"accounts {','.join(sorted(('12', parent)))}", sorted(customers))
    ]
    chosen_rows = scene.rows("select table_name, count(*) from ops.chosen group by 1")
    assert {row[0]: row[1] for row in chosen_rows} == {
        table: len(held) for table, held in whole.items() if held
    }
    assert scene.rows(
        "select detail -> 'not_selected', detail ->> 'scope' from ops.step where step = 'load'"
    ) == [(left, f"accounts {','.join(sorted(('12', parent)))}")]
    again = miniature.run_load(chosen=chosen)
    assert (again.written, again.plan.count("not_selected")) == (0, left)
    assert again.plan.count("unchanged") == result.written
    rest = miniature.run_load()
    assert (rest.inserted, rest.plan.count("not_selected")) == (left, 0)
    assert miniature.content(scene.splynx.engine) == miniature.mart_content(scene.warehouse)
    assert scene.rows("select 1 from ops.choice union all select 1 from ops.chosen") == []


@pytest.mark.postgres
@pytest.mark.mysql
def test_foundation_rows_come_only_where_they_are_needed(scene: Scene) -> None:
    scene.mart("delete from splynx_staging.subscriptions where client_id = 1")
    scene.mart("insert into splynx_staging.subscriptions values ('n', '1', 900, 1, 2, null, null)")
    scene.mart("update splynx_staging.clients set parent_id = null where parent_id = 1")
    miniature.accept(scene.warehouse)
    miniature.run_load(chosen=Scope(limit=1))
    assert scene.target_rows("select id from plans") == [(2,)]
    assert scene.target_rows("select id from clients") == [(1,)]
    assert scene.target_rows("select id from notes") == []


@pytest.mark.postgres
@pytest.mark.mysql
def test_status_and_limit_hold_together(scene: Scene) -> None:
    scene.mart("update splynx_staging.clients set parent_id = null")
    scene.mart("update splynx_staging.clients set status = 'disabled' where id in (5, 9, 14)")
    miniature.accept(scene.warehouse)
    miniature.run_load(chosen=Scope(status=("disabled",), limit=2))
    assert scene.target_rows("select id from clients order by id") == [(5,), (9,)]
    miniature.run_load(chosen=Scope(status=("disabled",)))
    assert scene.target_rows("select id from clients order by id") == [(5,), (9,), (14,)]


@pytest.mark.postgres
@pytest.mark.mysql
def test_what_does_not_exist_is_said(scene: Scene) -> None:
    before = miniature.content(scene.splynx.engine)
    for chosen, words in (
        (Scope(accounts=("7", "77", "9x")), "ACCOUNTS: no customer to load has 77, 9x:"),
        (Scope(status=("acive",)), "STATUS: no customer to load has acive:"),
        (Scope(skip_tables=("planz",)), "SKIP_TABLES: no mart is named planz"),
    ):
        with pytest.raises(ConfigError, match=words):
            miniature.run_load(chosen=chosen)
    assert miniature.content(scene.splynx.engine) == before
    assert scene.rows("select exit_code from ops.step where step = 'load'") == [(2,)] * 3
    assert scene.rows("select 1 from ops.row_state") == []


@pytest.mark.postgres
@pytest.mark.mysql
def test_rows_outside_of_the_choice_are_neither_changed_nor_gone(scene: Scene) -> None:
    scene.mart("update splynx_staging.clients set parent_id = null")
    miniature.accept(scene.warehouse)
    miniature.run_load()
    scene.mart("update splynx_staging.clients set name = 'by Sonar' where id in (20, 30)")
    scene.mart("delete from splynx_staging.client_info where client_id in (20, 30)")
    scene.mart("update splynx_staging.plans set title = 'by Sonar' where id = 1")
    miniature.accept(scene.warehouse)
    result = miniature.run_load(chosen=Scope(accounts=("20",)))
    assert result.updated == 1 + (("1",) in scene.rows(
        "select plan_id::text from splynx_staging.subscriptions where client_id = 20"
    ))  # fmt: skip
    assert scene.target_rows("select id from clients where name = 'by Sonar'") == [(20,)]
    plan = {table.table: dict(table.counts) for table in result.plan.tables}
    assert plan["clients"] == {"update": 1, "outside": 59}
    assert plan["client_info"] == {"gone": 1, "outside": 58}
    assert result.plan.count("vanished") == 0
    assert scene.target_rows("select count(*) from client_info") == [(60,)]


@pytest.mark.postgres
@pytest.mark.mysql
def test_a_clash_outside_of_the_choice_does_not_stop_it(scene: Scene) -> None:
    scene.target(
        "insert into clients (id, login, name, balance, since, last_seen)"
        " values (900, 'login57', 'Theirs', 0, '2024-01-01', '2024-01-01')"
    )
    with pytest.raises(GateFailed, match="login of record 57"):
        miniature.run_load()
    assert miniature.run_load(chosen=Scope(limit=3)).written > 0
    assert scene.target_rows("select count(*) from clients where id = 57") == [(0,)]


@pytest.mark.postgres
@pytest.mark.mysql
def test_a_table_that_others_need_cannot_be_skipped(scene: Scene) -> None:
    with pytest.raises(GateFailed) as error:
        miniature.run_load(chosen=Scope(skip_tables=("plans",)))
    assert "subscriptions.plan_id needs plans" in str(error.value)
    assert scene.target_rows("select count(*) from clients") == [(0,)]
    result = miniature.run_load(chosen=Scope(skip_tables=("notes", "subscriptions")))
    plan = {table.table: dict(table.counts) for table in result.plan.tables}
    assert plan["notes"] == {"not_selected": 20}
    assert plan["plans"] == {"insert": 3}
    held = {table: len(rows) for table, rows in miniature.content(scene.splynx.engine).items()}
    assert held == {"plans": 3, "clients": 60, "client_info": 60, "subscriptions": 0, "notes": 0}
    # what is in the target already may be skipped although others need it
    scene.mart("update splynx_staging.plans set title = 'New' where id = 1")
    miniature.accept(scene.warehouse)
    miniature.run_load(chosen=Scope(skip_tables=("plans",)))
    assert scene.target_rows("select title from plans where id = 1") == [("Plan 1",)]
    assert scene.target_rows("select count(*) from notes") == [(20,)]
    miniature.run_load()
    assert miniature.content(scene.splynx.engine) == miniature.mart_content(scene.warehouse)


def test_what_is_kept_of_a_row_is_the_same_whoever_was_loaded_first(scene: Scene) -> None:
    kept = (
        "select table_name, _sonar_key, row_key, new_hash, crc, base, apart from ops.row_state"
        " order by table_name, _sonar_key"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RUN_ID", "at-once")
        miniature.run_load()
        at_once = scene.rows(kept)
        with stage("rollback") as run:
            roll_back(run, splynx_db(), miniature.MANIFEST, "at-once")
        assert not scene.rows(kept)
        patch.setenv("RUN_ID", "one-customer")
        miniature.run_load(chosen=Scope(accounts=("12",)))
        patch.setenv("RUN_ID", "the-others")
        miniature.run_load()
    assert scene.rows(kept) == at_once
    assert all(base for *_, base, _ in at_once)
