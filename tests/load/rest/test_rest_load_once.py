"""No duplicate and no loss: replies vanish, tokens end, Splynx fails, the load is killed."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from runtime.settings import ROOT
from tests.load.rest import rest_world as world
from tests.load.rest.test_rest_load import assert_same, rows
from tests.proving import cases
from tests.sandbox.splynx_process import SplynxProcess, running
from tests.services import Splynxes, others_are_gone

pytestmark = [pytest.mark.postgres, pytest.mark.mysql, pytest.mark.prove]

# 2.4 creations a customer: 500 of them, 10,000 in the long proof.
CUSTOMERS = cases(quick=210, long=4200)
KILLS = 3
WORKERS = 8
_TWICE = (
    "select value from customers_values where name = 'sonar_key' group by value",
    "select login from services_internet group by login",
    "select receipt_number from payments group by receipt_number",
    "select name from partners group by name",
    "select title from tariffs_internet group by title",
    "select payment_id from billing_transactions group by payment_id",
)


@pytest.fixture
def server(splynxes: Splynxes, tmp_path: Path, warehouse: Engine) -> Iterator[SplynxProcess]:
    with (
        splynxes.fresh() as database,
        running(database, tmp_path) as started,
        world.at(started, "token"),
    ):
        world.create_marts(warehouse, CUSTOMERS)
        world.inspect(warehouse, started.url.removeprefix("http://"))
        world.accept(warehouse)
        yield started


def _spoil(server: SplynxProcess, seed: int) -> None:
    for kind, method, chance in (
        ("lost_reply", "POST", 0.1),
        ("lost_reply", "PUT", 0.1),
        ("server_error", "POST", 0.01),
        ("bad_gateway", None, 0.01),
        ("dropped", None, 0.01),
        ("expire_tokens", None, 0.005),
    ):
        server.fault(kind=kind, method=method, probability=chance, seed=seed)


def _arrived(server: SplynxProcess) -> int:
    return int(server.scalar("select count(*) from customers"))


def _killed(server: SplynxProcess, point: int) -> None:
    """Start a load, and kill it when so many customers are there."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.load.rest.rest_world", str(WORKERS)],
        cwd=ROOT,
        env=dict(os.environ),
    )
    seen, deadline = -1, 0.0
    while (arrived := _arrived(server)) < point:
        assert process.poll() is None, "the load ended before it was killed"
        if arrived != seen:
            seen, deadline = arrived, time.monotonic() + 120
        assert time.monotonic() < deadline, f"nobody arrived for two minutes after {seen}"
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()


@pytest.mark.parametrize("seed", range(cases(quick=1, long=3)))
def test_every_row_arrives_once(
    warehouse: Engine,
    server: SplynxProcess,
    seed: int,
    record_property: Callable[[str, object], None],
) -> None:
    chance = random.Random(seed)
    for kill, point in enumerate(sorted(chance.sample(range(1, CUSTOMERS - 20), KILLS))):
        server.control("DELETE", "faults")
        _spoil(server, seed * KILLS + kill)
        _killed(server, point)
        others_are_gone(warehouse)
    doubtful = rows(
        warehouse,
        "select 1 from ops.row_state where state = 'intended' and row_key = '{\"id\": null}'",
    )
    last = world.run_load()
    spoiled = server.control("GET", "faults").body["spoiled"]
    server.control("DELETE", "faults")
    record_property("creations", sum(world.count(CUSTOMERS, one) for one in world.POSTED))
    record_property("spoiled", dict(spoiled))
    record_property("in doubt at the last start", len(doubtful))

    assert_same(warehouse, server)
    for statement in _TWICE:
        assert rows(server.database.engine, f"{statement} having count(*) > 1") == []
    twins = rows(
        server.database.engine,
        "select customer_id from customer_notes group by customer_id having count(*) <> 2",
    )
    assert twins == []
    for mart in world.MANIFEST.marts:
        recorded = f"select state from ops.row_state where table_name = '{mart.name}'"
        found = rows(warehouse, recorded)
        assert found == [("written",)] * world.count(CUSTOMERS, mart.name), mart.name
    assert last.written.refused == []
    assert spoiled["lost_reply"] > 0
    again = world.run_load()
    assert (again.plan.writes, again.written.created, again.written.changed) == (0, 0, 0)
