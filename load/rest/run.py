"""The load over REST: gates, plan, then the writing group by group.

Reads the marts and `ops`; writes Splynx, `ops.row_state`, `ops.id_map`, `ops.refusal` and
`ops.not_selected`. Killed at any point, the next start looks up what may have arrived and goes on
with what is missing. Acceptance, target and switches are the gates of the MySQL route.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby

from sqlalchemy import Connection, text

from load import parcels, preflight, scope, switches
from load.mysql.session import answering
from load.plan import Plan
from load.rest.bodies import Ids
from load.rest.budget import Clock
from load.rest.client import Manners, Splynx, Tally
from load.rest.dry_run import requests
from load.rest.intents import Ledger, keep_refused
from load.rest.jobs import Job
from load.rest.planning import TO_SEND, make_plan, why_impossible
from load.rest.rows import Item, clusters, drafts
from load.rest.shape_meta import read_shapes
from load.rest.shapes import Shapes
from load.rest.writing import Writing, Written
from load.run import plan_counts
from load.scope import EVERYTHING, Scope
from load.targets import Target, current
from runtime.errors import Unfinished
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
    """What a load set out to do, did, and cost; `impossible` is what the API does not take."""

    plan: Plan
    impossible: Sequence[str]
    written: Written = field(default_factory=Written)
    tally: Tally = field(default_factory=Tally)
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class _Place:
    """What one load works with; `warehouse` is the connection that made the plan."""

    run: Run
    warehouse: Connection
    target: Target
    shapes: Shapes
    plan: Plan
    ids: Ids


def load(  # noqa: PLR0913 - what a load is told
    run: Run,
    api: SplynxApi,
    manifest: Manifest,
    *,
    dry_run: Callable[[str], None] | None = None,
    chosen: Scope = EVERYTHING,
    manners: Manners | None = None,
    clock: Clock | None = None,
) -> Loaded:
    """Bring the accepted marts into Splynx.

    With `dry_run`, stop right before the first write, and tell it each request, values masked.

    Raises:
        ConfigError: the target is not named twice, or rights or credentials are wrong.
        GateFailed: a gate refused; nothing was written.
        TargetError: Splynx failed; run again to go on.
        Unfinished: rows were refused or wait for a module; everything else is written.
    """
    named_rest_target()
    started = time.monotonic()
    with warehouse_answers(), run.engine.connect() as warehouse:
        place = _prepared(run, warehouse, manifest, chosen)
        loaded = Loaded(place.plan, why_impossible(place.plan, place.shapes))
        run.note(**plan_counts(place.plan), route="rest", scope=str(chosen))
        if dry_run:
            items = (item for _, found in _parts(place) for members in found for item in members)
            for line in requests(items, place.ids):
                dry_run(line)
            return loaded
        _at_rest(warehouse, place.target)
        scope.keep_record(run, warehouse, place.target)
        _keep_impossible(place)
        with parcels.locked(run.engine, manifest.marts):
            try:
                asyncio.run(_write(place, api, manners or Manners(), clock, loaded))
            finally:
                loaded.seconds = round(time.monotonic() - started, 3)
                _note(run, loaded)
    _refuse_half_measures(loaded)
    return loaded


def _prepared(run: Run, warehouse: Connection, manifest: Manifest, chosen: Scope) -> _Place:
    """Check the gates and make the plan; nothing is written.

    Raises:
        ConfigError, GateFailed: as `load`.
    """
    target = current(warehouse, rest_target_address())
    preflight.marts_are_built(warehouse, manifest)
    preflight.accepted(warehouse, manifest, target)
    preflight.keys_are_sound(warehouse, manifest)
    shapes = read_shapes(manifest)
    select = (
        None if chosen.is_everything else partial(scope.select, warehouse, manifest, target, chosen)
    )
    plan, ids = make_plan(warehouse, manifest, shapes, target, select)
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
        with Progress("load", place.plan.writes, "rows") as progress:
            writing = Writing(
                splynx,
                place.shapes,
                place.ids,
                ledger,
                manners,
                _incomplete(place),
                progress,
                clock,
            )
            loaded.written, loaded.tally = writing.result, splynx.tally
            for part, found in _parts(place):
                progress.part(part)
                await writing.carry_out([Job(*item) for item in items] for items in found)
                if loaded.written.stopped:
                    return
            await writing.finish()


def _incomplete(place: _Place) -> dict[str, str]:
    """Return a row that cannot be sent for each cluster of customers that has one.

    Rows of tables that the API has no place for do not count: no load could bring them.
    """
    tables = [shape.name for shape in place.shapes.sent if shape.mart.group == "customer"]
    found = place.warehouse.execute(
        text(
            "select cluster, min(table_name || ' ' || _sonar_key) from load_plan"
            " where class = 'impossible' and table_name = any(:tables) group by cluster"
        ),
        {"tables": tables},
    )
    return {row[0]: row[1] for row in found}


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
        kept_as_edited=len(written.kept),
        deleted=written.deleted,
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
    if items or written.stopped:
        stopped = f"stopped early because {written.stopped}; " if written.stopped else ""
        raise Unfinished(
            f"{stopped}{written.proven} rows are in Splynx as they should be, "
            f"{len(written.refused)} are at fault, {parked} wait for a module (ops.refusal): mend "
            "the cause and load again",
            items,
        )
