"""Ranges of keys, as they are asked for."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from load.planning.digests import WIDTH, Span, spans


@given(
    keys=st.sets(st.integers(-3 * WIDTH, 3 * WIDTH)),
    ranges=st.sets(st.integers(-3, 3)),
)
def test_spans_cover_the_keys_of_their_ranges_and_no_other(
    keys: set[int], ranges: set[int]
) -> None:
    found = spans(sorted(ranges), of=100)
    assert found is not None
    inside = {key for key in keys if any(s.low <= key <= s.high for s in found)}
    assert inside == {key for key in keys if int(key / WIDTH) in ranges}


def test_neighbours_are_read_together_and_most_of_a_table_at_once() -> None:
    assert spans([1, 2, 5], of=10) == [Span(256, 767), Span(1280, 1535)]
    assert spans([1, 2, 5], of=5) is None
    assert spans([], of=5) == []
