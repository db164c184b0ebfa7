"""Rows that only a PUT makes: the place of a customer at a processor, read as a list of one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from runtime.manifest import Manifest
from tests.load.rest import rest_world as world
from tests.sandbox.splynx_process import SplynxProcess, fresh
from tests.services import Splynxes

pytestmark = [pytest.mark.postgres, pytest.mark.mysql]

ACCOUNTS = world.new_mart(
    "payment_account_data",
    "customer",
    {"account_id": "bigint", "customer_id": "bigint", "field_2": "varchar(512)"},
    [("customer_id", "customers")],
    {
        "path": "admin/customers/customer-payment-account-data",
        "item": "admin/customers/customer-payment-accounts?id={customer_id}--{account_id}",
        "made": [{"by": "customers"}],
    },
    key=("account_id", "customer_id"),
)
MANIFEST = Manifest((*world.MANIFEST.marts, ACCOUNTS), "with accounts")
HELD = (
    "select account_id, field_2, field_3 from payment_account_data where account_id = 5"
    " order by field_2"
)


@pytest.fixture(scope="module")
def server(splynxes: Splynxes, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SplynxProcess]:
    """Yield a server of its own: what is loaded here stays in it."""
    yield from fresh(splynxes, tmp_path_factory.mktemp("api"))


def _held(server: SplynxProcess) -> list[tuple[object, ...]]:
    with server.database.engine.connect() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(HELD)]


def test_they_are_put_read_back_and_keep_what_was_handed_over(
    warehouse: Engine, server: SplynxProcess
) -> None:
    server.execute("replace into payment_account (id, title) values (5, 'Gateway')")
    with world.at(server):
        world.create_marts(warehouse, 4)
        with warehouse.begin() as connection:
            connection.exec_driver_sql(
                "create table splynx_staging.payment_account_data as select n::text as _sonar_key,"
                " n::text as _customer_key, 5::bigint as account_id, 700000::bigint + n as"
                " customer_id, ('**' || n)::text as field_2 from generate_series(1, 2) as n"
            )
        world.inspect(warehouse, server.url.removeprefix("http://"))
        world.accept(warehouse, MANIFEST)
        world.run_load(manifest=MANIFEST)
        assert _held(server) == [(5, "**1", ""), (5, "**2", "")]

        server.execute("update payment_account_data set field_3 = 'handed over'")
        with warehouse.begin() as connection:
            connection.exec_driver_sql(
                "update splynx_staging.payment_account_data set field_2 = '**3'"
                " where field_2 = '**1'"
            )
        world.accept(warehouse, MANIFEST)
        again = world.run_load(manifest=MANIFEST)
        assert (again.plan.writes, again.written.created) == (1, 0)
        assert _held(server) == [(5, "**2", "handed over"), (5, "**3", "handed over")]
