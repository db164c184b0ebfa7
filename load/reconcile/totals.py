"""Totals of both sides by group: what a mart's `meta.load.totals` asks for. Pure.

Each database counts and sums all of its rows by itself, in one query a total. Rows that are no
matter of the comparison (refused, not selected, the target owner's own) are taken off, again as
figures of the same groups; figures are compared as exact texts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from load.reconcile.compare import Key
from load.reconcile.findings import Name
from load.reconcile.normal_form import plain_number
from load.reconcile.results import Difference, Group, Totals, difference
from runtime.manifest import Mart, Total

MONTH = len("2024-02")  # letters of a date that name its month
Values = tuple[str | None, ...]
Read = Callable[[Total, Sequence[Key] | None], Mapping[Values, "Figure"]]


@dataclass(frozen=True, slots=True)
class Figure:
    """Rows of one group and what they come to."""

    rows: int = 0
    amount: Decimal = Decimal(0)

    def less(self, other: Figure) -> Figure:
        """Return the figure without another's rows."""
        return Figure(self.rows - other.rows, self.amount - other.amount)


@dataclass(frozen=True, slots=True)
class Apart:
    """Rows by key that the totals leave out, of each side."""

    ours: tuple[Key, ...] = ()
    theirs: tuple[Key, ...] = ()


@dataclass(frozen=True, slots=True)
class Sides:
    """How the figures of both sides are read: of all rows, or of those under some keys."""

    mart: Read
    target: Read

    def compared(self, total: Total, apart: Apart) -> Totals:
        """Return the groups of both sides without the rows that are set apart."""
        ours = _less(self.mart, total, apart.ours)
        theirs = _less(self.target, total, apart.theirs)
        nothing = Figure()
        names = sorted(ours.keys() | theirs.keys(), key=lambda v: [part or "" for part in v])
        return Totals(
            by=total.title,
            amount=total.amount,
            groups=tuple(
                _group(total, name, ours.get(name, nothing), theirs.get(name, nothing))
                for name in names
            ),
        )


def _less(read: Read, total: Total, keys: Sequence[Key]) -> dict[Values, Figure]:
    found = dict(read(total, None))
    if keys:
        for name, figure in read(total, keys).items():
            found[name] = found.get(name, Figure()).less(figure)
    return {name: figure for name, figure in found.items() if figure != Figure()}


def _group(total: Total, name: Values, ours: Figure, theirs: Figure) -> Group:
    def amount(figure: Figure) -> str | None:
        return None if total.amount is None else plain_number(f"{figure.amount:f}")

    return Group(name, ours.rows, theirs.rows, amount(ours), amount(theirs))


def totals_of(
    mart: Mart, seen: frozenset[str], sides: Sides, apart: Apart, differing: Apart
) -> tuple[tuple[Totals, ...], tuple[Difference, ...]]:
    """Return the totals of a mart, and the differences that they show.

    Only totals of columns in `seen` are comparable. `apart` are rows that are no matter of the
    comparison, `differing` those and the rows that were found to differ: where the figures agree
    without the latter, these rows explain the difference.
    """
    every = []
    found = []
    for total in mart.totals:
        if not total.columns <= seen:
            continue
        totals = sides.compared(total, apart)
        every.append(totals)
        if not totals.agrees:
            follows = sides.compared(total, differing).agrees
            found.append(_difference(mart.name, totals, follows=follows))
    return tuple(every), tuple(found)


def _difference(mart: str, totals: Totals, *, follows: bool) -> Difference:
    differing = [group for group in totals.groups if not group.agrees]
    name: Name = "totals_differ" if totals.amount is None else "money_differs"
    return difference(
        "totals_follow" if follows else name,
        f"totals of {mart} by {totals.by} are not those of the target",
        len(differing),
        details=[*map(str, differing)],
    )


def added_up(rows: Iterator[tuple[Values, str | None]]) -> dict[Values, Figure]:
    """Return the figures of rows that are read one by one, with group and amount of each."""
    found: dict[Values, Figure] = {}
    for values, amount in rows:
        known = found.get(values, Figure())
        found[values] = Figure(known.rows + 1, known.amount + Decimal(amount or 0))
    return found
