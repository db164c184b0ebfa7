"""One row on its way into Splynx, and what the ledger keeps of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from zlib import crc32

import orjson

from load.rest.bodies import Body, Draft
from load.rest.intents import Entry, Excluded
from load.rest.planning import WRITTEN
from load.rest.rows import Known

PARKED = "module_off"
_HALF = 2**31  # a mark fits into the signed integers of Postgres


class Fate(Enum):
    """How far a row has come."""

    WAITING = "waiting"
    THERE = "there"
    PROVEN = "proven"
    OUT = "out"
    PARKED = "parked"


@dataclass(slots=True, eq=False)
class Job:
    """A row to bring into Splynx. `known` is what the ledger says of it, None: nothing.

    `open` are the attributes in which Splynx differed when it was last read, `kept` those that
    staff have changed and Sonar has not, by the marks `base` of what we wrote before.
    """

    draft: Draft
    known: Known | None
    fate: Fate = Fate.WAITING
    id: int | None = None
    body: Body | None = None
    open: frozenset[str] = field(default_factory=frozenset)
    base: Sequence[int] | None = None
    kept: frozenset[str] = field(default_factory=frozenset)
    was_created: bool = False
    was_changed: bool = False

    @property
    def name(self) -> str:
        """Table and record, for messages."""
        return f"{self.draft.shape.name} {self.draft.sonar_key}"

    @property
    def exists(self) -> bool:
        """Whether an earlier run has certainly brought it into Splynx."""
        if self.known is None:
            return False
        return self.known.target_id is not None if self.draft.shape.has_id else self.was_written

    @property
    def was_written(self) -> bool:
        """Whether it has been in Splynx as it should be, before this run."""
        return self.known is not None and self.known.state == WRITTEN

    @property
    def is_out(self) -> bool:
        """Whether it was refused, or is not as it should be."""
        return self.fate is Fate.OUT

    @property
    def ready(self) -> Body:
        """The body that was made for it.

        Raises:
            ValueError: it has none yet.
        """
        if self.body is None:
            raise ValueError(f"{self.name} has no body yet")
        return self.body

    def theirs(self, names: Iterable[str]) -> frozenset[str]:
        """Return those of the attributes that Sonar has not changed since they were written."""
        now = dict(zip(sorted(self.ready.whole), marks(self.ready), strict=True))
        if self.base is None or len(self.base) != len(now):
            return frozenset()
        before = dict(zip(now, self.base, strict=True))
        return frozenset(name for name in names if name in now and before[name] == now[name])

    def entries(self, *, is_named: bool) -> list[Entry]:
        """Return what the ledger keeps: the row, and the rows that travel inside it."""
        draft, body = self.draft, self.ready
        old = self.known.hash if self.known and self.was_written else None
        own = Entry(
            table=draft.shape.name,
            sonar_key=draft.sonar_key,
            customer_key=draft.customer_key,
            key=self._key() if is_named else dict.fromkeys(draft.shape.mart.key),
            hash=body.hash,
            old_hash=old,
            planned=draft.planned_id,
            target=self.id if is_named else None,
            base=marks(body),
        )
        return [own, *self._inside(old, is_named=is_named)]

    def _key(self) -> dict[str, int | str | None]:
        shape, body = self.draft.shape, self.ready
        if shape.has_id:
            return {"id": self.id}
        return {
            column: body.places.get(column) or body.whole.get(shape.attributes.get(column, column))
            for column in shape.mart.key
        }

    def _inside(self, old: str | None, *, is_named: bool) -> list[Entry]:
        return [
            Entry(
                table=part.shape.name,
                sonar_key=row.sonar_key,
                customer_key=self.draft.customer_key,
                key={
                    column: row.values[column] if is_named else None
                    for column in part.shape.mart.key
                },
                hash=self.ready.hash,
                old_hash=old,
            )
            for part in self.draft.shape.parts
            for row in self.draft.parts.get(part.shape.name, ())
        ]

    def excluded(
        self, cause: str, message: str, *, code: int | None = None, column: str | None = None
    ) -> list[Excluded]:
        """Return why it stays out, for the row and for those inside it."""
        draft = self.draft
        rows = [(draft.shape.name, draft.sonar_key)]
        rows += [(table, row.sonar_key) for table, held in draft.parts.items() for row in held]
        return [
            Excluded(
                Entry(table, key, draft.customer_key, {}, ""),
                cause if place == 0 or cause == PARKED else "reference",
                message if place == 0 else f"goes with {self.name}",
                code if place == 0 else None,
                column if place == 0 else None,
            )
            for place, (table, key) in enumerate(rows)
        ]


def marks(body: Body) -> list[int]:
    """Return a mark of each attribute's value, in the order of their names. Pure."""
    texts = (orjson.dumps(value) for _, value in sorted(body.whole.items()))
    return [crc32(text) - _HALF for text in texts]


def parents_first(jobs: Sequence[Job]) -> list[Job]:
    """Return the jobs of a cluster so that a row follows the one of its mart that it leads to.

    Order is kept otherwise; rows that lead to each other in a circle come in the order given. Pure.
    """
    holders = {(job.draft.shape.name, str(job.draft.planned_id)): job for job in jobs}
    placed: dict[int, Job] = {}
    for start in jobs:
        chain = [start]
        while chain:
            above = _above(chain[-1], holders)
            if above is None or id(above) in placed or above in chain:
                placed.setdefault(id(chain[-1]), chain.pop())
            else:
                chain.append(above)
    return list(placed.values())


def _above(job: Job, holders: Mapping[tuple[str, str], Job]) -> Job | None:
    """Return the job that brings the row of its own mart that a job leads to."""
    shape = job.draft.shape
    own = (r.column for r in shape.references if r.to_mart == shape.name)
    found = (holders.get((shape.name, str(job.draft.row.values[column]))) for column in own)
    return next((one for one in found if one is not None and one is not job), None)


def members(jobs: Sequence[Job]) -> int:
    """Return how many customers the jobs of a cluster are of; else rows."""
    return len({job.draft.customer_key or job.draft.sonar_key for job in jobs})
