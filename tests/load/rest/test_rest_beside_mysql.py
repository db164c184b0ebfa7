"""Rows that one route wrote, planned by the other: unchanged, until Sonar changes them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from sqlalchemy import Connection, Engine, text

from load.mysql import read_facts
from load.planning import parking
from load.planning.plan import Plan
from load.planning.plan import make_plan as plan_by_mysql
from load.planning.row_hash import base_of, mart_hash, mart_texts, pg_relation
from load.reconcile.translation import Translation
from load.rest.planning import make_plan as plan_by_rest
from load.rest.shape_meta import read_shapes
from load.rest.unchanged import leave_to_mysql
from load.target.facts import TableFacts
from load.target.targets import Target
from runtime import warehouse as runtime_warehouse
from runtime.run_ledger import Run
from tests.load.rest import rest_world as world
from tests.sandbox.splynx_process import SplynxProcess, running
from tests.services import Splynxes, Warehouses, plain

pytestmark = [pytest.mark.postgres, pytest.mark.mysql]

CUSTOMERS = 12
ALL = frozenset(mart.name for mart in world.MANIFEST.marts)


@dataclass(frozen=True, slots=True)
class Sides:
    """The warehouse after a load over REST, whose marts hold the server's ids since."""

    warehouse: Engine
    server: SplynxProcess
    target: Target


@pytest.fixture(scope="module")
def sides(
    warehouses: Warehouses, splynxes: Splynxes, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Sides]:
    with (
        pytest.MonkeyPatch.context() as patch,
        warehouses.fresh() as url,
        splynxes.fresh() as database,
        running(database, tmp_path_factory.mktemp("api")) as server,
    ):
        patch.setenv("ENV_FILE", "no-such.env")
        patch.setenv("WAREHOUSE_URL", plain(url))
        for name, value in world.environment(server).items():
            patch.setenv(name, value)
        engine = runtime_warehouse.connect()
        world.create_marts(engine, CUSTOMERS)
        address = server.url.removeprefix("http://")
        world.inspect(engine, address)
        world.accept(engine)
        world.run_load()
        with engine.begin() as connection:
            _take_over_ids(connection, f"{address}#1")
        yield Sides(engine, server, Target(address, 1))
        engine.dispose()


def _take_over_ids(connection: Connection, target: str) -> None:
    """Give the marts the server's ids, as the next build by dbt does."""
    translation = Translation(connection, world.MANIFEST, target)
    for mart in world.MANIFEST.marts:
        connection.execute(
            text(f"create table new_{mart.name} as select * from {translation.relation(mart)}")
        )
    for mart in world.MANIFEST.marts:
        columns = ", ".join(column.name for column in mart.columns)
        customer = "_customer_key, " if mart.group == "customer" else ""
        connection.exec_driver_sql(
            f"truncate {mart.relation}; insert into {mart.relation} (_sonar_key, {customer}"
            f"{columns}) select _sonar_key, {customer}{columns} from new_{mart.name}"
        )


def by_mysql(sides: Sides, warehouse: Connection) -> Plan:
    """Return the plan of a load by MySQL; what it does to the warehouse is not committed."""
    with sides.server.database.engine.connect() as splynx:
        tables = read_facts.table_facts(splynx, sorted(ALL))
        park = parking.Parking(warehouse, world.MANIFEST, sides.target, world.MANIFEST).park
        return plan_by_mysql(
            warehouse, splynx, world.MANIFEST, sides.target, tables, mysql=ALL, park=park
        )


def others(plan: Plan) -> dict[str, dict[str, int]]:
    """Return the classes other than unchanged, by table."""
    found = {
        table.table: {name: n for name, n in table.counts.items() if name != "unchanged"}
        for table in plan.tables
    }
    return {table: counts for table, counts in found.items() if counts}


@pytest.fixture
def named(sides: Sides) -> Sides:
    run = Run(run_id="r2", engine=sides.warehouse, lock_pid=None)
    parking.name_parts(run, world.MANIFEST, sides.target, ALL)
    return sides


def test_a_load_by_mysql_finds_rows_of_the_api_unchanged(named: Sides) -> None:
    with named.warehouse.connect() as warehouse:
        plan = by_mysql(named, warehouse)
        assert others(plan) == {}
        for table in plan.tables:
            assert table.counts["unchanged"] == world.count(CUSTOMERS, table.table), table.table


