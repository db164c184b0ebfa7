"""The writing of a plan: group by group, parcel by parcel, one parcel ahead of the target.

While the target takes one parcel, Postgres confirms the one before and, on a connection of its own,
makes the next. What the target refuses, and what no parcel can hold, is written by single rows: so
a row at fault is found. What stayed out is tried again once everything else is there.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import groupby

from sqlalchemy import Connection, Engine

from load.mysql.bulk import BulkWriter
from load.mysql.quarantine import Blocked, Refusal, Refused, StopRule, write_or_refuse
from load.mysql.ways import NO_LOCAL, Ways
from load.mysql.writer import Writer
from load.planning import marts
from load.planning.clusters import Cluster, Row, batches
from load.planning.plan import Plan
from load.planning.removal import Removed
from load.planning.row_hash import pg_name, pg_relation
from load.refusals import forget_refusals, store_refusals
from load.target.facts import TableFacts
from load.target.targets import Target
from load.writing import intents
from load.writing.batch_ledger import BatchLedger
from load.writing.parcels import ASIDE, Limits, Parcel, Todo, tables_known
from load.writing.pre_images import Images
from runtime.manifest import GROUPS, Manifest, Mart
from runtime.progress import Progress
from runtime.run_ledger import Run

# Rows and characters of one transaction of single rows: small, because they are halved to find a
# row that is refused.
BATCH_ROWS = 2000
BATCH_SIZE = 4 * 1024 * 1024
MAX_PASSES = 5

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Result:
    """What a load did. `plan` is what it set out to do.

    `deferred` rows were refused at first and tried again in `passes` passes. `seconds` are by what
    was written together.
    """

    plan: Plan
    settled: intents.Settled
    ways: Ways | None = None
    inserted: int = 0
    updated: int = 0
    single: int = 0
    size: int = 0
    kept: list[str] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    stopped: str | None = None
    deferred: int = 0
    passes: int = 0
    removed: Removed = field(default_factory=Removed)
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def written(self) -> int:
        """Rows sent and committed."""
        return self.inserted + self.updated

    @property
    def quarantined(self) -> int:
        """Rows that stay out, those included that only belong to a refused one."""
        return sum(len(refusal.cluster.rows) for refusal in self.refusals)


@dataclass(frozen=True, slots=True)
class Place:
    """What is written to: a target, its tables, and the marts for them."""

    target: Target
    manifest: Manifest
    tables: Mapping[str, TableFacts]


@dataclass(slots=True)
class _Sent:
    """A parcel on its way, and the batch that announced it."""

    parcel: Parcel
    batch: int
    started: float
    answer: Future[list[int]]


@dataclass(slots=True)
class _Lanes:
    """What works beside the plan's connection: one thread a database, at most one confirmation."""

    target: Executor
    ledger: Executor
    confirmed: Future[None] | None = None

    def settled(self) -> None:
        """Wait for the confirmation that is on its way."""
        if self.confirmed is not None:
            self.confirmed.result()
            self.confirmed = None


