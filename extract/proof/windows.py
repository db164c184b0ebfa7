"""Where do two sides differ? Narrowed down by totals of prefixes, without reading rows.

Sonar tells count and SUM over `id <= b` for any b, and so does the warehouse. Where the gap between
both sides is the same at two boundaries, nothing differs between them (or what differs cancels out
in every total); where it changes, the window between is divided again. So d differences among n ids
cost d * log(n) totals. One bound is all that is ever asked for: two bounds on one attribute are not
certain to be ANDed. A count that is off by a constant is the same gap everywhere and leads nowhere.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any, TypeAlias

from sqlalchemy import Connection as Session
from sqlalchemy import text

from extract.catalogue.discovery import Collection
from extract.proof.judgement import (
    CAPPED_COUNT,
    Figures,
    Total,
    exact,
    live_numbers,
    server_figures,
)
from extract.proof.totals import aggregators, counted, document, query
from extract.reading.rows import connection
from extract.sonar.client import Sonar, Tally

PARTS = 16  # of a window, and boundaries a request
LAST = 2**63 - 1  # the boundary above every id; asked for without any bound

_UP_TO = '{{integer_fields: [{{attribute: "id", search_value: ${bound}, operator: LTE}}]}}'

Prefixes: TypeAlias = Callable[[Sequence[int]], Awaitable[Sequence[Figures]]]


@dataclass(frozen=True, slots=True)
class Window:
    """The ids above `low` up to `high`; None is the open end."""

    low: int
    high: int | None


@dataclass(frozen=True, slots=True)
class _Sides:
    """Both sides at one boundary."""

    theirs: Figures
    ours: Figures

    def gap(self) -> Mapping[str, Total]:
        """Return theirs less ours, for every figure that adds up and that both tell."""
        gap: dict[str, Total] = {}
        theirs, ours = self.theirs.count, self.ours.count
        if theirs is not None and ours is not None and not self.is_capped:
            gap["count"] = theirs - ours
        for key in self.theirs.sums.keys() & self.ours.sums.keys():
            if key.startswith("sum("):
                gap[key] = (self.theirs.sums[key] or 0) - (self.ours.sums[key] or 0)
        return gap

    @property
    def is_capped(self) -> bool:
        """Whether Sonar seems to have stopped counting, so that its count says nothing."""
        return self.theirs.count == CAPPED_COUNT < (self.ours.count or 0)


@dataclass(frozen=True, slots=True)
class _Span:
    """The ids above one boundary up to another, with both sides at each."""

    low: int
    high: int
    before: _Sides
    after: _Sides

    @property
    def differs(self) -> bool:
        """Whether the gap between the sides changes in here."""
        before, after = self.before.gap(), self.after.gap()
        return any(before[key] != after[key] for key in before.keys() & after.keys())

    def is_small(self, smallest: int) -> bool:
        """Whether reading it is cheaper than dividing it: few ids, or surely few rows."""
        if self.high - self.low <= smallest:
            return True
        sides = ((self.before.theirs, self.after.theirs), (self.before.ours, self.after.ours))
        counts = [(before.count, after.count) for before, after in sides]
        return all(
            before is not None and after is not None and after - before <= smallest
            for before, after in counts
        )


async def differing(
    theirs: Prefixes, ours: Prefixes, ids: Window, *, smallest: int
) -> list[Window]:
    """Return the windows inside `ids` in which the sides differ, in order, adjacent ones as one.

    `theirs` and `ours` return the figures of all rows with `id <= b` for each boundary b; these
    come in ascending order, and `LAST` stands for no bound. A window is not divided further when it
    spans at most `smallest` ids or holds at most `smallest` rows. What reaches an open end stays
    open.
    """
    top = LAST if ids.high is None else ids.high
    if top <= ids.low:
        return []
    known = await _ask(theirs, ours, [ids.low, top])
    if ids.high is None:
        top = _highest(known[LAST])
        known[top] = known[LAST]
    # The whole is divided even if it agrees: what cancels out over all rows may not in a part.
    spans = [_Span(ids.low, top, known[ids.low], known[top])] if top > ids.low else []
    found = [span for span in spans if span.differs and span.is_small(smallest)]
    divided = [span for span in spans if not span.is_small(smallest)]
    while divided:
        cuts = [_cuts(span.low, span.high) for span in divided]
        known |= await _ask(theirs, ours, sorted({b for cut in cuts for b in cut} - known.keys()))
        spans = [
            _Span(low, high, known[low], known[high]) for cut in cuts for low, high in pairwise(cut)
        ]
        found += [span for span in spans if span.differs and span.is_small(smallest)]
        divided = [span for span in spans if span.differs and not span.is_small(smallest)]
    windows = _joined(sorted((span.low, span.high) for span in found))
    if ids.high is None and windows and windows[-1].high == top:
        windows[-1] = Window(windows[-1].low, None)
    return windows


async def server_prefixes(
    sonar: Sonar,
    collection: Collection,
    leaves: Sequence[str],
    bounds: Sequence[int],
    tally: Tally | None = None,
) -> list[Figures]:
    """Return Sonar's figures of the rows up to each boundary, requests side by side.

    Count, sum and maximum of id, sums of `leaves`: name those whose totals differ.

    Raises:
        SourceError: as `Sonar.ask`.
    """
    chunks = [bounds[start : start + PARTS] for start in range(0, len(bounds), PARTS)]
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(_prefixes(sonar, collection, leaves, chunk, tally))
                for chunk in chunks
            ]
    except BaseExceptionGroup as problems:
        raise problems.exceptions[0] from None
    return [figures for task in tasks for figures in task.result()]


async def _prefixes(
    sonar: Sonar,
    collection: Collection,
    leaves: Sequence[str],
    bounds: Sequence[int],
    tally: Tally | None,
) -> list[Figures]:
    variables, values, fields = {"sums": "[Aggregator!]!"}, dict[str, Any](), []
    values["sums"] = [*aggregators(["id"], ("SUM", "MAX")), *aggregators(leaves, ("SUM",))]
    for number, bound in enumerate(bounds):
        search = None
        if bound < LAST:
            variables[f"b{number}"], values[f"b{number}"] = "Int64Bit!", bound
            search = _UP_TO.format(bound=f"b{number}")
        fields.append(counted(collection, f"p{number}", search=search, sums="sums"))
    asked = query(document("Prefixes", variables, fields))
    answer = await sonar.ask(asked.with_values(**values), tally)
    return [server_figures(connection(answer.get(f"p{n}"))) for n in range(len(bounds))]


def landed_prefixes(
    session: Session, collection: Collection, leaves: Sequence[str], bounds: Sequence[int]
) -> list[Figures]:
    """Return the warehouse's figures of the live rows up to each boundary; one scan.

    `bounds` ascend. Rows are sorted into the gaps between boundaries, then added up from below.
    """
    sums = "".join(f', sum("{leaf}")' for leaf in leaves)
    statement = text(
        "select width_bucket(id, cast(:edges as numeric[])), count(distinct id), max(id), sum(id)"
        f"{sums} from {live_numbers(collection, leaves)} group by 1"
    )
    # A row belongs to the first boundary b with id <= b, which is id < b + 1.
    rows = session.execute(statement, {"edges": [bound + 1 for bound in bounds]}).all()
    by_bucket: dict[int, list[Any]] = {row[0]: list(row[1:]) for row in rows}
    count, highest = 0, None
    totals = {f"sum({name})": Decimal(0) for name in ("id", *leaves)}
    found = []
    for number in range(len(bounds)):
        if number in by_bucket:
            added, highest, *parts = by_bucket[number]
            count += added
            for key, part in zip(totals, parts, strict=True):
                totals[key] += part or 0
        exactly = {key: exact(total) for key, total in totals.items()}
        found.append(Figures(count, {**exactly, "max(id)": exact(highest)}))
    return found


async def _ask(theirs: Prefixes, ours: Prefixes, bounds: Sequence[int]) -> dict[int, _Sides]:
    if not bounds:
        return {}
    sides = zip(await theirs(bounds), await ours(bounds), strict=True)
    return {bound: _Sides(*both) for bound, both in zip(bounds, sides, strict=True)}


def _highest(sides: _Sides) -> int:
    """Return the highest id of either side, 0 of no rows; `LAST` if a side does not tell."""
    told = [figures.sums.get("max(id)", LAST) for figures in (sides.theirs, sides.ours)]
    return max(int(value) for value in [*told, 0] if value is not None)


def _cuts(low: int, high: int) -> list[int]:
    """Return the boundaries of `PARTS` equal parts, both ends among them."""
    span = high - low
    return sorted({low + span * part // PARTS for part in range(PARTS + 1)})


def _joined(spans: Iterable[tuple[int, int]]) -> list[Window]:
    joined: list[tuple[int, int]] = []
    for low, high in spans:
        if joined and joined[-1][1] == low:
            joined[-1] = (joined[-1][0], high)
        else:
            joined.append((low, high))
    return [Window(low, high) for low, high in joined]
