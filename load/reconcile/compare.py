"""Find the rows that differ without reading those that don't. Pure: sides are asked, not opened.

Both databases compute (rows, sum of digests) for thousands of ranges of keys in one pass, at the
same time; of the ranges that differ the rows' digests are read and compared, many ranges at once.
Equal sides cost one pass each, and a table that differs in every range few more; only where keys
lie so unevenly that a range has many rows is it divided further.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Protocol, TypeVar

Key = tuple[object, ...]
T = TypeVar("T")

PARTS = 4_096  # a range of a table of 200,000 rows has 50
LEAF = 2_000  # rows of a range that is read rather than divided
BATCH = 50_000  # rows whose digests are held at once; a mart has no index, so each reading scans it


@dataclass(frozen=True, slots=True)
class Span:
    """A range of the first key column, both ends included; no ends: the whole table."""

    low: int | None = None
    high: int | None = None

    @property
    def width(self) -> int:
        """How many keys each of the span's parts holds."""
        if self.low is None or self.high is None:
            return 1
        return max(1, -(-(self.high - self.low + 1) // PARTS))

    def part(self, number: int) -> Span:
        """Return the part of that number, counted from 0."""
        if self.low is None or self.high is None:
            return self
        low = self.low + number * self.width
        return Span(low, min(self.high, low + self.width - 1))


@dataclass(frozen=True, slots=True)
class Summary:
    """What one database says of one range: how many rows, and the sum of their digests."""

    rows: int
    checksum: int


class Side(Protocol):
    """One table of one database."""

    def extent(self) -> Span:
        """Return the range of keys; without ends when the first key column is no integer."""
        ...

    def summaries(self, span: Span) -> Mapping[int, Summary]:
        """Return the summary of each part of `span` that holds rows, by its number."""
        ...

    def digests(self, span: Span, parts: Sequence[int]) -> Sequence[tuple[Key, str]]:
        """Return key and digest of each row in these parts of `span`."""
        ...


@dataclass(frozen=True, slots=True)
class Found:
    """Rows that differ: keys of each class, and how many rows are the same."""

    identical: int = 0
    modified: tuple[Key, ...] = ()
    missing: tuple[Key, ...] = ()
    surplus: tuple[Key, ...] = ()


def _compare_rows(ours: Sequence[tuple[Key, str]], theirs: Sequence[tuple[Key, str]]) -> Found:
    wanted = dict(ours)
    held: dict[Key, str] = {}
    surplus: list[Key] = []
    for key, digest in theirs:
        if key not in wanted or key in held:  # a second row of the same key is one too many
            surplus.append(key)
        else:
            held[key] = digest
    verdicts = Counter(held[key] == digest for key, digest in wanted.items() if key in held)
    return Found(
        identical=verdicts[True],
        modified=tuple(k for k, digest in wanted.items() if k in held and held[k] != digest),
        missing=tuple(key for key in wanted if key not in held),
        surplus=tuple(surplus),
    )


@dataclass(frozen=True, slots=True)
class _Both:
    """Both sides, asked at the same time: each database works while the other does."""

    mart: Side
    target: Side
    beside: Executor

    def ask(self, question: Callable[[Side], T]) -> tuple[T, T]:
        """Return the answers of the mart's and of the target's side."""
        theirs = self.beside.submit(question, self.target)
        ours = question(self.mart)
        return ours, theirs.result()

    def parts(self, span: Span) -> Iterator[Found]:
        """Compare one span part by part."""
        ours, theirs = self.ask(lambda side: side.summaries(span))
        nothing = Summary(0, 0)
        differing: dict[int, int] = {}
        for number in sorted(ours.keys() | theirs.keys()):
            here, there = ours.get(number, nothing), theirs.get(number, nothing)
            part, rows = span.part(number), max(here.rows, there.rows)
            if here == there:
                yield Found(identical=here.rows)
            elif rows <= LEAF or part == span:
                differing[number] = rows
            else:
                yield from self.parts(part)
        for numbers in batches(differing):
            yield _compare_rows(*self.ask(partial(_digests, span, numbers)))


def _digests(span: Span, parts: Sequence[int], side: Side) -> Sequence[tuple[Key, str]]:
    return side.digests(span, parts)


def batches(rows: Mapping[int, int]) -> Iterator[list[int]]:
    """Yield the parts in their order, as many at once as have no more than `BATCH` rows."""
    batch: list[int] = []
    held = 0
    for number, count in rows.items():
        if batch and held + count > BATCH:
            yield batch
            batch, held = [], 0
        batch.append(number)
        held += count
    if batch:
        yield batch


def compare(mart: Side, target: Side) -> Found:
    """Return which rows of the target are identical, modified, missing, or not in the mart.

    Tables whose first key column is no integer are one range: their digests are read whole when the
    two differ.
    """
    with ThreadPoolExecutor(max_workers=1) as beside:
        return _whole(_Both(mart, target, beside))


def _whole(both: _Both) -> Found:
    ours, theirs = both.ask(lambda side: side.extent())
    lows = [span.low for span in (ours, theirs) if span.low is not None]
    highs = [span.high for span in (ours, theirs) if span.high is not None]
    span = Span(min(lows), max(highs)) if lows and highs else Span()
    found = list(both.parts(span))
    return Found(
        identical=sum(part.identical for part in found),
        modified=tuple(key for part in found for key in part.modified),
        missing=tuple(key for part in found for key in part.missing),
        surplus=tuple(key for part in found for key in part.surplus),
    )
