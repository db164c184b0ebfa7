"""One reconciliation: every entity through every layer, and its record in `ops.reconciliation`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Protocol

import orjson
from sqlalchemy import Connection, Engine, text

from load.reconcile import accounting
from load.reconcile.accounting import Account, Line
from load.reconcile.by_mysql import ByMySql
from load.reconcile.of_choice import ChosenRows, last_choice
from load.reconcile.results import Difference, EntityResult, SourceCounts
from load.reconcile.splynx import snapshot
from load.reconcile.table_check import Compared
from load.reconcile.translation import Translation
from runtime.errors import ConfigError
from runtime.manifest import Manifest, Mart
from runtime.progress import Progress
from runtime.run_ledger import Run
from runtime.settings import SplynxApi, SplynxDb

_SNAPSHOT: Mapping[str, Any] = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}


class Tables(Protocol):
    """The target's tables, however they are read."""

    def compare(self, mart: Mart, mart_rows: int) -> Compared:
        """Return what a mart's rows came to."""
        ...


def current_target(connection: Connection, address: str) -> str:
    """Return the target that was inspected last, which must be the one we are to read.

    Raises:
        ConfigError: nothing was inspected, or something else.
    """
    row = connection.execute(text("select target, address from ops.current_target")).first()
    if row is None:
        raise ConfigError("no target has been inspected: run make inspect, then make load")
    if row.address != address:
        raise ConfigError(
            f"the last inspection was of {row.address}, the environment leads to {address}: "
            "set it to the loaded target, or run make inspect for this one"
        )
    return str(row.target)


def _of_account(warehouse: Connection, account: Account, *, with_raw: bool) -> list[Difference]:
    """Return what is wrong with an account; raw rows are looked at once, not for each child."""
    uneven = accounting.account_difference(account)
    found = [*accounting.raw_differences(warehouse, account)] if with_raw else []
    return [*found, *([uneven] if uneven is not None else [])]


def _conserved(warehouse: Connection, line: Line) -> list[Difference]:
    """Return what is wrong on our side of the load: from Sonar's count to the mart's rows."""
    differences = [
        *accounting.mart_differences(warehouse, line),
        *accounting.doubled_rows(warehouse, line.mart),
    ]
    if line.account is not None:
        differences += _of_account(warehouse, line.account, with_raw=not line.is_child)
    return differences


def _of_mart(
    warehouse: Connection, tables: Tables, line: Line, conserved: Future[list[Difference]]
) -> EntityResult:
    rows = accounting.mart_rows(warehouse, line.mart)
    compared = tables.compare(line.mart, rows)
    return EntityResult(
        entity=line.mart.name,
        counts=line.account.counts if line.account is not None else SourceCounts(),
        mart=rows,
        target=compared.counts,
        differences=(*conserved.result(), *compared.differences),
        explained=compared.explained,
        unseen=compared.unseen,
        totals=compared.totals,
    )


def _of_records(warehouse: Connection, account: Account) -> EntityResult:
    return EntityResult(
        entity=account.collection,
        counts=account.counts,
        mart=account.mart,
        differences=tuple(_of_account(warehouse, account, with_raw=True)),
        is_loaded=False,
    )


def _record(
    connection: Connection, run_id: str, target: str, result: EntityResult, scope: str | None
) -> None:
    connection.execute(
        text(
            "insert into ops.reconciliation (run_id, target, entity, source, mart, merged,"
            " excluded, rejected, quarantined, not_selected, loaded, in_target, identical,"
            " modified, missing, extra, verdict, differences, explained, totals, scope) values"
            " (:run, :target, :entity, :source, :mart, :merged,"
            " :excluded, :rejected, :quarantined, :not_selected, :loaded, :in_target, :identical,"
            " :modified, :missing, :extra, :verdict, cast(:differences as jsonb),"
            " cast(:explained as jsonb), cast(:totals as jsonb), :scope)"
            " on conflict (run_id, entity) do update set source = excluded.source,"
            " mart = excluded.mart, merged = excluded.merged, excluded = excluded.excluded,"
            " rejected = excluded.rejected, quarantined = excluded.quarantined,"
            " not_selected = excluded.not_selected,"
            " loaded = excluded.loaded, in_target = excluded.in_target,"
            " identical = excluded.identical, modified = excluded.modified,"
            " missing = excluded.missing, extra = excluded.extra, verdict = excluded.verdict,"
            " differences = excluded.differences, explained = excluded.explained,"
            " totals = excluded.totals, scope = excluded.scope,"
            " reconciled_at = clock_timestamp()"
        ),
        {
            "run": run_id,
            "target": target,
            "scope": scope,
            "entity": result.entity,
            "source": result.counts.source,
            "mart": result.mart,
            "merged": result.counts.merged,
            "excluded": result.counts.excluded,
            "rejected": result.counts.rejected,
            "quarantined": result.target.quarantined,
            "not_selected": result.target.not_selected,
            "loaded": result.target.loaded,
            "in_target": result.target.in_target,
            "identical": result.target.identical,
            "modified": result.target.modified,
            "missing": result.target.missing,
            "extra": result.target.extra,
            "verdict": result.verdict,
            "differences": orjson.dumps([d.as_dict() for d in result.differences]).decode(),
            "explained": orjson.dumps([e.as_dict() for e in result.explained]).decode(),
            "totals": orjson.dumps([t.as_dict() for t in result.totals]).decode(),
        },
    )


