"""The walks over a live collection: side by side, landed while reading, recorded as they go."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime

from graphql import GraphQLSchema
from sqlalchemy import Engine

from extract.catalogue.discovery import Kind
from extract.landing.conveyor import Belt, Conveyor, Landed
from extract.landing.pipeline import mark_deleted
from extract.progress import Counters
from extract.proof.windows import Window
from extract.reading.keys import Keys
from extract.reading.paging import Fetch, Part, Row, Skip, keyset, pages, whole
from extract.reading.reader import Extent, Reader
from extract.sonar.client import Sonar
from extract.sonar.failures import TooMuch
from extract.sonar.together import together
from extract.state import State, States
from runtime.errors import SourceError


@dataclass(frozen=True, slots=True)
class Means:
    """What the walks of one run share.

    `readers` bounds the pages that are held in memory, `looked` how many collections share a look.
    """

    engine: Engine
    run_id: str
    sonar: Sonar
    schema: GraphQLSchema
    extent: Extent
    conveyor: Conveyor
    states: States
    counters: Counters
    readers: asyncio.Semaphore
    looked: int


@dataclass(slots=True)
class Progress:
    """What one collection has come to in this run. `refused` are rows that Sonar cannot give."""

    changed: int = 0
    deleted: int = 0
    refused: dict[str, str] = field(default_factory=dict)

    @property
    def moved(self) -> int:
        """How many rows of the warehouse are not what they were."""
        return self.changed + self.deleted


class Walks:
    """The walks of one collection."""

    def __init__(self, means: Means, reader: Reader) -> None:
        self.progress = Progress()
        self._means = means
        self._reader = reader
        self._collection = reader.collection

    async def ranges(self, state: State, enough: int | None = None) -> State:
        """Walk what is left of the ranges of `state`; return the state with the walk ended.

        Each landed slice is recorded in `ops.extract_state`, so that a killed run goes on there.
        `enough` ends the walk after so many rows, where Sonar said how many there are.

        Raises:
            SourceError: as `Reader.after`; what was read until then has landed.
        """
        name, spans = self._collection.name, list(state.ranges or ())

        def moved() -> Landed:
            now = replace(state, selection=self._reader.asks, ranges=tuple(spans))
            return lambda: self._means.states.keep({name: now})

        async def one(number: int) -> None:
            span = spans[number]
            part = Part(after=span.at, until=span.high, enough=enough)

            def reached(at: int) -> Callable[[], None]:
                return lambda: spans.__setitem__(number, span.moved(at))

            moment = state.since
            async with self._means.readers:
                walk = keyset(self._after(moment), self._reader.pace, part, self._skip(moment))
                async for batch in walk:
                    await belt.add(batch.rows, reached(batch.at))
                    self._means.counters.rows += len(batch.rows)
            spans[number] = spans[number].ended()

        async with self._belt() as belt:
            belt.tell(moved)
            await together(one(n) for n, span in enumerate(spans) if not span.done)
        ended = State(self._reader.asks, watermark=state.walk_began)
        await asyncio.to_thread(self._means.states.keep, {name: ended})
        return ended

    async def windows(self, windows: Sequence[Window]) -> None:
        """Read windows of ids again, and mark the live rows in them that Sonar no longer has."""
        async with self._belt() as belt:
            seen = await together(self._window(window, belt) for window in windows)
        for window, keys in zip(windows, seen, strict=True):
            await self._mark(keys, (window.low, window.high))

    async def refused(self) -> None:
        """Ask once more, later, for the rows that could not be read: trouble passes."""
        keys = sorted(int(key) for key in self.progress.refused)
        self.progress.refused.clear()
        await self.windows([Window(key - 1, key) for key in keys])

    async def everything(self, expected: int | None) -> None:
        """Read all pages, or the one answer; mark what is gone when that was everything.

        `expected` is Sonar's count, which a walk by page number has to meet: its pages shift.
        """
        self.progress.refused.clear()
        async with self._belt() as belt:
            keys = Keys()
            async for rows in self._rows():
                await belt.add(rows, _nothing)
                keys.update(row.key for row in rows)
                self._means.counters.rows += len(rows)
        if self._collection.kind is not Kind.PAGE or len(keys) == expected:
            await self._mark(keys, None)

    async def sample(self, limit: int) -> None:
        """Read at most `limit` rows; nothing is recorded of it."""
        async with self._belt() as belt:
            if self._collection.kind is Kind.FULL:
                part = Part(limit=limit)
                async for batch in keyset(self._after(None), self._reader.pace, part, None):
                    await belt.add(batch.rows, _nothing)
                    self._means.counters.rows += len(batch.rows)
                return
            async for rows in self._rows(limit):
                await belt.add(rows, _nothing)
                self._means.counters.rows += len(rows)

    async def _window(self, window: Window, belt: Belt) -> Keys:
        part = Part(after=window.low, until=window.high)
        keys = Keys()

        async def skip(last: int, exc: TooMuch) -> int:
            number = await self._skip(None)(last, exc)
            keys.add(str(number))  # it cannot be read, but it is there
            return number

        async with self._means.readers:
            async for batch in keyset(self._after(None), self._reader.pace, part, skip):
                await belt.add(batch.rows, _nothing)
                keys.update(row.key for row in batch.rows)
        return keys

    async def _rows(self, limit: int | None = None) -> AsyncIterator[Sequence[Row]]:
        by_id, reader = self._collection.has_id, self._reader
        async with self._means.readers:
            if self._collection.kind is not Kind.PAGE:
                yield whole(await reader.everything(), by_id=by_id, limit=limit)
                return
            walk = pages(
                reader.page, reader.pace.size, by_id=by_id, limit=limit, skip=self._skip_place
            )
            async for rows in walk:
                yield rows

    def _after(self, since: datetime | None) -> Fetch:
        async def fetch(last: int, size: int) -> Sequence[Row]:
            return await self._reader.after(last, size, since)

        return fetch

    def _skip(self, since: datetime | None) -> Skip:
        """Return what names the row that cannot be read, by asking for its id alone."""

        async def skip(last: int, exc: TooMuch) -> int:
            number = await self._reader.id_after(last, since)
            if number is None:
                raise exc  # there is no row to blame
            self.progress.refused[str(number)] = str(exc)
            return number

        return skip

    async def _skip_place(self, place: int, exc: TooMuch) -> int:
        key = await self._reader.id_at(place) if self._collection.has_id else None
        self.progress.refused[key or f"row {place + 1}"] = str(exc)
        return place

    @asynccontextmanager
    async def _belt(self) -> AsyncIterator[Belt]:
        """Yield a belt; at the end, also of a failed walk, everything on it has landed."""
        belt = self._means.conveyor.belt(self._collection)
        try:
            try:
                yield belt
            except SourceError:
                await belt.landed()
                raise
            await belt.landed()
        finally:
            self.progress.changed += belt.changed
            self._means.conveyor.done(belt)

    async def _mark(self, keys: Iterable[str], window: tuple[int, int | None] | None) -> None:
        def mark() -> int:
            with self._means.engine.begin() as session:
                return mark_deleted(
                    session, self._collection, keys, self._means.run_id, window=window
                )

        self.progress.deleted += await asyncio.to_thread(mark)


def _nothing() -> None:
    """Nobody needs to know how far it is."""
