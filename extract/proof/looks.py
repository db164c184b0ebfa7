"""Looks at many collections at once: their counts, their totals, and how much changed since when.

A look reads no rows. Ten collections share a request; a request that fails is halved, and what
fails alone is asked piece by piece, so that one field that Sonar cannot total costs that total and
nothing else. What remains of a failure is in the look, not raised: one collection must not hide
the others.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, TypeAlias

from extract.catalogue.discovery import Collection, Kind
from extract.proof.judgement import Figures, Total, server_figures
from extract.proof.totals import aggregators, counted, document, query
from extract.reading.rows import connection
from extract.sonar.client import Answered, Sonar, Tally
from extract.sonar.failures import Denied, RateLimited, Unreachable
from runtime.errors import FatalSourceError, RetriableSourceError, SourceError

logger = logging.getLogger(__name__)

BATCH = 10  # collections a request: a third of a page's cost each, and a failure halves quickly
_BATCH_RETRIES = 1  # smaller requests are the better second attempt

_CHANGED = (
    '{{datetime_fields: [{{attribute: "updated_at", search_value: ${since}, operator: GTE}}]}}'
)

_Tallied: TypeAlias = Tally | None


@dataclass(frozen=True, slots=True)
class Asked:
    """What a look asks of one collection.

    `since` adds the number of rows that changed at or after it; collections without filters are not
    asked that. `int_leaves` are the Int fields to be totalled beside id.
    """

    collection: Collection
    since: datetime | None = None
    int_leaves: tuple[str, ...] = ()

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields to be totalled; none where the schema has no aggregation over ids."""
        if not (self.collection.has_aggregation and self.collection.has_id):
            return ()
        return ("id", *self.int_leaves)

    @property
    def asks_changed(self) -> bool:
        """Whether the number of changed rows is asked for."""
        return self.since is not None and self.collection.kind is Kind.FULL


@dataclass(frozen=True, slots=True)
class Look:
    """What Sonar says of a collection.

    `changed` is None where it was not asked or not answered. `at` is Sonar's own time of the
    answer, in UTC; ours where Sonar sends none. `problem` says why there are no figures, `denied`
    whether that is for want of rights.
    """

    figures: Figures
    changed: int | None
    at: datetime
    problem: str | None = None
    denied: bool = False


@dataclass(slots=True)
class _Question:
    """One request under way: root fields, the variables that they use, their values."""

    fields: list[str] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)

    def add(self, alias: str, collection: Collection, totalled: Sequence[str]) -> None:
        """Ask for the count of a collection, and for the totals of some fields."""
        sums = None
        if totalled:
            sums = self._variable(f"{alias}_sums", "[Aggregator!]!", aggregators(totalled))
        self.fields.append(counted(collection, alias, sums=sums))

    def add_changed(self, alias: str, asked: Asked) -> None:
        """Ask how many rows changed since."""
        if asked.since is None:
            return
        moment = asked.since.astimezone(UTC).isoformat(timespec="seconds")
        since = self._variable(f"{alias}_since", "Datetime!", moment)
        search = _CHANGED.format(since=since)
        self.fields.append(counted(asked.collection, alias, search=search))

    async def put(self, sonar: Sonar, tally: _Tallied, *, retries: int | None = None) -> Answered:
        """Send it."""
        asked = query(document("Look", self.variables, self.fields))
        return await sonar.ask(asked.with_values(**self.values), tally, retries=retries)

    def _variable(self, name: str, kind: str, value: object) -> str:
        self.variables[name] = kind
        self.values[name] = value
        return name


async def look(
    sonar: Sonar, asked: Sequence[Asked], tally: Tally | None = None, *, together: int = BATCH
) -> dict[str, Look]:
    """Return a look at each collection, by name; requests run side by side, of `together` each.

    Collections that say no count are not asked: their figures are empty.

    Raises:
        Unreachable, ConfigError: no collection can be looked at.
    """
    countable = [one for one in asked if one.collection.has_total]
    batches = [countable[start : start + together] for start in range(0, len(countable), together)]
    looks = {one.collection.name: Look(Figures(None), None, datetime.now(UTC)) for one in asked}
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(_batch(sonar, batch, tally)) for batch in batches]
    except BaseExceptionGroup as problems:
        raise problems.exceptions[0] from None
    for task in tasks:
        looks |= task.result()
    return looks