def reconcile(run: Run, manifest: Manifest, db: SplynxDb | SplynxApi) -> list[EntityResult]:
    """Compare all layers of all entities, record the results and return them, marts first.

    The warehouse and a database are each read in one snapshot, so a writer at work elsewhere can't
    tear the comparison. The API has no snapshots.

    Raises:
        ConfigError: not transformed, not inspected, another target, or credentials refused.
        TargetError: the target cannot be reached.
    """
    with _opened(run, manifest, db) as (warehouse, target, tables):
        lines, others = _lines(warehouse, manifest)
        results = []
        with (
            _beside(run.engine, warehouse) as (second, lane),
            Progress("reconcile", len(lines) + len(others), "entities") as progress,
        ):
            conserved = [lane.submit(_conserved, second, line) for line in lines]
            records = [lane.submit(_of_records, second, account) for account in others]
            for line, known in zip(lines, conserved, strict=True):
                progress.part(line.mart.name)
                results.append(_of_mart(warehouse, tables, line, known))
                progress.advance(1)
            for record in records:
                results.append(record.result())
                progress.advance(1)
    _keep(run, target, results, None)
    return results


def reconcile_choice(run: Run, manifest: Manifest, db: SplynxDb) -> tuple[str, list[EntityResult]]:
    """Compare what the latest load was to bring, and nothing else, with the target; record it.

    Returns what was looked at, in words, and the results. Sonar's counts, the audits and all other
    rows of the marts and the target are left aside: this proves a load of some customers, never
    that the target is as the marts are.

    Raises:
        ConfigError: the latest load was of everything; and as `reconcile`.
        TargetError: as `reconcile`.
    """
    reading = run.engine.connect().execution_options(isolation_level="REPEATABLE READ")
    with reading as warehouse, snapshot(db) as splynx:
        target = current_target(warehouse, db.address)
        choice = last_choice(warehouse, target)
        translation = Translation(warehouse, manifest, target)
        rows = ChosenRows(warehouse, manifest, target, translation, choice)
        tables = ByMySql(warehouse, splynx, target, translation, rows)
        results = [_of_chosen(tables, mart, rows.held[mart.name]) for mart in rows.gather()]
        warehouse.rollback()
    _keep(run, target, results, choice.scope)
    return choice.scope, results


def _of_chosen(tables: Tables, mart: Mart, rows: int) -> EntityResult:
    compared = tables.compare(mart, rows)
    return EntityResult(
        entity=mart.name,
        counts=SourceCounts(),
        mart=rows,
        target=compared.counts,
        differences=compared.differences,
        explained=compared.explained,
        totals=compared.totals,
    )


def _keep(run: Run, target: str, results: Sequence[EntityResult], scope: str | None) -> None:
    """Write down the results, in place of those of an earlier choice in the same run."""
    with run.engine.begin() as connection:
        connection.execute(
            text("delete from ops.reconciliation where run_id = :run and scope is not null"),
            {"run": run.run_id},
        )
        for result in results:
            _record(connection, run.run_id, target, result, scope)


@contextmanager
def _beside(engine: Engine, warehouse: Connection) -> Iterator[tuple[Connection, Executor]]:
    """Yield a second connection in the snapshot of `warehouse`, and the one thread that uses it.

    What is asked of the warehouse alone then costs no time of its own.
    """
    snapshot: str = warehouse.execute(text("select pg_export_snapshot()")).scalar_one()
    lane = ThreadPoolExecutor(1, "conservation")
    with engine.connect().execution_options(**_SNAPSHOT) as second:
        second.execute(text(f"set transaction snapshot '{snapshot}'"))
        try:
            yield second, lane
        finally:
            lane.shutdown(cancel_futures=True)  # where the other lane failed, nobody waits for it


def _lines(warehouse: Connection, manifest: Manifest) -> tuple[list[Line], list[Account]]:
    accounts = accounting.read_accounts(warehouse)
    return accounting.assign(manifest.marts, accounts, accounting.audited_marts(warehouse))


@contextmanager
def _opened(
    run: Run, manifest: Manifest, db: SplynxDb | SplynxApi
) -> Iterator[tuple[Connection, str, Tables]]:
    """Open both sides; yield the warehouse's snapshot, the target's name and its tables."""
    with run.engine.connect().execution_options(**_SNAPSHOT) as warehouse:
        target = current_target(warehouse, db.address)
        with _tables(warehouse, db, target, manifest) as tables:
            yield warehouse, target, tables


@contextmanager
def _tables(
    warehouse: Connection, db: SplynxDb | SplynxApi, target: str, manifest: Manifest
) -> Iterator[Tables]:
    translation = Translation(warehouse, manifest, target)
    if isinstance(db, SplynxApi):
        from load.reconcile.by_rest import ByRest  # noqa: PLC0415 - brings the client, slowly

        with ByRest.at(db, warehouse, target, manifest, translation) as by_rest:
            yield by_rest
        return
    with snapshot(db) as splynx:
        yield ByMySql(warehouse, splynx, target, translation)


def reconcile_one(
    run: Run, manifest: Manifest, db: SplynxDb | SplynxApi, name: str
) -> EntityResult:
    """Compare all layers of one mart as `reconcile` does; nothing is recorded.

    Raises:
        ConfigError, TargetError: as `reconcile`.
    """
    with _opened(run, manifest, db) as (warehouse, _, tables):
        lines, _ = _lines(warehouse, manifest)
        (line,) = (line for line in lines if line.mart.name == name)
        with _beside(run.engine, warehouse) as (second, lane):
            return _of_mart(warehouse, tables, line, lane.submit(_conserved, second, line))
