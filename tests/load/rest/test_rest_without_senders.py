"""Tickets whose senders the API cannot make: read back over it, none is called changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine

from load.reconcile.by_rest import ByRest
from load.reconcile.table_check import Compared
from load.reconcile.translation import Translation
from runtime import warehouse as runtime_warehouse
from runtime.errors import Unfinished
from runtime.manifest import Manifest
from runtime.settings import splynx_api
from tests.load.rest import rest_world as world
from tests.sandbox.splynx_process import SplynxProcess, running
from tests.services import Splynxes, Warehouses, plain

pytestmark = [pytest.mark.postgres, pytest.mark.mysql]

SENDERS = replace(
    world.new_mart(
        "incoming_customer",
        "foundation",
        {"id": "bigint", "email": "varchar(256)", "name": "varchar(256)"},
        [],
        {"without": "no endpoint"},
    ),
    routes=frozenset({"mysql"}),
)
TICKETS = world.new_mart(
    "ticket",
    "trailing",
    {
        "id": "bigint",
        "incoming_customer_id": "bigint",
        "type_id": "bigint",
        "subject": "varchar(256)",
        "priority": "varchar(128)",
    },
    [("incoming_customer_id", "incoming_customer")],
    {
        "path": "admin/support/tickets",
        "identity": ["subject"],
        "late": {"incoming_customer_id": None},
    },
)
MANIFEST = Manifest((SENDERS, TICKETS), "tickets")

_MARTS = f"""
create schema splynx_staging;
create table splynx_staging.incoming_customer (
    _sonar_key text, id bigint, email varchar(256), name varchar(256));
create table splynx_staging.ticket (
    _sonar_key text, id bigint, incoming_customer_id bigint, type_id bigint, subject varchar(256),
    priority varchar(128));
insert into splynx_staging.incoming_customer
select 'sender:' || n, {world.FAR} + n, 'a' || n || '@planted.example', 'Sender ' || n
from generate_series(1, 2) as n;
insert into splynx_staging.ticket
select 'ticket:' || n, {world.FAR} + n, case when n <= 2 then {world.FAR} + n end, 1,
    'Subject ' || n, 'low'
from generate_series(1, 3) as n;
"""


@pytest.fixture(scope="module")
def loaded(
    warehouses: Warehouses, splynxes: Splynxes, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Engine, SplynxProcess]]:
    """Yield both sides after a load over REST in which the senders stayed behind."""
    with (
        pytest.MonkeyPatch.context() as patch,
        warehouses.fresh() as url,
        splynxes.fresh() as database,
        running(database, _folder(tmp_path_factory)) as server,
    ):
        patch.setenv("ENV_FILE", "no-such.env")
        patch.setenv("WAREHOUSE_URL", plain(url))
        for name, value in world.environment(server).items():
            patch.setenv(name, value)
        engine = runtime_warehouse.connect()
        with engine.begin() as connection:
            connection.exec_driver_sql(_MARTS)
        world.inspect(engine, server.url.removeprefix("http://"))
        world.accept(engine, MANIFEST)
        with pytest.raises(Unfinished, match="3 rows are in Splynx as they should be"):
            world.run_load(manifest=MANIFEST)
        yield engine, server
        engine.dispose()


def _folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("api")


def _compared(loaded: tuple[Engine, SplynxProcess]) -> Compared:
    engine, server = loaded
    with world.at(server), engine.connect() as connection:
        api = splynx_api()
        target = f"{api.address}#1"
        translation = Translation(connection, MANIFEST, target)
        with ByRest.at(api, connection, target, MANIFEST, translation) as by_rest:
            return by_rest.compare(TICKETS, 3)


def test_a_ticket_without_its_sender_is_as_it_should_be(
    loaded: tuple[Engine, SplynxProcess],
) -> None:
    found = _compared(loaded)
    assert found.differences == ()
    assert found.counts.identical == 3
    assert [(e.cause, e.rows, e.columns) for e in found.explained] == [
        ("not_in_the_api", 2, ("incoming_customer_id",))
    ]


def test_a_ticket_that_leads_to_another_sender_is_a_difference(
    loaded: tuple[Engine, SplynxProcess],
) -> None:
    _, server = loaded
    change = "update ticket set incoming_customer_id = {} where subject = 'Subject 1'"
    server.execute(change.format(77))
    found = _compared(loaded)
    server.execute(change.format(0))
    (difference,) = found.differences
    assert (difference.kind, len(difference.keys)) == ("modified", 1)
    assert "incoming_customer_id" in difference.details[0]
