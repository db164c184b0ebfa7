"""A miniature migration with all its layers, loaded for real, and the way back from any defect.

Marts, target and the load's own records are made by `tests.load.miniature` and the loader; raw rows
and audits are made by hand, as the extraction and dbt would leave them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text

from expectations.acceptance import accept
from expectations.gate import Finding
from load.reconcile.reconciliation import reconcile, reconcile_one
from load.reconcile.results import EntityResult
from load.run import plan_only
from runtime.manifest import Manifest
from runtime.run_ledger import Run
from runtime.settings import SplynxDb, splynx_db
from tests import services
from tests.load import miniature

CUSTOMERS = 60  # accounts 1 to 60 became clients; 61 was rejected, 62 excluded
TARGET = "target."  # how a statement names a table of Splynx


@dataclass(slots=True)
class World:
    """Both databases; a table that was changed comes back as it was."""

    warehouse: Engine
    splynx: Engine
    manifest: Manifest
    db: SplynxDb
    _kept: set[str] = field(default_factory=set)

    def ask(self, query: str) -> list[dict[str, object]]:
        """Return the rows of a query on the warehouse."""
        with self.warehouse.connect() as connection:
            return [dict(row._mapping) for row in connection.execute(text(query))]

    def content(self, query: str) -> list[tuple[object, ...]]:
        """Return the rows of a query on the database that has its tables, in a fixed order."""
        engine = self.splynx if TARGET in query else self.warehouse
        with engine.connect() as connection:
            found = connection.exec_driver_sql(query.replace(TARGET, ""))
            return sorted((tuple(row) for row in found), key=repr)

    def change(self, statement: str) -> int:
        """Carry out a statement where its tables are, foreign keys or not; return its rows."""
        if TARGET not in statement:
            with self.warehouse.begin() as connection:
                return connection.exec_driver_sql(statement).rowcount
        with self.splynx.begin() as connection:
            connection.exec_driver_sql("set foreign_key_checks = 0, sql_mode = ''")
            return connection.exec_driver_sql(statement.replace(TARGET, "")).rowcount

    @contextmanager
    def restored(self, *tables: str, rows: str = "") -> Iterator[None]:
        """Give each table its rows back afterwards: all, or those of the condition `rows`."""
        for table in tables:
            if table not in self._kept:
                self.change(f"create table {_copy(table)} as select * from {table}")
                self._kept.add(table)
        try:
            yield
        finally:
            for table in tables:
                self.change(f"delete from {table}{rows}")
                named, columns = self._columns(table)
                self.change(
                    f"insert into {table}{named} select {columns} from {_copy(table)}{rows}"
                )

    def _columns(self, table: str) -> tuple[str, str]:
        """Return the columns that take values, as a list to insert into and to select."""
        if TARGET in table:
            return "", "*"
        ((names,),) = self.content(
            "select string_agg(quote_ident(attname), ', ') from pg_attribute"
            f" where attrelid = '{table}'::regclass and attnum > 0 and attgenerated = ''"
            " and not attisdropped"
        )
        return f" ({names})", str(names)

    def spoilt(self) -> list[str]:
        """Return the tables that do not have their rows again."""
        return [
            table
            for table in sorted(self._kept)
            if self.content(f"select * from {table}")
            != self.content(f"select * from {_copy(table)}")
        ]

    def reconciled(self, manifest: Manifest | None = None) -> dict[str, EntityResult]:
        """Reconcile in this process; the results by entity."""
        run = Run("reconcile-1", self.warehouse, lock_pid=0)
        return {r.entity: r for r in reconcile(run, manifest or self.manifest, self.db)}

    def reconciled_one(self, entity: str) -> EntityResult:
        """Reconcile one entity in this process."""
        run = Run("reconcile-1", self.warehouse, lock_pid=0)
        return reconcile_one(run, self.manifest, self.db, entity)

    def planned(self) -> dict[tuple[str, str], tuple[str, ...]]:
        """Return the rows of the next plan that are not as they were, by table and class."""
        run = Run("plan-1", self.warehouse, lock_pid=0)
        found = {}
        plan = plan_only(run, self.db, self.manifest)
        for table in plan.tables:
            for name, count in table.counts.items():
                if count and name != "unchanged":
                    found[table.table, name] = tuple(table.samples.get(name, ()))
        return found

    def accepted(self, docs: Path) -> tuple[Finding, ...]:
        """Return what acceptance would say now; its verdict is not kept."""
        with self.restored("ops.acceptance"):
            run = Run("accept-2", self.warehouse, lock_pid=0)
            return accept(run, self.manifest, docs).verdict.findings


@contextmanager
def built(warehouses: services.Warehouses, splynxes: services.Splynxes) -> Iterator[World]:
    """Yield the world on databases of its own, to which the environment leads meanwhile."""
    with ExitStack() as stack:
        url = stack.enter_context(warehouses.fresh())
        splynx = stack.enter_context(splynxes.fresh())
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        # reading the machine's certificates takes longer than most checks
        plaintext = splynx.url.update_query_dict({"ssl_disabled": "true"})
        patch.setenv("WAREHOUSE_URL", services.plain(url))
        patch.setenv("SPLYNX_MYSQL_URL", services.plain(plaintext))
        patch.setenv("SPLYNX_TARGET", splynx.address)
        engine = create_engine(url, connect_args={"options": "-c timezone=UTC"})
        stack.callback(engine.dispose)
        yield build(engine, splynx.engine)


def _copy(table: str) -> str:
    schema, _, name = table.partition(".")
    return f"{schema}.kept_{name}"


def build(warehouse: Engine, splynx: Engine) -> World:
    """Return a migration in which every layer agrees; the environment names both databases."""
    miniature.create_target(splynx)
    miniature.create_marts(warehouse, CUSTOMERS)
    miniature.run_inspect()
    miniature.attest_switches(splynx_db().address)
    miniature.accept(warehouse)
    miniature.run_load()
    with warehouse.begin() as connection:
        for statement in _RAW_AND_AUDITS:
            connection.exec_driver_sql(statement)
        connection.execute(
            text(
                "update ops.extract_ledger set server_count = :rows, landed_count = :rows,"
                " server_sums = cast(:sums as jsonb), landed_sums = cast(:sums as jsonb)"
            ),
            {"rows": CUSTOMERS + 2, "sums": json.dumps(_sums())},
        )
    return World(warehouse, splynx, miniature.MANIFEST, splynx_db())


def _sums() -> Mapping[str, str]:
    """Return Sonar's own totals of the accounts below."""
    ids = range(1, CUSTOMERS + 3)
    balances = [number * 100 + 12 for number in ids]
    return {
        f"{name}({leaf})": str(total)
        for leaf, values in (("id", ids), ("balance", balances))
        for name, total in (("sum", sum(values)), ("min", min(values)), ("max", max(values)))
    }


