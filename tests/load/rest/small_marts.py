"""A few marts that use every way of going over the API, without dbt; and bodies of their rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from load.rest.bodies import Draft, Row
from load.rest.shape_meta import read_shapes
from load.rest.shapes import VALUES
from runtime.manifest import Manifest, Mart, MartColumn, Reference

TABLES = """
create schema splynx_staging;
create table splynx_staging.tax (_sonar_key text, id bigint, name text);
create table splynx_staging.plans (
    _sonar_key text, id bigint, title text, price numeric(19,4), tax_id bigint);
create table splynx_staging.plan_links (_sonar_key text, plan_id bigint, kind text);
create table splynx_staging.clients (
    _sonar_key text, _customer_key text, id bigint, parent_id bigint, name text, status text,
    since date, seen timestamp, secret text);
create table splynx_staging.client_values (
    _sonar_key text, _customer_key text, id bigint, name text, value text);
create table splynx_staging.client_money (
    _sonar_key text, _customer_key text, client_id bigint, day bigint, deposit numeric(19,4));
create table splynx_staging.bills (
    _sonar_key text, _customer_key text, id bigint, client_id bigint, number text,
    payment_id bigint);
create table splynx_staging.bill_items (
    _sonar_key text, _customer_key text, id bigint, bill_id bigint, pos bigint, text text,
    entry_id bigint);
create table splynx_staging.payments (
    _sonar_key text, _customer_key text, id bigint, client_id bigint, number text);
create table splynx_staging.entries (
    _sonar_key text, _customer_key text, id bigint, client_id bigint, text text, bill_id bigint,
    payment_id bigint, what text, what_id bigint);
