"""The load itself: what was left open, gates, plan, then the writing; MySQL route.

Reads the marts and `ops`; writes Splynx, `ops.row_state`, `ops.id_map`, `ops.refusal`,
`ops.collision` and `ops.not_selected`. Killed at any point, the next start settles the batches that
can be open and goes on with what is missing.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

from load.checks import preflight
from load.mysql import read_facts
from load.mysql.session import answering
from load.mysql.ways import ask
from load.planning import collisions, parking, remaps, removal, scope
from load.planning.plan import Plan, make_plan
from load.planning.removal import Removal
from load.planning.routes import MYSQL, Routes, assigned
from load.planning.row_hash import shape
from load.planning.scope import EVERYTHING, Scope
from load.planning.three_way import FAIL, KEEP
from load.target import switches
from load.target.facts import TableFacts
from load.target.targets import Target, current, tables_written
from load.writing import intents, links, parcels
from load.writing.parcels import Limits
from load.writing.plan_writer import MAX_PASSES, Place, Result, Writing
from load.writing.record_log import RecordLog
from load.writing.staff_edits import keep_edits
from runtime.errors import Unfinished
from runtime.manifest import Manifest
from runtime.run_ledger import Run
from runtime.settings import SplynxDb, named_target
from runtime.warehouse import warehouse_answers

__all__ = ["Result", "load", "plan_only"]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A plan, and what is needed to carry it out: the marts as the plan read them.

    Where only some customers are chosen, those are temporary tables (`load.planning.excerpt`).
    """

    target: Target
    tables: dict[str, TableFacts]
    plan: Plan
    settled: intents.Settled
    manifest: Manifest


def prepare(  # noqa: PLR0913, PLR0917 - both sides, and how to treat conflicts
    run: Run,
    warehouse: Connection,
    splynx: Engine,
    manifest: Manifest,
    address: str,
    policy: str = KEEP,
    chosen: Scope = EVERYTHING,
    routes: Routes | None = None,
    rows: Mapping[str, int] | None = None,
) -> Prepared:
    """Settle what is open, check facts and contract, and make the plan. Writes nothing to Splynx.

    `rows` are those of the marts, as far as they are known.

    Raises:
        ConfigError: a mart is not built, or what was `chosen` does not exist.
        GateFailed: never inspected, changed since, the marts do not fit, a load over the API has
            to end first, or what was chosen needs what is to be skipped.
    """
    target = current(warehouse, address)
    preflight.marts_are_built(warehouse, manifest)
    mysql = (routes or assigned(manifest, MYSQL)).mysql
    parking.no_open_creations(warehouse, manifest, target, mysql if routes else None)
    parking.name_parts(run, manifest, target, mysql)
    with _timed(run, "settling"):
        settled = intents.settle(run, splynx, manifest, target)
    run.note(scope=str(chosen))
    whole = manifest
    with _timed(run, "choice"):
        excerpt = scope.excerpt(warehouse, whole, target, chosen, rows or {})
    manifest = whole if excerpt is None else excerpt.manifest
    parking.ids_are_known(warehouse, manifest, target, mysql)
    with read_facts.snapshot(splynx) as connection:
        with _timed(run, "checks"):
            tables = preflight.facts_unchanged(warehouse, connection, whole, target)
            taken = tuple(mart for mart in manifest.marts if mart.name in mysql)
            preflight.contract_holds(warehouse, replace(manifest, marts=taken), tables)
            preflight.keys_are_sound(warehouse, manifest)
        with _timed(run, "plan"):
            park = parking.Parking(warehouse, manifest, target, whole).park
            plan = make_plan(
                warehouse,
                connection,
                manifest,
                target,
                tables,
                policy,
                partial(scope.skip, warehouse, manifest, chosen),
                mysql,
                park,
                excerpt,
            )
        with _timed(run, "collisions"):
            only = None
            if excerpt is not None:
                is_planned = collisions.narrow(warehouse, target)
                found = collisions.of_chosen(warehouse, target) if is_planned else []
                only = collisions.Chosen(scope.records(warehouse), found)
            plan = replace(
                plan,
                remaps=remaps.remaps(warehouse, target, of_chosen=only is not None),
                collisions=collisions.record(run, target, plan.clashes, only),
            )
    return Prepared(target, tables, plan, settled, manifest)


@contextmanager
def _timed(run: Run, step: str) -> Iterator[None]:
    """Note the seconds of a step of the load, however it ends."""
    started = time.monotonic()
    try:
        yield
    finally:
        run.note(**{f"seconds_of_{step}": round(time.monotonic() - started, 3)})


