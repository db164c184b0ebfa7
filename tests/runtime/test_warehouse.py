from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from sqlalchemy import URL, Engine, text

from runtime import log, warehouse
from runtime.errors import ConfigError, GateFailed, Unfinished, WarehouseError
from runtime.fingerprint import fingerprint
from runtime.manifest import Manifest, Mart
from runtime.run_ledger import stage
from runtime.warehouse import ensure_ops

pytestmark = pytest.mark.postgres


def test_an_unreachable_warehouse_is_told_from_a_refusing_one(
    warehouse_url: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody = warehouse_url.set(port=1)
    monkeypatch.setenv("WAREHOUSE_URL", nobody.render_as_string(hide_password=False))
    with pytest.raises(WarehouseError, match="does not answer"):
        warehouse.connect()
    stranger = warehouse_url.set(password="wrong-password")
    monkeypatch.setenv("WAREHOUSE_URL", stranger.render_as_string(hide_password=False))
    with pytest.raises(ConfigError, match="refuses this user") as raised:
        warehouse.connect()
    assert "wrong-password" not in str(raised.value)


def test_a_second_run_is_refused_until_the_first_has_ended(warehouse: Engine) -> None:
    with stage("first"):
        with pytest.raises(GateFailed, match="another run is at work"), stage("second"):
            pytest.fail("two runs at once")
        with stage("status", exclusive=False):
            pass  # commands that only read need no lock
    with stage("second"):
        pass
    with warehouse.connect() as connection:
        steps = connection.execute(text("select step from ops.step order by started_at")).scalars()
        assert list(steps) == ["first", "status", "second"]


def test_the_backend_of_a_killed_run_is_waited_for(
    warehouse: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It holds the lock until it notices; the next run begins while it still does."""
    monkeypatch.setattr("runtime.warehouse._PATIENCE", "60s")  # the first may take its time to end

    def run() -> None:
        with stage("next"):
            pass

    waits = text("select count(*) from pg_locks where locktype = 'advisory' and not granted")
    with warehouse.connect() as watching, ThreadPoolExecutor(1) as pool, ExitStack() as killed:
        killed.enter_context(stage("killed"))
        following = pool.submit(run)
        while not (following.done() or watching.execute(waits).scalar_one()):
            watching.rollback()
        killed.close()
        following.result()


def test_a_stage_goes_on_under_its_parents_lock(
    warehouse: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with stage("migrate") as parent:
        monkeypatch.setenv("WAREHOUSE_LOCK_PID", str(parent.lock_pid))
        with stage("extract") as child:
            assert child.lock_pid == parent.lock_pid
    # The variable alone opens nothing: the backend must really hold the lock.
    with stage("other") as holder:
        assert holder.lock_pid != parent.lock_pid
        with pytest.raises(GateFailed), stage("extract"):
            pytest.fail("a stale parent opened the lock")
    assert warehouse is not None


def test_the_ledger_keeps_codes_and_counters_without_secrets(
    warehouse: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUN_ID", "a-run")
    log.register_secret("planted-secret")
    with pytest.raises(Unfinished), stage("extract") as run:
        run.note(rows=7, text="holds planted-secret")
        raise Unfinished("left")
    with warehouse.connect() as connection:
        step = connection.execute(text("select * from ops.step")).one()
        ended = connection.execute(text("select command, exit_code from ops.run")).one()
    assert (step.run_id, step.exit_code, step.detail["rows"]) == ("a-run", 6, 7)
    assert step.detail["text"] == "holds ***"
    assert tuple(ended) == ("extract", 6)


def test_the_fingerprint_sees_one_changed_cell_and_no_reordering(warehouse: Engine) -> None:
    mart = Mart(
        name="things",
        schema="splynx_staging",
        columns=(),
        key=("id",),
        group="foundation",
        routes=frozenset({"mysql"}),
        references=(),
        business_keys=(),
        confidence="observed",
        collections=frozenset(),
    )
    manifest = Manifest(marts=(mart,), checksum="code")
    with warehouse.connect() as connection:
        with pytest.raises(ConfigError, match="run `make transform`"):
            fingerprint(connection, manifest)
        connection.rollback()
        connection.execute(text("create schema splynx_staging"))
        connection.execute(text("create table splynx_staging.things (id int, name text)"))
        connection.execute(text("insert into splynx_staging.things values (1, 'a'), (2, null)"))
        first = fingerprint(connection, manifest)
        connection.execute(text("update splynx_staging.things set name = 'a' where id = 1"))
        assert fingerprint(connection, manifest) == first
        connection.execute(text("update splynx_staging.things set name = '' where id = 2"))
        changed = fingerprint(connection, manifest)
        other_code = fingerprint(connection, Manifest(marts=(mart,), checksum="other code"))
    assert first.marts["things"][0] == 2
    assert len({first.value, changed.value, other_code.value}) == 3


def test_no_index_holds_what_writing_a_row_again_changes(warehouse: Engine) -> None:
    indexes = (
        "select array(select attname::text from pg_attribute where attrelid = indrelid"
        " and attnum = any(indkey) order by attnum), pg_get_expr(indpred, indrelid)"
        " from pg_index where indrelid = 'ops.row_state'::regclass order by indisprimary"
    )
    with warehouse.connect() as connection:
        assert [tuple(row) for row in connection.execute(text(indexes))] == [
            (["target", "table_name"], "by_api"),
            (["target", "table_name", "_sonar_key"], None),
        ]


def test_an_older_ledger_learns_which_rows_went_over_the_api(warehouse: Engine) -> None:
    with warehouse.begin() as connection:
        connection.execute(text("alter table ops.row_state drop column by_api"))
        for key, ending in (("1", "rest"), ("2", "rest:waits"), ("3", "0a1b2c3d")):
            connection.execute(
                text(
                    "insert into ops.row_state (target, table_name, _sonar_key, row_key,"
                    " state, new_hash, run_id)"
                    " values ('t', 'customers', :key, '{}', 'written', :hash, 'r')"
                ),
                {"key": key, "hash": f"h:{ending}"},
            )
    ensure_ops(warehouse)
    with warehouse.connect() as connection:
        known = connection.execute(text("select _sonar_key, by_api from ops.row_state order by 1"))
        assert [tuple(row) for row in known] == [("1", True), ("2", True), ("3", False)]


def test_ledgers_lie_in_parts_by_table_and_older_ones_stay_whole(warehouse: Engine) -> None:
    kinds = "select relkind::text from pg_class where oid = 'ops.row_state'::regclass"
    parts = (
        "select inhparent::regclass::text, count(*) from pg_inherits"
        " where inhparent in ('ops.row_state'::regclass, 'ops.id_map'::regclass) group by 1"
    )
    of_one = "explain select * from ops.row_state where table_name = 'customers'"
    with warehouse.connect() as connection:
        assert {row[0]: row[1] for row in connection.execute(text(parts))} == {
            "ops.row_state": 32,
            "ops.id_map": 32,
        }
        plan = "\n".join(connection.execute(text(of_one)).scalars())
        assert plan.count(" on row_state_") == 1, plan
    with warehouse.begin() as connection:
        connection.execute(text("create table ops.whole (like ops.row_state including all)"))
        connection.execute(text("drop table ops.row_state"))
        connection.execute(text("alter table ops.whole rename to row_state"))
    ensure_ops(warehouse)
    with warehouse.connect() as connection:
        assert connection.execute(text(kinds)).scalar_one() == "r"