async def _batch(sonar: Sonar, batch: Sequence[Asked], tally: _Tallied) -> dict[str, Look]:
    alone = len(batch) == 1
    try:
        return await _together(sonar, batch, tally, None if alone else _BATCH_RETRIES)
    except Unreachable:
        raise
    except RateLimited as exc:  # asking for less would be asking more often
        return {one.collection.name: _failed(exc) for one in batch}
    except (FatalSourceError, RetriableSourceError) as exc:
        if alone:
            return {batch[0].collection.name: await _piecemeal(sonar, batch[0], tally, exc)}
    middle = len(batch) // 2
    halves = [await _batch(sonar, half, tally) for half in (batch[:middle], batch[middle:])]
    return halves[0] | halves[1]


async def _together(
    sonar: Sonar, batch: Sequence[Asked], tally: _Tallied, retries: int | None
) -> dict[str, Look]:
    question = _Question()
    for number, one in enumerate(batch):
        question.add(f"c{number}", one.collection, one.fields)
        if one.asks_changed:
            question.add_changed(f"c{number}_changed", one)
    retries = None if retries is None else min(retries, sonar.manners.retries)
    answer = await question.put(sonar, tally, retries=retries)
    return {
        one.collection.name: Look(
            figures=server_figures(connection(answer.get(f"c{number}"))),
            changed=_changed(answer, f"c{number}_changed") if one.asks_changed else None,
            at=_moment(answer),
        )
        for number, one in enumerate(batch)
    }


async def _piecemeal(sonar: Sonar, one: Asked, tally: _Tallied, cause: SourceError) -> Look:
    """Ask for less and less until Sonar answers; then for the rest, each on its own."""
    name = one.collection.name
    logger.warning("event=look_in_pieces collection=%s cause=%s", name, cause)
    least: Look | None = None
    for fields in (one.fields[:1], ()) if one.fields else ((),):
        try:
            least = await _count(sonar, one.collection, fields, tally)
            break
        except Unreachable:
            raise
        except (FatalSourceError, RetriableSourceError) as exc:
            cause = exc
    if least is None:
        return _failed(cause)
    sums = dict(least.figures.sums)
    if sums:
        sums |= await _leaves(sonar, one.collection, one.int_leaves, tally)
    changed = await _changed_alone(sonar, one, tally) if one.asks_changed else None
    return replace(least, figures=Figures(least.figures.count, sums), changed=changed)


async def _count(
    sonar: Sonar, collection: Collection, fields: Sequence[str], tally: _Tallied
) -> Look:
    question = _Question()
    question.add("c0", collection, fields)
    answer = await question.put(sonar, tally)
    return Look(server_figures(connection(answer.get("c0"))), None, _moment(answer))


async def _leaves(
    sonar: Sonar, collection: Collection, leaves: Sequence[str], tally: _Tallied
) -> dict[str, Total]:
    """Return the totals of the leaves that Sonar can total, found by halving."""
    if not leaves:
        return {}
    try:
        return dict((await _count(sonar, collection, leaves, tally)).figures.sums)
    except Unreachable:
        raise
    except (FatalSourceError, RetriableSourceError):
        if len(leaves) == 1:
            logger.warning("event=no_totals collection=%s field=%s", collection.name, leaves[0])
            return {}
    middle = len(leaves) // 2
    first = await _leaves(sonar, collection, leaves[:middle], tally)
    return first | await _leaves(sonar, collection, leaves[middle:], tally)


async def _changed_alone(sonar: Sonar, one: Asked, tally: _Tallied) -> int | None:
    question = _Question()
    question.add_changed("c0", one)
    try:
        return _changed(await question.put(sonar, tally), "c0")
    except Unreachable:
        raise
    except (FatalSourceError, RetriableSourceError) as exc:
        logger.warning("event=no_changes collection=%s cause=%s", one.collection.name, exc)
        return None


def _changed(answer: Answered, alias: str) -> int | None:
    return connection(answer.get(alias)).total


def _moment(answer: Answered) -> datetime:
    return answer.date or datetime.now(UTC)


def _failed(cause: SourceError) -> Look:
    denied = isinstance(cause, Denied)
    return Look(Figures(None), None, datetime.now(UTC), problem=str(cause), denied=denied)
