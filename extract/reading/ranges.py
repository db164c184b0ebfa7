"""Id ranges: how a collection is read side by side, and how far each part has landed (pure)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

BEFORE_ALL = -1


@dataclass(frozen=True, slots=True)
class Range:
    """The ids in (low, high]; everything up to `at` has landed. `high` None: an open end."""

    low: int
    high: int | None
    at: int

    @property
    def done(self) -> bool:
        """Whether all of it has landed."""
        return self.high is not None and self.at >= self.high

    def moved(self, at: int) -> Range:
        """Return the range with everything up to `at` landed."""
        return replace(self, at=at)

    def ended(self) -> Range:
        """Return the range as done; an open one ends where it stands."""
        return replace(self, high=self.at) if self.high is None else replace(self, at=self.high)


def split(lowest: int | None, highest: int | None, parts: int) -> tuple[Range, ...]:
    """Cut the ids from `lowest` to `highest` into at most `parts` ranges of equal width.

    Ids that are not known (None) make one open range. The first range begins before every id.
    """
    if lowest is None or highest is None:
        return (Range(BEFORE_ALL, None, BEFORE_ALL),)
    lowest = min(lowest, highest)
    width = max(1, -(-(highest - lowest + 1) // max(1, parts)))
    bounds = [BEFORE_ALL, *range(lowest + width - 1, highest, width), highest]
    return tuple(Range(low, high, low) for low, high in pairwise(bounds) if high > low)


def as_json(ranges: Sequence[Range]) -> list[list[int | None]]:
    """Return the ranges as they are kept between runs."""
    return [[one.low, one.high, one.at] for one in ranges]


def from_json(kept: Sequence[Sequence[int | None]]) -> tuple[Range, ...]:
    """Return the ranges that `as_json` wrote."""
    return tuple(Range(low or 0, high, at or 0) for low, high, at in kept)
