"""Which rows belong together: a cluster is in the target whole or not at all. Pure.

Rows of one customer form a cluster; customers joined by a reference (parent and child) share one.
A foundation or trailing row is a cluster of its own, joined only by references inside its table.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

from runtime.manifest import Mart


@dataclass(frozen=True, slots=True)
class Row:
    """One row to write: canonical texts in the mart's column order. `old_hash` None: an insert.

    `crc`, `base` (as Postgres prints the array) and `is_apart` are kept with the intent.
    """

    mart: Mart
    sonar_key: str
    customer_key: str | None
    cluster: str
    values: tuple[str | None, ...]
    new_hash: str
    old_hash: str | None
    crc: int | None = None
    base: str | None = None
    is_apart: bool = False

    @property
    def key(self) -> tuple[str | None, ...]:
        """Values of the key columns."""
        return tuple(self.value(name) for name in self.mart.key)

    def value(self, column: str) -> str | None:
        """Return the text of one column."""
        for position, candidate in enumerate(self.mart.columns):
            if candidate.name == column:
                return self.values[position]
        raise KeyError(column)

    @property
    def size(self) -> int:
        """Characters to send; a bound, not a measure."""
        return sum(len(value) for value in self.values if value is not None)


@dataclass(frozen=True, slots=True)
class Cluster:
    """Rows that commit or go out together, parents before children."""

    name: str
    rows: tuple[Row, ...]

    @property
    def members(self) -> int:
        """Customers in it; for rows without a customer, the row itself."""
        return len({row.customer_key or row.sonar_key for row in self.rows})


class Links:
    """Union-find over keys that an edge joins. The smallest key of a group names it.

    Only keys with an edge take memory; every other key is its own group.
    """

    def __init__(self, edges: Iterable[tuple[str, str]] = ()) -> None:
        self._parent: dict[str, str] = {}
        for one, other in edges:
            self.join(one, other)

    def name(self, key: str) -> str:
        """Return the name of the group that holds `key`."""
        root = key
        while (above := self._parent.get(root, root)) != root:
            root = above
        while (above := self._parent.get(key, key)) != root:
            self._parent[key] = root
            key = above
        return root

    def join(self, one: str, other: str) -> None:
        """Put both keys, and all that is joined to them, into one group."""
        low, high = sorted((self.name(one), self.name(other)))
        self._parent.setdefault(low, low)
        self._parent[high] = low

    def renamed(self) -> Iterator[tuple[str, str]]:
        """Yield (key, group) of each key whose group bears another name than itself."""
        for key in list(self._parent):
            if (name := self.name(key)) != key:
                yield key, name


def parents_first(rows: Sequence[Row]) -> list[Row]:
    """Return rows of one mart so that a row follows the row of that mart that it refers to.

    Order is kept otherwise. Rows that refer to each other in a circle come in the order given.
    """
    references = (
        [r for r in rows[0].mart.references if r.to_mart == rows[0].mart.name] if rows else []
    )
    if not references or len(rows) == 1:
        return list(rows)
    placed: dict[int, None] = {}
    holders = {
        (r.to_column, row.value(r.to_column)): index
        for index, row in enumerate(rows)
        for r in references
    }
    for start in range(len(rows)):
        chain: list[int] = [start]
        while chain:
            parents = (
                holders.get((r.to_column, rows[chain[-1]].value(r.column))) for r in references
            )
            above = next(
                (p for p in parents if p is not None and p not in placed and p not in chain), None
            )
            if above is None:
                placed.setdefault(chain.pop())
            else:
                chain.append(above)
    return [rows[index] for index in placed]


def assemble(streams: Sequence[Iterable[Row]]) -> Iterator[Cluster]:
    """Yield clusters from one stream of rows per mart, marts in load order.

    Each stream is sorted by cluster name (by code point); so are the clusters.
    """
    merged = heapq.merge(*streams, key=attrgetter("cluster"))  # stable: keeps the marts' order
    for name, rows in groupby(merged, key=attrgetter("cluster")):
        ordered: list[Row] = []
        for _, of_mart in groupby(rows, key=lambda row: row.mart.name):
            ordered.extend(parents_first(list(of_mart)))
        yield Cluster(name, tuple(ordered))


def batches(
    clusters: Iterable[Cluster], *, max_rows: int, max_size: int
) -> Iterator[tuple[Cluster, ...]]:
    """Yield runs of clusters for one transaction each; a larger cluster comes alone and whole."""
    batch: list[Cluster] = []
    rows = size = 0
    for cluster in clusters:
        more_rows, more_size = len(cluster.rows), sum(row.size for row in cluster.rows)
        if batch and (rows + more_rows > max_rows or size + more_size > max_size):
            yield tuple(batch)
            batch, rows, size = [], 0, 0
        batch.append(cluster)
        rows, size = rows + more_rows, size + more_size
    if batch:
        yield tuple(batch)
