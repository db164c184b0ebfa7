"""Rows that may be in Splynx or not: settled by the next run, and never there twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine

from runtime.errors import RetriableTargetError, Unfinished
from tests.load.rest import rest_world as world
from tests.load.rest.test_rest_load import assert_same, rows
from tests.load.rest.test_rest_rollback import change
from tests.sandbox.splynx_process import SplynxProcess, running
from tests.services import Splynxes

pytestmark = [pytest.mark.postgres, pytest.mark.mysql]

CUSTOMERS = 12
PAYMENTS = "admin/finance/payments"
NOTES = "admin/customers/customer-notes"
TARIFFS = "admin/tariffs/internet"
IMPATIENT = replace(world.QUICK, retries=0)
DOUBTFUL = "select _sonar_key from ops.row_state where state = 'intended' and api ? 'path'"


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


def test_a_commit_that_outlives_two_looks_does_not_stay_twice(
    warehouse: Engine, server: SplynxProcess
) -> None:
    """Nothing in Splynx keeps a payment or a plan from being there twice."""
    for path in (PAYMENTS, TARIFFS):
        server.fault(kind="late", method="POST", path=path)
    done = world.run_load()
    assert server.control("GET", "faults").body["spoiled"]["late"] == 2
    assert done.written.twins == 2
    assert_same_live(warehouse, server)
    posted = sum(world.count(CUSTOMERS, name) for name in world.POSTED)
    assert done.written.created == posted
    assert world.run_load().plan.writes == 0


def test_a_second_copy_that_must_not_be_deleted_is_left_to_people(
    warehouse: Engine, server: SplynxProcess
) -> None:
    """The API deletes no note, and its customer is not activated."""
    change(warehouse, "delete from splynx_staging.customer_notes where _sonar_key like '%%-1'")
    server.fault(kind="late", method="POST", path=NOTES)
    with pytest.raises(Unfinished) as stopped:
        world.run_load(replace(world.QUICK, workers=1))
    (item,) = stopped.value.items
    assert item.startswith("customer_notes note:")
    assert "Splynx has it twice, also as" in item
    customer = item.split("note:")[1].split("-")[0]
    status = f"select status from customers where login = 'login{customer}'"
    assert server.scalar(status) == "new"
    refused = "select cause from ops.refusal where table_name = 'customer_notes'"
    assert rows(warehouse, refused) == [("found_twice",)]


def test_rows_that_look_alike_and_are_all_in_doubt_take_one_each(
    warehouse: Engine, server: SplynxProcess
) -> None:
    """Three plans of one title arrived, and no run has had the answers."""
    change(warehouse, "update splynx_staging.tariffs_internet set title = 'Plan'")
    world.run_load()
    change(
        warehouse,
        "update ops.row_state set state = 'intended', row_key = '{\"id\": null}', base = null,"
        ' api = \'{"path": "admin/tariffs/internet", "main": {"title": "Plan"},'
        " \"additional\": {}}' where table_name = 'tariffs_internet'",
        "delete from ops.id_map where entity = 'tariffs_internet'",
    )
    assert len(rows(warehouse, DOUBTFUL)) == 3
    assert world.run_load().written.created == 0
    given = "select distinct target_id from ops.id_map where entity = 'tariffs_internet'"
    there = "select id from tariffs_internet where title = 'Plan'"
    assert rows(warehouse, given) == rows(server.database.engine, there)
    assert len(rows(warehouse, given)) == 3


def test_what_is_in_doubt_is_settled_when_its_record_has_left(
    warehouse: Engine, server: SplynxProcess
) -> None:
    """Of two partners one arrived; both records are gone from the marts."""
    partners = "admin/administration/partners"
    change(
        warehouse,
        "update splynx_staging.customers set partner_id = 1",
        "update splynx_staging.partners set name = 'Lost' where _sonar_key = 'company:2'",
    )
    server.fault(kind="server_error", method="GET", path=partners, times=None)
    server.fault(kind="lost_reply", method="POST", path=partners, times=1)
    server.fault(kind="server_error", method="POST", path=partners, times=None, after=1)
    with pytest.raises((RetriableTargetError, Unfinished)):
        world.run_load(replace(IMPATIENT, workers=1))
    server.control("DELETE", "faults")
    assert len(rows(warehouse, DOUBTFUL)) > 0
    change(warehouse, "delete from splynx_staging.partners")
    world.run_load()
    assert rows(warehouse, DOUBTFUL) == []
    known = rows(
        warehouse,
        "select row_key ->> 'id', state from ops.row_state where table_name = 'partners'",
    )
    there = "select id from partners where name in ('North', 'Lost')"
    found = rows(server.database.engine, there)
    assert known == [(str(key), "written") for (key,) in found]
    assert len(found) == 1


def assert_same_live(warehouse: Engine, server: SplynxProcess) -> None:
    """Compare without what bears the mark of a deleted row."""
    server.execute("delete from payments where deleted = '1'")
    server.execute("delete from tariffs_internet where deleted = '1'")
    server.execute("delete from billing_transactions where deleted = '1'")
    assert_same(warehouse, server)
