"""What is loaded: customers of 15 columns with three secondary indexes, and a mix of tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection, Engine

from runtime.manifest import Manifest, Mart, MartColumn, Reference

SCHEMA = "splynx_staging"
_PER_CUSTOMER = 13  # bookings a customer in the mix, about what the reference tenant has

TARGETS = {
    "bench_customers": """
        create table bench_customers (
            id int unsigned not null auto_increment, parent_id int null, login varchar(64) not null,
            name varchar(128) not null, status enum('new', 'active', 'disabled') not null,
            balance decimal(19,4) not null, since date not null, last_seen datetime not null,
            street varchar(128) not null, city varchar(64) not null, zip varchar(16) not null,
            email varchar(128) not null, phone varchar(32) not null, note text null,
            partner_id int unsigned not null,
            primary key (id), key login (login), key email (email), key city (city, partner_id))""",
    "bench_billing": """
        create table bench_billing (
            customer_id int unsigned not null, enabled tinyint not null, day tinyint not null,
            method int not null, primary key (customer_id))""",
    "bench_bookings": """
        create table bench_bookings (
            id int unsigned not null auto_increment, customer_id int unsigned not null,
            booked date not null, amount decimal(19,4) not null, words varchar(255) not null,
            primary key (id), key customer (customer_id), key booked (booked))""",
}
_SOURCES = {
    "bench_customers": """
        select
            n::text as _sonar_key, n::text as _customer_key, n::bigint as id,
            case when n % 50 = 0 then n - 1 end::bigint as parent_id,
            ('login' || n)::varchar(64) as login, ('Customer Ünïcode 🛰 ' || n)::text as name,
            'active'::text as status, (n % 5000 + 0.25)::numeric(19,4) as balance,
            case when n % 9 > 0 then date '2019-01-17' + (n % 2000)::integer end as since,
            timestamp '2025-01-02 03:04:05' + n * interval '1 second' as last_seen,
            (n || ' Long Street, Rear "B"')::text as street, ('City ' || n % 300)::text as city,
            (10000 + n % 89999)::text as zip, ('mail' || n || '@example.net')::text as email,
            ('+1555' || n)::text as phone,
            case when n % 3 = 0 then E'said: "it''s\\tfine"\\n' || repeat('x', (n % 60)::integer)
            end::text as note,
            (n % 7 + 1)::bigint as partner_id
        from generate_series(1, {customers}) as n""",
    "bench_billing": """
        select
            n::text as _sonar_key, n::text as _customer_key, n::bigint as customer_id,
            n % 2 = 0 as enabled, (n % 28 + 1)::integer as day, (n % 3)::integer as method
        from generate_series(1, {customers}) as n""",
    "bench_bookings": """
        select
            'b' || n as _sonar_key, (n % {customers} + 1)::text as _customer_key, n::bigint as id,
            (n % {customers} + 1)::bigint as customer_id,
            date '2020-01-01' + (n % 2000)::integer as booked,
            (n % 300 + 0.99)::numeric(19,4) as amount, ('Booking number ' || n)::text as words
        from generate_series(1, {bookings}) as n""",
}


def _mart(name: str, key: str, columns: str, references: Sequence[Reference] = ()) -> Mart:
    made = []
    for part in columns.split(";"):
        column, data_type, *none = part.strip().split("|")
        made.append(MartColumn(column, data_type, none[0] if none else None, (), {}))
    return Mart(
        name=name,
        schema=SCHEMA,
        columns=tuple(made),
        key=(key,),
        group="customer",
        routes=frozenset({"mysql"}),
        references=tuple(references),
        business_keys=(),
        confidence="observed",
        collections=frozenset({"accounts"}),
    )


_CUSTOMERS = _mart(
    "bench_customers",
    "id",
    "id|bigint; parent_id|bigint; login|varchar(64); name|text; status|text;"
    " balance|numeric(19,4); since|date|0000-00-00; last_seen|timestamp; street|text; city|text;"
    " zip|text; email|text; phone|text; note|text; partner_id|bigint",
)
_BILLING = _mart(
    "bench_billing",
    "customer_id",
    "customer_id|bigint; enabled|boolean; day|integer; method|integer",
    [Reference("customer_id", "bench_customers", "id")],
)
_BOOKINGS = _mart(
    "bench_bookings",
    "id",
    "id|bigint; customer_id|bigint; booked|date; amount|numeric(19,4); words|text",
    [Reference("customer_id", "bench_customers", "id")],
)
CUSTOMERS = Manifest((_CUSTOMERS,), "bench")
MIX = Manifest(
    (
        replace(_CUSTOMERS, references=(Reference("parent_id", "bench_customers", "id"),)),
        _BILLING,
        _BOOKINGS,
    ),
    "bench",
)
MANIFESTS = {"customers": CUSTOMERS, "mix": MIX}


def fill(warehouse: Connection, which: str, rows: int) -> None:
    """Make the marts anew with `rows` rows in all."""
    customers = rows if which == "customers" else rows // (_PER_CUSTOMER + 2)
    bookings = rows - 2 * customers
    warehouse.exec_driver_sql(f"create schema if not exists {SCHEMA}")
    for mart in MANIFESTS[which].marts:
        source = _SOURCES[mart.name].format(customers=customers, bookings=bookings)
        warehouse.exec_driver_sql(f"drop table if exists {mart.relation}")
        warehouse.exec_driver_sql(
            f"create table {mart.relation} as {source}".replace("%", "%%"), {}
        )
        warehouse.exec_driver_sql(f"analyze {mart.relation}")


def change(warehouse: Connection, *, every: int) -> None:
    """Change each `every`-th customer, one indexed column among what changes."""
    warehouse.exec_driver_sql(
        f"update {SCHEMA}.bench_customers set balance = balance + 1, city = city || '!',"
        f" note = 'changed' where id %% {every:d} = 0",
        {},
    )


def create_targets(splynx: Engine) -> None:
    """Make the target's tables, empty."""
    with splynx.begin() as connection:
        for name, statement in TARGETS.items():
            connection.exec_driver_sql(f"drop table if exists {name}")
            connection.exec_driver_sql(statement)
