"""The load itself: what was left open, gates, plan, then the writing; MySQL route.

Reads the marts and `ops`; writes Splynx, `ops.row_state`, `ops.id_map` and `ops.refusal`. Killed at
any point, the next start settles the batches that can be open and goes on with what is missing.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

from sqlalchemy import Connection, Engine, text

from load import intents, links, parcels, preflight, switches
from load.mysql import read_facts
from load.mysql.session import answering
from load.mysql.ways import ask
from load.parcels import Limits
from load.plan import Plan, make_plan
from load.target_facts import TableFacts
from load.targets import Target, current
from load.writing import Place, Result, Writing
from runtime.errors import Unfinished
from runtime.manifest import Manifest
from runtime.run_ledger import Run
from runtime.settings import SplynxDb, named_target

__all__ = ["Result", "load", "plan_only"]

ROUTE = "mysql"


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
    preflight.marts_are_built(warehouse, manifest)
    preflight.marts_take_the_route(warehouse, manifest, ROUTE)
    settled = intents.settle(run, splynx, manifest, target)
    with read_facts.snapshot(splynx) as connection:
        tables = preflight.facts_unchanged(warehouse, connection, manifest, target)
        preflight.contract_holds(warehouse, manifest, tables)
        preflight.keys_are_sound(warehouse, manifest)
        planned = time.monotonic()
        plan = make_plan(warehouse, connection, manifest, target, tables)
    run.note(seconds_of_plan=round(time.monotonic() - planned, 3))
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
        ways=str(result.ways),
        bytes=result.size,
        written_as_single_rows=result.single,
        seconds=round(seconds, 3),
    )


def load(  # noqa: PLR0913 - what a load is told
    run: Run,
    db: SplynxDb,
    manifest: Manifest,
    *,
    dry_run: bool = False,
    bulk: bool = True,
    limits: Limits = Limits(),  # noqa: B008 - it cannot be changed
) -> Result:
    """Bring the accepted marts into Splynx; with `dry_run`, stop right before the first write.

    Without `bulk`, new rows go by statements of 1,000 rows even where LOAD DATA LOCAL is possible.

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
            switches.at_rest(warehouse, connection, target)
        if dry_run:
            return result
        links.follow(run, warehouse, target)
        _adopt(run, warehouse, target)
        ways = ask(splynx)
        result.ways = replace(ways, local=ways.local and bulk)
        writing = time.monotonic()
        try:
            with parcels.locked(run.engine, manifest.marts):
                place = Place(target, manifest, prepared.tables)
                Writing(run, warehouse, splynx, place, result).carry_out(limits)
        finally:
            run.note(seconds_of_writing=round(time.monotonic() - writing, 3))
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
