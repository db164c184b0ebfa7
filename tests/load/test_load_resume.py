"""A load that was killed goes on: whole customers always, nothing twice, staff's edits kept."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Engine, create_engine

from runtime.settings import ROOT
from tests.load import miniature
from tests.load.conftest import Scene
from tests.proving import cases
from tests.services import Splynx, Splynxes, others_are_gone

pytestmark = [pytest.mark.postgres, pytest.mark.mysql]

CUSTOMERS = 4000
PARCEL = 700  # rows: many transactions, so that a kill finds some done and some not
AHEAD = 500  # customers that a load may come further; in them are 200 rows of each table committed
WAIT = 120  # seconds, of a busy machine
WAYS = ("local", "statements")
POINTS = [
    ("clients", "READ UNCOMMITTED"),
    ("client_info", "READ UNCOMMITTED"),
    ("subscriptions", "READ UNCOMMITTED"),
    ("clients", "READ COMMITTED"),
    ("subscriptions", "READ COMMITTED"),
]
_HOLD = f"""
    create trigger hold before insert on clients for each row
    if is_used_lock(concat('client ', new.id)) then
        do get_lock(concat('client ', new.id), {WAIT});
        do release_lock(concat('client ', new.id));
    end if
"""
_HALVES = """
    select count(*) from splynx_staging.clients as client where id = any(%(there)s) and (
        not id = any(%(info)s)
        or exists (
            select from splynx_staging.subscriptions
            where client_id = client.id and not id = any(%(subscriptions)s))
        or exists (
            select from splynx_staging.clients as kin
            where kin.id = client.parent_id and not kin.id = any(%(there)s)))
"""


def _wait(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + WAIT
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.002)


@pytest.fixture
def seen(splynx: Splynx) -> Iterator[Callable[[str, str], int]]:
    """Return a counter of a table's rows; READ UNCOMMITTED sees the work at hand too."""
    engine = create_engine(splynx.admin_url)

    def count(table: str, level: str) -> int:
        with engine.connect().execution_options(isolation_level=level) as connection:
            found = connection.exec_driver_sql(f"select count(*) from {table}")
            return int(found.scalar_one())

    yield count
    engine.dispose()


@pytest.fixture
def root(splynxes: Splynxes) -> Iterator[Engine]:
    """Administrator of the whole server, who sees its transactions."""
    engine = create_engine(splynxes.server.url("mysql"), isolation_level="AUTOCOMMIT")
    yield engine
    engine.dispose()


def _ids(scene: Scene, statement: str) -> list[int]:
    return [int(str(row[0])) for row in scene.target_rows(statement)]


def _half_customers(scene: Scene) -> int:
    with scene.warehouse.connect() as connection:
        return int(
            connection.exec_driver_sql(
                _HALVES,
                {
                    "there": _ids(scene, "select id from clients"),
                    "info": _ids(scene, "select client_id from client_info"),
                    "subscriptions": _ids(scene, "select id from subscriptions"),
                },
            ).scalar_one()
        )


@pytest.mark.prove
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("seed", range(cases(quick=1, long=10)))
def test_killed_many_times_ends_as_if_never_killed(  # noqa: PLR0913, PLR0917 - fixtures
    warehouse: Engine,
    splynx: Splynx,
    root: Engine,
    seen: Callable[[str, str], int],
    seed: int,
    way: str,
) -> None:
    """Kills fall inside transactions (uncommitted rows seen) and right behind a commit."""
    miniature.create_target(splynx.engine)
    sizes = miniature.create_marts(warehouse, CUSTOMERS, seed=7)
    scene = Scene(warehouse, splynx, sizes)
    scene.target(_HOLD)
    miniature.run_inspect()
    miniature.accept(warehouse)
    chance = random.Random(f"{way} {seed}")
    points = chance.sample(POINTS, cases(quick=2 + (way == "local"), long=5))
    for table, level in points:
        with _held(scene):
            enough = seen(table, level) + chance.randrange(1, 200)
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.load.miniature", way, str(PARCEL)],
                cwd=ROOT,
                env=dict(os.environ),
            )
            _wait(
                lambda enough=enough, of=(table, level), p=process: (  # type: ignore[misc]
                    seen(*of) >= enough or p.poll() is not None
                ),
                "the load got nowhere",
            )
            process.send_signal(signal.SIGKILL)
            assert process.wait() == -signal.SIGKILL
        _wait(lambda: _gone(root, splynx), "the server did not roll the killed transaction back")
        others_are_gone(warehouse)
        assert _half_customers(scene) == 0
    before = len(_ids(scene, "select id from clients"))
    assert before < CUSTOMERS
    last = miniature.run_load()
    assert 0 < last.written < sizes.rows
    assert miniature.content(splynx.engine) == miniature.mart_content(warehouse)
    assert scene.rows("select state, count(*) from ops.row_state group by 1") == [
        ("written", sizes.rows)
    ]
    assert scene.rows("select count(*) from ops.id_map") == [(sizes.rows - CUSTOMERS,)]
    assert miniature.run_load().written == 0


