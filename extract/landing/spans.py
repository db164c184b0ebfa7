"""Spans of ids: how a run knows, without asking, that a table cannot hold what comes (pure)."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Sequence
from typing import TypeAlias

Span: TypeAlias = tuple[int, int]  # lowest and highest id of a batch


def ascending(keys: Sequence[str]) -> Span | None:
    """Return the first and the last of keys that are ids in ascending order."""
    try:
        ids = [int(key) for key in keys]
    except ValueError:
        return None
    in_order = all(map(operator.lt, ids, ids[1:]))
    return (ids[0], ids[-1]) if in_order and [*map(str, ids)] == keys else None


class Landed:
    """What a run has landed in tables that it found empty, by name; nobody else writes to them."""

    def __init__(self) -> None:
        self._spans: dict[str, list[Span] | None] = {}

    def knows(self, name: str) -> bool:
        """Tell whether it is known how a table was found."""
        return name in self._spans

    def found(self, name: str, *, empty: bool) -> None:
        """Remember how a table was found; only the first time counts."""
        self._spans.setdefault(name, [] if empty else None)

    def lie_apart(self, name: str, spans: Sequence[Span] | None) -> bool:
        """Tell whether none of these ids can be in the table, nor come twice among themselves."""
        known = self._spans.get(name)
        if known is None or spans is None:
            return False
        together = sorted([*known, *spans])
        return all(one[1] < other[0] for one, other in itertools.pairwise(together))

    def add(self, name: str, spans: Sequence[Span] | None) -> None:
        """Note what has landed; None: which ids is not known."""
        known = self._spans.get(name)
        self._spans[name] = None if known is None or spans is None else [*known, *spans]
