from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import md5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from load.reconcile import compare as module
from load.reconcile.compare import Key, Span, Summary, compare


class Rows:
    """A side in memory that counts how many digests were read from it."""

    def __init__(self, rows: Sequence[tuple[int, str]]) -> None:
        self._rows = rows
        self.read = 0
        self.readings = 0

    def extent(self) -> Span:
        """Return the range of keys."""
        keys = [key for key, _ in self._rows]
        return Span(min(keys), max(keys)) if keys else Span()

    def _within(self, span: Span) -> list[tuple[int, str]]:
        if span.low is None or span.high is None:
            return list(self._rows)
        return [row for row in self._rows if span.low <= row[0] <= span.high]

    @staticmethod
    def _part(span: Span, key: int) -> int:
        return 0 if span.low is None else (key - span.low) // span.width

    def summaries(self, span: Span) -> dict[int, Summary]:
        """Return the summary of each part."""
        found: dict[int, Summary] = {}
        for key, digest in self._within(span):
            part = self._part(span, key)
            before = found.get(part, Summary(0, 0))
            found[part] = Summary(before.rows + 1, before.checksum + int(digest, 16))
        return found

    def digests(self, span: Span, parts: Sequence[int]) -> list[tuple[Key, str]]:
        """Return key and digest of each row."""
        asked = set(parts)
        rows = [row for row in self._within(span) if self._part(span, row[0]) in asked]
        self.read += len(rows)
        self.readings += 1
        return [((key,), digest) for key, digest in rows]


def _side(values: Mapping[int, str]) -> Rows:
    """Return rows whose digests depend on key and value, as those of the databases do."""
    return Rows(
        [
            (key, md5(f"{key}{value}".encode(), usedforsecurity=False).hexdigest()[:15])
            for key, value in sorted(values.items())
        ]
    )


_SIDE = st.dictionaries(st.integers(1, 100_000), st.sampled_from("abcdef"), max_size=60)


@given(mart=_SIDE, target=_SIDE)
def test_every_row_is_in_exactly_the_class_that_sets_say(
    mart: dict[int, str], target: dict[int, str]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "LEAF", 2)
        patch.setattr(module, "PARTS", 8)
        patch.setattr(module, "BATCH", 3)
        found = compare(_side(mart), _side(target))
    both = mart.keys() & target.keys()
    assert found.identical == sum(mart[key] == target[key] for key in both)
    assert set(found.modified) == {(key,) for key in both if mart[key] != target[key]}
    assert set(found.missing) == {(key,) for key in mart.keys() - target.keys()}
    assert set(found.surplus) == {(key,) for key in target.keys() - mart.keys()}


def test_a_key_that_the_target_holds_twice_is_surplus_once() -> None:
    found = compare(Rows([(1, "a"), (2, "b")]), Rows([(1, "a"), (1, "a"), (2, "b")]))
    assert (found.identical, found.surplus) == (2, ((1,),))


def test_one_differing_row_among_many_is_found_without_reading_the_rest() -> None:
    rows = [(key, "a") for key in range(1, 200_001)]
    spoilt = [*rows[:123_456], (123_457, "b"), *rows[123_457:]]
    mart, target = Rows(rows), Rows(spoilt)
    found = compare(mart, target)
    assert (found.identical, found.modified) == (199_999, ((123_457,),))
    assert max(mart.read, target.read) <= 100


def test_a_table_that_differs_everywhere_is_read_in_few_passes_of_few_rows() -> None:
    rows = [(key, "a") for key in range(1, 200_001)]
    spoilt = [(key, "b" if key % 100 == 0 else value) for key, value in rows]
    mart, target = Rows(rows), Rows(spoilt)
    found = compare(mart, target)
    assert (found.identical, len(found.modified)) == (198_000, 2_000)
    assert (mart.readings, target.readings) == (2, 2)  # each scans a mart: 50,000 rows at once


def test_keys_that_lie_unevenly_are_divided_until_few_rows_are_read() -> None:
    rows = [(key, "a") for key in (*range(1, 100_001), 2**31)]
    spoilt = [(key, "b" if key == 50_000 else value) for key, value in rows]
    mart, target = Rows(rows), Rows(spoilt)
    assert compare(mart, target).modified == ((50_000,),)
    assert target.read <= module.LEAF