def test_it_leaves_those_that_sonar_has_changed_to_the_api(named: Sides) -> None:
    with named.warehouse.connect() as warehouse, named.warehouse.begin() as other:
        statement = "update splynx_staging.{} set {} where _sonar_key = '{}'"
        changes = (
            ("customers", "city = 'Moved'", "account:3"),
            ("services_internet", "unit_price = 1", "service:4"),
        )
        for change in changes:
            other.exec_driver_sql(statement.format(*change))
        other.commit()
        try:
            assert others(by_mysql(named, warehouse)) == {
                "customers": {"parked": 1},
                "services_internet": {"parked": 1},
            }
        finally:
            with named.warehouse.begin() as back:
                back.exec_driver_sql(statement.format("customers", "city = null", "account:3"))
                back.exec_driver_sql(
                    statement.format("services_internet", "unit_price = 4.25", "service:4")
                )


def _as_if_by_mysql(warehouse: Connection, sides: Sides, tables: dict[str, TableFacts]) -> None:
    """Record all rows as a load by MySQL does."""
    warehouse.execute(text("update ops.target set dialect = 'mariadb'"))
    for mart in world.MANIFEST.marts:
        facts = tables[mart.name].columns
        warehouse.exec_driver_sql(
            f"update ops.row_state as state set new_hash = row.hash, base = row.base"
            f" from (select _sonar_key, {mart_hash(mart, facts)} as hash,"
            f" {base_of(mart_texts(mart, facts))} as base from {pg_relation(mart)}) as row"
            " where state.target = %(target)s and state.table_name = %(mart)s"
            " and state._sonar_key = row._sonar_key",
            {"target": sides.target.name, "mart": mart.name},
        )
        for position, fact in enumerate(facts.values(), start=1):
            warehouse.execute(
                text(
                    "insert into ops.target_column (target, table_name, column_name, position,"
                    " data_type, column_type, numeric_scale, is_unsigned, is_nullable, has_default,"
                    " is_auto_increment) values (:target, :table, :name, :position, :kind, :kind,"
                    " :scale, false, true, true, false)"
                ),
                {
                    "target": sides.target.name, "table": mart.name, "name": fact.name,
                    "position": position, "kind": fact.data_type, "scale": fact.numeric_scale,
                },
            )  # fmt: skip
        warehouse.execute(
            text("insert into ops.target_table (target, table_name, row_count) values (:t, :m, 0)"),
            {"t": sides.target.name, "m": mart.name},
        )


def by_rest(sides: Sides, warehouse: Connection) -> dict[str, dict[str, int]]:
    shapes = read_shapes(world.MANIFEST)
    plan, _ = plan_by_rest(warehouse, world.MANIFEST, shapes, sides.target)
    found = others(plan)
    return {t: n for t, n in found.items() if n.keys() != {"inside"}}


def test_a_load_over_the_api_finds_rows_of_mysql_unchanged(sides: Sides) -> None:
    with sides.server.database.engine.connect() as splynx:
        tables = read_facts.table_facts(splynx, sorted(ALL))
    with sides.warehouse.connect() as warehouse:  # nothing of this is committed
        assert by_rest(sides, warehouse) == {}
        _as_if_by_mysql(warehouse, sides, tables)
        assert by_rest(sides, warehouse) == {}
        warehouse.execute(
            text("update splynx_staging.customers set city = 'x' where _sonar_key = 'account:3'")
        )
        warehouse.execute(
            text(
                "insert into splynx_staging.customers_values select 'new', '5', id, 'other', 'x'"
                " from splynx_staging.customers where _sonar_key = 'account:5'"
            )
        )
        warehouse.execute(
            text("delete from splynx_staging.customer_notes where _sonar_key = 'note:3-0'")
        )
        gone = {"customer_notes": {"gone": 1}}
        assert by_rest(sides, warehouse) == {"customers": {"update": 2}, **gone}
        leave_to_mysql(warehouse, {"customers", "customer_notes"}, sides.target)
        left: int = warehouse.execute(
            text("select count(*) from load_plan where class = 'by_mysql'")
        ).scalar_one()
        assert left == 3


def test_rows_of_the_api_stay_with_it_where_their_table_goes_by_mysql(sides: Sides) -> None:
    with sides.warehouse.connect() as warehouse:
        warehouse.execute(
            text("update splynx_staging.customers set city = 'x' where _sonar_key = 'account:3'")
        )
        assert by_rest(sides, warehouse) == {"customers": {"update": 1}}
        leave_to_mysql(warehouse, ALL, sides.target)
        found = "select _sonar_key from load_plan where class = 'update'"
        assert warehouse.execute(text(found)).scalars().all() == ["account:3"]
