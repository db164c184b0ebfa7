"""Reading ahead keeps the order, holds few items, and raises what went wrong in its turn."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from load.target.ahead import ahead


def test_items_come_in_order_and_few_are_made_before_they_are_wanted() -> None:
    made: list[int] = []

    def items() -> Iterator[int]:
        for number in range(20):
            made.append(number)
            yield number

    seen: list[int] = []
    for number in ahead(items(), 3):
        seen.append(number)
        assert len(made) <= len(seen) + 3
    assert seen == list(range(20))


def test_what_making_an_item_raises_is_raised_when_its_turn_comes() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise LookupError("the second")

    coming = ahead(items(), 3)
    assert next(coming) == 1
    with pytest.raises(LookupError, match="the second"):
        next(coming)
    assert next(coming, None) is None
