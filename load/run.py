"""The load itself: gates, plan, then group by group, batch by batch; MySQL route.

Reads the marts and `ops`; writes Splynx, `ops.row_state`, `ops.id_map` and `ops.refusal`. Killed at
any point, the next start settles the one batch that can be open and goes on with what is missing.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, Engine, text

from load import intents, marts, preflight
from load.clusters import Cluster, Row, batches
from load.mysql import read_facts
from load.mysql.quarantine import Blocked, Refusal, Refused, StopRule, write_or_refuse
from load.mysql.session import answering
from load.mysql.writer import Writer
from load.plan import Plan, make_plan
from load.refusals import store_refusals
from load.row_hash import pg_name, pg_relation
from load.target_facts import TableFacts
from load.targets import Target, current
from runtime.errors import Unfinished
from runtime.manifest import GROUPS, Manifest, Mart
from runtime.progress import Progress
from runtime.run_ledger import Run
from runtime.settings import SplynxDb, named_target

# Rows and characters of one transaction. Committing each 1,000 rows, each 10,000 or once measured
# alike (66 k rows/s), so the size serves other ends: what is open after a kill, locks, halvings.
BATCH_ROWS = 2000
BATCH_SIZE = 4 * 1024 * 1024

ROUTE = "mysql"

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Result:
    """What a load did. `plan` is what it set out to do."""

    plan: Plan
    settled: intents.Settled
    inserted: int = 0
    updated: int = 0
    kept: list[str] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    stopped: str | None = None

    @property
    def written(self) -> int:
        """Rows sent and committed."""
        return self.inserted + self.updated

    @property
    def quarantined(self) -> int:
        """Rows that stay out, those included that only belong to a refused one."""
        return sum(len(refusal.cluster.rows) for refusal in self.refusals)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A plan, and what is needed to carry it out."""

    target: Target
    tables: dict[str, TableFacts]
    plan: Plan
    settled: intents.Settled


def prepare(
    run: Run, warehouse: Connection, splynx: Engine, manifest: Manifest, address: str
) -> Prepared:
    """Settle what is open, check facts and contract, and make the plan. Writes nothing to Splynx.

    Raises:
        ConfigError: a mart is not built.
        GateFailed: never inspected, changed since, or the marts do not fit.
    """
    target = current(warehouse, address)
    preflight.marts_take_the_route(manifest, ROUTE)
    preflight.marts_are_built(warehouse, manifest)
    settled = intents.settle(run, splynx, manifest, target)
    with read_facts.snapshot(splynx) as connection:
        tables = preflight.facts_unchanged(warehouse, connection, manifest, target)
        preflight.contract_holds(warehouse, manifest, tables)
        preflight.keys_are_sound(warehouse, manifest)
        plan = make_plan(warehouse, connection, manifest, target, tables)
    return Prepared(target, tables, plan, settled)


def plan_only(run: Run, db: SplynxDb, manifest: Manifest) -> Plan:
    """Return what a load would do now. Needs no acceptance; collisions are part of the answer."""
    with answering(db) as splynx, run.engine.connect() as warehouse:
        prepared = prepare(run, warehouse, splynx, manifest, db.address)
        run.note(**plan_counts(prepared.plan), **prepared.settled.counts())
        return prepared.plan


def plan_counts(plan: Plan) -> dict[str, object]:
    """Return the figures of a plan for the run's ledger."""
    return {
        "tables": {table.table: dict(table.counts) for table in plan.tables},
        "collisions_detected": len(plan.clashes),
    }


