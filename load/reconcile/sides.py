"""The two sides of a table: the mart in the warehouse and the live table in Splynx's MySQL.

Read only, each in one snapshot. Sums are over the first 60 bits of the rows' MD5, which both
servers can make a number of; their order does not matter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, text

from load.reconcile.compare import Key, Span, Summary
from load.reconcile.normal_form import (
    Compared,
    mysql_digest,
    mysql_value,
    postgres_digest,
    postgres_value,
    quoted_mysql,
    quoted_postgres,
)
from load.reconcile.totals import MONTH, Figure, Values
from runtime.manifest import Total

_KEYS = 5_000  # keys asked about in one query
_ASKED = 500  # where each part of a key is a parameter of its own
INTEGERS = frozenset({"tinyint", "smallint", "mediumint", "int", "bigint"})


@dataclass(frozen=True, slots=True)
class Part:
    """Where not all rows of a mart are looked at: of which customers, and the whole mart."""

    customers: tuple[str, ...]
    whole: str


@dataclass(frozen=True, slots=True)
class Table:
    """What both sides have to agree on: name, key, compared columns, whether keys can be ranged.

    `has_mark`: the target's rows have a column that says whether they were removed. With `part`,
    the mart under `schema` has only some rows, and records of the others are left aside.
    """

    name: str
    schema: str
    key: tuple[str, ...]
    columns: tuple[Compared, ...]
    is_ranged: bool
    has_mark: bool = False
    part: Part | None = None


def _normal_key(values: Sequence[Any]) -> Key:
    """Return a key that equals its like from the other database: whole numbers, else text."""
    return tuple(
        int(value) if isinstance(value, (int, Decimal)) and value == int(value) else str(value)
        for value in values
    )


def _text(value: bytes | str | None) -> str | None:
    return value.decode() if isinstance(value, bytes) else value


class _Side:
    """What both databases do alike, given their expressions."""

    def __init__(
        self, connection: Connection, relation: str, keys: Sequence[str], table: Table
    ) -> None:
        self._connection = connection
        self._relation = relation
        self._keys = tuple(keys)
        self._table = table

    digest = ""
    number = ""
    quotient = ""
    value: Callable[[Compared], str]
    quoted: Callable[[str], str]
    group = "{value}"

    def extent(self) -> Span:
        if not self._table.is_ranged:
            return Span()
        ends = self._connection.execute(
            text(f"select min({self._keys[0]}), max({self._keys[0]}) from {self._relation}")
        ).one()
        return Span() if ends[0] is None else Span(int(ends[0]), int(ends[1]))

    def summaries(self, span: Span) -> dict[int, Summary]:
        part, where = "0", ""
        values: dict[str, Any] = {}
        if span.low is not None:
            part = self.quotient.format(key=self._keys[0])
            where, values = self._ranged(span, span)
        rows = self._connection.execute(
            text(
                f"select part, count(*), sum({self.number}) from"
                f" (select {part} as part, {self.digest} as digest from {self._relation}{where})"
                " as digests group by part"
            ),
            values,
        )
        return {int(row[0]): Summary(int(row[1]), int(row[2])) for row in rows}

    def digests(self, span: Span, parts: Sequence[int]) -> list[tuple[Key, str]]:
        where = ""
        values: dict[str, Any] = {}
        if span.low is not None:
            ends = Span(span.part(min(parts)).low, span.part(max(parts)).high)
            where, values = self._ranged(span, ends)
            # numbers of our own, as literals: both servers look a row's up instead of going through
            some = ", ".join(map(str, parts))
            where += f" and {self.quotient.format(key=self._keys[0])} in ({some})"
        rows = self._connection.execute(
            text(f"select {', '.join(self._keys)}, {self.digest} from {self._relation}{where}"),
            values,
        )
        return [(_normal_key(row[:-1]), str(row[-1])) for row in rows]

    def _ranged(self, span: Span, within: Span) -> tuple[str, dict[str, Any]]:
        """Return the condition for keys of `within`, and the parameters of it and of parts."""
        where = f" where {self._keys[0]} between :first and :last"
        ends = {"first": within.low, "last": within.high}
        return where, {**ends, "low": span.low, "width": span.width}

    def digests_of(self, keys: Sequence[Key]) -> dict[Key, str]:
        """Return the digest by key, for those of `keys` that there are."""
        found: dict[Key, str] = {}
        for start in range(0, len(keys), _ASKED):
            where, values = self._among(keys[start : start + _ASKED])
            query = f"select {', '.join(self._keys)}, {self.digest} from {self._relation}{where}"
            for row in self._connection.execute(text(query), values):
                found[_normal_key(row[:-1])] = str(row[-1])
        return found

    def figures(self, total: Total, keys: Sequence[Key] | None) -> dict[Values, Figure]:
        """Return the figures of each group, of all rows or of those under `keys`."""
        if keys is None:
            return self._figures(total, "", {})
        found: dict[Values, Figure] = {}
        for start in range(0, len(keys), _ASKED):
            page = self._figures(total, *self._among(keys[start : start + _ASKED]))
            for name, more in page.items():
                known = found.get(name, Figure())
                found[name] = Figure(known.rows + more.rows, known.amount + more.amount)
        return found

    def _figures(self, total: Total, where: str, named: Mapping[str, Any]) -> dict[Values, Figure]:
        groups = [self.group.format(value=value) for value in self._grouped(total)]
        amount = "0" if total.amount is None else f"sum({self.quoted(total.amount)})"
        places = ", ".join(str(number + 1) for number in range(len(groups)))
        rows = self._connection.execute(
            text(
                f"select {', '.join([*groups, 'count(*)', amount])} from {self._relation}{where}"
                f" group by {places}"
            ),
            named,
        )
        return {
            tuple(_text(value) for value in row[:-2]): Figure(int(row[-2]), Decimal(row[-1] or 0))
            for row in rows
        }

    def _grouped(self, total: Total) -> Iterator[str]:
        columns = {column.name: column for column in self._table.columns}
        for name in total.by:
            yield self.value(columns[name])
        if total.month is not None:
            yield f"left({self.value(columns[total.month])}, {MONTH})"

    def _among(self, keys: Sequence[Key]) -> tuple[str, dict[str, Any]]:
        """Return the condition that a row is under one of `keys`, and its parameters."""
        one = f"({', '.join(f':k{n}_{{at}}' for n in range(len(self._keys)))})"
        asked = ", ".join(one.format(at=at) for at in range(len(keys)))
        values = {f"k{n}_{at}": part for at, key in enumerate(keys) for n, part in enumerate(key)}
        return f" where ({', '.join(self._keys)}) in ({asked})", values

    def values(self, key: Key, expressions: Mapping[str, str]) -> dict[str, str | None]:
        """Return the normal form of each column of the row under `key`."""
        condition = " and ".join(f"{name} = :k{n}" for n, name in enumerate(self._keys))
        row = self._connection.execute(
            text(
                f"select {', '.join(expressions.values())} from {self._relation} where {condition}"
            ),
            {f"k{n}": value for n, value in enumerate(key)},
        ).first()
        if row is None:
            return {}
        return {name: row[n] for n, name in enumerate(expressions)}


class MartSide(_Side):
    """A mart in Postgres; `relation` is what to select from."""

    number = "('x' || left(digest, 15))::bit(60)::bigint::numeric"
    quotient = "({key} - cast(:low as bigint)) / cast(:width as bigint)"
    value = staticmethod(postgres_value)
    quoted = staticmethod(quoted_postgres)

    def __init__(self, connection: Connection, table: Table, relation: str) -> None:
        super().__init__(connection, relation, [quoted_postgres(k) for k in table.key], table)
        self.digest = postgres_digest(table.columns)

    def row(self, key: Key) -> dict[str, str | None]:
        """Return the row under `key` in normal form."""
        return self.values(key, {c.name: postgres_value(c) for c in self._table.columns})

    def rows(self) -> int:
        """Return how many rows there are."""
        found = self._connection.execute(text(f"select count(*) from {self._relation}"))
        return int(found.scalar_one())

    def names(self) -> Iterator[tuple[Key, str]]:
        """Yield key and Sonar key of each row."""
        query = f"select {', '.join(self._keys)}, _sonar_key from {self._relation}"
        for row in self._connection.execute(text(query)):
            yield _normal_key(row[:-1]), str(row[-1])

    def sonar_keys(self, keys: Sequence[Key]) -> list[str]:
        """Return the Sonar keys of the rows under `keys`, in that order."""
        found = self._held(keys)
        return [found[key] for key in keys]

    def holds(self, keys: Sequence[Sequence[Any]]) -> list[Key]:
        """Return those of `keys` under which the mart has a row."""
        asked = [_normal_key(key) for key in keys]
        found = self._held(asked)
        return [key for key in asked if key in found]

    def _held(self, keys: Sequence[Key]) -> dict[Key, str]:
        """Return the Sonar key by key, for those of `keys` that the mart has."""
        named = ", ".join(self._keys)
        texts = ", ".join(f"{name}::text" for name in self._keys)
        asked = ", ".join(f"cast(:k{n} as text[])" for n in range(len(self._keys)))
        query = text(
            f"select {named}, _sonar_key from {self._relation}"
            f" where ({texts}) in (select * from unnest({asked}))"
        )
        found: dict[Key, str] = {}
        for start in range(0, len(keys), _KEYS):
            page = keys[start : start + _KEYS]
            values = {f"k{n}": [str(key[n]) for key in page] for n in range(len(self._keys))}
            for row in self._connection.execute(query, values):
                found[_normal_key(row[:-1])] = str(row[-1])
        return found


class TargetSide(_Side):
    """A table of the live target."""

    number = "cast(conv(left(digest, 15), 16, 10) as unsigned)"
    quotient = "({key} - :low) div :width"
    value = staticmethod(mysql_value)
    quoted = staticmethod(quoted_mysql)
    group = "cast({value} as binary)"  # its collations take a and A, or é and e, for one text

    def __init__(self, connection: Connection, table: Table, relation: str | None = None) -> None:
        keys = [quoted_mysql(k) for k in table.key]
        super().__init__(connection, relation or quoted_mysql(table.name), keys, table)
        self.digest = mysql_digest(table.columns)

    def removed(self, keys: Sequence[Key]) -> set[Key]:
        """Return those of `keys` whose row has the mark of removed rows."""
        if not keys or not self._table.has_mark:
            return set()
        marked = self._connection.execute(
            text(f"select {', '.join(self._keys)} from {self._relation} where deleted = '1'")
        )
        return {_normal_key(row) for row in marked}.intersection(keys)

    def row(self, key: Key) -> dict[str, str | None]:
        """Return the row under `key` in normal form."""
        return self.values(key, {c.name: mysql_value(c) for c in self._table.columns})
