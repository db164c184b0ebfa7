"""One row on its way into Splynx, and what the ledger keeps of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from load.rest.bodies import Body, Draft
from load.rest.intents import Entry, Excluded, Image
from load.rest.marks import by_name, found_marks, marks
from load.rest.planning import WRITTEN
from load.rest.rows import Known

PARKED = "module_off"


class Fate(Enum):
    """How far a row has come."""

    WAITING = "waiting"
    THERE = "there"
    PROVEN = "proven"
    OUT = "out"
    PARKED = "parked"
    VANISHED = "vanished"


@dataclass(slots=True, eq=False)
class Job:
    """A row to bring into Splynx. `known` is what the ledger says of it, None: nothing.

    `record` is what Splynx held when it was last read. Of the attributes in which it differed,
    `open` are to be changed; `kept` are those that staff have changed and Sonar has not, by the
    marks `base` of what we wrote before; `contested` those that both have changed, and that stay as
    staff have them. `maker` is the row of Splynx that makes it, `is_maker_new` whether this run has
    brought that one. `was_resent`: it was in doubt, and may be there twice. `is_kept`: what it held
    before is in the ledger.
    """

    draft: Draft
    known: Known | None
    fate: Fate = Fate.WAITING
    id: int | None = None
    body: Body | None = None
    record: Mapping[str, Any] | None = None
    open: frozenset[str] = field(default_factory=frozenset)
    base: list[int] | None = None
    kept: frozenset[str] = field(default_factory=frozenset)
    contested: frozenset[str] = field(default_factory=frozenset)
    maker: tuple[str, int] | None = None
    is_maker_new: bool = False
    is_kept: bool = False
    was_resent: bool = False
    was_created: bool = False
    was_changed: bool = False
    _marked: tuple[Body, list[int]] | None = None

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
    def was_there(self) -> bool:
        """Whether it was in Splynx before this run, whoever brought it."""
        return self.exists or (self.maker is not None and not self.is_maker_new)

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

    def sort_out(
        self,
        wrong: Iterable[str],
        record: Mapping[str, Any],
        fields: Collection[str],
        *,
        overwrites: bool = False,
    ) -> None:
        """Say for each attribute that Splynx shows otherwise whose it is: `open`, or not ours.

        Without marks of what was there before, or with marks of other attributes, it is ours.
        """
        shape = self.draft.shape
        before = by_name(shape, self.base)
        now = by_name(shape, self._marks()) if before else {}
        found = found_marks(shape, record, fields) if before else {}
        named = [name for name in wrong if name in before]
        self.kept = frozenset(name for name in named if before[name] == now[name])
        both = {name for name in named if found[name] != before[name]} - self.kept
        self.contested = frozenset() if overwrites else frozenset(both)
        self.open = frozenset(wrong) - self.kept - self.contested

    def _marks(self) -> list[int]:
        """Return the marks of the body; they are made once for each body."""
        if self._marked is None or self._marked[0] is not self.ready:
            self._marked = self.ready, marks(self.ready)
        return self._marked[1]

    def columns(self, attributes: Iterable[str]) -> list[str]:
        """Return the mart's names of attributes."""
        column_of = {attribute: name for name, attribute in self.draft.shape.attributes.items()}
        return sorted(column_of.get(name, name) for name in attributes)

    def image(self, record: Mapping[str, Any]) -> Image:
        """Return what a change is about to replace."""
        known, ready = self.known, self.ready
        return Image(
            entry=self.entries(is_named=True)[0],
            item=ready.item(self.id),
            record={name: record.get(name) for name in self.draft.shape.sent},
            state=known.state if known and self.exists else "",
            hash=known.hash if known else "",
        )

    def entries(self, *, is_named: bool) -> list[Entry]:
        """Return what the ledger keeps: the row, and the rows that travel inside it."""
        draft, body = self.draft, self.ready
        old = self.known.hash if self.known and self.was_written else None
        base = self._marks()
        if self.contested and self.base is not None:  # they stay open between the two sides
            left = (name in self.contested for name in draft.shape.sent)
            base = [b if stays else n for b, n, stays in zip(self.base, base, left, strict=True)]
        own = Entry(
            table=draft.shape.name,
            sonar_key=draft.sonar_key,
            customer_key=draft.customer_key,
            key=self._key() if is_named else dict.fromkeys(draft.shape.mart.key),
            hash=old if old and self.contested else body.hash,
            old_hash=old,
            planned=draft.planned_id,
            target=self.id if is_named else None,
            base=base,
            before=self.base,
            is_new=not self.exists,
            api=self._api(is_named=is_named),
        )
        return [own, *self._inside(old, is_named=is_named)]

    def _api(self, *, is_named: bool) -> dict[str, object]:
        if is_named:
            item: dict[str, object] = {"item": self.ready.item(self.id)}
            return {**item, "by": self.maker} if self.maker else item
        main, additional = self.ready.known_by
        path = self.ready.path if self.draft.shape.path else ""
        return {"path": path, "main": main, "additional": additional}

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
                api={"in": [self.draft.shape.name, self.draft.sonar_key]},
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
