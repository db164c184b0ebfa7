"""What is loaded: customers with what most have, found again by an additional field or by a key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from runtime.manifest import Manifest, Mart, MartColumn, Reference

SCHEMA = "splynx_staging"
_OF_CUSTOMER = [("customer_id", "customers")]


def _mart(  # noqa: PLR0913, PLR0917 - a mart has that many properties
    name: str,
    group: str,
    columns: str,
    references: Sequence[tuple[str, str]],
    rest: Mapping[str, Any],
    key: tuple[str, ...] = ("id",),
) -> Mart:
    pairs = [part.split("|") for part in columns.split()]
    return Mart(
        name=name,
        schema=SCHEMA,
        columns=tuple(MartColumn(column, kind, None, (), {}) for column, kind in pairs),
        key=key,
        group=group,
        routes=frozenset({"rest"}),
        references=tuple(Reference(column, to, "id") for column, to in references),
        business_keys=(),
        confidence="observed",
        collections=frozenset({"accounts"}),
        rest=rest,
    )


MANIFEST = Manifest(
    (
        _mart(
            "partners", "foundation", "id|bigint name|text", [],
            {"path": "admin/administration/partners", "identity": ["name"]},
        ),
        _mart(
            "customers",
            "customer",
            "id|bigint partner_id|bigint status|text login|text name|text street|text city|text"
            " zip|text email|text phone|text balance|numeric(19,4) since|date",
            [("partner_id", "partners")],
            {
                "path": "admin/customers/customer",
                "fields": "customers",
                "identity": {"field": "sonar_key"},
                "late": {"status": "new"},
            },
        ),
        _mart(
            "customers_values", "customer", "id|bigint name|text value|text", [("id", "customers")],
            {"in": "customers", "as": "additional_attributes"}, ("id", "name"),
        ),
        _mart(
            "customer_info", "customer", "customer_id|bigint vat_id|text", _OF_CUSTOMER,
            {"item": "admin/customers/customer-info/{customer_id}", "made": [{"by": "customers"}]},
            ("customer_id",),
        ),
        _mart(
            "services_internet",
            "customer",
            "id|bigint customer_id|bigint login|text description|text price|numeric(19,4)"
            " start_date|date",
            _OF_CUSTOMER,
            {
                "path": "admin/customers/customer/{customer_id}/internet-services",
                "item": "admin/customers/customer/{customer_id}/internet-services--{id}",
                "identity": ["login"],
            },
        ),
        _mart(
            "payments",
            "customer",
            "id|bigint customer_id|bigint amount|numeric(19,4) receipt_number|text date|date",
            _OF_CUSTOMER,
            {"path": "admin/finance/payments", "identity": ["receipt_number"]},
        ),
        _mart(
            "billing_transactions",
            "customer",
            "id|bigint customer_id|bigint payment_id|bigint total|numeric(19,4) description|text",
            [*_OF_CUSTOMER, ("payment_id", "payments")],
            {
                "path": "admin/finance/transactions",
                "identity": ["customer_id", "description"],
                "made": [{"by": "payments", "attribute": "transaction_id"}],
            },
        ),
    ),
    "bench",
)  # fmt: skip

_ROWS = {
    "partners": "select 'p1' as _sonar_key, 900001::bigint as id, 'North'::text as name",
    "customers": """
        select n::text as _sonar_key, n::text as _customer_key, 900000::bigint + n as id,
            900001::bigint as partner_id, 'active'::text as status, 'login' || n as login,
            'Customer Ünïcode ' || n as name, n || ' Long Street' as street,
            'City ' || n % 300 as city, (10000 + n % 89999)::text as zip,
            'mail' || n || '@example.net' as email, '+1555' || n as phone,
            (n % 5000 + 0.25)::numeric(19,4) as balance, date '2019-01-17' + n % 2000 as since""",
    "customers_values": """
        select 'v' || n as _sonar_key, n::text as _customer_key, 900000::bigint + n as id,
            'sonar_key'::text as name, n::text as value""",
    "customer_info": """
        select n::text as _sonar_key, n::text as _customer_key,
            900000::bigint + n as customer_id, 'VAT' || n as vat_id""",
    "services_internet": """
        select n::text as _sonar_key, n::text as _customer_key, 900000::bigint + n as id,
            900000::bigint + n as customer_id, 'net' || n as login, 'Service ' || n as description,
            (n % 90 + 0.25)::numeric(19,4) as price, date '2024-05-01' as start_date""",
    "payments": """
        select n::text as _sonar_key, n::text as _customer_key, 900000::bigint + n as id,
            900000::bigint + n as customer_id, (n % 90 + 0.5)::numeric(19,4) as amount,
            'R-' || n as receipt_number, date '2025-03-01' as date""",
    "billing_transactions": """
        select made || '-' || n as _sonar_key, n::text as _customer_key,
            900000::bigint + n * 4 + part as id, 900000::bigint + n as customer_id,
            case when part = 0 then 900000::bigint + n end as payment_id,
            (n % 90 + 0.5)::numeric(19,4) as total, made || ' ' || n as description""",
}
_PARTS = (
    "cross join (values (0, 'Paid'), (1, 'First'), (2, 'Second'), (3, 'Third')) as x(part, made)"
)


def fill(warehouse: Connection, customers: int) -> None:
    """Make the marts anew."""
    warehouse.exec_driver_sql(f"create schema if not exists {SCHEMA}")
    for name, select in _ROWS.items():
        source = f" from generate_series(1, {customers:d}) as n "
        parts = _PARTS if name == "billing_transactions" else ""
        rows = select if name == "partners" else f"{select}{source}{parts}"
        warehouse.exec_driver_sql(f"drop table if exists {SCHEMA}.{name}")
        warehouse.exec_driver_sql(f"create table {SCHEMA}.{name} as {rows}".replace("%", "%%"), {})
        warehouse.exec_driver_sql(f"analyze {SCHEMA}.{name}")
