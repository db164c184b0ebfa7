"""A migration in small, made by hand: raw rows, marts, audits, ledgers and the loaded target agree.

Nothing of the product writes here, so that its checks are held against something independent. Tests
then spoil one thing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, text

from runtime.manifest import Manifest, Mart, MartColumn, Reference
from tests.services import Splynx

RUN = "20260101T000000Z-0001"
PERSON = "Wilhelmina Plantedperson"  # a personal value that must never surface
EMAIL = "wilhelmina@planted.example"

Column = tuple[str, str, str | None]

_CUSTOMERS: Sequence[Column] = (
    ("id", "bigint", None),
    ("billing_type", "varchar", None),
    ("partner_id", "bigint", None),
    ("location_id", "bigint", None),
    ("parent_id", "bigint", "0"),
    ("added_by_id", "bigint", None),
    ("status", "varchar", None),
    ("login", "varchar", None),
    ("category", "varchar", None),
    ("password", "varchar", ""),
    ("name", "varchar", None),
    ("email", "varchar", ""),
    ("phone", "varchar", ""),
    ("street_1", "varchar", ""),
    ("zip_code", "varchar", ""),
    ("city", "varchar", ""),
    ("gps", "varchar", None),
    ("date_add", "date", None),
    ("last_online", "timestamp", "0000-00-00 00:00:00"),
    ("last_update", "timestamp", None),
    ("daily_prepaid_cost", "numeric", "0.0000"),
)
_INFO: Sequence[Column] = (
    ("customer_id", "bigint", None),
    ("birthday", "varchar", ""),
    ("passport", "varchar", ""),
    ("company_id", "varchar", ""),
    ("vat_id", "varchar", ""),
    ("contact_person", "varchar", ""),
)
_TARIFFS: Sequence[Column] = (
    ("id", "bigint", None),
    ("tariffs_for_change", "varchar", ""),
    ("title", "varchar", None),
    ("service_name", "varchar", None),
    ("price", "numeric", None),
    ("speed_download", "bigint", None),
    ("speed_upload", "bigint", None),
    ("with_vat", "varchar", None),
    ("tax_id", "bigint", None),
)


def _mart(
    name: str,
    group: str,
    columns: Sequence[Column],
    collections: Sequence[str],
    references: Sequence[Reference] = (),
) -> Mart:
    return Mart(
        name=name,
        schema="splynx_staging",
        columns=tuple(MartColumn(n, kind, none, (), {}) for n, kind, none in columns),
        key=(columns[0][0],),
        group=group,
        routes=frozenset({"mysql"}),
        references=tuple(references),
        business_keys=(),
        confidence="observed",
        collections=frozenset(collections),
    )


def manifest() -> Manifest:
    """Return plans, customers and their info rows, as dbt would describe them."""
    return Manifest(
        marts=(
            _mart("tariffs_internet", "foundation", _TARIFFS, ["services"]),
            _mart(
                "customers", "customer", _CUSTOMERS, ["accounts", "contacts"],
                [Reference("parent_id", "customers", "id")],
            ),
            _mart(
                "customer_info", "customer", _INFO, ["accounts", "contacts"],
                [Reference("customer_id", "customers", "id")],
            ),
        ),
        checksum="small",
    )  # fmt: skip


def _customer(number: int) -> dict[str, Any]:
    return {
        "_sonar_key": str(number),
        "_customer_key": str(number),
        "id": number,
        "billing_type": "recurring",
        "partner_id": 1,
        "location_id": 1,
        "parent_id": 1 if number == 2 else None,
        "added_by_id": 1,
        "status": "active" if number % 2 else "disabled",
        "login": f"login{number}",
        "category": "person",
        "password": None,
        "name": PERSON if number == 3 else f"Ünïcode 😀 {number}",
        "email": EMAIL if number == 3 else None,
        "phone": None,
        "street_1": "12 \\ 'Quoted' \"Street\"",
        "zip_code": "00501",
        "city": "Null",
        "gps": None,
        "date_add": "2020-02-29",
        "last_online": None,
        "last_update": "2024-03-31 02:30:00",
        "daily_prepaid_cost": None,
    }


def _info(number: int) -> dict[str, Any]:
    found: dict[str, Any] = {name: None for name, _, _ in _INFO}
    return {
        **found,
        "_sonar_key": str(number),
        "_customer_key": str(number),
        "customer_id": number,
        "contact_person": PERSON if number == 3 else f"Contact {number}",
    }


def _tariff(number: int) -> dict[str, Any]:
    return {
        "_sonar_key": str(number),
        "id": number,
        "tariffs_for_change": None,
        "title": f"Plan {number}",
        "service_name": f"Plan {number}",
        "price": f"{number * 10}.5",
        "speed_download": 100_000,
        "speed_upload": 10_000,
        "with_vat": "0",
        "tax_id": 1,
    }


CUSTOMERS = 30  # accounts 1 to 30 became customers; 31 was rejected, 32 excluded


@dataclass(frozen=True, slots=True)
class SmallWorld:
    """The two databases and the manifest between them."""

    warehouse: Engine
    splynx: Splynx
    manifest: Manifest

    @property
    def target(self) -> str:
        """The target's name in `ops`."""
        return f"{self.splynx.address}#1"

    def spoil(self, *statements: str) -> None:
        """Change the warehouse."""
        with self.warehouse.begin() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)

    def spoil_target(self, *statements: str) -> None:
        """Change the target, foreign keys or not."""
        with self.splynx.engine.begin() as connection:
            connection.exec_driver_sql("set foreign_key_checks = 0")
            for statement in statements:
                connection.exec_driver_sql(statement)


