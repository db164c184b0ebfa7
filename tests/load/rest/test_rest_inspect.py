"""An inspection over the API, held against one of the same Splynx's database."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import URL, Engine, text

from load import __main__ as commands
from load.checks.mart_types import mart_type
from load.rest import inspecting
from load.rest.client import Splynx
from load.rest.failures import Unexpected
from load.rest.listing import Held, Listed, add, listable, listed, text_of
from load.rest.shape_meta import read_shapes
from load.rest.shapes import Shapes
from load.target import commands as inspection_commands
from load.target import inspection, switches
from load.target.targets import current
from runtime.errors import ConfigError, GateFailed
from runtime.manifest import Manifest, MartColumn, read_manifest
from runtime.run_ledger import stage
from runtime.settings import splynx_db
from sandbox.splynx.prefilled import prefill
from tests.load.rest.talking import QUICK, api
from tests.sandbox.splynx_process import SplynxProcess, running
from tests.services import Splynxes, plain

pytestmark = [pytest.mark.postgres, pytest.mark.mysql]


@cache
def _manifest() -> Manifest:
    return read_manifest()


@pytest.fixture
def manifest(warehouse_url: URL) -> Manifest:  # noqa: ARG001 - dbt wants one to parse the project
    return _manifest()


@pytest.fixture
def shapes(manifest: Manifest) -> Shapes:
    return read_shapes(manifest)


@pytest.fixture(scope="module")
def prefilled(
    splynxes: Splynxes, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SplynxProcess]:
    with splynxes.fresh() as database:
        prefill(database.engine)
        with running(database, tmp_path_factory.mktemp("api")) as server:
            yield server


@pytest.fixture
def used(prefilled: SplynxProcess, monkeypatch: pytest.MonkeyPatch) -> SplynxProcess:
    """Return a Splynx in use, whose database the operator cannot reach."""
    settings = api(prefilled)
    monkeypatch.setenv("SPLYNX_URL", settings.url)
    monkeypatch.setenv("SPLYNX_AUTH", "basic")
    monkeypatch.setenv("SPLYNX_API_KEY", settings.user)
    monkeypatch.setenv("SPLYNX_API_SECRET", settings.secret)
    return prefilled


def inspect(server: SplynxProcess, shapes: Shapes, **options: Any) -> inspecting.RestInspection:
    with stage("inspect") as run:
        return inspecting.inspect(run, api(server), shapes, **options)


def kept(warehouse: Engine, what: str, target: str) -> set[tuple[Any, ...]]:
    """Return what an inspection left, without the target's name."""
    with warehouse.connect() as connection:
        rows = connection.execute(text(f"{what} where target = :target"), {"target": target})
        return {tuple(row) for row in rows}


def deleted(server: SplynxProcess) -> set[tuple[str, int]]:
    """Return the rows (table, id) that staff have deleted."""
    with server.database.engine.connect() as connection:
        tables = connection.exec_driver_sql(
            "select table_name from information_schema.columns where table_schema = database()"
            " and column_name = 'deleted'"
        ).scalars()
        return {
            (table, row[0])
            for table in list(tables)
            for row in connection.exec_driver_sql(f"select * from {table} where deleted = '1'")
        }


