"""A miniature Splynx and its marts: five small tables that use every feature of the loader.

Hand-made, so that the loader is tested without dbt and with tables it has never heard of.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Engine, text

from load.run import Result, load
from load.target import switches
from load.target.facts import ColumnFact
from load.target.inspection import Inspection, inspect
from load.target.targets import current
from load.writing.parcels import Limits
from runtime.fingerprint import fingerprint
from runtime.manifest import Manifest, Mart, MartColumn, Reference
from runtime.run_ledger import stage
from runtime.settings import splynx_db

TABLES = """
create table plans (
    id int unsigned not null auto_increment, title varchar(64) not null,
    price decimal(19,4) not null, speed int unsigned not null,
    primary key (id));
create table clients (
    id int unsigned not null auto_increment, parent_id int null default '0',
    login varchar(64) not null, name varchar(128) not null,
    status enum('new','active','disabled') not null default 'new',
    balance decimal(19,4) not null, since date not null, last_seen datetime not null,
    note text null, touched datetime null default current_timestamp,
    primary key (id), key login (login));
create table client_info (
    client_id int unsigned not null, vat varchar(32) not null,
    primary key (client_id), foreign key (client_id) references clients (id));
create table subscriptions (
    id int unsigned not null auto_increment, client_id int unsigned not null,
    plan_id int unsigned not null, ends date not null, serial varchar(32) null,
    primary key (id), unique key serial (serial),
    foreign key (client_id) references clients (id));
create table notes (
    id int unsigned not null auto_increment, client_id int unsigned null, body text not null,
    primary key (id));
"""

MARTS = """
create schema splynx_staging;
create table splynx_staging.plans (
    _sonar_key text, id bigint, title varchar(64), price numeric(19,4), speed integer);
create table splynx_staging.clients (
    _sonar_key text, _customer_key text, id bigint, parent_id bigint, login varchar(64),
    name text, status text, balance numeric(19,4), since date, last_seen timestamp, note text);
create table splynx_staging.client_info (
    _sonar_key text, _customer_key text, client_id bigint, vat varchar(32));
create table splynx_staging.subscriptions (
    _sonar_key text, _customer_key text, id bigint, client_id bigint, plan_id bigint,
    ends date, serial varchar(32));
