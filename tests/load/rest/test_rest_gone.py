"""Over REST: records that Sonar has no more, and attributes that both sides changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from load.planning.scope import EVERYTHING
from load.rest.run import Loaded
from runtime.errors import GateFailed, Unfinished
from runtime.manifest import Manifest, Removal
from tests.load.rest import rest_world as world
from tests.load.rest.test_rest_load import rows
from tests.load.rest.test_rest_rollback import change, rolled_back
from tests.sandbox.splynx_process import SplynxProcess, running
from tests.services import Splynxes

pytestmark = [pytest.mark.postgres, pytest.mark.mysql]

CUSTOMERS = 12
RULES = {
    "customers": Removal("flag", "status", "disabled"),
    "services_internet": Removal("delete"),
    "payments": Removal("delete"),
    "partners": Removal("delete"),
}
GONE = (
    "delete from splynx_staging.billing_transactions where customer_id in (700004, 700008)",
    "delete from splynx_staging.payments where customer_id in (700004, 700008)",
    "delete from splynx_staging.services_internet where customer_id in (700004, 700008)",
    "delete from splynx_staging.customers_values where id in (700004, 700005)",
    "delete from splynx_staging.customer_info where customer_id in (700004, 700005)",
    "delete from splynx_staging.customers where id in (700004, 700005)",
)


@pytest.fixture
def server(
    splynxes: Splynxes, tmp_path: Path, warehouse: Engine, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SplynxProcess]:
    """Yield a Splynx with a first load; the marts have rules for what is gone."""
    marts = (replace(m, on_delete=RULES.get(m.name, Removal())) for m in world.MANIFEST.marts)
    monkeypatch.setattr(world, "MANIFEST", Manifest(tuple(marts), "rules"))
    with (
        splynxes.fresh() as database,
        running(database, tmp_path) as started,
        world.at(started),
    ):
        world.create_marts(warehouse, CUSTOMERS)
        world.inspect(warehouse, started.url.removeprefix("http://"))
        change(warehouse, "update splynx_staging.customers set parent_id = null")
        loaded("first")
        yield started


def loaded(run_id: str, **options: Any) -> Loaded:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RUN_ID", run_id)
        return world.run_load(manifest=world.MANIFEST, **options)


def test_rows_go_as_their_tables_rule_says(warehouse: Engine, server: SplynxProcess) -> None:
    change(warehouse, *GONE)
    live = "select login from services_internet where deleted = '0'"
    before = rows(server.database.engine, live)
    second = loaded("second")
    assert (second.removed.deleted, second.removed.flagged) == (4, 2)
    assert second.removed.kept == []
    states = "select status from customers where login in ('login4', 'login5')"
    assert rows(server.database.engine, states) == [("disabled",)] * 2
    assert {*before} - {*rows(server.database.engine, live)} == {("net4",), ("net8",)}
    receipts = "select receipt_number from payments where deleted = '0'"
    assert rows(server.database.engine, receipts) == [("R-12",)]
    again = loaded("third")
    assert (again.removed.deleted, again.removed.flagged, again.written.changed) == (0, 0, 0)

    # Marks are taken back; what the API has deleted is not, and is named.
    with pytest.raises(Unfinished) as stopped:
        rolled_back("second")
    assert {line.split(": ")[1] for line in stopped.value.items} == {
        "the API does not bring back what it has deleted"
    }
    assert len(stopped.value.items) == 4
    assert {status for (status,) in rows(server.database.engine, states)} == {"active"}


def test_a_record_that_returns_is_written_again(warehouse: Engine, server: SplynxProcess) -> None:
    change(
        warehouse,
        "create table kept as select * from splynx_staging.customers",
        "create table kept_services as select * from splynx_staging.services_internet",
        *GONE,
    )
    loaded("second")
    change(
        warehouse,
        "insert into splynx_staging.customers select * from kept where id = 700004",
        "insert into splynx_staging.customers_values values"
        " ('value:4', '4', 700004, 'sonar_key', 'account:4')",
        "insert into splynx_staging.customer_info values ('info:4', '4', 700004, 'VAT4')",
        "insert into splynx_staging.services_internet"
        " select * from kept_services where customer_id = 700004",
    )
    third = loaded("third")
    assert (third.written.created, third.written.changed) == (1, 1)
    status = "select status from customers where login = 'login4'"
    assert rows(server.database.engine, status) == [("active",)]
    live = "select 1 from services_internet where login = 'net4' and deleted = '0'"
    assert rows(server.database.engine, live) == [(1,)]


def test_what_staff_worked_on_stays_and_many_are_refused(
    warehouse: Engine, server: SplynxProcess
) -> None:
    server.execute("update services_internet set description = 'theirs' where login = 'net4'")
    server.execute("update customers set city = 'theirs' where login = 'login5'")
    change(warehouse, *GONE)
    second = loaded("second")
    assert {str(kept) for kept in second.removed.kept} == {
        "services_internet service:4: edited by staff since",
        "customers account:5: edited by staff since",
    }
    live = "select login from services_internet where deleted = '0' and login in ('net4', 'net8')"
    assert rows(server.database.engine, live) == [("net4",)]
    assert server.scalar("select status from customers where login = 'login5'") == "active"

    change(warehouse, "insert into splynx_staging.partners select 'company:' || n, 700100 + n,"
           " 'P' || n from generate_series(10, 25) as n")  # fmt: skip
    loaded("third")
    change(warehouse, "delete from splynx_staging.partners where id >= 700110")
    with pytest.raises(GateFailed, match="partners: 16 of 18"):
        loaded("fourth")
    assert loaded("fifth", many_gone=True).removed.deleted == 16


def test_whose_value_wins_is_the_operators_choice(warehouse: Engine, server: SplynxProcess) -> None:
    """Of customer 3 both changed the name; the town is Sonar's, the login staff's."""
    theirs = "update customers set name = 'Of staff', login = 'theirs' where login = 'login3'"
    server.execute(theirs)
    change(
        warehouse,
        "update splynx_staging.customers set name = 'Of Sonar', city = 'New'"
        " where _sonar_key = 'account:3'",
    )
    with pytest.raises(GateFailed, match="customers account:3: name"):
        loaded("fail", on_conflict="fail")
    there = "select name, login, city from customers where login in ('theirs', 'login3')"
    assert rows(server.database.engine, there) == [("Of staff", "theirs", "")]

    kept = loaded("keep")
    assert kept.written.contested == ["customers account:3: name"]
    assert kept.written.kept == ["customers account:3: login"]
    assert rows(server.database.engine, there) == [("Of staff", "theirs", "New")]
    edits = "select table_name, _sonar_key, kind, column_names from ops.staff_edit"
    assert rows(warehouse, edits) == [("customers", "account:3", "conflict", ["name"])]
    again = loaded("again")
    assert (again.written.contested, again.written.changed) == (["customers account:3: name"], 0)

    loaded("overwrite", on_conflict="overwrite")
    assert rows(server.database.engine, there) == [("Of Sonar", "theirs", "New")]
    assert loaded("last").plan.writes == 0


def test_what_staff_deleted_stays_deleted(warehouse: Engine, server: SplynxProcess) -> None:
    server.execute("update services_internet set deleted = '1' where login = 'net2'")
    change(
        warehouse,
        "update splynx_staging.services_internet set description = 'changed'"
        " where _sonar_key = 'service:2'",
    )
    done = loaded("second")
    assert done.written.vanished == ["services_internet service:2"]
    assert rows(warehouse, "select kind from ops.staff_edit") == [("vanished",)]


def test_what_is_in_quarantine_is_tried_alone(warehouse: Engine, server: SplynxProcess) -> None:
    change(
        warehouse,
        "insert into splynx_staging.payments values"
        " ('payment:new', '3', 700900, 700003, '2025-03-02', 0, 'R-new', '')",
    )
    with pytest.raises(Unfinished):
        loaded("refused")
    change(
        warehouse,
        "update splynx_staging.payments set amount = 8 where _sonar_key = 'payment:new'",
        "update splynx_staging.customers set city = 'New' where _sonar_key = 'account:2'",
    )
    retried = loaded("retry", chosen=replace(EVERYTHING, quarantined=True))
    assert (retried.written.created, retried.plan.count("not_selected")) == (1, 1)
    assert server.scalar("select amount from payments where receipt_number = 'R-new'") == 8
    assert server.scalar("select city from customers where login = 'login2'") != "New"
