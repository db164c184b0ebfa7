"""How many rows are asked for at a time: more while answers are quick, fewer where they fail.

One pace belongs to one collection, whose ranges share what is learned. A size that failed is tried
again only after a while; a single row at fault says nothing about sizes, so it is forgotten.
"""

from __future__ import annotations

FIRST = 500  # published clients read 100 to 500 rows of wide collections at a time
_QUICK_SECONDS = 2.0
_SMALL_BYTES = 4_000_000
_CALM = 8  # good answers before a size that failed is tried again


class Pace:
    """The size of the next page; `ceiling` is the most that may ever be asked for."""

    def __init__(self, ceiling: int) -> None:
        self.ceiling = ceiling
        self.size = min(FIRST, ceiling)
        self._safe = ceiling  # no page up to this size has failed lately
        self._calm = 0

    @property
    def cautious(self) -> bool:
        """Whether pages fail here, so that asking less is better than asking again."""
        return self._safe < self.ceiling

    def took(self, asked: int, seconds: float, size: int) -> None:
        """Learn from a page of `asked` rows that came in `seconds` with `size` bytes."""
        if size > 2 * _SMALL_BYTES:  # several readers hold a page each
            self.size = max(1, min(self.size, asked * _SMALL_BYTES // size))
            return
        if asked < self.size or seconds >= _QUICK_SECONDS or size >= _SMALL_BYTES:
            return
        self._calm += 1
        if self._calm >= _CALM and self._safe < self.ceiling:
            self._safe = min(2 * self._safe, self.ceiling)
            self._calm = 0
        self.size = min(2 * self.size, self._safe)

    def refused(self, asked: int, maximum: int | None = None) -> None:
        """Learn that a page of `asked` rows failed; `maximum` is what the server allows."""
        if maximum is not None and 0 < maximum < asked:
            self.ceiling = min(self.ceiling, maximum)
            self._safe = min(self._safe, self.ceiling)
        else:
            self._safe = min(self._safe, max(1, asked // 2))
        self.size = min(self.size, self._safe)
        self._calm = 0

    def skipped(self) -> None:
        """Learn that a single row was at fault, not the size of the pages."""
        self._safe = self.ceiling
        self.size = min(FIRST, self.ceiling)
        self._calm = 0