_RAW_AND_AUDITS = (
    "create table raw_sonar.accounts (_sonar_key text not null, payload jsonb not null,"
    " _run_id text not null, _deleted_at timestamptz)",
    "insert into raw_sonar.accounts select g::text, jsonb_build_object('id', g, 'balance',"
    f" g * 100 + 12), 'e1', null from generate_series(1, {CUSTOMERS + 2}) as g",
    "create schema audit",
    "create table audit.audit_record_outcomes as select 'accounts' as collection,"
    f" g::text as _sonar_key, 'clients' as entity, case g when {CUSTOMERS + 1} then 'rejected'"
    f" when {CUSTOMERS + 2} then 'excluded' else 'mart' end as outcome, null::text as reason"
    f" from generate_series(1, {CUSTOMERS + 2}) as g",
    "create table audit.audit_mart_rows as "
    + " union all ".join(
        f"select '{mart.name}' as entity, _sonar_key from {mart.relation}"
        for mart in miniature.MANIFEST.marts
    ),
    "create table audit.audit_mart_accounting as select entity, count(*) as expected,"
    " count(*) as found from audit.audit_mart_rows group by entity",
    "create table audit.audit_row_accounting (collection text, entity text, proven bigint,"
    " staged bigint, mart bigint, merged bigint, excluded bigint, rejected bigint,"
    " deleted bigint, unaccounted bigint)",
    f"insert into audit.audit_row_accounting values ('accounts', 'clients', {CUSTOMERS + 2},"
    f" {CUSTOMERS + 2}, {CUSTOMERS}, 0, 1, 1, 0, 0)",
    "create table audit.audit_rejections (entity text, collection text, _sonar_key text,"
    " _customer_key text, reason text)",
    "insert into audit.audit_rejections values"
    f" ('clients', 'accounts', '{CUSTOMERS + 1}', '{CUSTOMERS + 1}', 'missing_name')",
    "create table audit.audit_rejection_summary (entity text, reason text, rows bigint,"
    " signed_max bigint, decision text, is_signed boolean)",
    "insert into audit.audit_rejection_summary values"
    " ('clients', 'missing_name', 1, 1, 'D-001', true)",
    "create schema if not exists intermediate",
    "create table intermediate.int_crosswalk as select target, entity, _sonar_key, planned_id,"
    " 'kept'::text as origin from ops.id_map",
)
