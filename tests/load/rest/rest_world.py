"""Marts for the REST route: every kind of row that it knows, over the sandbox's Splynx.

Hand-made, so that the writer is tested without dbt. Planned ids are far from those that the server
gives: a reference that is not translated leads nowhere.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from sqlalchemy import Engine, text

from load.rest.client import Manners
from load.rest.rollback import roll_back
from load.rest.run import Loaded, load
from load.target import switches
from runtime.fingerprint import fingerprint
from runtime.manifest import Manifest, Mart, Reference
from runtime.run_ledger import stage
from runtime.settings import splynx_api
from tests.load.miniature import column, mart
from tests.sandbox.splynx_process import SplynxProcess

FAR = 700_000  # planned ids begin here
CUSTOMERS = "admin/customers/customer"
QUICK = Manners(delay=0.01, retries=6, timeout=60, workers=8)

_TABLES = """
create schema splynx_staging;
create table splynx_staging.partners (_sonar_key text, id bigint, name varchar(64));
create table splynx_staging.customers_fields (
    _sonar_key text, name varchar(64), title varchar(128), type varchar(32));
create table splynx_staging.tariffs_internet (
    _sonar_key text, id bigint, title varchar(64), price numeric(19,4), speed_download integer,
    speed_upload integer);
create table splynx_staging.customers (
    _sonar_key text, _customer_key text, id bigint, partner_id bigint, parent_id bigint,
    status varchar(20), login varchar(64), name text, city varchar(32), date_add date);
create table splynx_staging.customers_values (
    _sonar_key text, _customer_key text, id bigint, name varchar(64), value text);
create table splynx_staging.customer_info (
    _sonar_key text, _customer_key text, customer_id bigint, vat_id varchar(32));
create table splynx_staging.customer_notes (
    _sonar_key text, _customer_key text, id bigint, customer_id bigint, datetime timestamp,
    title varchar(50), comment text);
create table splynx_staging.services_internet (
    _sonar_key text, _customer_key text, id bigint, customer_id bigint, tariff_id bigint,
    status varchar(20), login varchar(64), description text, quantity integer,
    unit_price numeric(19,4), start_date date);
create table splynx_staging.payments (
    _sonar_key text, _customer_key text, id bigint, customer_id bigint, date date,
    amount numeric(19,4), receipt_number varchar(32), comment varchar(256));
create table splynx_staging.billing_transactions (
    _sonar_key text, _customer_key text, id bigint, customer_id bigint, payment_id bigint,
    type varchar(8), total numeric(19,4), description varchar(255));
