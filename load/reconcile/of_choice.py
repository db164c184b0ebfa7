"""Which rows a load of chosen customers was to bring, found without what the load found.

The load says which customers it took (`ops.choice`); which of the marts' rows are theirs, and what
those lead to, is asked of the marts here, by queries of its own. A row that a plan forgot is
therefore looked for in the target, and missed.

| rows | belong to the choice when |
|---|---|
| of customers | their customer was chosen, or a row of the choice leads to them |
| trailing | they lead to a row of the choice that is no foundation; unless they also lead to one \
that is neither in the choice nor recorded as written, which a load leaves for later |
| foundation, trailing | a row of the choice leads to them, or they are a part of one: the first \
column of their key leads to it |

They are copied into temporary tables that bear the marts' names, with the target's ids. Of the
target, the rows under their keys are looked at, and rows that lead to rows of these customers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, text

from load.reconcile.compare import Key
from load.reconcile.normal_form import quoted_mysql, quoted_postgres
from load.reconcile.sides import MartSide, Part, Table
from load.reconcile.translation import Translation
from runtime.errors import ConfigError
from runtime.manifest import Manifest, Mart, Reference

SCHEMA = "pg_temp"
_CUSTOMER, _FOUNDATION, _TRAILING = "customer", "foundation", "trailing"


@dataclass(frozen=True, slots=True)
class Choice:
    """What the latest load of a target was of: in words, and the Sonar keys of all customers."""

    scope: str
    customers: tuple[str, ...]


def last_choice(warehouse: Connection, target: str) -> Choice:
    """Return what the latest load was of.

    Raises:
        ConfigError: it was of everything, or there was none.
    """
    row = warehouse.execute(
        text("select scope, customers from ops.choice where target = :target"), {"target": target}
    ).first()
    if row is None:
        raise ConfigError(
            "the last load was not of some chosen customers (ACCOUNTS, LIMIT, STATUS): reconcile"
            " without --chosen, which looks at everything"
        )
    return Choice(str(row.scope), tuple(row.customers))


@dataclass(slots=True)
class ChosenRows:
    """Makes the temporary tables; `held` are their rows by mart, of those that were made."""

    warehouse: Connection
    manifest: Manifest
    target: str
    translation: Translation
    choice: Choice
    held: dict[str, int] = field(default_factory=dict)

    def gather(self) -> list[Mart]:
        """Copy the rows; return the marts that have any, in the manifest's order."""
        for mart in self._of_group(_CUSTOMER):
            self._take(mart, "_customer_key = any(:customers)", customers=self.choice.customers)
        for mart in self._of_group(_TRAILING):
            for reference in mart.references:
                if self._group(reference.to_mart) != _FOUNDATION:
                    self._down(mart, reference)
        self._leave_for_later()
        grown = set(self.held)
        while grown:
            grown = {name for name in self._led_to(grown) if name is not None}
        return [mart for mart in self.manifest.marts if self.held.get(mart.name)]

    def part(self, mart: Mart) -> Part:
        """Return what the records of a mart are read of."""
        return Part(self.choice.customers, _quoted(mart))

    def relation(self, mart: Mart) -> str:
        """Return the temporary table of a mart."""
        return f"{SCHEMA}.{quoted_postgres(mart.name)}"

    def theirs(self, splynx: Connection, mart: Mart, table: Table) -> str:
        """Return the target's rows that are held against the choice: what to select from.

        Those under the keys of the choice, and those that lead to rows of its customers, if the
        mart does not have them for somebody else.
        """
        ours = [key for key, _ in MartSide(self.warehouse, table, self.relation(mart)).names()]
        others = set(self._leading(splynx, mart, table)) - set(ours)
        if others:
            whole = MartSide(self.warehouse, table, self.translation.relation(mart))
            others -= set(whole.holds(sorted(others, key=str)))
        keys = [*ours, *sorted(others, key=str)]
        name = quoted_mysql(mart.name)
        where = _among([quoted_mysql(column) for column in table.key], keys) if keys else "false"
        return f"(select * from {name} where {where})"

    def _leading(self, splynx: Connection, mart: Mart, table: Table) -> Iterator[Key]:
        """Yield the keys of target rows that lead to rows of the choice which are of customers."""
        if mart.group != _CUSTOMER:
            return
        conditions = []
        for reference in mart.references:
            other = self.manifest.mart(reference.to_mart)
            if other.group == _CUSTOMER and reference.orders and self.held.get(other.name):
                values = self._values(other.name, reference.to_column)
                if values:
                    column = quoted_mysql(reference.column)
                    conditions.append(_among([column], [(value,) for value in values]))
        if not conditions:
            return
        names = ", ".join(quoted_mysql(column) for column in table.key)
        for condition in conditions:
            rows = splynx.exec_driver_sql(
                f"select {names} from {quoted_mysql(mart.name)} where {condition}"
            )
            for row in rows:
                yield tuple(v if isinstance(v, int) else str(v) for v in row)

    def _of_group(self, group: str) -> Iterator[Mart]:
        return (mart for mart in self.manifest.marts if mart.group == group)

    def _group(self, name: str) -> str:
        return self.manifest.mart(name).group

    def _take(self, mart: Mart, condition: str, **values: object) -> int:
        table = self.relation(mart)
        rows = f"select * from {self.translation.relation(mart)} where {condition}"
        if mart.name in self.held:
            done = f"insert into {table} {rows}"
            done += f" and _sonar_key not in (select _sonar_key from {table})"
        else:
            done = f"create temporary table {table} as {rows}"
        named = {name: list(v) if isinstance(v, tuple) else v for name, v in values.items()}
        taken = self.warehouse.execute(text(done), named).rowcount
        self.held[mart.name] = self.held.get(mart.name, 0) + taken
        return int(taken)

    def _values(self, name: str, column: str) -> list[object]:
        """Return the values of a column of the rows that were taken."""
        if not self.held.get(name):
            return []
        quoted = quoted_postgres(column)
        found = self.warehouse.execute(
            text(
                f"select distinct {quoted} from {SCHEMA}.{quoted_postgres(name)}"
                f" where {quoted} is not null"
            )
        )
        return list(found.scalars())

    def _down(self, mart: Mart, reference: Reference) -> int:
        """Take the rows of a mart that lead to rows of the choice."""
        values = self._values(reference.to_mart, reference.to_column)
        if not values:
            return 0
        return self._take(
            mart, f"{quoted_postgres(reference.column)} in (select unnest(:values))", values=values
        )

    def _up(self, mart: Mart, reference: Reference) -> int:
        """Take the rows that rows of the choice lead to."""
        known = set(self._values(reference.to_mart, reference.to_column))
        values = [v for v in self._values(mart.name, reference.column) if v not in known]
        if not values:
            return 0
        other = self.manifest.mart(reference.to_mart)
        column = quoted_postgres(reference.to_column)
        return self._take(other, f"{column} in (select unnest(:values))", values=values)

    def _led_to(self, before: Iterable[str]) -> Iterator[str | None]:
        """Take what the rows of some marts lead to, and their parts; yield which marts grew."""
        names = set(before)
        for mart in self.manifest.marts:
            for reference in mart.references:
                if mart.name in names and self._up(mart, reference):
                    yield reference.to_mart
                is_part = mart.group != _CUSTOMER and reference.column == mart.key[0]
                if is_part and reference.to_mart in names and self._down(mart, reference):
                    yield mart.name

    def _leave_for_later(self) -> None:
        """Take away trailing rows that lead to rows which no load has written and none brings."""
        for mart in self._of_group(_TRAILING):
            for reference in mart.references if self.held.get(mart.name) else ():
                if self._group(reference.to_mart) == _FOUNDATION:
                    continue
                known = set(self._values(reference.to_mart, reference.to_column))
                led = [v for v in self._values(mart.name, reference.column) if v not in known]
                if led:
                    self.held[mart.name] -= self._without(mart, reference, led)

    def _without(self, mart: Mart, reference: Reference, led: Sequence[object]) -> int:
        """Take away rows that lead to one of these values, where its row is not written."""
        other = self.manifest.mart(reference.to_mart)
        its = quoted_postgres(reference.to_column)
        parents = self.warehouse.execute(
            text(
                f"select {its}, _sonar_key from {self.translation.relation(other)}"
                f" where {its} = any(:led)"
            ),
            {"led": list(led)},
        ).all()
        written: set[str] = set(
            self.warehouse.execute(
                text(
                    "select _sonar_key from ops.row_state where target = :target"
                    " and table_name = :other and state = 'written' and _sonar_key = any(:keys)"
                ),
                {"target": self.target, "other": other.name, "keys": [row[1] for row in parents]},
            ).scalars()
        )
        absent = [row[0] for row in parents if row[1] not in written]
        if not absent:
            return 0
        done = self.warehouse.execute(
            text(
                f"delete from {self.relation(mart)}"
                f" where {quoted_postgres(reference.column)} = any(:absent)"
            ),
            {"absent": absent},
        )
        return int(done.rowcount)


def _quoted(mart: Mart) -> str:
    return f"{quoted_postgres(mart.schema)}.{quoted_postgres(mart.name)}"


def _among(names: Sequence[str], keys: Sequence[Sequence[object]]) -> str:
    """Return the MySQL condition that a row is under one of these keys."""
    rows = (f"({', '.join(map(_literal, key))})" for key in keys)
    return f"({', '.join(names)}) in ({', '.join(rows)})"


def _literal(value: object) -> str:
    """Return a MySQL literal: numbers as they are, texts as digits, which end no literal."""
    if isinstance(value, int):
        return str(value)
    return f"_utf8mb4 x'{str(value).encode().hex()}'"
