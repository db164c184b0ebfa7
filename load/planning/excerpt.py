"""The marts cut down to what the operator chose: temporary tables that bear their names.

A plan hashes and joins every row of the marts that it is given. Where some customers are chosen it
is given these tables, with their rows alone, and everything that follows costs what they cost.

Which rows come along with a customer is said in the table of `load.planning.closure`, which finds
the same rows in a plan of everything, for a load over the API.

A trailing row that also leads to a row that is neither chosen nor written stays out. Each mart is
read a few times by its keys; none of its rows that stays out is hashed or leaves the server.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection

from load.planning.row_hash import is_link, pg_name, pg_relation
from load.target.targets import Target, tables_written
from runtime.manifest import Manifest, Mart, Reference

_SCHEMA = "pg_temp"
_FEW = 5_000  # values that a statement holds; of more, it reads the temporary table
_CUSTOMER, _FOUNDATION, _TRAILING = "customer", "foundation", "trailing"

_STATE = """
drop table if exists load_state;
create temporary table load_state as
select * from ops.row_state where target = %(target)s and (
    _customer_key = any(%(customers)s) or table_name = any(%(links)s)
    or (table_name, _sonar_key) in (select * from load_chosen)
);
create index on load_state (table_name, _sonar_key);
analyze load_state
"""
_MADE = """
drop table if exists load_chosen;
create temporary table load_chosen (table_name text, _sonar_key text);
"""


@dataclass(frozen=True, slots=True)
class Size:
    """Rows of one mart: chosen; of the others, never written yet, and written before."""

    chosen: int
    not_selected: int
    outside: int


@dataclass(frozen=True, slots=True)
class Excerpt:
    """What was chosen. `manifest` has the marts with a row to look at, as temporary tables.

    References to other marts are left out of it: none of the rows has one. `whole` is the manifest
    as it is, `customers` are the keys of all customers in it.
    """

    whole: Manifest
    manifest: Manifest
    customers: tuple[str, ...]
    sizes: Mapping[str, Size]


def cut(  # noqa: PLR0913, PLR0917 - what is chosen, and where
    warehouse: Connection,
    manifest: Manifest,
    target: Target,
    customers: Sequence[str],
    rows: Sequence[tuple[str, str]],
    known: Mapping[str, int],
) -> Excerpt:
    """Make the temporary tables for these customers, these `rows` (table, record) and their like.

    `warehouse` is the connection that is to make the plan. It gets `load_chosen`, the records by
    table, and `load_state`, what is recorded of them and of anything else of these customers.
    `known` are the rows of marts that need not be counted.
    """
    making = _Cutter(warehouse, manifest)
    keys = making.customers(customers)
    making.single(rows)
    making.trailing()
    making.complete()
    making.leave_out(target)
    warehouse.exec_driver_sql(_MADE)
    for name in making.held:
        warehouse.exec_driver_sql(
            "insert into load_chosen select %(mart)s, _sonar_key"
            f" from {pg_relation(making.cut(name))}",
            {"mart": name},
        )
    warehouse.exec_driver_sql("analyze load_chosen")
    name_customers(warehouse, keys)
    links = [m.name for m in manifest.marts if m.group != _CUSTOMER and is_link(m)]
    bound = {"target": target.name, "customers": keys, "links": links}
    warehouse.exec_driver_sql(_STATE, bound)
    of_them = warehouse.exec_driver_sql(
        "select distinct table_name from load_state where _customer_key = any(%(customers)s)", bound
    )
    return Excerpt(
        manifest,
        making.manifest({str(row[0]) for row in of_them}),
        tuple(keys),
        dict(_sizes(warehouse, manifest, target, making.held, known)),
    )


def name_customers(warehouse: Connection, keys: Sequence[str]) -> None:
    """Keep the chosen customers in `load_customers`, for the record of the load."""
    warehouse.exec_driver_sql(
        "drop table if exists load_customers;"
        " create temporary table load_customers as select unnest(%(keys)s::text[]) as key",
        {"keys": sorted(keys)},
    )


def _sizes(
    warehouse: Connection,
    manifest: Manifest,
    target: Target,
    held: Mapping[str, int],
    known: Mapping[str, int],
) -> Iterator[tuple[str, Size]]:
    written = tables_written(warehouse, target)
    counts = " union all ".join(
        f"select {number}, count(*), {_NEW if mart.name in written else 'count(*)'}"
        f" from {pg_relation(mart)} as mart"
        + (
            " left join ops.row_state as state on state.target = %(target)s"
            f" and state.table_name = '{mart.name}' and state._sonar_key = mart._sonar_key"
            if mart.name in written
            else ""
        )
        for number, mart in enumerate(manifest.marts)
        if mart.name in written or mart.name not in known
    )
    chosen_new = {
        str(row[0]): int(row[1])
        for row in warehouse.exec_driver_sql(
            "select chosen.table_name, count(*) from load_chosen as chosen"
            " left join load_state as state on state.table_name = chosen.table_name"
            f" and state._sonar_key = chosen._sonar_key where {_IS_NEW} group by 1"
        )
    }
    new = {name: (rows, rows) for name, rows in known.items()}
    for row in warehouse.exec_driver_sql(counts, {"target": target.name}) if counts else ():
        new[manifest.marts[int(row[0])].name] = int(row[1]), int(row[2])
    for mart in manifest.marts:
        chosen = held.get(mart.name, 0)
        left = new[mart.name][1] - chosen_new.get(mart.name, 0)
        yield mart.name, Size(chosen, left, new[mart.name][0] - chosen - left)


_IS_NEW = "(state._sonar_key is null or state.state <> 'written' or state.removed = 'deleted')"
_NEW = f"count(*) filter (where {_IS_NEW})"


@dataclass(slots=True)
class _Cutter:
    """Makes the temporary tables; `held` are their rows, by mart, of those that were made."""

    warehouse: Connection
    whole: Manifest
    held: dict[str, int] = field(default_factory=dict)

    def customers(self, wanted: Sequence[str]) -> list[str]:
        """Take all rows of these customers and of those that share a cluster with them."""
        keys: set[str] = set()
        new = set(wanted)
        while new:
            for mart in self._of_group(_CUSTOMER):
                self._take(mart, "mart._customer_key = any(%(keys)s)", {"keys": sorted(new)})
            keys |= new
            new = {*self._led_to(), *self._leading(keys)} - keys
        return sorted(keys)

    def single(self, rows: Sequence[tuple[str, str]]) -> None:
        """Take single rows: (table, record)."""
        for name in sorted({table for table, _ in rows}):
            keys = [key for table, key in rows if table == name]
            mart = self.whole.mart(name)
            self._take(mart, "mart._sonar_key = any(%(keys)s)", {"keys": keys})

    def trailing(self) -> None:
        """Take the trailing rows that lead to rows of customers, or to trailing rows."""
        groups = {mart.name: mart.group for mart in self.whole.marts}
        for mart in self._of_group(_TRAILING):
            down = [r for r in mart.references if groups[r.to_mart] != _FOUNDATION]
            self._take_any(mart, [(r.column, r.to_mart, r.to_column) for r in down])

    def complete(self) -> None:
        """Take what chosen rows lead to, and the parts of chosen rows, until nothing is missing."""
        others = [mart for mart in self.whole.marts if mart.group != _CUSTOMER]
        grown = set(self.held)
        while grown:
            before, grown = grown, set()
            for mart in reversed(others):
                found = [
                    (reference.to_column, child.name, reference.column)
                    for child in self.whole.marts
                    for reference in child.references
                    if reference.to_mart == mart.name and child.name in before | grown
                ]
                found += [
                    (reference.column, reference.to_mart, reference.to_column)
                    for reference in mart.references
                    if reference.column == mart.key[0] and reference.to_mart in before | grown
                ]
                if self._take_any(mart, found):
                    grown.add(mart.name)

    def leave_out(self, target: Target) -> None:
        """Let go of trailing rows that lead to rows which will not be in the target."""
        removed = 1
        while removed:
            removed = 0
            for mart in self._of_group(_TRAILING):
                for reference in mart.references if self.held.get(mart.name) else ():
                    removed += self._let_go(mart, reference, target)

    def cut(self, name: str) -> Mart:
        """Return the mart as its temporary table."""
        return replace(self.whole.mart(name), schema=_SCHEMA)

    def manifest(self, known: set[str]) -> Manifest:
        """Return the marts that have rows here or in `known`, and those they may lead to."""
        here = {name for name, rows in self.held.items() if rows} | known
        here |= {
            other.name
            for name in here
            for reference in self.whole.mart(name).references
            if (other := self.whole.mart(reference.to_mart)).group == _FOUNDATION
        }
        for name in here - self.held.keys():
            self._take(self.whole.mart(name), "false", {})
        return replace(
            self.whole,
            marts=tuple(
                replace(
                    self.cut(mart.name),
                    references=tuple(r for r in mart.references if r.to_mart in here),
                )
                for mart in self.whole.marts
                if mart.name in here
            ),
        )

    def _of_group(self, group: str) -> Iterator[Mart]:
        return (mart for mart in self.whole.marts if mart.group == group)

    def _take(self, mart: Mart, condition: str, bound: Mapping[str, Any]) -> int:
        """Copy the rows of a mart that are not there yet; return how many."""
        temporary = pg_relation(self.cut(mart.name))
        rows = f"select mart.* from {pg_relation(mart)} as mart where {condition}"
        if mart.name not in self.held:
            done = f"create temporary table {temporary} as {rows}"
        else:
            done = f"insert into {temporary} {rows}"
            if self.held[mart.name]:
                done += (
                    f" and not exists (select from {temporary} as held"
                    " where held._sonar_key = mart._sonar_key)"
                )
        taken = self.warehouse.exec_driver_sql(done, dict(bound)).rowcount
        self.held[mart.name] = self.held.get(mart.name, 0) + taken
        return taken

    def _take_any(self, mart: Mart, found: Sequence[tuple[str, str, str]]) -> int:
        """Take rows whose column has a value of a chosen row: (column, mart, its column)."""
        conditions, bound = self._conditions(found)
        return self._take(mart, f"({' or '.join(conditions)})", bound) if conditions else 0

    def _conditions(
        self, found: Sequence[tuple[str, str, str]]
    ) -> tuple[list[str], dict[str, Any]]:
        conditions: list[str] = []
        bound: dict[str, Any] = {}
        for column, name, its_column in dict.fromkeys(found):
            if not self.held.get(name):
                continue
            query = (
                f"select distinct {pg_name(its_column)} from {pg_relation(self.cut(name))}"
                f" where {pg_name(its_column)} is not null"
            )
            if self.held[name] > _FEW:
                conditions.append(f"mart.{pg_name(column)} in ({query})")
                continue
            values: list[Any] = list(self.warehouse.exec_driver_sql(query, {}).scalars())
            if values:
                bound[f"v{len(bound)}"] = values
                # not `= any`: among numbers of another width it would go through the list
                some = f"select unnest(%(v{len(bound) - 1})s)"
                conditions.append(f"mart.{pg_name(column)} in ({some})")
        return conditions, bound

    def _led_to(self) -> Iterator[str]:
        """Yield the customers of rows that chosen rows of customers lead to."""
        groups = {mart.name: mart.group for mart in self.whole.marts}
        for mart in self._of_group(_CUSTOMER):
            for reference in mart.references if self.held.get(mart.name) else ():
                if groups[reference.to_mart] == _CUSTOMER:
                    yield from self._parents(mart, reference, "_customer_key")

    def _parents(self, mart: Mart, reference: Reference, asked: str) -> list[str]:
        """Return a column of the rows that chosen rows lead to and that are not chosen."""
        other = self.whole.mart(reference.to_mart)
        mine, its = pg_name(reference.column), pg_name(reference.to_column)
        known = ""
        if self.held.get(other.name):
            known = (
                f" and not exists (select from {pg_relation(self.cut(other.name))} as held"
                f" where held.{its} = child.{mine})"
            )
        missing: list[Any] = list(
            self.warehouse.exec_driver_sql(
                f"select distinct child.{mine} from {pg_relation(self.cut(mart.name))} as child"
                f" where child.{mine} is not null{known}",
                {},
            ).scalars()
        )
        if not missing:
            return []
        found = self.warehouse.exec_driver_sql(
            f"select distinct {asked} from {pg_relation(other)}"
            f" where {its} in (select unnest(%(missing)s))",
            {"missing": missing},
        )
        return [str(row[0]) for row in found]

    def _leading(self, keys: set[str]) -> Iterator[str]:
        """Yield the customers of rows that lead to chosen rows of others."""
        groups = {mart.name: mart.group for mart in self.whole.marts}
        for mart in self._of_group(_CUSTOMER):
            down = [r for r in mart.references if groups[r.to_mart] == _CUSTOMER]
            conditions, bound = self._conditions([(r.column, r.to_mart, r.to_column) for r in down])
            if conditions:
                yield from self.warehouse.exec_driver_sql(
                    f"select distinct _customer_key from {pg_relation(mart)} as mart"
                    f" where _customer_key <> all(%(keys)s) and ({' or '.join(conditions)})",
                    {**bound, "keys": sorted(keys)},
                ).scalars()

    def _let_go(self, mart: Mart, reference: Reference, target: Target) -> int:
        missing = self._parents(mart, reference, "_sonar_key")
        if not missing:
            return 0
        other = self.whole.mart(reference.to_mart)
        mine, its = pg_name(reference.column), pg_name(reference.to_column)
        gone = self.warehouse.exec_driver_sql(
            f"delete from {pg_relation(self.cut(mart.name))} as child"
            f" using {pg_relation(other)} as parent where parent.{its} = child.{mine}"
            " and parent._sonar_key = any(%(missing)s) and not exists ("
            "  select from ops.row_state as state where state.target = %(target)s"
            "  and state.table_name = %(other)s and state._sonar_key = parent._sonar_key"
            "  and state.state = 'written' and state.removed is distinct from 'deleted')",
            {"missing": missing, "target": target.name, "other": other.name},
        ).rowcount
        self.held[mart.name] -= gone
        return gone
