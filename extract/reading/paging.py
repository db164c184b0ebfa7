"""The walks over a collection: by id, by page number, and one answer (pure: they take a fetch).

A walk yields no row twice, and it never ends because a page was short. By id it ends where its
range ends, or when nothing comes after the last id, twice in a row; by page number at an empty
page. Whether that was everything is for the server's figures to say. A page that fails for its size
is asked for in smaller parts, down to the single row at fault, which is named and left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass

from extract.reading.keys import Keys
from extract.reading.pace import Pace
from extract.reading.ranges import BEFORE_ALL
from extract.sonar.failures import TooMuch
from runtime.errors import FatalSourceError

_EMPTY_LOOKS = 2  # an index behind the API may answer empty once
_STALE_PAGES = 3  # pages without a new row before a page walk is taken for stuck
_HOPELESS = 20  # rows in a row that cannot be read: then it is not the rows


@dataclass(frozen=True, slots=True)
class Row:
    """A row's key and its payload, the JSON bytes that Sonar sent."""

    key: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows in order of id, and the id up to which everything is known now."""

    rows: Sequence[Row]
    at: int


Fetch = Callable[[int, int], Awaitable[Sequence[Row]]]
Skip = Callable[[int, TooMuch], Awaitable[int]]


@dataclass(frozen=True, slots=True)
class Part:
    """Which part of a collection is walked: ids in (after, until].

    `enough` ends the walk after so many rows, because the server said there are no more; `limit`
    does because no more are wanted.
    """

    after: int = BEFORE_ALL
    until: int | None = None
    enough: int | None = None
    limit: int | None = None


async def keyset(
    fetch: Fetch, pace: Pace, part: Part, skip: Skip | None = None
) -> AsyncIterator[Batch]:
    """Walk by id; `fetch(last, size)` returns rows with ids above `last`, lowest first.

    Args:
        fetch: reads one page.
        pace: how many rows are asked for; it learns from refusals here.
        part: where the walk begins and ends.
        skip: told the last id before a row that cannot be read, it names that row's id.

    Raises:
        FatalSourceError: the server gives rows that were not asked for, so the walk would not end.
        TooMuch: a single row cannot be read and there is no `skip`, or many rows running cannot.
    """
    last, empty, seen, skipped = part.after, 0, 0, 0
    while empty < _EMPTY_LOOKS and (wanted := _wanted(part, last, seen, pace.size)) > 0:
        try:
            page = await fetch(last, wanted)
        except TooMuch as exc:
            if wanted > 1:
                pace.refused(wanted, exc.page_maximum)
            elif skip is None or skipped == _HOPELESS:
                raise
            else:
                last, skipped = await skip(last, exc), skipped + 1
                pace.skipped()
                yield Batch((), _within(part, last))
            continue
        fresh = {int(row.key): row for row in page if int(row.key) > last}
        if page and not fresh:
            raise FatalSourceError(f"Sonar gives rows again that lie before id {last}")
        if not fresh:
            empty += 1
            continue
        empty = skipped = 0
        last = max(fresh)
        rows = [fresh[number] for number in sorted(fresh) if number <= _within(part, number)]
        seen += len(rows)
        yield Batch(rows, _within(part, last))


def _wanted(part: Part, last: int, seen: int, size: int) -> int:
    """Return how many rows to ask for next; 0 ends the walk."""
    if part.enough is not None and seen >= part.enough:
        return 0
    bounds = [size]
    if part.until is not None:
        bounds.append(part.until - last)
    if part.limit is not None:
        bounds.append(part.limit - seen)
    return max(0, min(bounds))


def _within(part: Part, number: int) -> int:
    return number if part.until is None else min(number, part.until)


async def pages(
    fetch: Fetch, size: int, *, by_id: bool, limit: int | None = None, skip: Skip | None = None
) -> AsyncIterator[Sequence[Row]]:
    """Walk by page number from 1; `fetch(page, size)` returns that page, empty after the last.

    Rows with an id are dropped when they come again. Of rows without one, equal rows are all kept,
    each under a key of its own. A page that fails is read in smaller pages that divide it, so that
    the places of all rows stay what they are.

    Raises:
        FatalSourceError: page after page repeats rows, so the server does not turn pages.
        TooMuch: a single row cannot be read and there is no `skip`, or many rows running cannot.
    """
    unseen = _unseen(by_id=by_id)
    offset, stale, taken, skipped, now = 0, 0, 0, 0, size
    before: tuple[str, ...] = ()
    recovers = False  # a row was at fault, not the size: back to it where whole pages fit again
    while limit is None or taken < limit:
        if recovers and offset % size == 0:
            now, recovers = size, False
        try:
            page = await fetch(offset // now + 1, now)
        except TooMuch as exc:
            if now > 1:
                now = _divisor(now, exc.page_maximum)
                continue
            if skip is None or skipped == _HOPELESS:
                raise
            await skip(offset, exc)
            offset, skipped, recovers = offset + 1, skipped + 1, True
            continue
        if not page:
            return
        skipped = 0
        offset += now
        fresh = unseen(page)
        keys = tuple(row.key for row in page)
        stale = stale + 1 if keys == before or not fresh else 0
        before = keys
        if stale == _STALE_PAGES:
            raise FatalSourceError(f"Sonar repeats the same rows up to row {offset}")
        fresh = fresh if limit is None else fresh[: limit - taken]
        taken += len(fresh)
        if fresh:
            yield fresh


def _divisor(size: int, maximum: int | None) -> int:
    """Return the largest smaller page that fits a whole number of times into one of `size`."""
    most = size // 2 if maximum is None else max(1, min(maximum, size - 1))
    return next(number for number in range(most, 0, -1) if size % number == 0)


def whole(rows: Sequence[Row], *, by_id: bool, limit: int | None = None) -> Sequence[Row]:
    """Return the rows of one unpaged answer, each key once."""
    return _unseen(by_id=by_id)(rows)[:limit]


def _unseen(*, by_id: bool) -> Callable[[Sequence[Row]], list[Row]]:
    """Return what leaves out rows that it was given before.

    Without ids none is left out: the n-th twin of a row gets the key `…#n`.
    """
    ids, times = Keys(), Counter[str]()

    def new(rows: Sequence[Row]) -> list[Row]:
        return [row for row in rows if ids.add(row.key)]

    def told_apart(rows: Sequence[Row]) -> list[Row]:
        named = []
        for row in rows:
            times[row.key] += 1
            number = times[row.key]
            named.append(row if number == 1 else Row(f"{row.key}#{number}", row.payload))
        return named

    return new if by_id else told_apart
