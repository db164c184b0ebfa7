"""The closure of references over marts of every kind, in the warehouse alone."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from load.planning.closure import Closure
from runtime.manifest import Manifest, Reference
from tests.load.miniature import column, mart

pytestmark = pytest.mark.postgres

TAXES = mart("taxes", "foundation", [column("id", "bigint")])
TARIFFS = mart(
    "tariffs",
    "foundation",
    [column("id", "bigint"), column("tax_id", "bigint"), column("successor_id", "bigint")],
    [Reference("successor_id", "tariffs", "id"), Reference("tax_id", "taxes", "id")],
)
OPTIONS = mart(
    "options",
    "foundation",
    [column("tariff_id", "bigint"), column("tax_id", "bigint")],
    [Reference("tariff_id", "tariffs", "id"), Reference("tax_id", "taxes", "id")],
    key="tariff_id",
)
CLIENTS = mart("clients", "customer", [column("id", "bigint")])
SERVICES = mart(
    "services",
    "customer",
    [column("id", "bigint"), column("client_id", "bigint"), column("tariff_id", "bigint")],
    [Reference("client_id", "clients", "id"), Reference("tariff_id", "tariffs", "id")],
)
STORES = mart("stores", "trailing", [column("id", "bigint")])
SHELVES = mart(
    "shelves",
    "trailing",
    [column("store_id", "bigint")],
    [Reference("store_id", "stores", "id")],
    key="store_id",
)
ITEMS = mart(
    "items",
    "trailing",
    [column("id", "bigint"), column("client_id", "bigint"), column("store_id", "bigint")],
    [Reference("client_id", "clients", "id"), Reference("store_id", "stores", "id")],
)
REPAIRS = mart(
    "repairs",
    "trailing",
    [column("id", "bigint"), column("item_id", "bigint"), column("payer_id", "bigint")],
    [Reference("item_id", "items", "id"), Reference("payer_id", "clients", "id")],
)
MANIFEST = Manifest(
    (TAXES, TARIFFS, OPTIONS, CLIENTS, SERVICES, STORES, SHELVES, ITEMS, REPAIRS), "closure"
)
ROWS = """
create schema splynx_staging;
set search_path = splynx_staging;
create table taxes as select i::text as _sonar_key, i as id from generate_series(1, 4) as i;
create table tariffs as select id::text as _sonar_key, * from (values
    (1, 1, 2), (2, 2, null), (3, 3, null)) as t (id, tax_id, successor_id);
create table options as select 'o' || tariff_id || tax_id as _sonar_key, * from (values
    (1, 4), (3, 1)) as t (tariff_id, tax_id);
create table clients as
    select i::text as _sonar_key, i::text as _customer_key, i as id from generate_series(1, 3) as i;
create table services as select 's' || id as _sonar_key, client_id::text as _customer_key, * from (
    values (1, 1, 1), (2, 2, 3)) as t (id, client_id, tariff_id);
create table stores as select i::text as _sonar_key, i as id from generate_series(1, 2) as i;
create table shelves as select 'shelf' || i as _sonar_key, i as store_id from
    generate_series(1, 2) as i;
create table items as select 'i' || id as _sonar_key, * from (values
    (1, 1, 1), (2, 2, 1), (3, null, 1), (4, 1, null)) as t (id, client_id, store_id);
create table repairs as select 'r' || id as _sonar_key, * from (values
    (1, 1, null), (2, 2, null), (3, 4, 2), (4, 4, 3)) as t (id, item_id, payer_id);
"""


def chosen(
    warehouse: Engine, customers: list[str], rows: list[tuple[str, str]]
) -> dict[str, list[str]]:
    """Choose, where clients 1 and 2 are new and client 3 is in the target."""
    with warehouse.connect() as connection:
        connection.exec_driver_sql(ROWS)
        connection.exec_driver_sql(
            "create temporary table load_plan as select 'clients' as table_name, _sonar_key,"
            " 'insert' as class from clients where id < 3"
        )
        Closure(connection, MANIFEST).choose(customers, rows)
        found: dict[str, list[str]] = {}
        for row in connection.exec_driver_sql("select * from load_chosen order by 1, 2"):
            found.setdefault(row[0], []).append(row[1])
        return found


def test_a_customer_brings_what_its_rows_lead_to_and_the_parts_of_that(warehouse: Engine) -> None:
    assert chosen(warehouse, ["1"], []) == {
        "clients": ["1"],
        "services": ["s1"],
        "tariffs": ["1", "2"],  # the successor too
        "options": ["o14"],  # a part of tariff 1
        "taxes": ["1", "2", "4"],  # of the tariffs and of the part
        "items": ["i1", "i4"],  # not the store's other items
        "stores": ["1"],
        "shelves": ["shelf1"],
        # r1 over its item; r4 is paid by somebody who is in the target; r3 by somebody who is not
        "repairs": ["r1", "r4"],
    }


def test_single_rows_bring_what_they_lead_to(warehouse: Engine) -> None:
    assert chosen(warehouse, [], [("tariffs", "3"), ("stores", "2")]) == {
        "tariffs": ["3"],
        "options": ["o31"],
        "taxes": ["1", "3"],
        "stores": ["2"],
        "shelves": ["shelf2"],
    }
