"""Where a target may differ from what we wrote: sums by range of keys, made inside each database.

The target sums a CRC-32 of each row's canonical text; the warehouse sums those that it kept when it
wrote the rows (`ops.row_state.crc`). One answer of a few bytes per 256 keys is all that travels.
Ranges that agree hold what we wrote and nothing else; of the others every row is looked at. Two
changes whose CRCs cancel out, one in four thousand million, would pass for none in a plan; a write
does not rely on it, but compares the row itself under a lock.

Postgres computes CRC-32 from version 18 on. Without it no sum is known, and every row is looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from sqlalchemy import Connection

from load.checks.mart_types import mart_type
from load.planning.row_hash import my_name, pg_text, quick_line_of_target, shape
from load.target.facts import INTEGERS, TableFacts
from load.target.targets import Target
from runtime.manifest import Mart

WIDTH = 256  # keys of a range: an edit of staff's costs a look at so many rows
_MOST_SPANS = 400  # of one statement; a table with more of them is read whole
_KNOWS_CRC = 180000

Sums = Mapping[int, tuple[int, int | None]]  # by range: rows, and their sum where it is known


@dataclass(frozen=True, slots=True)
class Span:
    """Keys from `low` to `high`, both included."""

    low: int
    high: int


def knows_crc(warehouse: Connection) -> bool:
    """Return whether this Postgres can compute a CRC-32."""
    version = warehouse.exec_driver_sql("select current_setting('server_version_num')::integer")
    return int(version.scalar_one()) >= _KNOWS_CRC


def ranged(mart: Mart, facts: TableFacts) -> bool:
    """Return whether the mart's rows can be told apart by ranges of an integer key."""
    kinds = {column.name: mart_type(column.data_type).family for column in mart.columns}
    fact = facts.columns[mart.key[0]]
    return kinds[mart.key[0]] == "integer" and fact.data_type in INTEGERS


def range_of(expression: str, mart: Mart, facts: TableFacts) -> str:
    """Return the Postgres expression of the range of a key; without ranges all is range 0."""
    return f"(({expression})::bigint / {WIDTH})" if ranged(mart, facts) else "0::bigint"


def shown(splynx: Connection, mart: Mart, facts: TableFacts) -> Sums:
    """Return what the target's table holds now, summed inside its server."""
    number = f"{my_name(mart.key[0])} div {WIDTH}" if ranged(mart, facts) else "0"
    line = quick_line_of_target(mart, facts.columns)
    found = splynx.exec_driver_sql(
        f"select {number} as r, count(*), sum(crc32({line})) from {my_name(mart.name)} group by r"
    )
    return {int(row[0]): (int(row[1]), int(row[2])) for row in found}


def written(warehouse: Connection, mart: Mart, facts: TableFacts, target: Target) -> Sums:
    """Return what it should hold if nobody but us had written there."""
    number = range_of(f"row_key ->> {pg_text(mart.key[0])}", mart, facts)
    # a row of another shape has a CRC over other columns
    known = f"case when right(new_hash, 8) = '{shape(c.name for c in mart.columns)}' then crc end"
    found = warehouse.exec_driver_sql(
        f"select {number}, count(*), count({known}), sum({known}) from ops.row_state"
        " where target = %(target)s and table_name = %(mart)s and state = 'written'"
        " and removed is distinct from 'deleted' group by 1",
        {"target": target.name, "mart": mart.name},
    )
    return {int(r[0]): (int(r[1]), int(r[3]) if r[1] == r[2] else None) for r in found}


def differing(here: Sums, there: Sums) -> list[int]:
    """Return the ranges that are not known to be equal, in order. Pure."""
    return sorted(n for n in here.keys() | there.keys() if here.get(n) != there.get(n))


def spans(ranges: Sequence[int], of: int) -> list[Span] | None:
    """Return the keys of `ranges` (in order), neighbours joined. Pure.

    None: a table of `of` ranges is better read as a whole.
    """
    if 2 * len(ranges) > of:
        return None
    found: list[Span] = []
    for _, run in groupby(enumerate(ranges), key=lambda pair: pair[1] - pair[0]):
        numbers = [number for _, number in run]
        # division truncates towards zero in both databases: range 0 has keys of both signs
        low = numbers[0] * WIDTH - (WIDTH - 1 if numbers[0] <= 0 else 0)
        high = numbers[-1] * WIDTH + (WIDTH - 1 if numbers[-1] >= 0 else 0)
        found.append(Span(low, high))
    return found if len(found) <= _MOST_SPANS else None


def conditions(mart: Mart, wanted: Sequence[Span] | None) -> Iterator[str]:
    """Yield MySQL conditions that together cover the keys of `wanted`; None: all rows."""
    if wanted is None:
        yield "true"
        return
    name = my_name(mart.key[0])
    for span in wanted:
        yield f"{name} between {span.low:d} and {span.high:d}"