create table splynx_staging.notes (_sonar_key text, id bigint, client_id bigint, body text);
"""


def column(name: str, data_type: str, none: str | None = None, **meta: Any) -> MartColumn:
    return MartColumn(name, data_type, none, (f"sonar.x.{name}",), meta)


def fact_of(data_type: str, column_type: str, **differing: Any) -> ColumnFact:
    """Return a nullable column of the target; `differing` overrides single fields."""
    fact = ColumnFact(
        name="x",
        position=1,
        data_type=data_type,
        column_type=column_type,
        max_length=None,
        numeric_precision=None,
        numeric_scale=None,
        is_unsigned="unsigned" in column_type,
        is_nullable=True,
        has_default=False,
        is_auto_increment=False,
        charset=None,
        enum_values=None,
    )
    return replace(fact, **differing)


def mart(  # noqa: PLR0913 - a mart has that many properties
    name: str,
    group: str,
    columns: Sequence[MartColumn],
    references: Sequence[Reference] = (),
    *,
    key: str = "id",
    business_keys: tuple[tuple[str, ...], ...] = (),
    confidence: str = "observed",
) -> Mart:
    return Mart(
        name=name,
        schema="splynx_staging",
        columns=tuple(columns),
        key=(key,),
        group=group,
        routes=frozenset({"mysql"}),
        references=tuple(references),
        business_keys=business_keys,
        confidence=confidence,
        collections=frozenset({"accounts"}),
    )


PLANS = mart(
    "plans",
    "foundation",
    [
        column("id", "bigint"),
        column("title", "varchar(64)"),
        column("price", "numeric(19,4)"),
        column("speed", "integer"),
    ],
)
CLIENTS = mart(
    "clients",
    "customer",
    [
        column("id", "bigint"),
        column("parent_id", "bigint", "0"),
        column("login", "varchar(64)"),
        column("name", "text"),
        column("status", "text"),
        column("balance", "numeric(19,4)", "0"),
        column("since", "date", "0000-00-00"),
        column("last_seen", "timestamp", "0000-00-00 00:00:00"),
        column("note", "text"),
    ],
    [Reference("parent_id", "clients", "id")],
    business_keys=(("login",),),
)
CLIENT_INFO = mart(
    "client_info",
    "customer",
    [column("client_id", "bigint"), column("vat", "varchar(32)", "")],
    [Reference("client_id", "clients", "id")],
    key="client_id",
    confidence="inferred",
)
SUBSCRIPTIONS = mart(
    "subscriptions",
    "customer",
    [
        column("id", "bigint"),
        column("client_id", "bigint"),
        column("plan_id", "bigint"),
        column("ends", "date", "0000-00-00"),
        column("serial", "varchar(32)"),
    ],
    [Reference("client_id", "clients", "id"), Reference("plan_id", "plans", "id")],
)
NOTES = mart(
    "notes",
    "trailing",
    [column("id", "bigint"), column("client_id", "bigint"), column("body", "text")],
    [Reference("client_id", "clients", "id")],
)
MANIFEST = Manifest((PLANS, CLIENTS, CLIENT_INFO, SUBSCRIPTIONS, NOTES), "miniature")

HOSTILE = (
    "plain",
    "O'Brien \\' \"x\"",
    "back\\slash \\n \\0",
    "line\nfeed\r\n\ttab",
    "form\ffeed \v \x1a",
    "100 % %s %(x)s :y {z}",
    "trailing blanks   ",
    "   leading",
    "émoji 🛰️ 漢字",
    "NULL",
    "\\N",
    ";drop table clients;-- ",
    "a\u0301 combined",
)


@dataclass(frozen=True, slots=True)
class Sizes:
    """What was made: customers, and rows of all tables."""

    customers: int
    rows: int


def create_target(engine: Engine) -> None:
    with engine.begin() as connection:
        for statement in TABLES.split(";\n"):
            if statement.strip():
                connection.exec_driver_sql(statement)


def create_marts(engine: Engine, customers: int, seed: int = 1) -> Sizes:
    """Fill the marts: every tenth customer is the child of another, one in three has a note."""
    chance = random.Random(seed)
    clients: list[tuple[Any, ...]] = []
    info: list[tuple[Any, ...]] = []
    subscriptions: list[tuple[Any, ...]] = []
    notes: list[tuple[Any, ...]] = []
    for n in range(1, customers + 1):
        key = str(n)
        parent = chance.randrange(1, n) if n > 10 and n % 10 == 0 else None
        text_of_it = HOSTILE[n % len(HOSTILE)]
        since = f"2024-{n % 12 + 1:02d}-17" if n % 5 else None
        seen = f"2025-01-02 03:04:{n % 60:02d}" if n % 7 else None
        clients.append(
            (key, key, n, parent, f"login{n}", f"{text_of_it} {n}", "active", f"{n}.1234", since,
             seen, text_of_it if n % 2 else None)
        )  # fmt: skip
        info.append((key, key, n, None if n % 3 else f"VAT{n}"))
        for _ in range(chance.randrange(3)):
            at = len(subscriptions) + 1
            ends = None if at % 2 else "2031-12-31"
            serial = f"S{at}" if at % 4 else None
            subscriptions.append((f"s{at}", key, at, n, at % 3 + 1, ends, serial))
        if n % 3 == 0:
            notes.append((f"n{n}", n, n, text_of_it))
    plans = [(str(n), n, f"Plan {n}", f"{n}9.5", n * 1000) for n in (1, 2, 3)]
    parts: dict[str, list[tuple[Any, ...]]] = {
        "plans": plans,
        "clients": clients,
        "client_info": info,
        "subscriptions": subscriptions,
        "notes": notes,
    }
    with engine.begin() as connection:
        connection.exec_driver_sql(MARTS)
        for name, rows in parts.items():
            for start in range(0, len(rows), 1000):
                page = rows[start : start + 1000]
                one = "(" + ", ".join(["%s"] * len(page[0])) + ")"
                connection.exec_driver_sql(
                    f"insert into splynx_staging.{name} values {', '.join([one] * len(page))}",
                    tuple(value for row in page for value in row),
                )
    return Sizes(customers, sum(len(rows) for rows in parts.values()))


def accept(engine: Engine, *, verdict: str = "accepted") -> None:
    """Record what the acceptance stage would have recorded for the marts as they stand."""
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
                " select 'a1', target, 'e1', :fingerprint, :verdict, '[]' from ops.current_target"
            ),
            {"fingerprint": fingerprint(connection, MANIFEST).value, "verdict": verdict},
        )


def attest_switches(address: str) -> None:
    """Vouch for the switches of a server that has no Splynx beside the miniature."""
    with stage("attest") as run, run.engine.connect() as connection:
        names = [switch.name for switch in switches.declared()]
        switches.attest(run, current(connection, address), names, "there are none here")


def run_inspect(*, new_epoch: bool = False) -> Inspection:
    with stage("inspect") as run:
        return inspect(run, splynx_db(), MANIFEST, new_epoch=new_epoch)


def run_load(
    *,
    dry_run: bool = False,
    bulk: bool = True,
    rows: int = 20_000,
    **options: Any,
) -> Result:
    """Load; `options` are those of `load.run.load`."""
    with stage("load") as run:
        limits = Limits(rows=rows)
        return load(
            run, splynx_db(), MANIFEST, dry_run=dry_run, bulk=bulk, limits=limits, **options
        )


def content(engine: Engine) -> dict[str, list[tuple[Any, ...]]]:
    """Return every loaded column of every table as the server prints it, in key order."""
    found = {}
    with engine.connect() as connection:
        for one in MANIFEST.marts:
            names = ", ".join(f"cast(`{c.name}` as char)" for c in one.columns)
            rows = connection.exec_driver_sql(
                f"select {names} from `{one.name}` order by `{one.key[0]}`"
            )
            found[one.name] = [tuple(row) for row in rows]
    return found


def mart_content(engine: Engine) -> dict[str, list[tuple[Any, ...]]]:
    """Return what the target should print, written independently of the loader's expressions."""
    found: dict[str, list[tuple[Any, ...]]] = {}
    with engine.connect() as connection:
        for one in MANIFEST.marts:
            rows = connection.exec_driver_sql(
                f"select {', '.join(c.name for c in one.columns)} from {one.relation}"
                f" order by {one.key[0]}"
            )
            found[one.name] = [
                tuple(
                    c.none if value is None else str(value)
                    for c, value in zip(one.columns, row, strict=True)
                )
                for row in rows
            ]
    return found


if __name__ == "__main__":  # a load in a process of its own, to be killed
    run_load(bulk=sys.argv[1] == "local", rows=int(sys.argv[2]))