def plan_only(
    run: Run,
    db: SplynxDb,
    manifest: Manifest,
    chosen: Scope = EVERYTHING,
    routes: Routes | None = None,
) -> Plan:
    """Return what a load would do now. Needs no acceptance; collisions are part of the answer."""
    with answering(db) as splynx, run.engine.connect() as warehouse:
        prepared = prepare(
            run, warehouse, splynx, manifest, db.address, chosen=chosen, routes=routes
        )
        run.note(**plan_counts(prepared.plan), **prepared.settled.counts())
        return prepared.plan


def plan_counts(plan: Plan) -> dict[str, object]:
    """Return the figures of a plan for the run's ledger."""
    return {
        "tables": {table.table: dict(table.counts) for table in plan.tables},
        "collisions_detected": sum(plan.collisions.values()),
        "collisions": dict(plan.collisions),
        "not_selected": plan.count("not_selected"),
        "outside": plan.count("outside"),
        "conflicts": [str(conflict) for conflict in plan.conflicts],
    }


def _adopt(run: Run, warehouse: Connection, target: Target) -> None:
    """Where staff made the very change that Sonar made, take it over as written."""
    found = warehouse.execute(
        text(
            "select plan.table_name, plan._sonar_key, plan.mart_hash, plan.mart_crc,"
            " plan.mart_base::text from load_plan as plan join ops.row_state as state"
            " on state.target = :target and state.table_name = plan.table_name"
            " and state._sonar_key = plan._sonar_key where plan.class = 'unchanged'"
            " and plan.shown = plan.mart_hash"  # otherwise it is as a handover or an upload left it
            " and (plan.written_hash <> plan.mart_hash or plan.apart or state.base is null"
            " or state.removed is not null"
            " or state.crc is null and plan.mart_crc is not null)"
            " and not state.by_api"  # not ours as a whole
        ),
        {"target": target.name},
    ).all()
    if found:
        with run.engine.begin() as ledger:
            ledger.execute(
                text(
                    "update ops.row_state as state set new_hash = row.hash, crc = row.crc,"
                    " base = cast(row.base as integer[]), apart = false, removed = null,"
                    " changed_at = now()"
                    " from unnest(cast(:tables as text[]), cast(:keys as text[]),"
                    " cast(:hashes as text[]), cast(:crcs as bigint[]), cast(:bases as text[]))"
                    " as row (table_name, key, hash, crc, base)"
                    " where state.target = :target and state.table_name = row.table_name"
                    " and state._sonar_key = row.key"
                ),
                {
                    "target": target.name,
                    "tables": [row[0] for row in found],
                    "keys": [row[1] for row in found],
                    "hashes": [row[2] for row in found],
                    "crcs": [row[3] for row in found],
                    "bases": [row[4] for row in found],
                },
            )


def _keep_shapes(run: Run, manifest: Manifest) -> None:
    """Write down which columns the hashes of this load are over."""
    shapes = [
        {"shape": shape(names), "names": names}
        for names in ([column.name for column in mart.columns] for mart in manifest.marts)
    ]
    if shapes:
        with run.engine.begin() as ledger:
            ledger.execute(
                text("insert into ops.row_shape values (:shape, :names) on conflict do nothing"),
                shapes,
            )


def _keep_records(
    run: Run, warehouse: Connection, prepared: Prepared, chosen: Scope, *, with_parked: bool
) -> None:
    """Write down what the plan found, before anything is written."""
    manifest, target = prepared.manifest, prepared.target
    _keep_shapes(run, manifest)
    scope.keep_record(run, warehouse, target, chosen)
    keep_edits(run, warehouse, target, of_all=not chosen.chooses_rows)
    if tables_written(warehouse, target):
        links.follow(run, warehouse, target)
        _adopt(run, warehouse, target)
    if with_parked:
        parking.keep_record(run, warehouse, target)


def _note(run: Run, result: Result, seconds: float) -> None:
    run.note(
        **plan_counts(result.plan),
        **result.settled.counts(),
        parked=result.plan.count(parking.PARKED),
        records_attempted=result.written + len(result.kept) + result.quarantined,
        inserted=result.inserted,
        updated=result.updated,
        unchanged=result.plan.count("unchanged"),
        kept_as_edited=result.plan.count("edited", "conflict", "vanished") + len(result.kept),
        quarantined=result.quarantined,
        deleted=result.removed.deleted,
        flagged=result.removed.flagged,
        gone_kept=[str(kept) for kept in result.removed.kept],
        deferred_records_total=result.deferred,
        retry_passes_used=result.passes,
        stopped=result.stopped,
        ways=str(result.ways),
        bytes=result.size,
        written_as_single_rows=result.single,
        seconds_by_part=result.seconds,
        seconds=round(seconds, 3),
    )


