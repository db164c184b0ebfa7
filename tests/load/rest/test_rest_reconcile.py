"""What a load over REST left is read back over REST by who cannot read the database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from sqlalchemy import Engine

from load.reconcile.by_rest import ByRest
from load.reconcile.results import Difference
from load.reconcile.table_check import Compared
from load.reconcile.translation import Translation
from runtime import warehouse as runtime_warehouse
from runtime.manifest import Manifest, Total
from runtime.settings import splynx_api
from tests.load.rest import rest_world as world
from tests.sandbox.splynx_process import SplynxProcess, running
from tests.services import Splynxes, Warehouses, plain

pytestmark = [pytest.mark.postgres, pytest.mark.mysql]

CUSTOMERS = 24


@pytest.fixture(scope="module")
def loaded(
    warehouses: Warehouses, splynxes: Splynxes, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Engine, SplynxProcess]]:
    """Yield both sides after one load over REST; tests spoil different rows."""
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
        world.inspect(engine, server.url.removeprefix("http://"))
        world.accept(engine)
        world.run_load()
        yield engine, server
        engine.dispose()


@contextmanager
def reading(
    loaded: tuple[Engine, SplynxProcess], manifest: Manifest = world.MANIFEST
) -> Iterator[ByRest]:
    engine, server = loaded
    with pytest.MonkeyPatch.context() as patch, engine.connect() as connection:
        for name, value in world.environment(server).items():
            patch.setenv(name, value)
        api = splynx_api()
        target = f"{api.address}#1"
        translation = Translation(connection, manifest, target)
        with ByRest.at(api, connection, target, manifest, translation) as by_rest:
            yield by_rest


def compared(
    loaded: tuple[Engine, SplynxProcess], name: str, manifest: Manifest = world.MANIFEST
) -> Compared:
    with reading(loaded, manifest) as by_rest:
        return by_rest.compare(manifest.mart(name), world.count(CUSTOMERS, name))


def target_id(loaded: tuple[Engine, SplynxProcess], table: str, record: str) -> int:
    with loaded[0].connect() as connection:
        found = connection.exec_driver_sql(
            "select target_id from ops.id_map where entity = %s and _sonar_key = %s",
            (table, record),
        )
        return int(found.scalar_one())


def only(found: Compared) -> Difference:
    (difference,) = found.differences
    return difference


def test_every_table_agrees_under_the_ids_of_the_server(
    loaded: tuple[Engine, SplynxProcess],
) -> None:
    with reading(loaded) as by_rest:
        for mart in world.MANIFEST.marts:
            rows = world.count(CUSTOMERS, mart.name)
            found = by_rest.compare(mart, rows)
            assert found.differences == (), mart.name
            assert (found.counts.identical, found.counts.loaded) == (rows, rows), mart.name
            assert found.unseen is None


def test_totals_are_added_up_from_what_the_api_shows(
    loaded: tuple[Engine, SplynxProcess],
) -> None:
    mart = world.MANIFEST.mart("payments")
    asked = replace(mart, totals=(Total((), "date", "amount"), Total(("no_such_column",))))
    marts = tuple(asked if one is mart else one for one in world.MANIFEST.marts)
    manifest = replace(world.MANIFEST, marts=marts)
    (totals,) = compared(loaded, "payments", manifest).totals
    assert totals.agrees
    assert sum(group.target_rows for group in totals.groups) == world.count(CUSTOMERS, "payments")
    at = target_id(loaded, "payments", "payment:12")
    change = "update payments set amount = amount {} 0.01 where id = :i"
    loaded[1].execute(change.format("+"), i=at)
    found = compared(loaded, "payments", manifest)
    loaded[1].execute(change.format("-"), i=at)
    assert [(d.kind, d.cause) for d in found.differences] == [
        ("modified", "unexplained"), ("totals", "follows_from_rows")
    ]  # fmt: skip
    assert found.differences[1].count == 1


def test_a_changed_value_is_named_by_the_id_of_the_server_and_not_shown(
    loaded: tuple[Engine, SplynxProcess],
) -> None:
    at = target_id(loaded, "services_internet", "service:4")
    loaded[1].execute(
        "update services_internet set unit_price = unit_price + 0.01 where id = :i", i=at
    )
    difference = only(compared(loaded, "services_internet"))
    assert (difference.kind, difference.keys) == ("modified", (str(at),))
    assert difference.details[0].startswith(f"{at}: unit_price (number of")


def test_what_is_inside_and_beside_a_row_is_compared_too(
    loaded: tuple[Engine, SplynxProcess],
) -> None:
    one, two = (target_id(loaded, "customers", f"account:{n}") for n in (5, 6))
    loaded[1].execute("update customers_values set value = 'x' where id = :i", i=one)
    loaded[1].execute("update customer_info set vat_id = 'x' where customer_id = :i", i=two)
    values = only(compared(loaded, "customers_values"))
    assert (values.kind, values.keys) == ("modified", (f"{one}/sonar_key",))
    info = only(compared(loaded, "customer_info"))
    assert (info.kind, info.keys) == ("modified", (str(two),))


def test_a_row_that_is_gone_and_one_too_many(loaded: tuple[Engine, SplynxProcess]) -> None:
    engine, server = loaded
    gone = target_id(loaded, "payments", "payment:8")
    server.execute("update payments set deleted = '1' where id = :i", i=gone)
    with engine.begin() as connection:  # what an inspection over REST notes of a table it listed
        connection.exec_driver_sql(
            "insert into ops.target_table (target, table_name, row_count)"
            " select target, 'tariffs_internet', 0 from ops.current_target"
        )
    more = server.create(
        "admin/tariffs/internet",
        {
            "title": "By somebody", "price": 1, "speed_download": 1, "speed_upload": 1,
            "partners_ids": "1", "billing_types": "recurring", "customer_categories": "person",
            "available_for_locations": "1",
        },
    )  # fmt: skip
    missing = only(compared(loaded, "payments"))
    assert (missing.kind, missing.keys) == ("missing", ("payment:8",))
    extra = only(compared(loaded, "tariffs_internet"))
    assert (extra.kind, extra.keys) == ("extra", (str(more),))


def test_what_the_api_does_not_show_is_not_compared_and_says_why(
    loaded: tuple[Engine, SplynxProcess],
) -> None:
    found = compared(loaded, "customer_notes", world.without("customer_notes"))
    assert found.unseen == "there is no such endpoint"
    assert found.differences == ()
    (explained,) = found.explained
    rows = world.count(CUSTOMERS, "customer_notes")
    assert (explained.cause, explained.rows) == ("not_in_the_api", rows)