def _create(connection: Connection, mart: Mart) -> None:
    columns = ", ".join(f"{c.name} {c.data_type}" for c in mart.columns)
    customer = "_customer_key text, " if mart.group == "customer" else ""
    connection.exec_driver_sql(
        f"create table {mart.relation} (_sonar_key text, {customer}{columns})"
    )


def _fill(connection: Connection, relation: str, rows: Sequence[Mapping[str, Any]]) -> None:
    names = ", ".join(rows[0])
    values = ", ".join(f":{name}" for name in rows[0])
    connection.execute(text(f"insert into {relation} ({names}) values ({values})"), list(rows))


def _load(world: SmallWorld, mart: Mart, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows to the target and record them, as a load would have done."""
    columns = [column.name for column in mart.columns]
    spelt = [
        {c.name: c.none if row[c.name] is None else row[c.name] for c in mart.columns}
        for row in rows
    ]
    with world.splynx.engine.begin() as splynx:
        splynx.exec_driver_sql("set session sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'")
        values = ", ".join(f":{name}" for name in columns)
        splynx.execute(
            text(f"insert into {mart.name} ({', '.join(columns)}) values ({values})"), spelt
        )
    with world.warehouse.begin() as connection:
        state = [
            {
                "target": world.target,
                "table": mart.name,
                "key": row["_sonar_key"],
                "row_key": json.dumps({mart.key[0]: str(row[mart.key[0]])}),
                "id": row[mart.key[0]],
            }
            for row in rows
        ]
        connection.execute(
            text(
                "insert into ops.row_state (target, table_name, _sonar_key, row_key, state,"
                " new_hash, run_id) values (:target, :table, :key, :row_key, 'written', 'h',"
                f" '{RUN}')"
            ),
            state,
        )
        if mart.key == ("id",):
            connection.execute(
                text(
                    "insert into ops.id_map (target, entity, _sonar_key, planned_id, target_id,"
                    f" run_id) values (:target, :table, :key, :id, :id, '{RUN}')"
                ),
                state,
            )


def _inspect(world: SmallWorld) -> None:
    with world.splynx.engine.connect() as splynx:
        columns = splynx.exec_driver_sql(
            "select table_name, column_name, ordinal_position, data_type, column_type,"
            " character_maximum_length, numeric_precision, numeric_scale, is_nullable"
            " from information_schema.columns where table_schema = database()"
        ).all()
    names = {mart.name for mart in world.manifest.marts}
    with world.warehouse.begin() as connection:
        connection.execute(
            text(
                "insert into ops.target (target, address, epoch, dialect, version, sql_mode,"
                " charset, local_infile, run_id) values (:target, :address, 1, 'mariadb', '', '',"
                f" '', false, '{RUN}')"
            ),
            {"target": world.target, "address": world.splynx.address},
        )
        _fill(
            connection,
            "ops.target_column",
            [
                {
                    "target": world.target, "table_name": c[0], "column_name": c[1],
                    "position": c[2], "data_type": c[3], "column_type": c[4], "max_length": c[5],
                    "numeric_precision": c[6], "numeric_scale": c[7],
                    "is_unsigned": "unsigned" in c[4], "is_nullable": c[8] == "YES",
                    "has_default": False, "is_auto_increment": False,
                    "enum_values": [v.strip("'") for v in c[4][5:-1].split(",")]
                    if c[3] == "enum" else None,
                }
                for c in columns if c[0] in names
            ],
        )  # fmt: skip
        for mart in world.manifest.marts:
            _fill(
                connection,
                "ops.target_key",
                [{"target": world.target, "table_name": mart.name, "key_name": "PRIMARY",
                  "kind": "primary", "column_names": list(mart.key)}],
            )  # fmt: skip


def _raw(connection: Connection) -> None:
    counts = {"accounts": CUSTOMERS + 2, "contacts": CUSTOMERS, "services": 2}
    for collection, count in counts.items():
        connection.exec_driver_sql(
            f"create table raw_sonar.{collection} (_sonar_key text not null,"
            " payload jsonb not null, _run_id text not null, _deleted_at timestamptz)"
        )
        connection.exec_driver_sql(
            f"insert into raw_sonar.{collection} select g::text, jsonb_build_object('id', g),"
            f" '{RUN}', null"
            f" from generate_series(1, {count}) as g"
        )
        connection.execute(
            text(
                "insert into ops.extract_ledger (run_id, source, collection, kind, state, grade,"
                " server_count, landed_count, server_sums, started_at, ended_at) values (:run,"
                " '127.0.0.1', :collection, 'full', 'complete', 'proven', :count, :count,"
                " cast(:sums as jsonb), '2026-01-01 00:00:00Z', '2026-01-01 00:01:00Z')"
            ),
            {
                "run": RUN,
                "collection": collection,
                "count": count,
                "sums": json.dumps({"sum(id)": str(count * (count + 1) // 2)}),
            },
        )


def _audits(connection: Connection) -> None:
    connection.exec_driver_sql(
        f"""
        create schema audit;
        create table audit.audit_record_outcomes as
        select 'accounts' as collection, g::text as _sonar_key, 'customers' as entity,
            case g when 31 then 'rejected' when 32 then 'excluded' else 'mart' end as outcome,
            case g when 31 then 'missing_name' when 32 then 'test_account' end as reason
        from generate_series(1, {CUSTOMERS + 2}) as g
        union all
        select 'contacts', g::text, 'contacts', 'merged', 'merged'
        from generate_series(1, {CUSTOMERS}) as g
        union all
        select 'services', g::text, 'tariffs_internet', 'mart', null
        from generate_series(1, 2) as g;

        create table audit.audit_mart_rows as
        select entity, _sonar_key from audit.audit_record_outcomes where outcome = 'mart'
        union all
        select 'customer_info', _sonar_key from audit.audit_record_outcomes
        where entity = 'customers' and outcome = 'mart';
        create table audit.audit_mart_accounting as
        select entity, count(*) as expected, count(*) as found
        from audit.audit_mart_rows group by entity;

        create table audit.audit_rejections (entity text, collection text, _sonar_key text,
            _customer_key text, reason text);
        insert into audit.audit_rejections values
            ('customers', 'accounts', '31', '31', 'missing_name');
        create table audit.audit_rejection_summary (entity text, reason text, rows bigint,
            signed_max bigint, decision text, is_signed boolean);
        insert into audit.audit_rejection_summary values
            ('customers', 'missing_name', 1, 1, 'D-001', true);
        create table audit.audit_row_accounting (collection text, entity text, proven bigint,
            staged bigint, mart bigint, merged bigint, excluded bigint, rejected bigint,
            deleted bigint, unaccounted bigint);
        insert into audit.audit_row_accounting values
            ('accounts', 'customers', {CUSTOMERS + 2}, {CUSTOMERS + 2}, {CUSTOMERS}, 0, 1, 1, 0, 0),
            ('contacts', 'contacts', {CUSTOMERS}, {CUSTOMERS}, 0, {CUSTOMERS}, 0, 0, 0, 0),
            ('services', 'tariffs_internet', 2, 2, 2, 0, 0, 0, 0, 0);
        """
    )


def build(warehouse: Engine, splynx: Splynx) -> SmallWorld:
    """Return a migration of 30 customers and 2 plans in which everything agrees."""
    world = SmallWorld(warehouse, splynx, manifest())
    _inspect(world)
    numbers = range(1, CUSTOMERS + 1)
    rows: dict[str, list[dict[str, Any]]] = {
        "tariffs_internet": [_tariff(n) for n in (1, 2)],
        "customers": [_customer(n) for n in numbers],
        "customer_info": [_info(n) for n in numbers],
    }
    with warehouse.begin() as connection:
        connection.exec_driver_sql("create schema splynx_staging")
        connection.exec_driver_sql("create schema intermediate")
        connection.exec_driver_sql(
            "create table intermediate.int_crosswalk (target text, entity text, _sonar_key text,"
            " planned_id bigint, origin text)"
        )
        for mart in world.manifest.marts:
            _create(connection, mart)
            _fill(connection, mart.relation, rows[mart.name])
            if mart.key == ("id",):
                connection.execute(
                    text(
                        "insert into intermediate.int_crosswalk"
                        f" select :target, :entity, _sonar_key, id, 'kept' from {mart.relation}"
                    ),
                    {"target": world.target, "entity": mart.name},
                )
        _raw(connection)
        _audits(connection)
    for mart in world.manifest.marts:
        _load(world, mart, rows[mart.name])
    return world
