"""One extraction: discover, look, read what is new, land it, prove it, record it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from sqlalchemy.exc import SQLAlchemyError

from extract.catalogue import schemas
from extract.catalogue.discovery import Collection, chosen, discover
from extract.files import links as file_links
from extract.files.fetching import FileOutcome, Limits, fetch_files
from extract.landing.conveyor import Conveyor
from extract.landing.pipeline import Landing, create_tables
from extract.ledger import Entry, Ledger, refuse_other_source
from extract.probing.traits import load_traits
from extract.progress import Counters, reporting
from extract.proof.looks import BATCH
from extract.proof.witness import witness
from extract.reading.catch_up import Rest, read_all
from extract.reading.one_collection import OneCollection
from extract.reading.reader import Extent
from extract.reading.walks import Means
from extract.sonar import modes
from extract.sonar.client import Manners, Sonar
from extract.sonar.together import beside, together
from extract.state import States
from runtime.run_ledger import Run
from runtime.settings import SonarApi

_SCANS = 4  # of the warehouse at a time


@dataclass(frozen=True, slots=True)
class Request:
    """What the operator asked for. `full` reads every row again, `files` None leaves bytes out."""

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    full: bool = False
    files: Limits | None = None
    extent: Extent = field(default_factory=Extent)
    manners: Manners = field(default_factory=Manners)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of each collection, and of the bytes of files where they were asked for."""

    entries: Mapping[str, Entry]
    rest: Rest
    files: FileOutcome | None = None


async def extract(run: Run, api: SonarApi, request: Request) -> Outcome:
    """Extract what was asked for, and note on the run what became of it.

    Raises:
        ConfigError: wrong token, not a Sonar, unknown names, or another source's warehouse.
        SourceError: Sonar cannot be reached. WarehouseError: the warehouse failed.
    """
    refuse_other_source(run.engine, api.host)
    with run.engine.connect() as session:
        traits = load_traits(session, api.host)
    async with Sonar(api, modes.mannered(request.manners, traits)) as sonar:
        schema = await sonar.schema()
        collections = modes.walked(discover(schema), traits)
        selected = tuple(chosen(collections, request.include, request.exclude))
        create_tables(run.engine, selected)
        schemas.remember(run.engine, api.host, schema)
        ledger = Ledger(run.engine, run.run_id, api.host)
        ledger.open(collections, frozenset(collection.name for collection in selected))
        landing = Landing(run.engine)
        means = Means(
            engine=run.engine,
            run_id=run.run_id,
            sonar=sonar,
            schema=schema,
            extent=modes.bounded(request.extent, traits),
            conveyor=Conveyor(landing, run.run_id),
            states=States(run.engine, api.host),
            counters=Counters(collections=len(selected), traffic=sonar.total),
            readers=asyncio.Semaphore(2 * request.manners.workers),
            looked=BATCH if traits.batches else 1,
        )
        try:
            ones = _known(means, selected, request)
            outcome = await _read_and_close(means, ones, ledger, collections)
            if request.files is not None and file_links.COLLECTION in outcome.entries:
                files = await fetch_files(
                    run.engine, sonar, api, run_id=run.run_id, limits=request.files
                )
                outcome = replace(outcome, files=files)
        except BaseException as exc:
            with suppress(SQLAlchemyError):  # a warehouse that went away is said already
                ledger.give_up(f"the run ended early: {type(exc).__name__}")
            raise
        else:
            _note(run, sonar, outcome)
            return outcome
        finally:
            landing.close()


def _note(run: Run, sonar: Sonar, outcome: Outcome) -> None:
    entries = list(outcome.entries.values())
    states = [entry.verdict.state for entry in entries]
    run.note(
        collections=len(entries),
        changed_rows=sum(entry.changed for entry in entries),
        deleted_rows=sum(entry.deleted for entry in entries),
        states={state: states.count(state) for state in sorted(set(states))},
        consistent=outcome.rest.consistent,
        as_of=outcome.rest.as_of,
        requests=sonar.total.requests,
        retries=sonar.total.retries,
    )
    if outcome.files is not None:
        run.note(files=outcome.files.as_json())


def _known(
    means: Means, selected: Sequence[Collection], request: Request
) -> Sequence[OneCollection]:
    """Return the collections with what is known of them; a sample neither uses nor changes it."""
    if request.extent.sample is not None:
        return [OneCollection(means, collection, None) for collection in selected]
    if request.full:
        means.states.forget([collection.name for collection in selected])
    known = means.states.read()
    return [OneCollection(means, each, known.get(each.name)) for each in selected]


async def _read_and_close(
    means: Means,
    ones: Sequence[OneCollection],
    ledger: Ledger,
    collections: Sequence[Collection],
) -> Outcome:
    async with reporting(means.counters):
        rest = await beside(means.conveyor.run(), read_all(means, ones))
        await _hear_witnesses(means, ones, collections, at_rest=rest.consistent)
    scans = asyncio.Semaphore(_SCANS)

    async def close(one: OneCollection) -> Entry:
        async with scans:
            entry = await one.entry()
            await asyncio.to_thread(ledger.close, one.collection, entry)
        return entry

    entries = await together(close(one) for one in ones)
    found = {one.collection.name: entry for one, entry in zip(ones, entries, strict=True)}
    return Outcome(found, rest)


async def _hear_witnesses(
    means: Means,
    ones: Sequence[OneCollection],
    collections: Sequence[Collection],
    *,
    at_rest: bool,
) -> None:
    """Hear a second witness of every collection of which all rows were read in this run.

    What it says is believed `at_rest` only: a Sonar that moves may have moved in between.
    """
    counts = {one.collection.name: one.counted for one in ones}
    scans = asyncio.Semaphore(_SCANS)

    async def hear(one: OneCollection) -> None:
        async with scans:
            said = await witness(
                means.sonar,
                means.engine,
                means.schema,
                collections,
                one.collection,
                counts=counts,
                tally=one.tally,
            )
            one.heard(said, believed=at_rest)

    await together(hear(one) for one in ones if one.needs_witness)
