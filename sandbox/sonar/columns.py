"""Columns of a collection as arrays of whole numbers, so that totals and bounds decode no rows.

A column is read out of the rows once and then follows every change to them. Its values lie in
blocks with a summary each; a total over a range of places reads the summaries and at most two
blocks, a condition skips the blocks in which nothing or everything meets it.
"""

from __future__ import annotations

import operator
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from sandbox.sonar.rows import Row, values
from sandbox.sonar.schema import Attribute
from sandbox.sonar.values import INTEGERS

Places = range | Sequence[int]  # positions in a collection; a range of step 1 where they adjoin

NOTHING = -(2**63)  # stands for null; no id, amount or instant comes near it
BLOCK = 1024
MANY = 5_000  # places from which on an order of the instants is kept
FEW = 8  # of so many places one is found: the others need not be looked at

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

_COMPARE: Mapping[str, Callable[[int, int], bool]] = {
    "GTE": operator.ge,
    "GT": operator.gt,
    "LTE": operator.le,
    "LT": operator.lt,
    "EQ": operator.eq,
    "NEQ": operator.ne,
}


@dataclass(frozen=True, slots=True)
class Total:
    """What the values of some places come to; lowest and highest are None where all are null."""

    count: int = 0  # values that are not null
    sum: int = 0
    lowest: int | None = None
    highest: int | None = None

    def __add__(self, other: Total) -> Total:
        if not (self.count and other.count):
            return self if self.count else other
        return Total(
            self.count + other.count,
            self.sum + other.sum,
            min(self.lowest or 0, other.lowest or 0),
            max(self.highest or 0, other.highest or 0),
        )


def takes(attribute: Attribute) -> bool:
    """Say whether an attribute can be held as a column."""
    return attribute.scalar in INTEGERS or attribute.scalar == "Datetime"


def number(scalar: str, value: object) -> int:
    """Return a value as a column holds it: itself, or the microseconds since 1970.

    Raises:
        ValueError: it is no such value.
    """
    if scalar != "Datetime":
        return int(str(value))
    read = datetime.fromisoformat(str(value))
    if read.tzinfo is None:
        raise ValueError(f"{value} has no offset")
    return (read - _EPOCH) // _MICROSECOND