"""


def new_mart(  # noqa: PLR0913, PLR0917 - a mart has that many properties
    name: str,
    group: str,
    columns: Mapping[str, str],
    references: Sequence[tuple[str, str]],
    rest: Mapping[str, Any],
    key: tuple[str, ...] = ("id",),
) -> Mart:
    """Return a mart of this world."""
    made = mart(
        name,
        group,
        [column(one, kind) for one, kind in columns.items()],
        [Reference(one, to, "name" if one == "name" else "id") for one, to in references],
    )
    return replace(made, key=key, routes=frozenset({"rest"}), rest=rest)


def _flags(**given: str) -> dict[str, str]:
    names = ("is_required", "is_add", "show_in_list", "searchable", "readonly", "disabled")
    return {**dict.fromkeys(names, "0"), **given}


PARTNERS = new_mart(
    "partners",
    "foundation",
    {"id": "bigint", "name": "varchar(64)"},
    [],
    {"path": "admin/administration/partners", "identity": ["name"]},
)
FIELDS = new_mart(
    "customers_fields",
    "foundation",
    {"name": "varchar(64)", "title": "varchar(128)", "type": "varchar(32)"},
    [],
    {
        "path": "admin/config/additional-fields/customers",
        "item": "admin/config/additional-fields/customers--{name}",
        "identity": ["name"],
        "also": _flags(is_unique="1"),
        "really_deletes": True,
    },
    key=("name",),
)
TARIFFS = new_mart(
    "tariffs_internet",
    "foundation",
    {
        "id": "bigint",
        "title": "varchar(64)",
        "price": "numeric(19,4)",
        "speed_download": "integer",
        "speed_upload": "integer",
    },
    [],
    {
        "path": "admin/tariffs/internet",
        "identity": ["title"],
        "also": {
            "partners_ids": "1",
            "billing_types": "recurring",
            "customer_categories": "person",
            "available_for_locations": "1",
        },
    },
)
CUSTOMER = new_mart(
    "customers",
    "customer",
    {
        "id": "bigint",
        "partner_id": "bigint",
        "parent_id": "bigint",
        "status": "varchar(20)",
        "login": "varchar(64)",
        "name": "text",
        "city": "varchar(32)",
        "date_add": "date",
    },
    [("partner_id", "partners"), ("parent_id", "customers")],
    {
        "path": CUSTOMERS,
        "fields": "customers",
        "identity": {"field": "sonar_key"},
        "late": {"status": "new"},
        "also": {"location_id": 1, "category": "person"},
    },
)
VALUES = new_mart(
    "customers_values",
    "customer",
    {"id": "bigint", "name": "varchar(64)", "value": "text"},
    [("id", "customers"), ("name", "customers_fields")],
    {"in": "customers", "as": "additional_attributes"},
    key=("id", "name"),
)
INFO = new_mart(
    "customer_info",
    "customer",
    {"customer_id": "bigint", "vat_id": "varchar(32)"},
    [("customer_id", "customers")],
    {"item": "admin/customers/customer-info/{customer_id}", "made": [{"by": "customers"}]},
    key=("customer_id",),
)
NOTES = new_mart(
    "customer_notes",
    "customer",
    {
        "id": "bigint",
        "customer_id": "bigint",
        "datetime": "timestamp",
        "title": "varchar(50)",
        "comment": "text",
    },
    [("customer_id", "customers")],
    {
        "path": "admin/customers/customer-notes",
        "item": "admin/customers/customer-notes/{customer_id}--{id}",
        "identity": ["customer_id", "datetime", "title"],
        "fixed": True,
    },
)
SERVICES = new_mart(
    "services_internet",
    "customer",
    {
        "id": "bigint",
        "customer_id": "bigint",
        "tariff_id": "bigint",
        "status": "varchar(20)",
        "login": "varchar(64)",
        "description": "text",
        "quantity": "integer",
        "unit_price": "numeric(19,4)",
        "start_date": "date",
    },
    [("customer_id", "customers"), ("tariff_id", "tariffs_internet")],
    {
        "path": "admin/customers/customer/{customer_id}/internet-services",
        "item": "admin/customers/customer/{customer_id}/internet-services--{id}",
        "identity": ["login"],
    },
)
PAYMENTS = new_mart(
    "payments",
    "customer",
    {
        "id": "bigint",
        "customer_id": "bigint",
        "date": "date",
        "amount": "numeric(19,4)",
        "receipt_number": "varchar(32)",
        "comment": "varchar(256)",
    },
    [("customer_id", "customers")],
    {
        "path": "admin/finance/payments",
        "identity": ["receipt_number"],
        "also": {"payment_type": 1},
    },
)
TRANSACTIONS = new_mart(
    "billing_transactions",
    "customer",
    {
        "id": "bigint",
        "customer_id": "bigint",
        "payment_id": "bigint",
        "type": "varchar(8)",
        "total": "numeric(19,4)",
        "description": "varchar(255)",
    },
    [("customer_id", "customers"), ("payment_id", "payments")],
    {
        "item": "admin/finance/transactions/{id}",
        "made": [{"by": "payments", "attribute": "transaction_id"}],
    },
)
MANIFEST = Manifest(
    (
        PARTNERS, FIELDS, TARIFFS,
        CUSTOMER, VALUES, INFO, NOTES, SERVICES, PAYMENTS, TRANSACTIONS,
    ),
    "rest world",
)  # fmt: skip


POSTED = (
    "partners", "customers_fields", "tariffs_internet",
    "customers", "customer_notes", "services_internet", "payments",
)  # fmt: skip


def create_marts(engine: Engine, customers: int) -> None:
    """Fill the marts. Every tenth customer is a child; two notes of each third are alike."""
    with engine.begin() as connection:
        connection.exec_driver_sql(_TABLES)
        for statement in _ROWS.split(";\n"):
            if statement.strip():
                connection.execute(text(statement), {"customers": customers, "far": FAR})
        tables = ", ".join(f"splynx_staging.{mart.name}" for mart in MANIFEST.marts)
        connection.exec_driver_sql(f"analyze {tables}")  # as dbt leaves its tables


_ROWS = """
insert into splynx_staging.partners values ('company:1', :far, 'North'), ('company:2', :far + 1,
    'South');
insert into splynx_staging.customers_fields values ('field:1', 'sonar_key', 'Sonar key', 'string');
insert into splynx_staging.tariffs_internet
select 'service:' || n, :far + n, 'Plan ' || n, n * 10 + 0.5, n * 1000, n * 500
from generate_series(1, 3) as n;
insert into splynx_staging.customers
select 'account:' || n, n::text, :far + n, :far + n % 2,
    case when n % 10 = 0 then :far + n - 5 end,
    case n % 7 when 0 then 'blocked' when 1 then 'new' else 'active' end,
    'login' || n, 'Customer é ' || n, case when n % 3 > 0 then 'Town ' || n end,
    date '2024-01-31' - n % 300