def test_both_inspections_find_the_same_ids_and_values(
    warehouse: Engine,
    used: SplynxProcess,
    manifest: Manifest,
    shapes: Shapes,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    by_rest = inspect(used, shapes)
    monkeypatch.setenv("SPLYNX_MYSQL_URL", plain(used.database.url))
    with stage("inspect") as run:
        by_mysql = inspection.inspect(run, splynx_db(), manifest)
    gone = deleted(used)
    assert {table for table, _ in gone} >= {"customers", "tariffs_internet"}
    assert by_rest.unread == {}
    assert by_rest.target.address == api(used).address
    assert by_rest.rows.keys() >= {
        "customers", "admins", "labels", "services_internet", "invoices", "payments", "routers",
    }  # fmt: skip
    ids = "select table_name, id from ops.target_id"
    wanted = {
        row for row in kept(warehouse, ids, by_mysql.target.name) - gone if row[0] in by_rest.rows
    }
    assert kept(warehouse, ids, by_rest.target.name) == wanted
    values = "select table_name, column_name, value, id from ops.target_business_key"
    wanted = {
        row
        for row in kept(warehouse, values, by_mysql.target.name)
        if row[0] in by_rest.rows and (row[0], row[3]) not in gone
    }
    assert {row[0] for row in wanted} >= {"customers", "admins", "invoices", "ipv4_networks"}
    assert kept(warehouse, values, by_rest.target.name) == wanted


def test_what_options_demand_is_kept_and_a_second_look_replaces_the_first(
    warehouse: Engine, used: SplynxProcess, shapes: Shapes
) -> None:
    target = inspect(used, shapes).target
    with warehouse.connect() as connection:
        assert current(connection, api(used).address).name == target.name
    columns = "select table_name, column_name, is_nullable, data_type from ops.target_column"
    demanded = {
        row[1]
        for row in kept(warehouse, columns, target.name)
        if row[0] == "customers" and not row[2]
    }
    assert demanded == {"partner_id", "location_id", "name", "category"}
    one = used.customer(login="later")
    assert inspect(used, shapes).target.epoch == target.epoch
    assert (one,) in kept(warehouse, "select id from ops.target_id", target.name)
    assert inspect(used, shapes, new_epoch=True).target.epoch == target.epoch + 1


def test_a_module_that_is_off_leaves_its_tables_unread(
    warehouse: Engine, used: SplynxProcess, shapes: Shapes
) -> None:
    used.control("POST", "modules", {"module": "inventory", "on": False})
    try:
        found = inspect(used, shapes)
    finally:
        used.control("POST", "modules", {"module": "inventory", "on": True})
    assert {"inventory_items", "inventory_vendors"} <= found.unread.keys()
    assert "is switched off" in found.unread["inventory_items"]
    assert "inventory_items" not in found.rows
    assert kept(warehouse, "select 1 from ops.target_id", found.target.name)


def test_a_missing_right_stops_it_before_anything_is_replaced(
    warehouse: Engine, used: SplynxProcess, shapes: Shapes
) -> None:
    target = inspect(used, shapes).target
    before = kept(warehouse, "select table_name, id from ops.target_id", target.name)
    used.customer()
    where = "controller = 'admin/finance/payments' and action = 'index'"
    used.execute(f"update permissions_api_key set action = 'none' where {where}")
    try:
        with pytest.raises(ConfigError, match="grant the action index of admin/finance/payments"):
            inspect(used, shapes)
    finally:
        used.execute("update permissions_api_key set action = 'index' where action = 'none'")
    assert kept(warehouse, "select table_name, id from ops.target_id", target.name) == before


def test_switches_wait_for_the_operators_word(
    warehouse: Engine, used: SplynxProcess, shapes: Shapes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inspection_commands, "read_manifest", lambda: None)
    monkeypatch.setattr(inspection_commands, "read_shapes", lambda _manifest: shapes)

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(commands.commands, arguments)

    said = run("inspect", "--route", "rest")
    assert said.exit_code == 0, said.exception
    assert f"target {api(used).address}#1: by its API" in said.stdout
    assert "switch stealth_mode: not found" in said.stdout
    assert "9 switches forbid a load" in said.stdout
    names = [f"--switch={switch.name}" for switch in switches.declared()]
    assert run("attest", *names, "--words", "looked at by the operator").exit_code == 0
    with warehouse.connect() as connection:
        states = connection.execute(text("select distinct state from ops.target_switch")).scalars()
        assert list(states) == ["not_found"]
    assert "switches forbid" not in run("inspect", "--route", "rest").stdout
    monkeypatch.setenv("SPLYNX_MYSQL_URL", plain(used.database.url))
    refused = run("inspect", "--route", "rest")
    assert isinstance(refused.exception, ConfigError)
    assert "reads the database, which tells more" in str(refused.exception)


def test_creations_that_are_still_open_come_first(
    warehouse: Engine, used: SplynxProcess, shapes: Shapes
) -> None:
    target = inspect(used, shapes).target
    with warehouse.begin() as connection:
        connection.exec_driver_sql("create schema splynx_staging")
        for mart in ("customers", "customer_info"):
            connection.exec_driver_sql(f"create table splynx_staging.{mart} (_sonar_key text)")
            connection.exec_driver_sql(f"insert into splynx_staging.{mart} values ('1'), ('2')")
        connection.execute(
            text(
                "insert into ops.row_state (target, table_name, _sonar_key, row_key, state,"
                " new_hash, run_id) values (:target, 'customers', '1', '{\"id\": null}',"
                " 'intended', 'x', 'r'), (:target, 'customers', '2', '{\"id\": 4}', 'intended',"
                " 'x', 'r'), (:target, 'customer_info', '2', '{\"customer_id\": 4}', 'intended',"
                " 'x', 'r')"
            ),
            {"target": target.name},
        )
    with pytest.raises(GateFailed, match="left 1 creations open"):
        inspect(used, shapes)
    with warehouse.begin() as connection:  # the record is gone: no load will look it up
        connection.exec_driver_sql("delete from splynx_staging.customers where _sonar_key = '1'")
    assert inspect(used, shapes).target.epoch == 1


class Deaf(Splynx):
    """A conversation in which conditions get lost, as Splynx loses those that it does not know."""

    async def search(self, path: str, **given: Any) -> list[dict[str, Any]]:
        """Return the first rows, whatever was asked."""
        return await super().search(path, limit=given.get("limit"))


def listed_customers(
    server: SplynxProcess, shapes: Shapes, kind: type[Splynx], page: int
) -> Listed:
    async def work() -> Listed:
        async with kind(api(server), QUICK) as splynx:
            return await listed(splynx, [shapes["customers"]], page=page)

    return asyncio.run(work())


@pytest.mark.parametrize("page", [1, 3, 1000])
def test_lists_are_walked_to_their_end_whatever_a_page_holds(
    used: SplynxProcess, shapes: Shapes, page: int
) -> None:
    (held,) = listed_customers(used, shapes, Splynx, page).tables
    with used.database.engine.connect() as connection:
        wanted = connection.exec_driver_sql("select id from customers where deleted = '0'")
        assert held.ids == set(wanted.scalars())
    assert len(held.ids) > 3


def test_a_list_that_is_shorter_than_splynxs_own_count_is_refused(
    used: SplynxProcess, shapes: Shapes
) -> None:
    with pytest.raises(Unexpected, match="2 rows are listed and Splynx counts"):
        listed_customers(used, shapes, Deaf, page=2)


def test_values_are_printed_as_the_database_prints_them(shapes: Shapes) -> None:
    rate = MartColumn("rate", "numeric(19,4)", None, (), {})
    name = MartColumn("name", "varchar(64)", None, (), {})
    assert mart_type(rate.data_type).scale == 4
    assert text_of(20, rate) == text_of("20.0", rate) == "20.0000"
    assert text_of("twenty", rate) == "twenty"
    assert text_of("20.0", name) == "20.0"
    assert text_of(None, name) is None
    held = Held(shapes["labels"])
    add(held, {"id": "7", "module": "customers", "label": "VIP"})
    add(held, {"id": 8, "module": "customers", "label": None})
    assert held.keys == {("module", "label"): {7: "customers\x1fVIP"}}
    assert held.ids == {7, 8}


def test_only_lists_without_a_parent_are_walked(shapes: Shapes) -> None:
    names = [shape.name for shape in listable(shapes)]
    assert "services_internet" in names  # customer 0 means those of everybody
    assert "ipv4_networks_ip" not in names
    assert "customer_info" not in names
