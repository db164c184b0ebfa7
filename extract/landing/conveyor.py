"""From the readers to the warehouse while reading goes on: slices are cut, one worker lands them.

Everything that waits is landed in one load, because a load costs the same whether it brings one
table or twenty. Readers stop while too many slices wait. After a load the walk that a slice belongs
to is told, in a moment of its own: killed between the two, a run lands the same rows once more.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from extract.catalogue.discovery import Collection
from extract.landing.pipeline import Landing
from extract.landing.spool import Slice, Spool
from extract.reading.paging import Row

SLICE_ROWS = 50_000
IDLE_ROWS = 10_000  # enough for a worker that has nothing to do
SLICE_BYTES = 32_000_000
IDLE_SECONDS = 2.0  # what waits longer than this is landed as soon as the worker is free
_WAITING = 6  # slices on disk before the readers stop
_GATHER_SECONDS = 0.05  # small collections end in flocks: one load for all of them

Landed = Callable[[], None]


@dataclass(slots=True)
class _Load:
    """A slice on its way, whom to tell, and how many rows were new or changed."""

    piece: Slice
    landed: Landed
    changed: asyncio.Future[int] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


class Belt:
    """The way of one collection's rows. `changed` counts those that were new or different."""

    def __init__(self, conveyor: Conveyor, collection: Collection, run_id: str) -> None:
        self.changed = 0
        self._conveyor = conveyor
        self._spool = Spool(collection, run_id, conveyor.folder)
        self._lock = asyncio.Lock()
        self._on_its_way: list[asyncio.Future[int]] = []
        self._began = 0.0
        self._moved: Callable[[], Landed] = lambda: _nothing

    def tell(self, moved: Callable[[], Landed]) -> None:
        """Call `moved` at each cut; what it returns is called when that slice has landed."""
        self._moved = moved

    async def add(self, rows: Sequence[Row], read: Callable[[], None]) -> None:
        """Take rows, then call `read`; no slice is cut between the two. Waits while many wait."""
        await self._conveyor.room()
        async with self._lock:
            if rows:
                if not self._spool.rows:
                    self._began = time.monotonic()
                await asyncio.to_thread(self._spool.add, rows)
            read()
            enough = min(IDLE_ROWS, SLICE_ROWS) if self._conveyor.idle else SLICE_ROWS
            if self._spool.rows >= enough or self._spool.bytes >= SLICE_BYTES:
                self._cut()

    async def landed(self) -> None:
        """Wait until everything that was taken has landed."""
        async with self._lock:
            self._cut()
        for future in self._on_its_way:
            self.changed += await future
        self._on_its_way.clear()

    async def cut_if_old(self) -> None:
        """Send off what has been here for a while."""
        old = self._spool.rows and time.monotonic() - self._began > IDLE_SECONDS
        if old and not self._lock.locked():
            async with self._lock:
                self._cut()

    def _cut(self) -> None:
        piece = self._spool.cut()
        if piece is not None:
            load = _Load(piece, self._moved())
            self._on_its_way.append(load.changed)
            self._conveyor.send(load)


def _nothing() -> None:
    """Nobody wants to know."""


class Conveyor:
    """All belts of one run and the worker at their end; `run` is its task."""

    def __init__(self, landing: Landing, run_id: str) -> None:
        self._landing = landing
        self._run_id = run_id
        self._belts: set[Belt] = set()
        self._loads: list[_Load] = []
        self._busy = False
        self._arrived = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()

    @property
    def idle(self) -> bool:
        """Whether the worker waits for a slice."""
        return not self._busy and not self._loads

    @property
    def folder(self) -> Path:
        """Where spools are written."""
        return self._landing.spools

    def belt(self, collection: Collection) -> Belt:
        """Return a belt for the rows of a collection; close it by `done`."""
        belt = Belt(self, collection, self._run_id)
        self._belts.add(belt)
        return belt

    def done(self, belt: Belt) -> None:
        """Forget a belt that will take no more rows."""
        self._belts.discard(belt)

    def send(self, load: _Load) -> None:
        """Take a slice."""
        self._loads.append(load)
        self._arrived.set()
        if len(self._loads) >= _WAITING and self._are_large():
            self._room.clear()

    async def room(self) -> None:
        """Wait until there is room for more rows."""
        await self._room.wait()

    async def run(self) -> None:
        """Land what comes, until cancelled.

        Raises:
            WarehouseError: as `Landing.load`.
        """
        while True:
            try:
                await asyncio.wait_for(self._arrived.wait(), IDLE_SECONDS / 4)
            except TimeoutError:
                for belt in list(self._belts):
                    await belt.cut_if_old()
                continue
            await asyncio.sleep(_GATHER_SECONDS)
            loads, self._loads = self._loads, []
            self._arrived.clear()
            self._room.set()
            self._busy = True
            await self._land(loads)
            self._busy = False

    def _are_large(self) -> bool:
        return sum(load.piece.rows for load in self._loads) >= SLICE_ROWS

    async def _land(self, loads: Sequence[_Load]) -> None:
        changed = dict(await asyncio.to_thread(self._landing.load, [load.piece for load in loads]))
        for load in loads:
            await asyncio.to_thread(load.landed)
            # The count is of the collection: the first of its slices brings it.
            load.changed.set_result(changed.pop(load.piece.collection.name, 0))
