"""Rows that the server refuses: found by halving, named without values, bounded in number. Pure.

A refusal is told by error number, never by exception class: drivers raise one class for a bad date
and for a lost connection. The server's messages quote the values they complain about, so what we
keep of a message has everything between its first and its last quotation mark blotted out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from load.planning.clusters import Cluster, Row

# Errors that leaving the row out cures; everything else concerns the session or the server.
REFUSAL_CODES = frozenset(
    {
        1048,  # NULL for a NOT NULL column
        1062, 1586,  # duplicate key
        1153, 3170,  # larger than a packet
        1216, 1217, 1451, 1452,  # foreign key
        1264, 1265, 1292, 1366, 1406, 1411, 1367, 1690,  # out of range, cut, no such date, bad text
        1364,  # no default
        1644,  # a trigger says no
        3140, 3141,  # not JSON
        3819, 4025,  # CHECK of MySQL, of MariaDB
    }
)  # fmt: skip

_QUOTED = re.compile(r"""['"].*['"]|['"].*$""", re.DOTALL)
_COLUMN = re.compile(r"[Cc]olumn ['`]?(?:`?\w+`?\.`?\w+`?\.)?[`']?(\w+)[`']?")
_KEY = re.compile(r"for key '(?:\w+\.)?([^']+)'\s*$")
_FOREIGN = re.compile(r"FOREIGN KEY \(`(\w+)`")
_NEVER_LESS_THAN = 10
_RUNNING = 20


class Refused(Exception):  # noqa: N818 - a verdict of the server, caught by the quarantine
    """The server refused a statement because of its rows. `message` is the server's, unmasked."""

    def __init__(self, code: int, message: str, row: Row | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.message = message
        self.row = row


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a cluster stays out: the row the server refused, or the reference that leads to one."""

    cluster: Cluster
    row: Row
    cause: str
    code: int | None
    column: str | None
    message: str

    def __str__(self) -> str:
        """Name table, key, column and number; the cluster's other rows are counted."""
        what = f"error {self.code}" if self.code else self.message
        where = f" column {self.column}:" if self.column else ""
        more = len(self.cluster.rows) - 1
        others = f" ({more} rows that belong to it stay out too)" if more else ""
        return f"{self.row.mart.name} {self.row.sonar_key}:{where} {what}{others}"


def masked(message: str) -> str:
    """Return a server's message without anything that it quotes."""
    return _QUOTED.sub("'…'", message)


def column_named(message: str, columns: Collection[str]) -> str | None:
    """Return which of `columns` the message complains about, or the key it names, else None.

    The last match counts, because a quoted value could imitate the words before it.
    """
    for pattern in (_COLUMN, _FOREIGN):
        named = [name for name in pattern.findall(message) if name in columns]
        if named:
            return str(named[-1])
    key = _KEY.search(message)
    return key[1] if key and re.fullmatch(r"\w+", key[1]) else None


def refusal(cluster: Cluster, refused: Refused) -> Refusal:
    """Return the refusal of a cluster that the server answered with `refused`."""
    row = refused.row or cluster.rows[0]
    columns = {column.name for column in row.mart.columns}
    return Refusal(
        cluster=cluster,
        row=row,
        cause="server",
        code=refused.code,
        column=column_named(refused.message, columns),
        message=masked(refused.message),
    )


def write_or_refuse(
    clusters: Sequence[Cluster],
    write: Callable[[Sequence[Cluster]], None],
    locate: Callable[[Cluster, Refused], Refused],
) -> Iterator[Refusal]:
    """Write `clusters` and yield the refused ones; every other cluster has been committed.

    Halves a refused batch until single clusters remain: O(log n) extra writes per bad one. `write`
    commits all its clusters or none; `locate` finds the row of a single cluster. Whoever stops
    taking from the iterator stops the writing.
    """
    if not clusters:
        return
    try:
        write(clusters)
    except Refused as refused:
        if len(clusters) == 1:
            yield refusal(clusters[0], locate(clusters[0], refused))
            return
        middle = len(clusters) // 2
        yield from write_or_refuse(clusters[:middle], write, locate)
        yield from write_or_refuse(clusters[middle:], write, locate)


class StopRule:
    """When refusals are no longer single bad rows but a sign that something is wrong.

    More than 10 and more than 1 % of what was attempted (customers; rows where there is no
    customer), or one error number 20 times without a written cluster between. Only the server's
    refusals count: what goes out with a refused row says nothing new.
    """

    def __init__(self) -> None:
        self._written = 0
        self._refused = 0
        self._code: int | None = None
        self._running = 0

    def written(self, members: int) -> None:
        """Count what was committed."""
        self._written += members
        self._running = 0

    def refused(self, members: int, code: int | None) -> str | None:
        """Count a refusal; return why the run must stop, or None."""
        self._refused += members
        self._running = self._running + 1 if code == self._code else 1
        self._code = code
        attempted = self._written + self._refused
        if self._refused > max(_NEVER_LESS_THAN, attempted // 100):
            return f"{self._refused} of {attempted} attempted were refused"
        if self._running >= _RUNNING:
            return f"error {code} came {self._running} times running"
        return None


class Blocked:
    """Rows that are not in the target although others refer to them."""

    def __init__(self) -> None:
        self._values: set[tuple[str, str, str]] = set()

    def add(self, mart: str, column: str, value: str) -> None:
        """Remember that no row of `mart` has this value in `column`."""
        self._values.add((mart, column, value))

    def add_cluster(self, cluster: Cluster, referenced: Collection[tuple[str, str]]) -> None:
        """Remember the new rows of a cluster that stays out. `referenced`: (mart, column) pairs."""
        for row in cluster.rows:
            if row.old_hash is not None:
                continue  # an older state of it is in the target
            for mart, column in referenced:
                if mart == row.mart.name and (value := row.value(column)) is not None:
                    self.add(mart, column, value)

    def values(self) -> dict[tuple[str, str], list[str]]:
        """Return the values that lead nowhere, by (mart, column)."""
        found: dict[tuple[str, str], list[str]] = {}
        for mart, column, value in sorted(self._values):
            found.setdefault((mart, column), []).append(value)
        return found

    def reason(self, cluster: Cluster) -> Refusal | None:
        """Return why this cluster must stay out, or None."""
        if not self._values:
            return None
        for row in cluster.rows:
            for reference in row.mart.references:
                value = row.value(reference.column)
                if (reference.to_mart, reference.to_column, value) in self._values:
                    said = f"leads to a row of {reference.to_mart} that is not in Splynx"
                    return Refusal(cluster, row, "reference", None, reference.column, said)
        return None
