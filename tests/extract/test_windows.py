"""Where two sides differ, found by totals alone."""

from __future__ import annotations

import asyncio
import bisect
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from extract.proof.judgement import CAPPED_COUNT, Figures, Total
from extract.proof.windows import LAST, PARTS, Window, differing, landed_prefixes
from tests.extract.landed import change, land, made_up

ALL = Window(-1, None)


class Side:
    """Rows as id -> amount, which tells figures of prefixes and counts the requests for them."""

    def __init__(self, rows: Mapping[int, int], *, off_by: int = 0, cap: int | None = None) -> None:
        self._ids = sorted(rows)
        self._sums = [0, *accumulate(rows[one] for one in self._ids)]
        self._id_sums = [0, *accumulate(self._ids)]
        self._off_by, self._cap = off_by, cap
        self.requests = 0

    async def prefixes(self, bounds: Sequence[int]) -> list[Figures]:
        """Return the figures up to each boundary."""
        assert list(bounds) == sorted(set(bounds))
        self.requests += -(-len(bounds) // PARTS)
        return [self._figures(bisect.bisect_right(self._ids, bound)) for bound in bounds]

    def _figures(self, rows: int) -> Figures:
        sums: dict[str, Total] = {
            "sum(id)": self._id_sums[rows],
            "sum(amount)": self._sums[rows],
            "max(id)": self._ids[rows - 1] if rows else None,
        }
        count = rows + self._off_by
        return Figures(count if self._cap is None else min(count, self._cap), sums)


@dataclass(frozen=True)
class Case:
    """Two sides and the ids in which they differ."""

    theirs: Mapping[int, int]
    ours: Mapping[int, int]
    planted: frozenset[int]


def _amount(one: int, salt: str = "") -> int:
    """Return an amount that no choice of ids can make cancel out against others."""
    return int.from_bytes(hashlib.sha256(f"{one}{salt}".encode()).digest()[:4])


@st.composite
def cases(draw: st.DrawFn) -> Case:
    start = draw(st.sampled_from([0, 1, 2**31 - 5, 2**31 + 3, 2**40]))
    widest = draw(st.sampled_from([1, 3, 1_000, 10**7]))
    gaps = draw(st.lists(st.integers(1, widest), max_size=250))
    theirs = {one: _amount(one) for one in accumulate(gaps, initial=start)} if gaps else {}
    ours = dict(theirs)
    planted = set()
    for one in draw(st.lists(st.sampled_from(sorted(theirs)), max_size=6)) if theirs else ():
        planted.add(one)
        if draw(st.booleans()):
            ours.pop(one, None)
        elif one in ours:
            ours[one] = _amount(one, "changed")
    reach = max(theirs, default=start) + 10
    for one in draw(st.lists(st.integers(start, reach), max_size=3)):
        if one not in theirs:
            planted.add(one)
            ours[one] = _amount(one, "extra")
    return Case(theirs, ours, frozenset(planted))


def _found(theirs: Side, ours: Side, smallest: int, ids: Window = ALL) -> list[Window]:
    return asyncio.run(differing(theirs.prefixes, ours.prefixes, ids, smallest=smallest))


def _holds(window: Window, one: int) -> bool:
    return window.low < one and (window.high is None or one <= window.high)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(cases(), st.sampled_from([1, 10, 1000]), st.sampled_from([0, 1, -1]))
def test_every_difference_lies_in_a_window_and_windows_are_few(
    case: Case, smallest: int, off_by: int
) -> None:
    theirs, ours = Side(case.theirs, off_by=off_by), Side(case.ours)
    windows = _found(theirs, ours, smallest)
    for one in case.planted:
        assert sum(_holds(window, one) for window in windows) == 1
    assert bool(windows) is bool(case.planted)
    assert all(before.high is not None for before in windows[:-1])
    assert all((before.high or 0) < after.low for before, after in pairwise(windows))
    for side in (case.theirs, case.ours):
        inside = sum(_holds(window, one) for one in side for window in windows)
        assert inside <= len(case.planted) * smallest
    span, levels = max([*case.theirs, *case.ours, 0]) + 1, 1
    while PARTS**levels < span:
        levels += 1
    assert theirs.requests <= 1 + levels * max(1, len(case.planted))
    assert theirs.requests == ours.requests


@settings(max_examples=50, deadline=None, derandomize=True)
@given(cases(), st.integers(0, 2**31 + 10), st.integers(0, 10**6))
def test_windows_stay_inside_the_ids_that_were_asked(case: Case, low: int, span: int) -> None:
    ids = Window(low, low + span)
    windows = _found(Side(case.theirs), Side(case.ours), 5, ids)
    wanted = {one for one in case.planted if _holds(ids, one)}
    assert all(any(_holds(window, one) for window in windows) for one in wanted)
    assert bool(windows) is bool(wanted)
    assert all(low <= one.low < (one.high or 0) <= low + span for one in windows)


def test_one_row_and_empty_sides() -> None:
    one, nothing = {7: 1}, dict[int, int]()
    assert _found(Side(nothing), Side(nothing), 5) == []
    assert _found(Side(one), Side(one), 5) == []
    assert _found(Side(one), Side(nothing), 1) == [ALL]  # one row: nothing to divide
    assert _found(Side(nothing), Side(one), 1) == [ALL]
    changed = _found(Side({7: 1, LAST - 1: 1}), Side({7: 1, LAST - 1: 2}), 1)
    assert [(_holds(one, 7), _holds(one, LAST - 1)) for one in changed] == [(False, True)]


def test_a_difference_at_the_end_leaves_the_window_open_for_what_comes() -> None:
    rows = dict.fromkeys(range(1, 1001), 1)
    short = dict.fromkeys(range(1, 1000), 1)
    *_, last = _found(Side(rows), Side(short), 10)
    assert last.high is None
    assert last.low > 900
    assert _found(Side(rows), Side(short), 10, Window(-1, 1000))[-1].high == 1000


def test_differences_that_cancel_out_over_all_rows_are_found_in_the_parts() -> None:
    rows = dict.fromkeys(range(1, 1001), 1)
    other = rows | {10: 6, 900: -4}
    windows = _found(Side(rows), Side(other), 10)
    assert [any(_holds(window, one) for window in windows) for one in (10, 900)] == [True, True]
    assert len(windows) == 2


def test_a_count_that_stops_says_nothing_about_where() -> None:
    rows = dict.fromkeys(range(1, CAPPED_COUNT + 2001), 1)
    short = {one: value for one, value in rows.items() if one != 11_500}
    assert _found(Side(rows, cap=CAPPED_COUNT), Side(rows), 10) == []
    (window,) = _found(Side(rows, cap=CAPPED_COUNT), Side(short), 10)
    assert _holds(window, 11_500)
    assert (window.high or 0) - window.low <= 10


def test_a_side_that_does_not_tell_its_highest_id_is_narrowed_all_the_same() -> None:
    async def mute(side: Side, bounds: Sequence[int]) -> list[Figures]:
        found = await side.prefixes(bounds)
        return [Figures(one.count, {"sum(id)": one.sums["sum(id)"]}) for one in found]

    theirs, ours = Side({5: 1, 600: 1}), Side({5: 1})
    windows = asyncio.run(
        differing(lambda b: mute(theirs, b), lambda b: mute(ours, b), ALL, smallest=1)
    )
    assert [_holds(window, 600) for window in windows] == [True]
    assert not _holds(windows[0], 5)


@pytest.mark.postgres
def test_the_warehouse_tells_its_prefixes_in_one_scan(warehouse: Engine) -> None:
    far = 2**33
    rows = {1: 5, 2: -5, 50: 7, far: 1, far + 1: 2, 60: 1000}
    land(warehouse, "things", [{"id": str(one), "amount": rows[one]} for one in rows])
    change(warehouse, "update raw_sonar.things set _deleted_at = now() where _sonar_key = '60'")
    del rows[60]
    bounds = [-1, 0, 1, 2, 49, 50, far - 1, far, LAST]
    with warehouse.connect() as connection:
        found = landed_prefixes(connection, made_up("things"), ("amount",), bounds)
    assert found == asyncio.run(Side(rows).prefixes(bounds))
