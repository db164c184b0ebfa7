"""One extraction: discover, walk the chosen collections side by side, land, prove, record.

Walks run concurrently under one request budget. What they have spooled is landed in batches by a
single worker, so that many small collections share one load; each collection is judged in the same
transaction that records it. What does not agree is walked once more before it is called incomplete.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from graphql import GraphQLSchema
from sqlalchemy import Engine

from extract.client import Manners, Sonar, Tally
from extract.discovery import Collection, Kind, chosen, discover
from extract.failures import Denied, Unreachable
from extract.landing import Landing, create_tables, mark_deleted
from extract.ledger import Entry, Ledger, refuse_other_source
from extract.progress import Counters, reporting
from extract.proof import Figures, Verdict, judge, landed_figures, rows_with_gaps
from extract.reader import Extent, Reader
from extract.spool import Spool
from runtime.errors import FatalSourceError, MigrationError, RetriableSourceError
from runtime.run_ledger import Run
from runtime.settings import SonarApi


@dataclass(frozen=True, slots=True)
class Request:
    """What the operator asked for."""

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    extent: Extent = field(default_factory=Extent)
    manners: Manners = field(default_factory=Manners)


@dataclass(slots=True)
class _Walked:
    """A finished walk that waits to be landed."""

    reader: Reader
    spool: Spool
    server: Figures
    before: Entry | None
    entry: asyncio.Future[Entry]


async def plan(api: SonarApi, manners: Manners) -> tuple[GraphQLSchema, tuple[Collection, ...]]:
    """Return the schema of the instance and all of its root queries, classified."""
    async with Sonar(api, manners) as sonar:
        schema = await sonar.schema()
    return schema, discover(schema)


async def extract(run: Run, api: SonarApi, request: Request) -> Mapping[str, Entry]:
    """Extract what was asked for; return the outcome by collection.

    Raises:
        ConfigError: wrong token, not a Sonar, unknown names, or another source's warehouse.
        SourceError: Sonar cannot be reached. WarehouseError: the warehouse failed.
    """
    refuse_other_source(run.engine, api.host)
    async with Sonar(api, request.manners) as sonar:
        schema = await sonar.schema()
        collections = discover(schema)
        selected = tuple(chosen(collections, request.include, request.exclude))
        create_tables(run.engine, selected)
        ledger = Ledger(run.engine, run.run_id, api.host)
        ledger.open(collections, frozenset(collection.name for collection in selected))
        landing = Landing(run.engine)
        work = _Extraction(run, request, sonar, schema, landing, ledger)
        try:
            async with reporting(work.counters):
                return await work.all(selected)
        except BaseException as exc:
            ledger.give_up(f"the run ended early: {type(exc).__name__}")
            raise
        finally:
            landing.close()


class _Extraction:
    """The moving parts of one run."""

    def __init__(  # noqa: PLR0913, PLR0917 - the parts that `extract` opened
        self,
        run: Run,
        request: Request,
        sonar: Sonar,
        schema: GraphQLSchema,
        landing: Landing,
        ledger: Ledger,
    ) -> None:
        self.counters = Counters(traffic=sonar.total)
        self._engine: Engine = run.engine
        self._run_id = run.run_id
        self._extent = request.extent
        self._sonar = sonar
        self._schema = schema
        self._landing = landing
        self._ledger = ledger
        self._slots = asyncio.Semaphore(request.manners.workers)
        self._walked: asyncio.Queue[_Walked] = asyncio.Queue()

    async def all(self, collections: Sequence[Collection]) -> Mapping[str, Entry]:
        """Read, land and prove the collections; one failing server or bug stops them all."""
        self.counters.collections = len(collections)
        try:
            async with asyncio.TaskGroup() as group:
                lander = group.create_task(self._land_all())
                tasks = {c.name: group.create_task(self._one(c)) for c in collections}
                await asyncio.wait(tasks.values()) if tasks else None
                lander.cancel()
        except BaseExceptionGroup as problems:
            raise _first(problems) from None
        return {name: task.result() for name, task in tasks.items()}

    async def _one(self, collection: Collection) -> Entry:
        tally = Tally()
        try:
            reader = Reader(self._sonar, self._schema, collection, self._extent, tally)
            entry = await self._look(reader, None)
            if not entry.verdict.agrees and self._extent.sample is None:
                entry = await self._look(reader, entry)
        except Unreachable:
            raise
        except Denied as exc:
            entry = await self._refused(collection, "denied", exc, tally)
        except (FatalSourceError, RetriableSourceError) as exc:
            entry = await self._refused(collection, "failed", exc, tally)
        self.counters.done += 1
        return entry

    async def _look(self, reader: Reader, before: Entry | None) -> Entry:
        look = "first" if before is None else "second"
        folder = self._landing.spools / reader.collection.name / look
        async with self._slots:
            spool = await asyncio.to_thread(
                Spool, self._engine, reader.collection, self._run_id, folder
            )
            try:
                async for rows in reader.read(spool):
                    self.counters.rows += rows
            finally:
                spool.close()
            server = await reader.figures()
        walked = _Walked(reader, spool, server, before, asyncio.get_running_loop().create_future())
        await self._walked.put(walked)
        return await walked.entry

    async def _refused(
        self, collection: Collection, state: str, exc: Exception, tally: Tally
    ) -> Entry:
        entry = Entry(Verdict(state, None, str(exc)), Figures(None), Figures(None), tally)
        await asyncio.to_thread(self._record, collection, entry)
        return entry

    def _record(self, collection: Collection, entry: Entry) -> None:
        with self._engine.begin() as connection:
            self._ledger.close(connection, collection, entry)

    async def _land_all(self) -> None:
        """Land whatever has been walked, as it comes; one load at a time."""
        while True:
            batch = [await self._walked.get()]
            while not self._walked.empty():
                batch.append(self._walked.get_nowait())
            await asyncio.to_thread(self._landing.load, [walked.spool for walked in batch])
            for walked in batch:
                walked.entry.set_result(await asyncio.to_thread(self._settle, walked))

    def _settle(self, walked: _Walked) -> Entry:
        """Mark what is gone, compare both sides and record it, in one transaction."""
        reader, spool = walked.reader, walked.spool
        collection, sample = reader.collection, self._extent.sample is not None
        unpaged = collection.kind in {Kind.LIST, Kind.SINGLETON}
        everything = not sample and (unpaged or walked.server.count == spool.seen)
        with self._engine.begin() as connection:
            deleted = mark_deleted(connection, spool, self._run_id) if everything else 0
            landed = landed_figures(connection, collection)
            gaps = rows_with_gaps(connection, collection, reader.link_names)
            before = walked.before
            entry = Entry(
                verdict=judge(collection, walked.server, landed, gaps=gaps, sample=sample),
                server=walked.server,
                landed=landed,
                tally=reader.tally,
                changed=spool.changed + (before.changed if before else 0),
                deleted=deleted + (before.deleted if before else 0),
                dropped=tuple(sorted(reader.dropped)),
            )
            self._ledger.close(connection, collection, entry)
        spool.keys.unlink(missing_ok=True)
        return entry


def _first(problems: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return the problem to show: one that an operator can act on, before a bug of ours."""
    leaves: list[BaseException] = []
    for problem in problems.exceptions:
        leaves.append(_first(problem) if isinstance(problem, BaseExceptionGroup) else problem)
    return next((leaf for leaf in leaves if isinstance(leaf, MigrationError)), leaves[0])