"""

_TYPES = {
    "price": "numeric(19,4)",
    "deposit": "numeric(19,4)",
    "since": "date",
    "seen": "timestamp",
    "day": "bigint",
    "pos": "bigint",
}


def mart(
    name: str,
    group: str,
    columns: str,
    *references: tuple[str, str] | tuple[str, str, bool],
    key: tuple[str, ...] = ("id",),
    **rest: Any,
) -> Mart:
    """Return a mart; a column is written `name` or `name=none`, a reference (column, mart)."""
    parts = [column.partition("=") for column in columns.split()]
    return Mart(
        name=name,
        schema="splynx_staging",
        columns=tuple(
            MartColumn(
                column,
                _TYPES.get(column, "bigint" if column.endswith("id") else "text"),
                none.strip("'") if equals else None,
                (),
                {},
            )
            for column, equals, none in parts
        ),
        key=key,
        group=group,
        routes=frozenset({"mysql"} if "without" in rest else {"mysql", "rest"}),
        references=tuple(
            Reference(leads[0], leads[1], "id", orders=len(leads) == 2) for leads in references
        ),
        business_keys=(),
        confidence="observed",
        collections=frozenset({"accounts"}),
        rest={{"inside": "in", "attribute": "as"}.get(k, k): v for k, v in rest.items()},
    )


MANIFEST = Manifest(
    (
        mart("tax", "foundation", "id name", without="made by hand"),
        mart(
            "plans", "foundation", "id title price tax_id=0", ("tax_id", "tax"),
            path="a/plans", identity=["title"],
        ),
        mart(
            "plan_links", "foundation", "plan_id kind", ("plan_id", "plans"),
            key=("plan_id", "kind"), inside="plans", attribute="kinds",
        ),
        mart(
            "clients", "customer", "id parent_id=0 name status since=0000-00-00 seen secret=''",
            ("parent_id", "clients"), path="a/clients", fields="clients",
            identity={"field": "sonar_id"}, late={"status": "new"}, also={"phone": "+{phone}"},
            omit={"secret": "never staged"}, rename={"name": "full_name"},
            instead={"status": {"lead": "new"}},
        ),
        mart(
            "client_values", "customer", "id name value", ("id", "clients"),
            key=("id", "name"), inside="clients", attribute=VALUES,
        ),
        mart(
            "client_money", "customer", "client_id day deposit", ("client_id", "clients"),
            key=("client_id",), item="a/money/{client_id}", made=[{"by": "clients"}],
            computed=["deposit"],
        ),
        mart(
            "bills", "customer", "id client_id number payment_id=0",
            ("client_id", "clients"), ("payment_id", "payments", False),
            path="a/{client_id}/bills", identity=["number"], late={"payment_id": None},
        ),
        mart(
            "bill_items", "customer", "id bill_id pos text entry_id",
            ("bill_id", "bills"), ("entry_id", "entries"),
            inside="bills", attribute="items", omit={"pos": "the place", "entry_id": "made"},
        ),
        mart(
            "payments", "customer", "id client_id number", ("client_id", "clients"),
            path="a/payments", identity=["number"],
        ),
        mart(
            "entries", "customer", "id client_id text bill_id payment_id what what_id",
            ("client_id", "clients"), ("bill_id", "bills"), ("payment_id", "payments"),
            path="a/entries", identity=["client_id", "text"],
            made=[
                {"by": "payments", "attribute": "entry_id"},
                {"by": "bills", "part": "bill_items", "attribute": "entry_id"},
            ],
            refers={"what_id": {"by": "what", "plan": "plans"}},
        ),
    ),
    "small",
)  # fmt: skip
SHAPES = read_shapes(MANIFEST)


def draft(
    mart_name: str,
    /,
    *,
    parts: Mapping[str, Sequence[Mapping[str, str | None]]] | None = None,
    **values: str | None,
) -> Draft:
    """Return a row of a mart; columns that are not given hold nothing."""
    shape = SHAPES[mart_name]
    return Draft(
        shape=shape,
        row=_row(shape.mart, values),
        parts={
            of: [_row(SHAPES[of].mart, row) for row in rows] for of, rows in (parts or {}).items()
        },
    )


def _row(of: Mart, values: Mapping[str, str | None]) -> Row:
    texts = {column.name: column.none for column in of.columns} | dict(values)
    return Row(values.get("id") or "key", texts)


def create(connection: Connection) -> None:
    """Create the marts and fill them: two clients, one the other's child, with a bill each."""
    connection.exec_driver_sql(TABLES)
    connection.exec_driver_sql(
        """
        insert into splynx_staging.plans values ('p1', 1, 'Basic', 9.5, null);
        insert into splynx_staging.plan_links values ('p1:a', 1, 'a'), ('p1:b', 1, 'b');
        insert into splynx_staging.clients values
            ('c10', 'c10', 10, 11, 'O''Brien', 'active', '2024-05-17', '2025-01-02 03:04:05', 'x'),
            ('c11', 'c11', 11, null, 'Zoë', 'new', null, null, null);
        insert into splynx_staging.client_values values
            ('c10:1', 'c10', 10, 'sonar_id', '10'), ('c11:1', 'c11', 11, 'sonar_id', '11');
        insert into splynx_staging.client_money values
            ('c10', 'c10', 10, 1, -5), ('c11', 'c11', 11, 2, 0);
        insert into splynx_staging.bills values ('b1', 'c10', 1, 10, 'N1', 7);
        insert into splynx_staging.bill_items values
            ('i2', 'c10', 2, 1, 2, 'second', 102), ('i1', 'c10', 1, 1, 1, 'first', 101);
        insert into splynx_staging.payments values ('y7', 'c10', 7, 10, 'R7');
        insert into splynx_staging.entries values
            ('i1', 'c10', 101, 10, 'first', 1, null, 'plan', 1),
            ('i2', 'c10', 102, 10, 'second', 1, null, null, null),
            ('y7', 'c10', 103, 10, 'paid', null, 7, null, null),
            ('e4', 'c10', 104, 10, 'by hand', null, null, 'other', 5);
        """
    )
