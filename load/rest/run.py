"""The load over REST: gates, plan, then the writing group by group.

Reads the marts and `ops`; writes Splynx, `ops.row_state`, `ops.id_map`, `ops.refusal` and
`ops.not_selected`. Killed at any point, the next start looks up what may have arrived and goes on
with what is missing. Acceptance, target and switches are the gates of the MySQL route.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from sqlalchemy import Connection, text

from load.checks import preflight
from load.mysql.session import answering
from load.planning import scope
from load.planning.plan import Plan
from load.planning.removal import Removed, not_too_many
from load.planning.routes import Routes
from load.planning.scope import EVERYTHING, Scope
from load.planning.three_way import FAIL, KEEP, OVERWRITE
from load.rest import contract
from load.rest.bodies import Ids
from load.rest.budget import Clock
from load.rest.client import Manners, Splynx, Tally
from load.rest.conflicts import conflicts
from load.rest.dry_run import requests
from load.rest.intents import Ledger, keep_refused
from load.rest.jobs import Job
from load.rest.open_rows import open_rows, settle
from load.rest.planning import TO_SEND, incomplete, make_plan, why_impossible
from load.rest.readback import Reader
from load.rest.removal import Removal
from load.rest.rows import Item, clusters, drafts
from load.rest.shape_meta import read_shapes
from load.rest.shapes import Shapes
from load.rest.standing import own_fields
from load.rest.unchanged import leave_to_mysql, without_rows_of_the_api
from load.rest.writing import Writing, Written
from load.run import plan_counts
from load.target import switches
from load.target.targets import Target, current
from load.writing import parcels
from runtime.errors import GateFailed, Unfinished
from runtime.manifest import GROUPS, Manifest
from runtime.progress import Progress
from runtime.run_ledger import Run
from runtime.settings import (
    SplynxApi,
    environment,
    named_rest_target,
    rest_target_address,
    splynx_db,
)
from runtime.warehouse import warehouse_answers

_NAMED = 20


@dataclass(slots=True)
class Loaded:
    """What a load set out to do, did, and cost.

    `impossible` is what the API does not take, `in_doubt` what may be in Splynx although its record
    has left.
    """

    plan: Plan
    impossible: Sequence[str]
    written: Written = field(default_factory=Written)
    removed: Removed = field(default_factory=Removed)
    in_doubt: list[str] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)
    seconds: float = 0.0


@dataclass(slots=True)
class _Place:
    """What one load works with; `warehouse` is the connection that made the plan."""

    run: Run
    warehouse: Connection
    target: Target
    shapes: Shapes
    plan: Plan
    ids: Ids
    policy: str = KEEP


def load(  # noqa: PLR0913 - what a load is told
    run: Run,
    api: SplynxApi,
    manifest: Manifest,
    *,
    dry_run: Callable[[str], None] | None = None,
    chosen: Scope = EVERYTHING,
    manners: Manners | None = None,
    clock: Clock | None = None,
    routes: Routes | None = None,
    on_conflict: str = KEEP,
    many_gone: bool = False,
) -> Loaded:
    """Bring the accepted marts into Splynx; with `routes`, only what does not go by MySQL.

    With `dry_run`, stop right before the first write, and tell it each request, values masked.
    `on_conflict` says what becomes of attributes that both Sonar and staff changed; `many_gone`
    that it is no fault when many rows are to be removed.

    Raises:
        ConfigError: the target is not named twice, or rights or credentials are wrong.
        GateFailed: a gate refused; nothing was written.
        TargetError: Splynx failed; run again to go on.
        Unfinished: rows were refused or wait for a module; everything else is written.
    """
    named_rest_target()
    started = time.monotonic()
    with warehouse_answers(), run.engine.connect() as warehouse:
        place = _prepared(run, warehouse, manifest, chosen, routes)
        place.policy = on_conflict
        loaded = Loaded(place.plan, why_impossible(place.plan, place.shapes))
        planned = round(time.monotonic() - started, 3)
        run.note(
            **plan_counts(place.plan), route="rest", scope=str(chosen), seconds_of_plan=planned
        )
        if dry_run:
            items = (item for _, found in _parts(place) for members in found for item in members)
            for line in requests(items, place.ids):
                dry_run(line)
            return loaded
        if not many_gone:
            not_too_many(warehouse, place.target)
        _at_rest(warehouse, place.target)
        scope.keep_record(run, warehouse, place.target, chosen)
        _keep_impossible(place)
        with parcels.locked(run.engine, manifest.marts):
            began = time.monotonic()
            try:
                asyncio.run(_write(place, api, manners or Manners(), clock, loaded))
            finally:
                loaded.seconds = round(time.monotonic() - started, 3)
                _note(run, loaded)
                run.note(seconds_of_writing=round(time.monotonic() - began, 3))
    _refuse_half_measures(loaded)
    return loaded


def plan_only(run: Run, manifest: Manifest, chosen: Scope = EVERYTHING) -> Plan:
    """Return what a load would do now. Needs no acceptance, and asks Splynx nothing."""
    with warehouse_answers(), run.engine.connect() as warehouse:
        target = current(warehouse, rest_target_address())
        preflight.marts_are_built(warehouse, manifest)
        plan = _planned(run, warehouse, manifest, target, chosen).plan
        run.note(**plan_counts(plan), route="rest", scope=str(chosen))
        return plan


def _prepared(
    run: Run, warehouse: Connection, manifest: Manifest, chosen: Scope, routes: Routes | None
) -> _Place:
    """Check the gates and make the plan; nothing is written.

    Raises:
        ConfigError, GateFailed: as `load`.
    """
    target = current(warehouse, rest_target_address())
    preflight.marts_are_built(warehouse, manifest)
    preflight.accepted(warehouse, manifest, target)
    preflight.keys_are_sound(warehouse, manifest)
    return _planned(run, warehouse, manifest, target, chosen, routes)


def _planned(  # noqa: PLR0913, PLR0917 - what a plan is made of
    run: Run,
    warehouse: Connection,
    manifest: Manifest,
    target: Target,
    chosen: Scope,
    routes: Routes | None = None,
) -> _Place:
    """Make the plan."""
    shapes = read_shapes(manifest)

    def select() -> None:
        if routes is not None:
            leave_to_mysql(warehouse, routes.mysql, target)
        if not chosen.is_everything:
            scope.select(warehouse, manifest, target, chosen)

    elsewhere = without_rows_of_the_api(warehouse, routes.mysql, target) if routes else ()
    plan, ids = make_plan(warehouse, manifest, shapes, target, select, elsewhere)
    return _Place(run, warehouse, target, shapes, plan, ids)


def _at_rest(warehouse: Connection, target: Target) -> None:
    """Refuse while a setting would act on the import; the API does not show them.

    Raises:
        GateFailed: with every such setting and what to do about it.
    """
    if "SPLYNX_MYSQL_URL" not in environment():
        switches.attested_at_rest(warehouse, target)
        return
    with answering(splynx_db()) as splynx, splynx.connect() as connection:
        switches.at_rest(warehouse, connection, target)


def _keep_impossible(place: _Place) -> None:
    """Record the rows that the API does not take, table by table."""
    for shape in place.shapes:
        with place.run.engine.begin() as ledger:
            rows = place.warehouse.execute(
                text(
                    "select _sonar_key, _customer_key from load_plan"
                    " where table_name = :mart and class = 'impossible'"
                ),
                {"mart": shape.name},
            ).all()
            reason = shape.reason or "leads to a row that the API does not take"
            keep_refused(ledger, place.run, place.target, shape.name, rows, reason)


async def _write(
    place: _Place, api: SplynxApi, manners: Manners, clock: Clock | None, loaded: Loaded
) -> None:
    ledger = Ledger(place.run, place.target)
    async with Splynx(api, manners, clock=clock) as splynx:
        loaded.tally = splynx.tally
        to_send = {t.table for t in place.plan.tables if any(t.counts.get(c) for c in TO_SEND)}
        await contract.holds(splynx, place.warehouse, place.shapes, to_send)
        fields = own_fields(place.warehouse, place.shapes, place.target)
        if place.policy == FAIL:
            await _no_conflicts(place, splynx, ledger, fields)
        left = open_rows(place.warehouse, place.target, only_gone=True)
        loaded.in_doubt = await settle(splynx, ledger, place.shapes, left)
        with Progress("load", place.plan.writes, "rows") as progress:
            writing = Writing(
                splynx,
                place.shapes,
                place.ids,
                ledger,
                manners,
                incomplete(place.warehouse, place.shapes),
                progress,
                clock,
                fields=fields,
                overwrites=place.policy == OVERWRITE,
            )
            loaded.written = writing.result
            for part, found in _parts(place):
                progress.part(part)
                await writing.carry_out([Job(*item) for item in items] for items in found)
                if loaded.written.stopped:
                    return
            await writing.finish()
        removal = Removal(
            place.run, place.warehouse, splynx, ledger, place.shapes, place.target, fields,
            manners.workers,
        )  # fmt: skip
        loaded.removed = await removal.carry_out()


async def _no_conflicts(
    place: _Place, splynx: Splynx, ledger: Ledger, fields: Mapping[str, frozenset[str]]
) -> None:
    """Refuse when the operator wants no load while staff and Sonar changed the same attributes.

    Raises:
        GateFailed: with the first of these rows.
    """
    items = (item for _, found in _parts(place) for members in found for item in members)
    found = await conflicts(Reader(splynx), ledger, place.ids, items, fields)
    if found:
        raise GateFailed(
            f"staff and Sonar changed the same columns of {len(found)} rows: "
            f"{'; '.join(found[:_NAMED])}",
            report={"conflicts": found},
        )


def _parts(place: _Place) -> Iterator[tuple[str, Iterator[list[Item]]]]:
    """Yield what is written together, cluster by cluster: the rows of customers; else a table."""
    for group in GROUPS:
        if group == "customer":
            yield "customers", clusters(place.warehouse, place.shapes, group, TO_SEND)
            continue
        for shape in place.shapes.sent:
            if shape.mart.group == group:
                yield shape.name, _alone(drafts(place.warehouse, place.shapes, shape, TO_SEND))


def _alone(items: Iterator[Item]) -> Iterator[list[Item]]:
    for _, members in groupby(items, key=lambda item: item.draft.cluster):
        yield list(members)


def _note(run: Run, loaded: Loaded) -> None:
    written, tally = loaded.written, loaded.tally
    run.note(
        inserted=written.created,
        updated=written.changed,
        found_after_doubt=written.found,
        proven=written.proven,
        kept_as_edited=len(written.kept) + len(written.contested) + len(written.vanished),
        deleted=written.deleted + loaded.removed.deleted,
        flagged=loaded.removed.flagged,
        gone_kept=[str(kept) for kept in loaded.removed.kept],
        conflicts=written.contested,
        vanished=len(written.vanished),
        twins_removed=written.twins,
        quarantined=len(written.refused),
        parked=dict(written.parked),
        stopped=written.stopped,
        requests=tally.requests,
        request_retries=tally.retries,
        seconds=loaded.seconds,
    )


def _refuse_half_measures(loaded: Loaded) -> None:
    """Say what is not done.

    Raises:
        Unfinished: anything.
    """
    written = loaded.written
    parked = sum(written.parked.values())
    items = written.refused[:_NAMED]
    items += [f"{name}: {rows} rows wait" for name, rows in sorted(written.parked.items())]
    items += loaded.impossible
    items += loaded.in_doubt
    if items or written.stopped:
        stopped = f"stopped early because {written.stopped}; " if written.stopped else ""
        raise Unfinished(
            f"{stopped}{written.proven} rows are in Splynx as they should be, "
            f"{len(written.refused)} are at fault, {parked} wait for a module (ops.refusal): mend "
            "the cause and load again",
            items,
        )
