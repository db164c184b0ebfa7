"""The walks: each row once, for any page size and order, also while the table grows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extract.paging import Row, keyset, pages, whole
from runtime.errors import FatalSourceError

IDS = st.sets(st.integers(0, 300), max_size=60)


def _row(number: int) -> Row:
    return Row(str(number), b'{"id": "%d"}' % number)


def _collect(walk: AsyncIterator[Sequence[Row]]) -> list[int]:
    async def run() -> list[int]:
        return [int(row.key) async for batch in walk for row in batch]

    return asyncio.run(run())


class Table:
    """A collection that answers like Sonar, and can change between requests."""

    def __init__(self, ids: set[int]) -> None:
        self.ids = set(ids)
        self.requests = 0
        self.born: list[int] = []

    async def after(self, last: int, size: int) -> Sequence[Row]:
        """Answer a keyset request."""
        self.requests += 1
        if self.born:
            self.ids.add(self.born.pop())
        return [_row(n) for n in sorted(n for n in self.ids if n > last)[:size]]

    async def page(self, number: int, size: int) -> Sequence[Row]:
        """Answer a request for a page."""
        self.requests += 1
        if self.born:
            self.ids.add(self.born.pop())
        ordered = sorted(self.ids)
        return [_row(n) for n in ordered[(number - 1) * size : number * size]]


@given(IDS, st.integers(1, 20))
def test_a_keyset_walk_yields_each_row_once_in_order(ids: set[int], size: int) -> None:
    assert _collect(keyset(Table(ids).after, size)) == sorted(ids)


@given(IDS, st.integers(1, 20))
def test_a_page_walk_yields_each_row_once(ids: set[int], size: int) -> None:
    assert _collect(pages(Table(ids).page, size)) == sorted(ids)


@given(IDS, st.lists(st.integers(0, 300), max_size=20), st.integers(1, 10))
def test_a_keyset_walk_loses_no_row_that_was_there_from_the_start(
    ids: set[int], born: list[int], size: int
) -> None:
    table = Table(ids)
    table.born = list(born)
    found = _collect(keyset(table.after, size))
    assert len(found) == len(set(found))
    assert ids <= set(found)


def test_a_page_walk_over_a_growing_table_doubles_no_row() -> None:
    table = Table({10, 20, 30, 40})
    table.born = [35, 25, 15, 5]  # each shifts the later pages by one
    found = _collect(pages(table.page, 2))
    assert len(found) == len(set(found))


def test_a_keyset_walk_looks_twice_before_it_ends() -> None:
    table = Table({1, 2, 3})
    hidden = [[_row(1)], [], [_row(2), _row(3)], [], []]

    async def fetch(last: int, size: int) -> Sequence[Row]:
        await table.after(last, size)
        return hidden.pop(0)

    assert _collect(keyset(fetch, 2)) == [1, 2, 3]


def test_short_pages_do_not_end_a_walk() -> None:
    async def one_by_one(last: int, size: int) -> Sequence[Row]:
        assert size == 50
        return [_row(last + 1)] if last < 9 else []

    assert _collect(keyset(one_by_one, 50)) == list(range(10))


def test_repeats_inside_a_page_are_dropped() -> None:
    async def fetch(last: int, size: int) -> Sequence[Row]:
        del size
        return [_row(2), _row(1), _row(2)] if last < 1 else []

    assert _collect(keyset(fetch, 3)) == [1, 2]


def test_a_server_that_ignores_the_search_is_found_out() -> None:
    async def always_the_same(last: int, size: int) -> Sequence[Row]:
        del last, size
        return [_row(1), _row(2)]

    with pytest.raises(FatalSourceError, match="before id 2"):
        _collect(keyset(always_the_same, 2))


def test_a_server_that_does_not_turn_pages_is_found_out() -> None:
    async def always_the_same(number: int, size: int) -> Sequence[Row]:
        del number, size
        return [_row(1), _row(2)]

    with pytest.raises(FatalSourceError, match="repeats the same rows"):
        _collect(pages(always_the_same, 2))


@given(IDS, st.integers(1, 20), st.integers(1, 30))
def test_a_sample_has_at_most_the_rows_asked_for(ids: set[int], size: int, limit: int) -> None:
    expected = sorted(ids)[:limit]
    assert _collect(keyset(Table(ids).after, size, limit)) == expected
    assert _collect(pages(Table(ids).page, size, limit)) == expected
    assert _collect(whole([_row(n) for n in sorted(ids)], limit)) == expected