from generate_series(1, :customers) as n;
insert into splynx_staging.customers_values
select 'value:' || n, n::text, :far + n, 'sonar_key', 'account:' || n
from generate_series(1, :customers) as n;
insert into splynx_staging.customer_info
select 'info:' || n, n::text, :far + n, case when n % 2 = 0 then 'VAT' || n end
from generate_series(1, :customers) as n;
insert into splynx_staging.customer_notes
select 'note:' || n || '-' || twin, n::text, :far + n * 2 + twin, :far + n,
    timestamp '2025-02-03 04:05:06' + n * interval '1 second', 'Title', 'Comment of ' || n
from generate_series(1, :customers) as n, generate_series(0, 1) as twin
where n % 3 = 0;
insert into splynx_staging.services_internet
select 'service:' || n, n::text, :far + n, :far + n, :far + n % 3 + 1, 'active', 'net' || n,
    'Service ' || n, 1, n + 0.25, date '2024-05-01'
from generate_series(1, :customers) as n where n % 2 = 0;
insert into splynx_staging.payments
select 'payment:' || n, n::text, :far + n, :far + n, date '2025-03-01', n + 0.5, 'R-' || n, ''
from generate_series(1, :customers) as n where n % 4 = 0;
insert into splynx_staging.billing_transactions
select 'payment:' || n, n::text, :far + n, :far + n, :far + n, 'credit', n + 0.5, 'Paid'
from generate_series(1, :customers) as n where n % 4 = 0;
"""


def count(customers: int, of: str) -> int:
    """Return how many rows of a mart `create_marts` makes."""
    each = {"customer_notes": 3, "services_internet": 2, "payments": 4, "billing_transactions": 4}
    if of in {"partners", "customers_fields", "tariffs_internet"}:
        return {"partners": 2, "customers_fields": 1, "tariffs_internet": 3}[of]
    return customers // each.get(of, 1) * (2 if of == "customer_notes" else 1)


def inspect(engine: Engine, address: str) -> None:
    """Record what an inspection over REST would have."""
    with engine.begin() as connection:
        connection.execute(
            text(
                "insert into ops.target (target, address, epoch, dialect, version, sql_mode,"
                " charset, local_infile, run_id) values (:name, :address, 1, 'rest', '', '', '',"
                " false, 'i1')"
            ),
            {"name": f"{address}#1", "address": address},
        )
        connection.execute(
            text(
                "insert into ops.switch_attestation (target, switch, words, run_id)"
                " values (:name, :switch, 'there are none here', 'i1')"
            ),
            [{"name": f"{address}#1", "switch": one.name} for one in switches.declared()],
        )


def accept(engine: Engine, manifest: Manifest = MANIFEST) -> None:
    """Record what acceptance would have, for the marts as they stand."""
    with engine.begin() as connection:
        connection.execute(
            text(
                "insert into ops.extract_ledger (run_id, source, collection, kind, state, grade)"
                " values ('e1', 'test', 'accounts', 'list', 'complete', 'proven')"
                " on conflict do nothing"
            )
        )
        connection.execute(
            text(
                "insert into ops.acceptance"
                " (run_id, target, extraction_run_id, fingerprint, verdict, findings)"
                " select 'a1', target, 'e1', :fingerprint, 'accepted', '[]'"
                " from ops.current_target"
            ),
            {"fingerprint": fingerprint(connection, manifest).value},
        )


def environment(server: SplynxProcess, way: str = "basic") -> dict[str, str]:
    """Return the operator's variables for this server."""
    return {
        "SPLYNX_URL": server.url,
        "SPLYNX_API_KEY": server.key,
        "SPLYNX_API_SECRET": server.secret,
        "SPLYNX_AUTH": way,
        "SPLYNX_TARGET": server.url.removeprefix("http://"),
    }


def run_load(manners: Manners = QUICK, manifest: Manifest = MANIFEST, **options: Any) -> Loaded:
    """Load; `options` are those of `load.rest.run.load`."""
    with stage("load") as run:
        return load(run, splynx_api(), manifest, manners=manners, **options)


def without(name: str) -> Manifest:
    """Return the manifest with a mart that the API has no place for."""
    absent: dict[str, Any] = {
        "routes": frozenset({"mysql"}),
        "rest": {"without": "there is no such endpoint"},
    }
    marts = tuple(replace(m, **absent) if m.name == name else m for m in MANIFEST.marts)
    return Manifest(marts, MANIFEST.checksum)


@contextmanager
def at(server: SplynxProcess, way: str = "basic") -> Iterator[None]:
    """Set the operator's variables for this process."""
    before = dict(os.environ)
    os.environ.update(environment(server, way))
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


if __name__ == "__main__":  # a load, or a rollback, in a process of its own, to be killed
    if sys.argv[1] == "roll back":
        with stage("rollback") as step:
            roll_back(step, splynx_api(), MANIFEST, sys.argv[2], replace(QUICK, workers=1))
    else:
        run_load(replace(QUICK, workers=int(sys.argv[1])))
