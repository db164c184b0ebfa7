"""A choice of customers or tables over REST, and a change of one in a hundred."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from load.planning.scope import Scope
from runtime.errors import ConfigError, GateFailed
from tests.load.rest import rest_world as world
from tests.load.rest.talking import arrivals, counter
from tests.load.rest.test_rest_load import assert_same, rows
from tests.load.rest.test_rest_rollback import change
from tests.sandbox.splynx_process import SplynxProcess, running
from tests.services import Splynxes

pytestmark = [pytest.mark.postgres, pytest.mark.mysql]

CUSTOMERS = 50


@pytest.fixture
def server(splynxes: Splynxes, tmp_path: Path, warehouse: Engine) -> Iterator[SplynxProcess]:
    with (
        splynxes.fresh() as database,
        running(database, tmp_path) as started,
        world.at(started),
    ):
        world.create_marts(warehouse, CUSTOMERS)
        world.inspect(warehouse, started.url.removeprefix("http://"))
        world.accept(warehouse)
        yield started


def test_a_choice_is_loaded_with_what_it_needs_and_the_rest_follows(
    warehouse: Engine, server: SplynxProcess
) -> None:
    """Customer 20 is a child of 15; 4 has a service of plan 2, which nobody chosen before has."""
    logins = "select login from customers"
    first = world.run_load(chosen=Scope(accounts=("20",)))
    assert rows(server.database.engine, logins) == [("login15",), ("login20",)]
    assert rows(server.database.engine, "select count(*) from services_internet") == [(1,)]
    left = first.plan.count("not_selected")
    assert len(rows(warehouse, "select 1 from ops.not_selected")) == left > CUSTOMERS

    world.run_load(chosen=Scope(status=("blocked",), limit=2))
    assert rows(server.database.engine, logins) == [
        ("login14",), ("login15",), ("login20",), ("login7",),
    ]  # fmt: skip
    with pytest.raises(GateFailed, match=r"services_internet\.tariff_id needs tariffs_internet"):
        world.run_load(chosen=Scope(skip_tables=("tariffs_internet",), accounts=("4",)))
    with pytest.raises(ConfigError, match="ACCOUNTS: no customer to load has 777"):
        world.run_load(chosen=Scope(accounts=("777",)))

    world.run_load(chosen=Scope(skip_tables=("payments", "billing_transactions")))
    assert server.scalar("select count(*) from customers") == CUSTOMERS
    assert server.scalar("select count(*) from payments") == 1
    again = world.run_load(chosen=Scope(accounts=("20",)))
    skipped = {"payments": CUSTOMERS // 4 - 1, "billing_transactions": CUSTOMERS // 4 - 1}
    assert {
        table.table: table.counts["not_selected"]
        for table in again.plan.tables
        if "not_selected" in table.counts
    } == skipped
    world.run_load()
    assert_same(warehouse, server)
    assert rows(warehouse, "select 1 from ops.not_selected") == []

    changes = (
        "update splynx_staging.customers set city = 'Moved' where _sonar_key = 'account:50'",
    )
    change(warehouse, *changes)
    before = arrivals(server)
    asked = counter(server, "admin", "PUT")
    second = world.run_load()
    assert (second.written.created, second.written.changed, asked()) == (0, 1, 1)
    assert arrivals(server) - before <= 10  # the contract of the endpoint, two looks, one change
    assert_same(warehouse, server)


def test_rows_of_others_that_are_gone_stay(warehouse: Engine, server: SplynxProcess) -> None:
    world.run_load()
    paid = (
        "select _customer_key, customer_id from splynx_staging.payments"
        " order by customer_id limit 2"
    )
    (account, chosen), (_, other) = rows(warehouse, paid)
    gone = f"delete from splynx_staging.payments where customer_id in ({chosen}, {other})"
    change(warehouse, gone)
    result = world.run_load(chosen=Scope(accounts=(account,)))
    counts = {table.table: table.counts for table in result.plan.tables}["payments"]
    assert counts == {"unchanged": CUSTOMERS // 4 - 2, "gone": 1, "gone_unselected": 1}
    assert server.scalar("select count(*) from payments") == CUSTOMERS // 4
