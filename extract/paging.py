"""The walks over a collection: keyset, page numbers, and one answer (pure: they take a fetch).

A walk yields batches of rows and yields no row twice. It never ends because a page was short: a
keyset walk ends when nothing comes after the last id, twice in a row; a page walk at an empty page.
Whether that was everything is for the server's count to say.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass

from runtime.errors import FatalSourceError

_EMPTY_LOOKS = 2  # an index behind the API may answer empty once
_STALE_PAGES = 3  # pages without a new row before a page walk is taken for stuck
_BEFORE_ALL = -1


@dataclass(frozen=True, slots=True)
class Row:
    """A row's key and its payload, the JSON bytes that Sonar sent."""

    key: str
    payload: bytes


FetchAfter = Callable[[int, int], Awaitable[Sequence[Row]]]
FetchPage = Callable[[int, int], Awaitable[Sequence[Row]]]


async def keyset(
    fetch: FetchAfter, size: int, limit: int | None = None
) -> AsyncIterator[Sequence[Row]]:
    """Walk by id; `fetch(last, size)` returns rows with ids above `last`, lowest first.

    Args:
        fetch: reads one page.
        size: rows asked for at a time.
        limit: stop after this many rows (a sample).

    Raises:
        FatalSourceError: the server gives rows that were not asked for, so the walk would not end.
    """
    last, empty, seen = _BEFORE_ALL, 0, 0
    while empty < _EMPTY_LOOKS:
        wanted = size if limit is None else min(size, limit - seen)
        if wanted <= 0:
            return
        page = await fetch(last, wanted)
        fresh = {int(row.key): row for row in page if int(row.key) > last}
        if page and not fresh:
            raise FatalSourceError(f"Sonar gives rows again that lie before id {last}")
        if not fresh:
            empty += 1
            continue
        empty = 0
        last = max(fresh)
        seen += len(fresh)
        yield [fresh[number] for number in sorted(fresh)]


async def pages(
    fetch: FetchPage, size: int, limit: int | None = None
) -> AsyncIterator[Sequence[Row]]:
    """Walk by page number from 1; `fetch(page, size)` returns that page, empty after the last.

    Raises:
        FatalSourceError: page after page repeats rows, so the server does not turn pages.
    """
    seen: set[str] = set()
    number, stale = 0, 0
    while limit is None or len(seen) < limit:
        number += 1
        page = await fetch(number, size)
        if not page:
            return
        fresh = {row.key: row for row in page if row.key not in seen}
        stale = 0 if fresh else stale + 1
        if stale == _STALE_PAGES:
            raise FatalSourceError(f"Sonar repeats the same rows up to page {number}")
        seen |= fresh.keys()
        if fresh:
            kept = list(fresh.values())
            yield kept if limit is None else kept[: limit - len(seen) + len(fresh)]


async def whole(rows: Sequence[Row], limit: int | None = None) -> AsyncIterator[Sequence[Row]]:
    """Yield the rows of one unpaged answer, each key once."""
    unique = list({row.key: row for row in rows}.values())
    if unique:
        yield unique[:limit]