def load(  # noqa: PLR0913 - what a load is told
    run: Run,
    db: SplynxDb,
    manifest: Manifest,
    *,
    dry_run: bool = False,
    bulk: bool = True,
    on_conflict: str = KEEP,
    many_gone: bool = False,
    chosen: Scope = EVERYTHING,
    max_passes: int = MAX_PASSES,
    no_remap: bool = False,
    log_folder: Path | None = None,
    limits: Limits = Limits(),  # noqa: B008 - it cannot be changed
    routes: Routes | None = None,
) -> Result:
    """Bring the accepted marts into Splynx; with `dry_run`, stop right before the first write.

    With `routes`, what does not go by MySQL is left to a load over the API that follows; without,
    it is parked, and the load unfinished.

    `on_conflict` says what becomes of columns that both Sonar and staff changed
    (`load.planning.three_way`);
    `many_gone` that it is no fault when many rows are to be removed (`load.planning.removal`).
    Without `bulk`, new rows go by statements of 1,000 rows even where LOAD DATA LOCAL is possible.
    Only what is `chosen` is written. What was refused is tried again in at most `max_passes`
    passes. With `no_remap`, records that would get a new id refuse the load. `log_folder` gets a
    log of single records (`load.writing.record_log`).

    Raises:
        ConfigError: what was chosen does not exist, the target is not named twice, or rights or
            credentials are wrong.
        GateFailed: a gate refused; nothing was written.
        TargetError: the server failed; run again to go on.
        Unfinished: rows were refused; everything else is written.
    """
    named_target(db)
    started = time.monotonic()
    with warehouse_answers(), answering(db) as splynx, run.engine.connect() as warehouse:
        target = current(warehouse, db.address)
        preflight.marts_are_built(warehouse, manifest)
        rows = preflight.accepted(warehouse, manifest, target)
        prepared = prepare(
            run, warehouse, splynx, manifest, db.address, on_conflict, chosen, routes, rows
        )
        result = Result(prepared.plan, prepared.settled)
        run.note(**plan_counts(prepared.plan))
        preflight.plan_is_clean(prepared.plan)
        if no_remap:
            preflight.no_remaps(prepared.plan)
        leaving = prepared.plan.count("gone", removal.DELETE, removal.FLAG)
        if leaving and not many_gone:
            removal.not_too_many(warehouse, target)
        if on_conflict == FAIL:
            preflight.no_conflicts(prepared.plan)
        with splynx.connect() as connection:
            preflight.session_is_strict(connection)
            switches.at_rest(warehouse, connection, target)
        records = RecordLog(log_folder, run, warehouse, target) if log_folder else None
        if dry_run:
            if records:
                records.write(prepared.manifest, result, dry_run=True)
            return result
        _keep_records(run, warehouse, prepared, chosen, with_parked=routes is None)
        ways = ask(splynx)
        result.ways = replace(ways, local=ways.local and bulk)
        writing = time.monotonic()
        try:
            with parcels.locked(run.engine, manifest.marts):
                place = Place(target, prepared.manifest, prepared.tables)
                Writing(run, warehouse, splynx, place, result).carry_out(limits, max_passes)
                if leaving and not result.stopped:
                    result.removed = Removal(
                        run, warehouse, splynx, prepared.manifest, target, prepared.tables
                    ).carry_out()
            intents.take_statistics(run)
        finally:
            run.note(seconds_of_writing=round(time.monotonic() - writing, 3))
            _note(run, result, time.monotonic() - started)
            with suppress(SQLAlchemyError):  # a warehouse that went away is said already
                run.note(remaps_finalized=remaps.finalized(warehouse, run, target))
                if records:
                    records.write(prepared.manifest, result)
    parked = [] if routes else parking.lines(prepared.plan)
    if result.refusals or parked:
        refused = [str(refusal) for refusal in result.refusals]
        raise Unfinished(_unfinished(result), [*refused, *parked])
    return result


def _unfinished(result: Result) -> str:
    stopped = f"stopped early because {result.stopped}; " if result.stopped else ""
    again = f" after {result.passes} more passes" if result.passes else ""
    parked = result.plan.count(parking.PARKED)
    waiting = f", {parked} parked: only the API can place them" if parked else ""
    return (
        f"{stopped}{result.written} rows written, {result.quarantined} quarantined in "
        f"{len(result.refusals)} clusters{again}{waiting} (ops.refusal): mend the cause and load "
        "again"
    )