class _Load:
    """One load at work."""

    def __init__(
        self, run: Run, splynx: Engine, manifest: Manifest, prepared: Prepared, result: Result
    ) -> None:
        self._run = run
        self._manifest = manifest
        self._prepared = prepared
        self._result = result
        self._writer = Writer(splynx, manifest, prepared.tables)
        self._ledger = intents.Ledger(run, manifest, prepared.target)
        self._stop = StopRule()
        self._blocked = Blocked()
        self._referenced = {(r.to_mart, r.to_column) for m in manifest.marts for r in m.references}
        self._progress = Progress("load", prepared.plan.writes, "rows")

    def carry_out(self, warehouse: Connection) -> None:
        """Write all groups in order; stops where the stop rule says so."""
        self._block_vanished(warehouse)
        try:
            with self._progress:
                for scope in self._scopes():
                    self._progress.part(", ".join(mart.name for mart in scope))
                    self._write_scope(warehouse, scope)
                    if self._result.stopped:
                        return
        finally:
            self._writer.close()

    def _scopes(self) -> list[list[Mart]]:
        """Return the marts that are written together: those of customers; others one by one."""
        scopes: list[list[Mart]] = []
        for group in GROUPS:
            members = [mart for mart in self._manifest.marts if mart.group == group]
            scopes.extend([members] if group == "customer" else [[mart] for mart in members])
        return [scope for scope in scopes if scope]

    def _block_vanished(self, warehouse: Connection) -> None:
        """Keep new rows from referring to rows that staff deleted."""
        for name, column in sorted(self._referenced):
            mart = self._manifest.mart(name)
            rows = warehouse.exec_driver_sql(
                f"select mart.{pg_name(column)}::text from load_plan as plan"
                f" join {pg_relation(mart)} as mart on mart._sonar_key = plan._sonar_key"
                " where plan.table_name = %(mart)s and plan.class = 'vanished'",
                {"mart": name},
            )
            for row in rows:
                self._blocked.add(name, column, row[0])

    def _write_scope(self, warehouse: Connection, scope: Sequence[Mart]) -> None:
        all_clusters = marts.clusters(warehouse, scope, self._prepared.tables)
        for batch in batches(all_clusters, max_rows=BATCH_ROWS, max_size=BATCH_SIZE):
            possible = []
            for cluster in batch:
                if refusal := self._blocked.reason(cluster):
                    self._refuse(refusal)
                else:
                    possible.append(cluster)
            for refusal in write_or_refuse(possible, self._write, self._writer.locate):
                self._refuse(refusal)
                self._result.stopped = self._stop.refused(refusal.cluster.members, refusal.code)
                if self._result.stopped:
                    return

    def _write(self, clusters: Sequence[Cluster]) -> None:
        started = time.monotonic()
        rows = [row for cluster in clusters for row in cluster.rows]
        self._ledger.intend(rows)
        try:
            kept = self._writer.write(clusters)
        except Refused:
            self._ledger.drop(rows)
            raise
        self._finish(rows, kept)
        self._stop.written(sum(cluster.members for cluster in clusters))
        self._progress.advance(len(rows))
        logger.info(
            "event=batch rows=%d clusters=%d seconds=%.2f",
            len(rows), len(clusters), time.monotonic() - started,
        )  # fmt: skip

    def _finish(self, rows: Sequence[Row], kept: Sequence[Row]) -> None:
        stayed = {(row.mart.name, row.sonar_key) for row in kept}
        written = [row for row in rows if (row.mart.name, row.sonar_key) not in stayed]
        self._ledger.confirm(written)
        self._ledger.drop(kept)
        self._result.kept.extend(f"{row.mart.name} {row.sonar_key}" for row in kept)
        inserted = sum(row.old_hash is None for row in written)
        self._result.inserted += inserted
        self._result.updated += len(written) - inserted

    def _refuse(self, refusal: Refusal) -> None:
        self._blocked.add_cluster(refusal.cluster, self._referenced)
        self._result.refusals.append(refusal)
        store_refusals(self._run, self._prepared.target, refusal)
        self._progress.advance(len(refusal.cluster.rows))


def _adopt(run: Run, warehouse: Connection, target: Target) -> None:
    """Where staff made the very change that Sonar made, take it over as written."""
    found = warehouse.execute(
        text(
            "select table_name, _sonar_key, mart_hash from load_plan"
            " where class = 'unchanged' and written_hash <> mart_hash"
        )
    ).all()
    if found:
        with run.engine.begin() as ledger:
            ledger.execute(
                text(
                    "update ops.row_state as state set new_hash = row.hash, changed_at = now()"
                    " from unnest(cast(:tables as text[]), cast(:keys as text[]),"
                    " cast(:hashes as text[])) as row (table_name, key, hash)"
                    " where state.target = :target and state.table_name = row.table_name"
                    " and state._sonar_key = row.key"
                ),
                {
                    "target": target.name,
                    "tables": [row[0] for row in found],
                    "keys": [row[1] for row in found],
                    "hashes": [row[2] for row in found],
                },
            )


def _note(run: Run, result: Result, seconds: float) -> None:
    run.note(
        **plan_counts(result.plan),
        **result.settled.counts(),
        records_attempted=result.written + len(result.kept) + result.quarantined,
        inserted=result.inserted,
        updated=result.updated,
        unchanged=result.plan.count("unchanged"),
        kept_as_edited=result.plan.count("edited", "conflict", "vanished") + len(result.kept),
        quarantined=result.quarantined,
        stopped=result.stopped,
        seconds=round(seconds, 3),
    )


def load(run: Run, db: SplynxDb, manifest: Manifest, *, dry_run: bool = False) -> Result:
    """Bring the accepted marts into Splynx; with `dry_run`, stop right before the first write.

    Raises:
        ConfigError: the target is not named twice, or rights or credentials are wrong.
        GateFailed: a gate refused; nothing was written.
        TargetError: the server failed; run again to go on.
        Unfinished: rows were refused; everything else is written.
    """
    named_target(db)
    started = time.monotonic()
    with answering(db) as splynx, run.engine.connect() as warehouse:
        target = current(warehouse, db.address)
        preflight.marts_are_built(warehouse, manifest)
        preflight.accepted(warehouse, manifest, target)
        prepared = prepare(run, warehouse, splynx, manifest, db.address)
        result = Result(prepared.plan, prepared.settled)
        run.note(**plan_counts(prepared.plan))
        preflight.plan_is_clean(prepared.plan)
        with splynx.connect() as connection:
            preflight.session_is_strict(connection)
        if dry_run:
            return result
        _adopt(run, warehouse, target)
        try:
            _Load(run, splynx, manifest, prepared, result).carry_out(warehouse)
        finally:
            _note(run, result, time.monotonic() - started)
    if result.refusals:
        raise Unfinished(_unfinished(result), [str(refusal) for refusal in result.refusals])
    return result


def _unfinished(result: Result) -> str:
    stopped = f"stopped early because {result.stopped}; " if result.stopped else ""
    return (
        f"{stopped}{result.written} rows written, {result.quarantined} quarantined in "
        f"{len(result.refusals)} clusters (ops.refusal): mend the cause and load again"
    )