@contextmanager
def _held(scene: Scene) -> Iterator[None]:
    """Keep a load from its end, however late it is killed: it waits at a later customer.

    Clusters are loaded in the order of their names; this customer is one by himself. No row is
    locked, which a load would meet where it looks at the rows of the one before.
    """
    (there,) = _ids(scene, "select count(*) from clients")
    held = scene.rows(
        "select min(id) from splynx_staging.clients as client"
        f" where id > {there + AHEAD} and parent_id is null and not exists ("
        "select from splynx_staging.clients where parent_id = client.id)"
    )[0][0]
    with scene.splynx.engine.connect() as other:
        other.exec_driver_sql(f"do get_lock('client {held}', 0)")
        try:
            yield
        finally:
            other.exec_driver_sql("do release_all_locks()")


def _gone(root: Engine, splynx: Splynx) -> bool:
    """Return whether the server has ended the sessions of the load's account."""
    with root.connect() as connection:
        sessions = connection.exec_driver_sql(
            "select count(*) from information_schema.processlist where user = %s and db = %s",
            (splynx.url.username, splynx.url.database),
        )
        return sessions.scalar_one() == 0


def _as_if_killed_after_commit(scene: Scene) -> None:
    """Leave what a load leaves that dies between the commit in Splynx and its own record of it."""
    scene.mart(
        "update ops.row_state set state = 'intended', old_hash = null,"
        " changed_at = '2024-01-01' where table_name <> 'plans'"
    )
    scene.mart("delete from ops.id_map where entity <> 'plans'")


def test_an_edit_by_staff_between_crash_and_resume_is_kept(scene: Scene) -> None:
    miniature.run_load()
    known = scene.rows("select * from ops.id_map order by entity, _sonar_key")
    _as_if_killed_after_commit(scene)
    scene.target("update clients set name = 'by staff' where id = 5")
    result = miniature.run_load()
    assert result.written == 0
    assert result.settled.edited == ("clients 5",)
    assert result.settled.done == scene.sizes.rows - 4
    assert scene.target_rows("select name from clients where id = 5") == [("by staff",)]
    again = scene.rows("select * from ops.id_map order by entity, _sonar_key")
    assert [row[:5] for row in again] == [row[:5] for row in known]
    assert miniature.run_load().plan.count("edited") == 1


def test_inspect_settles_what_a_killed_load_left(scene: Scene) -> None:
    miniature.run_load()
    _as_if_killed_after_commit(scene)
    found = miniature.run_inspect()
    assert found.settled.done == scene.sizes.rows - 3
    assert scene.rows("select 1 from ops.row_state where state = 'intended'") == []
    strangers = "select count(*) from ops.target_id where table_name = 'clients'"
    assert scene.rows(strangers) == [(0,)]


def test_an_update_that_was_not_committed_is_sent_again(scene: Scene) -> None:
    miniature.run_load()
    scene.mart("update splynx_staging.clients set name = 'New name' where id in (7, 8)")
    miniature.accept(scene.warehouse)
    scene.mart(
        "update ops.row_state set state = 'intended', old_hash = new_hash, new_hash = 'next'"
        " where table_name = 'clients' and _sonar_key in ('7', '8')"
    )
    result = miniature.run_load()
    assert (result.settled.redone, result.updated) == (2, 2)
    assert miniature.content(scene.splynx.engine) == miniature.mart_content(scene.warehouse)


def test_a_stranger_that_took_a_planned_id_meanwhile_is_no_row_of_ours(scene: Scene) -> None:
    scene.mart(
        "insert into ops.row_state (target, table_name, _sonar_key, _customer_key, row_key, state,"
        " new_hash, run_id, changed_at)"
        " select target, mart, '7', '7', key::jsonb, 'intended', 'h', 'r', now()"
        " from ops.current_target, (values ('clients', '{\"id\": \"7\"}'),"
        " ('client_info', '{\"client_id\": \"7\"}')) as meant (mart, key)"
    )
    scene.target(
        "insert into clients (id, login, name, balance, since, last_seen)"
        " values (7, 'theirs', 'Theirs', 0, '2024-01-01', '2024-01-01')"
    )
    found = miniature.run_inspect()
    assert (found.settled.done, found.settled.redone, found.settled.edited) == (0, 2, ())
    assert scene.rows("select 1 from ops.row_state") == []
