"""The writing of a plan over REST: clusters side by side, the rows of one in order.

A cluster goes parents first. What it made is read back; where Splynx holds something else, that is
changed once, and read again. Only when every row is there as it should be, late attributes get
their values, in the other direction: the status of the customers comes last of all. A row that is
refused keeps the rest of its cluster from being sent, and its customers stay as they were created.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from load.mysql.quarantine import StopRule
from load.rest.bodies import Ids, Missing, body
from load.rest.budget import Clock
from load.rest.client import Manners, Splynx
from load.rest.failures import Failure, Invalid, ModuleOff, NotFound
from load.rest.intents import Edit, Ledger
from load.rest.jobs import PARKED, Fate, Job, members, parents_first
from load.rest.lookups import Records, Unclear, made_id
from load.rest.planning import WAITING
from load.rest.readback import Reader, listed_at
from load.rest.sending import Arrived, Doubtful, Sending
from load.rest.shapes import Shapes
from load.rest.twins import remove_twins
from runtime.errors import FatalTargetError, MigrationError
from runtime.progress import Progress

logger = logging.getLogger(__name__)

_ALONG = "goes with "
_AHEAD = 8  # clusters at work for each request at a time: the others wait for the ledger


@dataclass(slots=True)
class Written:
    """What a load over REST did.

    `kept` are rows with attributes that staff have changed, `contested` those with attributes that
    Sonar has changed too, `vanished` those that staff have deleted, `refused` are rows at fault;
    one line each. `twins` are second copies that were removed.
    """

    created: int = 0
    found: int = 0
    changed: int = 0
    proven: int = 0
    deleted: int = 0
    twins: int = 0
    contested: list[str] = field(default_factory=list)
    vanished: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    parked: dict[str, int] = field(default_factory=dict)
    stopped: str | None = None


class _Vanished(Exception):  # noqa: N818 - named for what happened
    """A row that was in Splynx is there no more."""


class Writing:
    """One load at work, in one event loop.

    `incomplete` clusters have a row, named there, that cannot be sent: nothing late is set in them.
    `fields` are the additional fields of ours by table; `overwrites`: what staff and Sonar both
    changed becomes Sonar's.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - what a load works with
        self,
        splynx: Splynx,
        shapes: Shapes,
        ids: Ids,
        ledger: Ledger,
        manners: Manners,
        incomplete: Mapping[str, str],
        progress: Progress,
        clock: Clock | None = None,
        *,
        fields: Mapping[str, frozenset[str]] | None = None,
        overwrites: bool = False,
    ) -> None:
        self.result = Written()
        self._fields = fields or {}
        self._overwrites = overwrites
        self._doubtful: list[Sequence[Job]] = []
        self._created: set[tuple[str, int]] = set()
        self._splynx = splynx
        self._shapes = shapes
        self._ids = ids
        self._ledger = ledger
        self._tasks = manners.workers * _AHEAD
        self._sending = Sending(splynx, ledger, manners, clock or Clock())
        self._reader = Reader(splynx)
        self._incomplete = incomplete
        self._parked: dict[str, str] = {}
        self._parked_rows: set[tuple[str, str]] = set()
        self._progress = progress
        self._stop = StopRule()
        self._going: list[Job] = []

    async def carry_out(self, clusters: Iterable[Sequence[Job]]) -> None:
        """Write clusters, several at a time; those of one call do not need each other.

        Raises:
            MigrationError: Splynx is out of reach, or a right is missing. Run again to go on.
        """
        source, reading = iter(clusters), asyncio.Lock()
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(self._tasks):
                    group.create_task(self._work(source, reading))
        except BaseExceptionGroup as failed:
            raise _first(failed) from None

    async def finish(self) -> None:
        """Do what waited for all else: settle what may be there twice, delete what is to go."""
        await asyncio.gather(*(self._settle(jobs) for jobs in self._doubtful))
        for job in self._going:
            try:
                await self._save(job)
                await self._splynx.delete(job.ready.item(job.id))
            except NotFound:
                pass
            except (FatalTargetError, ModuleOff) as exc:
                await self._refuse(job, "server", exc)
                continue
            self.result.deleted += 1
            await self._prove(job)

    async def _work(self, source: Iterator[Sequence[Job]], reading: asyncio.Lock) -> None:
        while not self.result.stopped:
            async with reading:
                taken = await asyncio.to_thread(lambda: list(islice(source, 1)))
            if not taken:
                return
            await self._write(taken[0])

    async def _write(self, jobs: Sequence[Job]) -> None:
        """Bring one cluster into Splynx."""
        seen: Records = {}
        guilty: str | None = None
        for job in (jobs := parents_first(jobs)):
            if guilty is None:
                await self._guarded(job, self._bring(job, seen))
                guilty = job.name if job.is_out else None
            else:
                await self._leave_out(job, "reference", f"{_ALONG}{guilty}")
        there = [job for job in jobs if job.fate is Fate.THERE]
        await asyncio.gather(*(self._guarded(job, self._check(job)) for job in there))
        if any(job.was_resent for job in there):
            self._doubtful.append(jobs)
        else:
            await self._activate(jobs)

    async def _settle(self, jobs: Sequence[Job]) -> None:
        """Finish a cluster with rows that were sent again: by now a first sending shows."""
        for job in jobs:
            if job.was_resent and job.fate is Fate.THERE:
                await self._guarded(job, self._alone(job))
        await self._activate(jobs)

    async def _alone(self, job: Job) -> None:
        removed = await remove_twins(self._splynx, self._ledger, self._shapes, job)
        self.result.twins += removed

    async def _activate(self, jobs: Sequence[Job]) -> None:
        """Set what is late in a cluster, and write down what is as it should be."""
        there = [job for job in jobs if job.fate is Fate.THERE]
        guilty = next((job.name for job in jobs if job.is_out), None)
        if guilty is None:
            self._stop.written(members(jobs))
        lacking = None if guilty else self._incomplete.get(jobs[0].draft.cluster)
        guilty = guilty or lacking
        for job in reversed(there):
            if job.fate is not Fate.THERE or not _ends_late(job):
                continue
            if guilty is None:
                await self._guarded(job, self._complete(job))
                guilty = job.name if job.is_out else None
            else:
                await self._leave_out(job, "reference", f"{_ALONG}{guilty}")
                if lacking:
                    await self._wait(job)
        await asyncio.gather(*(self._keep(job) for job in there if job.fate is Fate.THERE))
        self._progress.advance(len(jobs))

    async def _guarded(self, job: Job, work: Awaitable[None]) -> None:
        """Do something for a job; what fails for good becomes its fate."""
        try:
            await work
        except Unclear as exc:
            await self._leave_out(job, "found_twice", str(exc))
        except Doubtful as exc:
            await self._failed(job, exc.cause)
        except _Vanished:
            if job.was_written:
                await self._vanished(job)
            else:
                await self._leave_out(job, "differs", "it is not in Splynx any more")
        except (FatalTargetError, ModuleOff) as exc:
            if job.fate is Fate.WAITING or job.was_written:
                await self._ledger.drop(job.entries(is_named=job.exists))
            await self._failed(job, exc)

    async def _failed(self, job: Job, exc: MigrationError) -> None:
        if isinstance(exc, ModuleOff):
            await self._park(job, self._parked.setdefault(job.draft.shape.name, str(exc)))
        else:
            await self._refuse(job, "server", exc)

    async def _bring(self, job: Job, seen: Records) -> None:
        """Have the row exist in Splynx, and its id known."""
        shape = job.draft.shape
        job.body = body(job.draft, self._ids)
        if (made := job.draft.made) is not None:
            planned = int(job.draft.row.values[made.column] or 0)
            if (maker := self._ids.target(made.by, planned)) is not None:
                job.maker = made.by, maker
                job.is_maker_new = job.maker in self._created
        if reason := self._parked.get(shape.name):
            await self._park(job, reason)
        elif missing := job.body.missing:
            await self._wait_for(job, missing[0])
        elif job.exists:
            job.id = job.known.target_id if job.known else None
            job.base = await self._ledger.base(shape.name, job.draft.sonar_key)
            if not job.known or job.known.hash != job.body.hash:
                await self._ledger.intend(job.entries(is_named=True))
            job.fate = Fate.THERE
        else:
            await (self._meet(job, seen) if job.draft.made else self._create(job))

    async def _create(self, job: Job) -> None:
        async def arrive(arrived: Arrived) -> None:
            job.id = arrived.id
            job.was_created, job.was_resent = not arrived.was_found, arrived.was_resent
            await self._arrived(job)

        entries = job.entries(is_named=False)
        await self._sending.create(job.ready, entries, arrive, in_doubt=job.known is not None)

    async def _meet(self, job: Job, seen: Records) -> None:
        """Find the row that Splynx has made itself."""
        found = await made_id(
            self._splynx, self._reader, self._ledger, self._shapes, self._ids, job.ready, seen
        )
        if found is None:
            by = job.draft.made.by if job.draft.made else ""
            await self._leave_out(job, "server", f"Splynx made no such row for its row of {by}")
            return
        job.id = found if job.draft.shape.has_id else None
        await self._ledger.intend(job.entries(is_named=False))
        await self._arrived(job)

    async def _arrived(self, job: Job) -> None:
        job.fate = Fate.THERE
        planned = job.draft.planned_id
        if planned is not None and job.id is not None:
            self._ids.learn(job.draft.shape.name, planned, job.id)
        await self._ledger.name(job.entries(is_named=True))
        if job.was_created and job.id is not None:
            self._created.add((job.draft.shape.name, job.id))
        self.result.created += job.was_created
        self.result.found += not job.was_created

    async def _check(self, job: Job) -> None:
        """Read a row back; have Splynx change what can be changed already."""
        shape = job.draft.shape
        later = {*shape.late, *shape.computed.values()}
        if given := self._given(job, later):
            await self._change(job, given)
        else:
            await self._look(job, later)
        now = {name: job.ready.whole[name] for name in job.open - later if name in job.ready.whole}
        if now and shape.can_change:
            await self._change(job, now)
        if wrong := job.open - later:
            await self._differs(job, wrong)

    def _given(self, job: Job, later: Collection[str]) -> dict[str, object]:
        """Return what to set in a row before it is read: Splynx has just made it, or will so.

        Only where reading it takes a request of its own; what lists show is rather compared.
        """
        shape = job.draft.shape
        is_new = job.is_maker_new or "?" in shape.item  # there a PUT makes what is not there
        if not (is_new and job.known is None and shape.can_change):
            return {}
        if listed_at(job.ready, job.id) is not None:
            return {}
        return {name: value for name, value in job.ready.create.items() if name not in later}

    async def _complete(self, job: Job) -> None:
        """Set late attributes, and read the row back as a whole."""
        shape, before = job.draft.shape, job.ready
        job.body = body(job.draft, self._ids)
        late = {
            name: job.body.whole[name]
            for name, first in shape.late.items()
            if (name in job.open or job.body.whole[name] != before.whole[name])
            and (name in job.body.late or job.body.whole[name] == first)
        }
        if late:
            await self._change(job, late)
        elif job.open:  # seen while other rows of the cluster were still being changed
            await self._look(job)
        if job.open:
            await self._differs(job, job.open)

    async def _save(self, job: Job) -> None:
        """Keep what a row holds that was there before the run."""
        if job.record is None or job.is_kept or not job.was_there:
            return
        await self._ledger.keep(job.image(job.record))
        job.is_kept = True

    async def _change(self, job: Job, values: Mapping[str, object]) -> None:
        await self._save(job)
        await self._splynx.update(job.ready.item(job.id), values)
        self.result.changed += not (job.was_created or job.was_changed)
        job.was_changed = True
        await self._look(job)

    async def _look(self, job: Job, late: Collection[str] = ()) -> None:
        seen = await self._reader.look(job.ready, job.id, late)
        if seen is None and not job.draft.is_gone:
            raise _Vanished
        job.record = seen.record if seen else None
        fields = self._fields.get(job.draft.shape.name, frozenset())
        wrong, record = (seen.wrong, seen.record) if seen else ([], {})
        job.sort_out(wrong, record, fields, overwrites=self._overwrites)

    async def _wait(self, job: Job) -> None:
        """Note that a row lacks only what is late: until that can be set, it is left alone."""
        entries = job.entries(is_named=True)
        await self._ledger.intend([replace(one, hash=one.hash + WAITING) for one in entries])

    async def _keep(self, job: Job) -> None:
        if job.draft.is_gone:
            self._going.append(job)
        else:
            await self._prove(job)

    async def _prove(self, job: Job) -> None:
        job.fate = Fate.PROVEN
        self.result.proven += 1
        if job.kept:
            self.result.kept.append(f"{job.name}: {', '.join(sorted(job.kept))}")
        if job.contested:
            self.result.contested.append(f"{job.name}: {', '.join(sorted(job.contested))}")
        entries = job.entries(is_named=True)
        await self._ledger.prove(entries)
        if job.exists:
            kind = "conflict" if job.contested else "edited" if job.kept else None
            columns = job.columns(job.contested or job.kept)
            await self._ledger.edited(Edit(entries[0], kind, columns))

    async def _vanished(self, job: Job) -> None:
        """Leave a row deleted that staff have deleted."""
        job.fate = Fate.VANISHED
        entries = job.entries(is_named=True)
        await self._ledger.drop(entries)
        await self._ledger.edited(Edit(entries[0], "vanished"))
        self.result.vanished.append(job.name)

    async def _wait_for(self, job: Job, missing: Missing) -> None:
        """Leave out a row that leads to one that is not in Splynx."""
        if missing.table in self._parked:
            await self._park(job, self._parked[missing.table])
        elif (missing.table, missing.planned) in self._parked_rows:
            await self._park(job, f"leads to a row of {missing.table} that waits itself")
        else:
            said = f"leads to a row of {missing.table} that is not in Splynx"
            await self._leave_out(job, "reference", said, column=missing.column)

    async def _park(self, job: Job, reason: str) -> None:
        job.fate = Fate.PARKED
        name = job.draft.shape.name
        self._parked_rows.add((name, str(job.draft.planned_id)))
        self.result.parked[name] = self.result.parked.get(name, 0) + 1
        await self._ledger.exclude(job.excluded(PARKED, reason))

    async def _differs(self, job: Job, names: Iterable[str]) -> None:
        said = f"read back otherwise than it was sent: {', '.join(sorted(names))}"
        await self._leave_out(job, "differs", said, column=min(names))

    async def _refuse(self, job: Job, cause: str, exc: MigrationError) -> None:
        code = exc.status if isinstance(exc, Failure) else None
        problems = exc.problems if isinstance(exc, Invalid) else ()
        column = next((problem.field for problem in problems if problem.field), None)
        await self._leave_out(job, cause, str(exc), code=code, column=column)

    async def _leave_out(
        self,
        job: Job,
        cause: str,
        message: str,
        *,
        code: int | None = None,
        column: str | None = None,
    ) -> None:
        job.fate = Fate.OUT
        if not message.startswith(_ALONG):
            self.result.refused.append(f"{job.name}: {message}")
        if cause != "reference":
            stopped = self._stop.refused(1, code)
            self.result.stopped = self.result.stopped or stopped
        await self._ledger.exclude(job.excluded(cause, message, code=code, column=column))


def _ends_late(job: Job) -> bool:
    """Tell whether a row is complete only when the rest of its cluster is there."""
    shape = job.draft.shape
    return bool(shape.late or shape.computed)


def _first(failed: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return what stopped the others: our own words before anything else."""
    flat = list(_flat(failed))
    return next((exc for exc in flat if isinstance(exc, MigrationError)), flat[0])


def _flat(failed: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    for exc in failed.exceptions:
        if isinstance(exc, BaseExceptionGroup):
            yield from _flat(exc)
        else:
            yield exc
