"""The walks: each row once, for any page size and order, while the table moves and pages fail."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extract.reading.pace import Pace
from extract.reading.paging import Batch, Part, Row, keyset, pages, whole
from extract.reading.ranges import as_json, from_json, split
from extract.sonar.failures import Oversized, TimedOut, TooMuch
from runtime.errors import FatalSourceError

IDS = st.sets(st.integers(0, 300), max_size=60)


def _row(number: int) -> Row:
    return Row(str(number), b'{"id": "%d"}' % number)


def _collect(walk: AsyncIterator[Sequence[Row]]) -> list[int]:
    async def run() -> list[int]:
        return [int(row.key.partition("#")[0]) async for batch in walk for row in batch]

    return asyncio.run(run())


async def _rows(walk: AsyncIterator[Batch]) -> AsyncIterator[Sequence[Row]]:
    async for batch in walk:
        yield batch.rows


class Table:
    """A collection that answers like Sonar, changes between requests, and fails as it is told."""

    def __init__(self, ids: set[int], changes: Sequence[tuple[str, int]] = ()) -> None:
        self.ids = set(ids)
        self.requests = 0
        self.changes = list(changes)
        self.bad: set[int] = set()
        self.largest: int | None = None
        self.names_largest = False

    def _change(self) -> None:
        self.requests += 1
        if self.changes:
            action, number = self.changes.pop()
            (self.ids.add if action == "insert" else self.ids.discard)(number)

    def _served(self, rows: list[int], size: int) -> Sequence[Row]:
        if self.largest is not None and size > self.largest:
            raise Oversized("page too large", self.largest if self.names_largest else None)
        if self.bad & set(rows):
            raise TimedOut("no answer")
        return [_row(number) for number in rows]

    async def after(self, last: int, size: int) -> Sequence[Row]:
        """Answer a keyset request."""
        self._change()
        return self._served(sorted(n for n in self.ids if n > last)[:size], size)

    async def page(self, number: int, size: int) -> Sequence[Row]:
        """Answer a request for a page."""
        self._change()
        return self._served(sorted(self.ids)[(number - 1) * size : number * size], size)

    async def skip(self, last: int, _: TooMuch) -> int:
        """Name the row after `last`."""
        return min(number for number in self.ids if number > last)


def _by_id(table: Table, size: int, part: Part | None = None) -> list[int]:
    return _collect(_rows(keyset(table.after, Pace(size), part or Part())))


def _in_ranges(table: Table, size: int, parts: int) -> list[int]:
    """Walk as many ranges side by side, their requests in a random order."""
    lowest, highest = min(table.ids, default=None), max(table.ids, default=None)
    pace, random = Pace(size), Random(size)

    async def run() -> list[int]:
        walks = [
            keyset(table.after, pace, Part(after=each.at, until=each.high))
            for each in split(lowest, highest, parts)
        ]
        found: list[int] = []
        while walks:
            walk = random.choice(walks)
            try:
                batch = await anext(walk)
            except StopAsyncIteration:
                walks.remove(walk)
            else:
                found += [int(row.key) for row in batch.rows]
        return found

    return asyncio.run(run())


@given(IDS, st.integers(1, 20))
def test_a_keyset_walk_yields_each_row_once_in_order(ids: set[int], size: int) -> None:
    assert _by_id(Table(ids), size) == sorted(ids)


@given(IDS, st.integers(1, 20), st.integers(1, 9))
def test_ranges_side_by_side_yield_each_row_once(ids: set[int], size: int, parts: int) -> None:
    assert sorted(_in_ranges(Table(ids), size, parts)) == sorted(ids)


@given(IDS, st.integers(1, 9))
def test_ranges_join_without_gap_and_are_kept(ids: set[int], parts: int) -> None:
    made = split(min(ids, default=None), max(ids, default=None), parts)
    assert made[0].low < 0
    assert all(one.high == other.low for one, other in pairwise(made))
    assert made[-1].high == max(ids, default=None)
    assert from_json(as_json(made)) == made


@given(IDS, st.integers(1, 20))
def test_a_page_walk_yields_each_row_once(ids: set[int], size: int) -> None:
    assert _collect(pages(Table(ids).page, size, by_id=True)) == sorted(ids)


CHANGES = st.lists(
    st.tuples(st.sampled_from(["insert", "delete"]), st.integers(0, 300)), max_size=20
)


@given(IDS, CHANGES, st.integers(1, 10), st.integers(1, 5))
def test_a_keyset_walk_loses_no_row_that_stays(
    ids: set[int], changes: list[tuple[str, int]], size: int, parts: int
) -> None:
    found = _in_ranges(Table(ids, changes), size, parts)
    gone = {number for action, number in changes if action == "delete"}
    assert len(found) == len(set(found))
    assert ids - gone <= set(found)


def test_a_naive_page_walk_loses_and_doubles_rows_where_ours_do_not() -> None:
    ids = set(range(10, 110, 10))

    async def naive(table: Table) -> list[int]:
        found, number = [], 1
        while rows := await table.page(number, 3):
            found += [int(row.key) for row in rows]
            number += 1
        return found

    deletions = [("delete", 20), ("delete", 10), ("delete", 500)]
    assert {40, 50} - set(asyncio.run(naive(Table(ids, deletions))))
    assert {30, 40, 50} <= set(_by_id(Table(ids, deletions), 3))
    births = [("insert", 6), ("insert", 5), ("insert", 10)]
    doubled = asyncio.run(naive(Table(ids, births)))
    assert len(doubled) > len(set(doubled))
    ours = _collect(pages(Table(ids, births).page, 3, by_id=True))
    assert len(ours) == len(set(ours))


@given(st.sets(st.integers(0, 300), min_size=1, max_size=60), st.data(), st.integers(1, 40))
def test_only_the_rows_at_fault_are_left_out(ids: set[int], data: st.DataObject, size: int) -> None:
    table = Table(ids)
    table.bad = data.draw(st.sets(st.sampled_from(sorted(ids)), max_size=3))
    skipped: list[int] = []

    async def skip(last: int, exc: TooMuch) -> int:
        skipped.append(await table.skip(last, exc))
        return skipped[-1]

    walk = keyset(table.after, Pace(size), Part(), skip)
    assert _collect(_rows(walk)) == sorted(ids - table.bad)
    assert set(skipped) == table.bad

    async def skip_place(place: int, _: TooMuch) -> int:
        return place

    walk_by_page = pages(table.page, size, by_id=True, skip=skip_place)
    assert _collect(walk_by_page) == sorted(ids - table.bad)


def test_a_walk_ends_where_no_row_can_be_read() -> None:
    table = Table(set(range(1, 200)))
    table.bad = set(range(1, 200))
    named: list[int] = []

    async def skip(last: int, exc: TooMuch) -> int:
        named.append(await table.skip(last, exc))
        return named[-1]

    with pytest.raises(TooMuch):
        _collect(_rows(keyset(table.after, Pace(10), Part(), skip)))
    assert len(named) == 20

    async def skip_place(place: int, _: TooMuch) -> int:
        named.append(place)
        return place

    with pytest.raises(TooMuch):
        _collect(pages(table.page, 10, by_id=True, skip=skip_place))
    assert len(named) == 40


def test_a_row_that_nobody_may_leave_out_ends_the_walk() -> None:
    table = Table({1, 2, 3})
    table.bad = {2}
    with pytest.raises(TooMuch):
        _by_id(table, 10)


@pytest.mark.parametrize("says", [True, False], ids=["named", "unnamed"])
def test_a_page_maximum_is_found(says: bool) -> None:
    table = Table(set(range(200)))
    table.largest, table.names_largest = 30, says
    assert _by_id(table, 1000) == list(range(200))
    assert table.requests < 20 + 2 * (not says) * 10
    assert _collect(pages(table.page, 500, by_id=True)) == list(range(200))


def test_pages_grow_while_answers_are_quick_and_not_back_to_what_failed() -> None:
    pace = Pace(4000)
    sizes = []
    for _ in range(5):
        sizes.append(pace.size)
        pace.took(pace.size, 0.1, 1000)
    assert sizes == [500, 1000, 2000, 4000, 4000]
    pace.refused(4000)
    pace.took(2000, 0.1, 1000)
    assert (pace.size, pace.cautious) == (2000, True)
    for _ in range(8):
        pace.took(pace.size, 0.1, 1000)
    assert pace.size == 4000  # after a while it is tried again
    pace.took(4000, 5.0, 1000)
    slow = Pace(4000)
    slow.took(500, 5.0, 1000)
    slow.took(500, 0.1, 5_000_000)
    assert slow.size == 500
    slow.took(500, 0.1, 40_000_000)
    assert slow.size == 50  # what several readers hold at a time is bounded


def test_a_keyset_walk_looks_twice_before_it_ends() -> None:
    hidden = [[_row(1)], [], [_row(2), _row(3)], [], []]

    async def fetch(last: int, size: int) -> Sequence[Row]:
        del last, size
        return hidden.pop(0)

    assert _collect(_rows(keyset(fetch, Pace(2), Part()))) == [1, 2, 3]


def test_a_walk_whose_end_is_known_asks_for_nothing_beyond_it() -> None:
    table = Table({1, 2, 3, 9})
    assert _by_id(table, 10, Part(until=3)) == [1, 2, 3]
    assert table.requests == 1
    assert _by_id(table, 10, Part(enough=4)) == [1, 2, 3, 9]
    assert table.requests == 2


def test_short_pages_do_not_end_a_walk() -> None:
    async def one_by_one(last: int, size: int) -> Sequence[Row]:
        assert size == 50
        return [_row(last + 1)] if last < 9 else []

    assert _collect(_rows(keyset(one_by_one, Pace(50), Part()))) == list(range(10))


def test_repeats_inside_a_page_are_dropped() -> None:
    async def fetch(last: int, size: int) -> Sequence[Row]:
        del size
        return [_row(2), _row(1), _row(2)] if last < 1 else []

    assert _collect(_rows(keyset(fetch, Pace(3), Part()))) == [1, 2]


def test_rows_without_an_id_are_kept_as_often_as_they_come() -> None:
    rows = [Row("a", b"{}"), Row("b", b"[]"), Row("a", b"{}"), Row("a", b"{}")]
    expected = ["a", "b", "a#2", "a#3"]
    assert [row.key for row in whole(rows, by_id=False)] == expected

    async def fetch(number: int, size: int) -> Sequence[Row]:
        return rows[(number - 1) * size : number * size]

    async def keys() -> list[str]:
        return [row.key async for batch in pages(fetch, 3, by_id=False) for row in batch]

    assert asyncio.run(keys()) == expected


def test_a_server_that_ignores_the_search_is_found_out() -> None:
    async def always_the_same(last: int, size: int) -> Sequence[Row]:
        del last, size
        return [_row(1), _row(2)]

    with pytest.raises(FatalSourceError, match="before id 2"):
        _collect(_rows(keyset(always_the_same, Pace(2), Part())))


@pytest.mark.parametrize("by_id", [True, False])
def test_a_server_that_does_not_turn_pages_is_found_out(by_id: bool) -> None:
    async def always_the_same(number: int, size: int) -> Sequence[Row]:
        del number, size
        return [_row(1), _row(2)]

    with pytest.raises(FatalSourceError, match="repeats the same rows"):
        _collect(pages(always_the_same, 2, by_id=by_id))


@given(IDS, st.integers(1, 20), st.integers(1, 30))
def test_a_sample_has_at_most_the_rows_asked_for(ids: set[int], size: int, limit: int) -> None:
    expected = sorted(ids)[:limit]
    assert _by_id(Table(ids), size, Part(limit=limit)) == expected
    assert _collect(pages(Table(ids).page, size, by_id=True, limit=limit)) == expected
    rows = whole([_row(n) for n in sorted(ids)], by_id=True, limit=limit)
    assert [int(row.key) for row in rows] == expected
