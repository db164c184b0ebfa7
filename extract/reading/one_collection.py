"""One collection from its first look to its verdict: what is read of it, and when that is enough.

Each pass brings a look. What Sonar says changed is read; what does not agree afterwards is narrowed
down and read again. A difference that reading again does not move is looked at once more before it
is believed.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

from extract.catalogue.discovery import Collection, Kind
from extract.ledger import Entry
from extract.proof import settle
from extract.proof.judgement import Figures, Verdict, int_leaves, judge
from extract.proof.looks import Asked, Look
from extract.proof.witness import DIFFERS
from extract.reading import ranges
from extract.reading.reader import Reader
from extract.reading.walks import Means, Walks
from extract.sonar.client import Tally
from extract.sonar.failures import Denied, Unreachable
from extract.state import State
from runtime.errors import FatalSourceError, RetriableSourceError

logger = logging.getLogger(__name__)

_PAGES_A_RANGE = 4  # fewer are not worth a reader of their own
_ENOUGH_LOOKS = 2  # at a difference that reading again does not move
_SHOWN_KEYS = 5


@dataclass(slots=True)
class _Held:
    """The warehouse's side, and when it was computed: after so many moved rows."""

    figures: Figures
    faulty: list[str]
    moved: int


class OneCollection:
    """One collection of one run. `over` is the verdict of one that cannot be read any further."""

    def __init__(self, means: Means, collection: Collection, state: State | None) -> None:
        self.collection = collection
        self.mode = "unchanged"
        self.looks = 0
        self.witness: str | None = None
        self.over: Verdict | None = None
        self.idle: State | None = None  # to be kept: nothing changed up to its watermark
        self._means = means
        self._state = state
        self._look: Look | None = None
        self._held: _Held | None = None
        self._stuck = 0
        self._walked = False
        self._contradicted = False
        self._disputed: tuple[Figures, Figures] | None = None
        self.tally = Tally()
        self._reader = Reader(means.sonar, means.schema, collection, means.extent, self.tally)
        self._walks = Walks(means, self._reader)

    @property
    def asked(self) -> Asked | None:
        """What the next look has to ask; None where there is nothing to count, or no more."""
        if self.over or not self.collection.has_total:
            return None
        since = self._state.since if self._state and self._is_known() else None
        return Asked(self.collection, since, self._leaves)

    @property
    def expected(self) -> int:
        """How many rows the first look makes us expect to read."""
        look, count = self._look, 0
        if look is not None:
            count = look.figures.count or 0
            count = count if look.changed is None else look.changed
        return min(count, self._means.extent.sample or count)

    @property
    def counted(self) -> int | None:
        """Sonar's count, where the last look brought one."""
        return self._look.figures.count if self._look else None

    @property
    def needs_witness(self) -> bool:
        """Whether a second witness is worth asking: all rows that Sonar lists were read."""
        by_id = self.collection.kind is Kind.FULL
        return by_id and self._walked and self.over is None and self.counted is not None

    def heard(self, witness: str, *, believed: bool) -> None:
        """Take what a second witness said; one that is not `believed` only costs the best grade."""
        self.witness = witness
        self._contradicted = believed and witness.startswith(DIFFERS)

    @property
    def unsettled(self) -> bool:
        """Whether another look has to confirm a difference."""
        return self.over is None and 0 < self._stuck < _ENOUGH_LOOKS

    def saw(self, look: Look | None) -> None:
        """Take the look of this pass."""
        if look is not None:
            self._look = look
            self.looks += 1

    async def read(self, *, again: bool) -> bool:
        """Read what this pass's look asks for; return whether the warehouse moved by it.

        Raises:
            Unreachable, ConfigError, WarehouseError: the run cannot go on.
        """
        if self.over:
            return False
        before = self._walks.progress.moved
        try:
            late = await self._read(again=again)
        except Unreachable:
            raise
        except Denied as exc:
            self.over = Verdict("denied", None, str(exc))
            return False
        except (FatalSourceError, RetriableSourceError) as exc:
            logger.warning("event=failed collection=%s cause=%s", self.collection.name, exc)
            self.over = Verdict("failed", None, str(exc))
            return False
        return late or self._walks.progress.moved > before

    async def entry(self) -> Entry:
        """Return what the ledger keeps, with the warehouse's own figures of this moment."""
        progress, held = self._walks.progress, await self._landed()
        return Entry(
            verdict=self.over or self._verdict(held),
            server=self._look.figures if self._look else Figures(None),
            landed=held.figures,
            tally=self.tally,
            changed=progress.changed,
            deleted=progress.deleted,
            dropped=tuple(sorted(self._reader.dropped)),
            refused=progress.refused,
            mode=self.mode,
            looks=self.looks,
            witness=self.witness,
            watermark=self._look.at if self._look else None,
        )

    async def _read(self, *, again: bool) -> bool:
        """Return True when another look is needed although nothing moved."""
        sample, kind = self._means.extent.sample, self.collection.kind
        if sample is not None:
            self.mode = "sample"
            await self._walks.sample(sample)
            return False
        if kind is Kind.FULL and not self._walked and not await self._can_follow():
            return await self._walk_all()
        if kind is Kind.FULL:
            resumed = self._state is not None and self._state.ranges is not None
            await self._follow()
            await self._settle()
            return resumed
        if again:
            await self._settle()
            return False
        self.mode = "full"
        await self._walks.everything(self.counted)
        return not await self._agrees()

    async def _can_follow(self) -> bool:
        """Tell whether reading what changed is enough: every row has landed as it is asked for."""
        state = self._state
        if state is None or state.watermark is None or not self._reader.tells_changes:
            return False
        if state.selection != self._reader.asks and self._is_known():
            # Is what was refused refused still? One row tells, and drops it if so.
            await self._reader.after(ranges.BEFORE_ALL, 1)
        return state.selection == self._reader.asks

    async def _walk_all(self) -> bool:
        """Read every row, or what is left of a walk that was killed."""
        look, state = self._look, self._state
        resumed = state is not None and state.ranges is not None and self._is_known()
        self.mode = "resumed" if resumed else "full"
        if not resumed or state is None:
            began = look.at if look is not None and look.problem is None else None
            state = State(self._reader.asks, began, self._parts())
        self._state = await self._walks.ranges(state)
        self._walked = True
        # What had been read before a kill may have changed since.
        return resumed or not await self._agrees()

    async def _follow(self) -> None:
        """Read what changed since the watermark."""
        look, state = self._look, self._state
        if look is None or state is None or state.watermark is None:
            return
        if state.ranges is None:
            if not self._reader.tells_changes:
                return
            if look.changed == 0:
                self._state = self.idle = replace(state, watermark=look.at)
                return
            many = look.changed is None or look.changed > _PAGES_A_RANGE * self._reader.pace.size
            parts = self._parts() if many else ranges.split(None, None, 1)
            began = state.watermark if look.problem else look.at
            state = replace(state, walk_began=began, ranges=parts)
        self.mode = "incremental" if self.mode == "unchanged" else self.mode
        alone = len(state.ranges or ()) == 1
        self._state = await self._walks.ranges(state, look.changed if alone else None)

    async def _settle(self) -> None:
        """Read again what does not agree, unless that has been tried with the same figures."""
        server = self._look.figures if self._look else Figures(None)
        if server.count is None or await self._agrees():
            self._disputed, self._stuck = None, 0
            return
        held = await self._landed()
        progress = self._walks.progress
        if self._disputed == (server, held.figures):
            self._stuck += 1
            return
        self._disputed, before = (server, held.figures), progress.moved
        if self.collection.kind is Kind.FULL:
            await self._read_differences(server)
        elif self.collection.kind is Kind.PAGE:
            await self._walks.everything(server.count)
        self.mode = "incremental" if self.mode == "unchanged" else self.mode
        self._stuck = 1 if progress.moved == before else 0

    async def _read_differences(self, server: Figures) -> None:
        progress = self._walks.progress
        if progress.refused:
            await self._walks.refused()
        progress.deleted += await settle.drop_strays(self._means, self.collection)
        held = await self._landed()
        short = (server.count or 0) - (held.figures.count or 0)
        if progress.refused and short == len(progress.refused):
            return  # these are what is missing
        await self._walks.windows(
            await settle.windows(self._means, self._reader, server, held.figures, held.faulty)
        )

    async def _agrees(self) -> bool:
        return self._verdict(await self._landed()).agrees

    async def _landed(self) -> _Held:
        """Return the warehouse's side; it is computed again only when rows have moved."""
        moved = self._walks.progress.moved
        if self._held is None or self._held.moved != moved:
            self._held = _Held(*await settle.landed(self._means, self._reader, self._leaves), moved)
        return self._held

    def _verdict(self, held: _Held) -> Verdict:
        server = self._look.figures if self._look else Figures(None)
        sample = self._means.extent.sample is not None
        verdict = judge(self.collection, server, held.figures, gaps=len(held.faulty), sample=sample)
        refused = self._walks.progress.refused
        if refused and not sample:
            shown = ", ".join(list(refused)[:_SHOWN_KEYS])
            reason = f"{len(refused)} rows that Sonar cannot give: {shown}"
            return Verdict("incomplete", "incomplete", reason)
        if verdict.agrees and self._contradicted:
            return Verdict("incomplete", "incomplete", f"a second witness {self.witness}")
        if verdict.grade == "proven" and (self.witness or "").startswith(DIFFERS):
            return replace(verdict, grade="counted", reason=f"a second witness {self.witness}")
        if not verdict.agrees and self._look is not None and self._look.problem:
            return replace(verdict, reason=f"{verdict.reason}: {self._look.problem}")
        return verdict

    def _parts(self) -> tuple[ranges.Range, ...]:
        """Return the ranges to walk side by side."""
        count, sums = self.counted, self._look.figures.sums if self._look else {}
        if count == 0 and sums.get("max(id)") is None:
            return ()
        lowest, highest = sums.get("min(id)"), sums.get("max(id)")
        if count is None or lowest is None or highest is None:
            return ranges.split(None, None, 1)
        most = 2 * self._means.sonar.manners.workers
        parts = min(most, count // (_PAGES_A_RANGE * self._reader.pace.size))
        return ranges.split(int(lowest), int(highest), max(1, parts))

    def _is_known(self) -> bool:
        """Whether the state is of the same question, whatever was refused of it."""
        known = self._state.selection.split(" ")[0] if self._state else ""
        return known == self._reader.asks.split(" ")[0]

    @property
    def _leaves(self) -> tuple[str, ...]:
        return int_leaves(self._means.schema, self.collection, self._reader.selection)
