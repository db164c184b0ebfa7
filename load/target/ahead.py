"""An iterator that a thread of its own keeps some items ahead of whoever uses them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
_END = object()


def ahead(items: Iterator[T], most: int) -> Iterator[T]:
    """Yield `items` in their order while up to `most` of the next are made.

    What making one raises is raised when its turn comes. Only that thread calls `items`.
    """
    with ThreadPoolExecutor(1, "ahead") as thread:
        waiting = deque(thread.submit(next, items, _END) for _ in range(most))
        while (item := waiting.popleft().result()) is not _END:
            waiting.append(thread.submit(next, items, _END))
            yield item  # type: ignore[misc]