class Column:
    """The values of one attribute, in the order of the rows."""

    def __init__(self, scalar: str) -> None:
        self.scalar = scalar
        self.numbers = array("q")
        self._blocks: list[Total] = []  # of the whole blocks from the start on
        self._sums: list[Total] = [Total()]  # of the first so many blocks
        self._order: array[int] | None = None  # the places in the order of value and place

    def extend(self, held: Iterable[object]) -> None:
        """Add the values of the next rows."""
        self.numbers.extend([self.held(value) for value in held])

    def held(self, value: object) -> int:
        """Return a row's value as this column holds it."""
        if value is None:
            return NOTHING
        return value if type(value) is int else number(self.scalar, value)

    def total(self, places: Places) -> Total:
        """Return the total of these places."""
        if not isinstance(places, range) or places.step != 1:
            return _total([self.numbers[place] for place in places])
        whole = range(-(-places.start // BLOCK), places.stop // BLOCK)
        if not whole:
            return _total(self.numbers[places.start : places.stop])
        if places.start == 0:
            total = self._up_to(whole.stop)
        else:
            total = _total(self.numbers[places.start : whole.start * BLOCK])
            for block in whole:
                total += self._block(block)
        return total + _total(self.numbers[whole.stop * BLOCK : places.stop])

    def meeting(self, condition: str, wanted: int | None, places: Places) -> Places:
        """Return the places whose value meets a condition.

        A condition is an operator of Sonar's searches; with None it is EQ or NEQ to null.
        """
        if wanted is None:
            same = condition == "EQ"
            return self._filtered(places, lambda held: (held == NOTHING) is same)
        compare, unequal = _COMPARE[condition], condition == "NEQ"
        if not isinstance(places, range) or places.step != 1:
            return self._filtered(
                places, lambda held: unequal if held == NOTHING else compare(held, wanted)
            )
        late = self._late(condition, wanted, places)
        if late is not None:
            return late
        found = array("L")
        for part, total in self._parts(places):
            outcome = _outcome(condition, wanted, total, len(part))
            if outcome is None:
                found.extend(
                    place
                    for place, held in zip(part, self.numbers[part.start : part.stop], strict=True)
                    if (unequal if held == NOTHING else compare(held, wanted))
                )
            elif outcome:
                found.extend(part)
        return places if len(found) == len(places) else found

    def insert(self, place: int, value: object) -> None:
        """Follow a row that was added."""
        self.numbers.insert(place, self.held(value))
        self._forget(place)

    def replace(self, place: int, value: object) -> None:
        """Follow a row that was changed."""
        held = self.held(value)
        if self._order is not None:
            del self._order[self._ordered(self.numbers[place], place)]
        self.numbers[place] = held
        if self._order is not None:
            self._order.insert(self._ordered(held, place), place)
        block = place // BLOCK
        del self._sums[block + 1 :]
        if block < len(self._blocks):
            self._blocks[block] = _total(self.numbers[block * BLOCK : (block + 1) * BLOCK])

    def delete(self, place: int) -> None:
        """Follow a row that was removed."""
        del self.numbers[place]
        self._forget(place)

    def _filtered(self, places: Places, test: Callable[[int], bool]) -> Places:
        numbers = self.numbers
        found = array("L", [place for place in places if test(numbers[place])])
        return places if len(found) == len(places) else found

    def _parts(self, places: range) -> Iterator[tuple[range, Total]]:
        start = places.start
        while start < places.stop:
            block = start // BLOCK
            stop = min((block + 1) * BLOCK, places.stop)
            is_whole = stop - start == BLOCK
            total = self._block(block) if is_whole else _total(self.numbers[start:stop])
            yield range(start, stop), total
            start = stop

    def _block(self, block: int) -> Total:
        while len(self._blocks) <= block:
            start = len(self._blocks) * BLOCK
            self._blocks.append(_total(self.numbers[start : start + BLOCK]))
        return self._blocks[block]

    def _up_to(self, block: int) -> Total:
        while len(self._sums) <= block:
            self._sums.append(self._sums[-1] + self._block(len(self._sums) - 1))
        return self._sums[block]

    def _late(self, condition: str, wanted: int, places: range) -> Places | None:
        """Return the few places past a bound on instants, None where another way is quicker.

        Changed rows lie anywhere in the id order, so the blocks tell little of them.
        """
        if self.scalar != "Datetime" or condition not in ("GT", "GTE") or len(places) < MANY:
            return None
        if self._order is None:
            self._order = array("L", sorted(range(len(self.numbers)), key=self.numbers.__getitem__))
        first = bisect_left(self._order, wanted + (condition == "GT"), key=self.numbers.__getitem__)
        if len(self._order) - first > len(places) // FEW:
            return None
        found = array("L", sorted(self._order[first:]))
        return found[bisect_left(found, places.start) : bisect_left(found, places.stop)]

    def _ordered(self, held: int, place: int) -> int:
        """Return where a place with this value stands in the order."""
        return bisect_left(
            self._order or (), (held, place), key=lambda other: (self.numbers[other], other)
        )

    def _forget(self, place: int) -> None:
        del self._blocks[place // BLOCK :]
        del self._sums[place // BLOCK + 1 :]
        self._order = None


class Columns:
    """The columns that were asked for so far, over rows that somebody else holds."""

    def __init__(self) -> None:
        self._columns: dict[str, Column] = {}

    def of(self, rows: Sequence[Row], attributes: Sequence[Attribute]) -> list[Column] | None:
        """Return the columns of these attributes, read in one go where they are not there yet.

        None where a row holds something that its attribute does not allow.
        """
        missing = {a.name: Column(a.scalar) for a in attributes if a.name not in self._columns}
        if missing:
            try:
                every = values(rows, list(missing))
                while some := list(islice(every, BLOCK)):
                    for column, held in zip(missing.values(), zip(*some, strict=True), strict=True):
                        column.extend(held)
            except (ValueError, OverflowError):
                return None
            self._columns |= missing
        return [self._columns[attribute.name] for attribute in attributes]

    def insert(self, place: int, row: Mapping[str, Any]) -> None:
        """Follow a row that was added."""
        self._follow(lambda name, column: column.insert(place, row.get(name)))

    def replace(self, place: int, row: Mapping[str, Any]) -> None:
        """Follow a row that was changed."""
        self._follow(lambda name, column: column.replace(place, row.get(name)))

    def delete(self, place: int) -> None:
        """Follow a row that was removed."""
        self._follow(lambda _, column: column.delete(place))

    def _follow(self, change: Callable[[str, Column], None]) -> None:
        for name, column in list(self._columns.items()):
            try:
                change(name, column)
            except (ValueError, OverflowError):
                del self._columns[name]


def _total(numbers: Sequence[int]) -> Total:
    if not numbers:
        return Total()
    lowest = min(numbers)
    if lowest == NOTHING:
        numbers = [held for held in numbers if held != NOTHING]
        if not numbers:
            return Total()
        lowest = min(numbers)
    return Total(len(numbers), sum(numbers), lowest, max(numbers))


def _outcome(condition: str, wanted: int, total: Total, size: int) -> bool | None:
    """Say whether all or none of a part meet a condition, None when its values must be read."""
    if condition == "NEQ":
        return None
    if total.lowest is None or total.highest is None:
        return False
    compare = _COMPARE[condition]
    if condition == "EQ":
        return None if total.lowest <= wanted <= total.highest else False
    ends = compare(total.lowest, wanted), compare(total.highest, wanted)
    if not any(ends):
        return False
    return True if all(ends) and total.count == size else None