class Writing:
    """One load at work. `warehouse` is the connection that made the plan."""

    def __init__(
        self, run: Run, warehouse: Connection, splynx: Engine, place: Place, result: Result
    ) -> None:
        if result.ways is None:
            raise ValueError("ask the server for its ways first")
        self._run = run
        self._warehouse = warehouse
        self._place = place
        self._result = result
        self._ways: Ways = result.ways
        images = Images(run, place.target)
        self._writer = Writer(splynx, place.manifest, place.tables, images)
        self._bulk = BulkWriter(splynx, place.tables, self._ways, images)
        self._ledger = intents.Ledger(run, place.manifest, place.target)
        self._batches = BatchLedger(run, warehouse, place.manifest, place.target)
        self._stop = StopRule()
        self._blocked = Blocked()
        self._referenced = {
            (r.to_mart, r.to_column) for m in place.manifest.marts for r in m.references
        }
        self._progress = Progress("load", result.plan.writes, "rows")

    def carry_out(self, limits: Limits, max_passes: int = MAX_PASSES) -> None:
        """Write all groups in order; stops where the stop rule says so.

        What was refused is tried again in at most `max_passes` passes.
        """
        self._block_vanished()
        try:
            with (
                self._progress,
                ThreadPoolExecutor(1, "target") as pool,
                ThreadPoolExecutor(1, "ledger") as ledger,
            ):
                known = tables_known(self._warehouse, self._place.target)
                for scope in self._scopes():
                    started = time.monotonic()
                    self._progress.part(", ".join(mart.name for mart in scope))
                    todo = Todo(
                        self._warehouse,
                        scope,
                        self._place.tables,
                        limits,
                        self._place.target,
                        known,
                    )
                    todo.set_aside(self._ways, self._blocked.values())
                    self._write_parcels(_Lanes(pool, ledger), todo, scope)
                    if not self._result.stopped:
                        self._write_single(scope, ASIDE)
                    self._took(_together(scope[0]), started)
                    if self._result.stopped:
                        return
                started = time.monotonic()
                if self._result.refusals and max_passes:
                    self._try_again(max_passes)
                    self._took("trying again", started)
        finally:
            self._writer.close()
            self._bulk.close()

    def _scopes(self) -> list[list[Mart]]:
        """Return the marts that are written together: those of customers; others one by one.

        Marts without a row to write are left out.
        """
        writes = {t.table for t in self._result.plan.tables if t.writes}
        scopes: list[list[Mart]] = []
        for group in GROUPS:
            members = [
                mart
                for mart in self._place.manifest.marts
                if mart.group == group and mart.name in writes
            ]
            scopes.extend([members] if group == "customer" else [[mart] for mart in members])
        return [scope for scope in scopes if scope]

    def _block_vanished(self) -> None:
        """Keep new rows from referring to rows that staff deleted."""
        for name, column in sorted(self._referenced):
            mart = self._place.manifest.mart(name)
            rows = self._warehouse.exec_driver_sql(
                f"select mart.{pg_name(column)}::text from load_plan as plan"
                f" join {pg_relation(mart)} as mart on mart._sonar_key = plan._sonar_key"
                " where plan.table_name = %(mart)s and plan.class = 'vanished'",
                {"mart": name},
            )
            for row in rows:
                self._blocked.add(name, column, row[0])

    def _write_parcels(self, lanes: _Lanes, todo: Todo, scope: Sequence[Mart]) -> None:
        sent: _Sent | None = None
        for number in todo.numbers():
            parcel = todo.parcel(number, self._ways)
            batch = self._batches.announce(number)
            kept = self._arrived(sent, scope)
            if self._result.stopped:
                self._batches.drop(batch)
                break
            before = sent
            answer = lanes.target.submit(self._bulk.write, parcel, batch)
            sent = _Sent(parcel, batch, time.monotonic(), answer)
            self._confirm(lanes, before, kept, todo)
        else:
            self._confirm(lanes, sent, self._arrived(sent, scope), todo)
        lanes.settled()

    def _arrived(self, sent: _Sent | None, scope: Sequence[Mart]) -> list[int] | None:
        """Wait for a parcel; return `n` of rows that were kept, None when nothing was written.

        A parcel that is refused is written by single rows before anything else.
        """
        if sent is None:
            return None
        try:
            return sent.answer.result()
        except Refused as refused:
            if refused.code in NO_LOCAL:
                self._ways = self._result.ways = replace(self._ways, local=False)
            self._batches.drop(sent.batch)
            self._write_single(scope, sent.parcel.number)
            return None

    def _confirm(
        self, lanes: _Lanes, sent: _Sent | None, kept: Sequence[int] | None, todo: Todo
    ) -> None:
        if sent is None or kept is None:
            return
        parcel = sent.parcel
        stayed = todo.names(kept) if kept else []
        lanes.settled()
        lanes.confirmed = lanes.ledger.submit(self._batches.confirm, sent.batch, parcel, stayed)
        self._result.kept.extend(f"{table} {key}" for table, key in stayed)
        self._result.inserted += sum(new.count for new, _ in parcel.tables)
        self._result.updated += sum(old.count for _, old in parcel.tables) - len(stayed)
        self._result.size += parcel.size
        self._stop.written(parcel.members)
        self._progress.advance(parcel.rows)
        logger.info(
            "event=parcel rows=%d clusters=%d bytes=%d seconds=%.2f",
            parcel.rows, parcel.clusters, parcel.size, time.monotonic() - sent.started,
        )  # fmt: skip

    def _write_single(self, scope: Sequence[Mart], number: int) -> None:
        found = marts.clusters(self._warehouse, scope, self._place.tables, number)
        for batch in batches(found, max_rows=BATCH_ROWS, max_size=BATCH_SIZE):
            for refusal in self._attempt(batch):
                self._refuse(refusal)
                self._result.refusals.append(refusal)
                self._progress.advance(len(refusal.cluster.rows))
                if refusal.cause == "server":
                    self._result.stopped = self._stop.refused(refusal.cluster.members, refusal.code)
                if self._result.stopped:
                    return

    def _attempt(self, clusters: Sequence[Cluster]) -> Iterator[Refusal]:
        """Write clusters; yield those that lead to a row that stayed out, and the refused ones."""
        possible = []
        for cluster in clusters:
            if refusal := self._blocked.reason(cluster):
                yield refusal
            else:
                possible.append(cluster)
        yield from write_or_refuse(possible, self._write, self._writer.locate)

    def _try_again(self, max_passes: int) -> None:
        """Write what stayed out now that everything else is there, until a pass changes nothing."""
        self._result.deferred = self._result.quarantined
        self._progress.part("trying again")
        for _ in range(max_passes):
            waiting = self._result.refusals
            self._result.passes += 1
            self._blocked = Blocked()
            self._block_vanished()
            still: list[Refusal] = []
            for _, group in groupby(waiting, key=lambda one: _together(one.cluster.rows[0].mart)):
                for refusal in self._attempt([one.cluster for one in group]):
                    self._refuse(refusal)
                    still.append(refusal)
            out = {id(refusal.cluster) for refusal in still}
            written = [one.cluster for one in waiting if id(one.cluster) not in out]
            forget_refusals(self._run, self._place.target, written)
            self._result.refusals = still
            if not still or not written:
                return

    def _took(self, what: str, started: float) -> None:
        seconds = self._result.seconds.get(what, 0.0) + time.monotonic() - started
        self._result.seconds[what] = round(seconds, 3)

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
        if kept:
            self._ledger.doubt(kept)
        self._result.kept.extend(f"{row.mart.name} {row.sonar_key}" for row in kept)
        inserted = sum(row.old_hash is None for row in written)
        self._result.inserted += inserted
        self._result.updated += len(written) - inserted
        self._result.single += len(written)
        self._result.size += sum(row.size for row in written)

    def _refuse(self, refusal: Refusal) -> None:
        self._blocked.add_cluster(refusal.cluster, self._referenced)
        store_refusals(self._run, self._place.target, refusal)


def _together(mart: Mart) -> str:
    """Return the name of what is written together with this mart's rows."""
    return "customers" if mart.group == "customer" else mart.name
