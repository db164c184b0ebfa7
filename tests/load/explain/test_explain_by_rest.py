"""What a Splynx that is reached by its API alone holds of an account."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine

from load.explain.command import explained
from load.explain.facts import Explanation
from load.explain.rows import Asked
from tests.load.rest import rest_world
from tests.sandbox.splynx_process import SplynxProcess, running
from tests.services import Splynx, Splynxes

pytestmark = [pytest.mark.postgres, pytest.mark.mysql]


@pytest.fixture
def loaded(splynxes: Splynxes, tmp_path: Path, warehouse: Engine) -> Iterator[Splynx]:
    """Yield the database behind an API over which four customers were loaded."""
    with (
        splynxes.fresh() as database,
        running(database, tmp_path) as server,
        rest_world.at(server),
    ):
        _load(warehouse, server)
        yield database


def _load(warehouse: Engine, server: SplynxProcess) -> None:
    rest_world.create_marts(warehouse, 4)
    rest_world.inspect(warehouse, server.url.removeprefix("http://"))
    rest_world.accept(warehouse)
    rest_world.run_load()
    with warehouse.begin() as connection:
        for statement in (
            "create schema if not exists audit",
            "create table audit.audit_record_outcomes as select 'accounts' as collection,"
            " _sonar_key, 'customers' as entity, 'mart' as outcome, null::text as reason,"
            " _customer_key from splynx_staging.customers",
            "create table raw_sonar.accounts as select _sonar_key, '{}'::jsonb as payload,"
            " 'r' as _run_id, null::timestamptz as _deleted_at from splynx_staging.customers",
        ):
            connection.exec_driver_sql(statement)


def _explained(warehouse: Engine) -> Explanation:
    with warehouse.connect() as connection:
        key = connection.exec_driver_sql(
            "select _customer_key from splynx_staging.services_internet limit 1"
        ).scalar_one()
        return explained(connection, rest_world.MANIFEST, Asked(key))


def test_records_are_read_by_their_own_ids_and_compared(loaded: Splynx, warehouse: Engine) -> None:
    found = _explained(warehouse)
    assert found.target_read == "by its API"
    held = {row.table: row for row in found.rows}
    customer = held["customers"]
    assert customer.held == "present"
    assert customer.written is not None
    assert customer.written.target_id is not None
    same = {cell.column: cell.is_same for cell in customer.cells}
    assert same["name"] is True
    assert same["login"] is True
    assert held["services_internet"].held == "present"
    assert False not in {
        cell.is_same for cell in held["services_internet"].cells if cell.column == "customer_id"
    }
    admin = create_engine(loaded.admin_url)
    with admin.begin() as connection:
        connection.exec_driver_sql(
            "update customers set name = 'Somebody else' where id = %s",
            (customer.written.target_id,),
        )
    admin.dispose()
    cells = next(row for row in _explained(warehouse).rows if row.table == "customers").cells
    assert next(cell for cell in cells if cell.column == "name").is_same is False
