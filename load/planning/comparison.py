"""Mart rows, what we wrote and what the target shows, brought together in temporary tables.

Rows are looked at one by one only where something can be new: where the mart's hash is not the one
that was written (Postgres compares them by itself), and in ranges of keys whose sums differ between
the two databases (`load.planning.digests`). The target is summed while Postgres compares.
Everything else is as the last load left it and does not enter `load_plan`.

Of an excerpt (`load.planning.excerpt`) every row is compared, with the rows of the target that have
its key or a value that must be unique.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, text

from load.mysql import read_facts
from load.planning import digests
from load.planning.digests import Sums
from load.planning.excerpt import Excerpt
from load.planning.row_hash import (
    base_of,
    fact_text,
    hash_of_line,
    is_link,
    key_text_of_mart,
    key_text_of_state,
    key_text_of_target,
    key_value,
    line,
    mart_crc,
    mart_texts,
    my_name,
    pg_name,
    pg_relation,
    quick_hash_of_target,
    shape,
    target_hash_over,
)
from load.target.facts import TableFacts
from load.target.targets import Target, tables_written
from runtime.manifest import Mart

Rules = Mapping[str, tuple[str, ...]]
_ASKED = 500  # keys or values of one question to the target
# To hash a row takes many times as long as to hand it over to another process, but Postgres takes
# all functions for cheap: by its own figure it would hash most marts on one processor.
_TUPLE_COST = 0.01

# One child of `load_plan` a mart: a table that is made by its query can be made in parallel.
TEMPORARY = """
drop table if exists load_target, load_was, load_clash, load_theirs, load_merge;
drop table if exists load_plan cascade;
create temporary table load_target (table_name text, key text, hash text);
create temporary table load_was (table_name text, key text, hash text);
create temporary table load_clash (table_name text, rule text, key text, value text);
create temporary table load_theirs (table_name text, key text, texts text[]);
create temporary table load_merge (
    table_name text, _sonar_key text, texts text[], hash text, crc bigint, base integer[],
    apart boolean, columns text[], ours boolean
);
create temporary table load_plan (
    table_name text, _sonar_key text, _customer_key text, cluster text, key text,
    mart_hash text, mart_crc bigint, mart_base integer[], written_hash text, written_base integer[],
    shown text, recorded_as text, apart boolean, class text, at tid, bytes bigint, merged boolean
);
create index on load_plan (table_name, _sonar_key);
"""


@dataclass(slots=True)
class Compared:
    """One mart on the way: `suspects` are ranges to look at row by row, None all of them.

    `is_whole`: every row of the mart is in the table of differences, and looked at. `has_bases`:
    that table holds the base of each row too, because most will be written.
    """

    mart: Mart
    facts: TableFacts
    rules: Rules
    number: int
    rows: int = 0
    suspects: list[int] | None = None
    ranges: int = 0
    is_whole: bool = False
    has_bases: bool = False
    shapes: dict[str, list[str]] = field(default_factory=dict)

    @property
    def difference(self) -> str:
        """The temporary table of rows that may be anything but unchanged."""
        return f"load_difference_{self.number}"

    def bound(self, target: Target) -> dict[str, Any]:
        """Return what the statements bind."""
        return {"mart": self.mart.name, "target": target.name, "suspects": self.suspects or []}


class Comparison:
    """Compares all marts with one target; `warehouse` keeps the temporary tables."""

    def __init__(
        self,
        warehouse: Connection,
        splynx: Connection,
        target: Target,
        excerpt: Excerpt | None = None,
    ) -> None:
        self._warehouse = warehouse
        self._splynx = splynx
        self._target = target
        self._excerpt = excerpt
        self._known = "ops.row_state" if excerpt is None else "load_state"
        self._has_crc = digests.knows_crc(warehouse)
        warehouse.exec_driver_sql(TEMPORARY)

    def compare(
        self,
        marts: Sequence[Mart],
        tables: Mapping[str, TableFacts],
        rules: Mapping[str, Rules],
    ) -> dict[str, int]:
        """Fill `load_plan`; return the rows of each mart, those included that are not in it."""
        found = [Compared(m, tables[m.name], rules[m.name], i) for i, m in enumerate(marts)]
        self._warehouse.exec_driver_sql(f"set local parallel_tuple_cost = {_TUPLE_COST}")
        if self._excerpt is not None:
            self._bring(found, self._excerpt)
        else:
            self._sort_out(found)
            for one in found:
                self._look(one)
        self._warehouse.exec_driver_sql(
            "create index on load_target (table_name, key); analyze load_target"
        )
        for one in found:
            self._classify(one)
        return {one.mart.name: one.rows for one in found}

    def _sort_out(self, found: Sequence[Compared]) -> None:
        """Find the ranges to look at: the target sums while the warehouse compares."""
        with ThreadPoolExecutor(1, "target") as pool:
            waiting: list[tuple[Compared, Sums, Future[Sums]]] = []
            known = tables_written(self._warehouse, self._target)
            asked = {
                one.number: pool.submit(digests.shown, self._splynx, one.mart, one.facts)
                for one in found
                if one.mart.name in known
            }
            for one in found:
                one.rows = self._count(one.mart)
                if one.number in asked:
                    expected = digests.written(self._warehouse, one.mart, one.facts, self._target)
                    waiting.append((one, expected, asked[one.number]))
            for one, expected, _ in waiting:
                self._differences(one, expected)
            for one, expected, answer in waiting:
                there = answer.result()
                one.suspects = digests.differing(expected, there)
                one.ranges = len(expected.keys() | there.keys())
                if any(total is None for _, total in expected.values()):
                    one.shapes = self._old_shapes(one)
                if one.suspects:
                    self._add_suspects(one)

    def _bring(self, found: Sequence[Compared], excerpt: Excerpt) -> None:
        """Compare every row of an excerpt, and look only at rows of the target that they meet."""
        known: set[str] = set(
            self._warehouse.exec_driver_sql("select distinct table_name from load_state").scalars()
        )
        for one in found:
            one.rows = excerpt.sizes[one.mart.name].chosen
            one.is_whole = True
            self._warehouse.exec_driver_sql(
                f"create temporary table {one.difference} as {self._joined(one)}",
                one.bound(self._target),
            )
            if one.mart.name in known:
                one.shapes = self._old_shapes(one)
                self._add_gone_of(one, excerpt)
        for one in found:
            self._look_up(one, found)

    def _add_gone_of(self, one: Compared, excerpt: Excerpt) -> None:
        """Add what was written of these customers and has left the whole mart."""
        mart, same = one.mart, _same(one.mart)
        here = key_text_of_mart(mart) if is_link(mart) else "_sonar_key"
        bound = {**one.bound(self._target), "customers": list(excerpt.customers)}
        candidates: list[str] = list(
            self._warehouse.exec_driver_sql(
                f"select {same} from {self._state(one)} as state"
                " where (removed is null or removed = 'intended')"
                " and _customer_key = any(%(customers)s)"
                f" and not exists (select from {pg_relation(mart)} where {here} = state.{same})",
                bound,
            ).scalars()
        )
        if not candidates:
            return
        self._warehouse.exec_driver_sql(
            f"insert into {one.difference}"
            " select null, _customer_key, null, null, 0, null, null, null, number, _sonar_key, key,"
            f" new_hash, base, apart, removed from {self._state(one)} as state"
            f" where {same} = any(%(gone)s) and not exists (select"
            f" from {pg_relation(excerpt.whole.mart(mart.name))} where {here} = state.{same})",
            {**bound, "gone": candidates},
        )

    def _look_up(self, one: Compared, found: Sequence[Compared]) -> None:
        """Bring over the target's rows under the keys of an excerpt, and what it clashes with."""
        keys: dict[str, None] = dict.fromkeys(
            self._warehouse.exec_driver_sql(
                f"select key from {one.difference} where key is not null"
                f" union select state_key from {one.difference} where state_key is not null"
            ).scalars()
        )
        for child in found:
            for reference in child.mart.references:
                if reference.to_mart == one.mart.name and one.mart.key == (reference.to_column,):
                    name = pg_name(reference.column)
                    led = self._warehouse.exec_driver_sql(
                        f"select distinct {name}::text from {pg_relation(child.mart)}"
                        f" where {name} is not null",
                        {},
                    )
                    keys.update(dict.fromkeys(led.scalars()))
        facts = one.facts.columns
        hashes = [
            quick_hash_of_target(one.mart, facts),
            *(target_hash_over(columns, facts) for columns in one.shapes.values()),
        ]
        which = "" if one.facts.primary_key else "distinct "
        query = (
            f"select {which}{', '.join([key_text_of_target(one.mart), *hashes])}"
            f" from {my_name(one.mart.name)} where "
        )
        rules, one.rules = one.rules, {}
        parts = [
            [key_value(p, facts[n]) for n, p in zip(one.mart.key, key.split("\x1f"), strict=True)]
            for key in keys
        ]
        for where, bound in _among([my_name(name) for name in one.mart.key], parts):
            for page in read_facts.pages(self._splynx, query + where, bound):
                self._keep(one, page)
        one.rules = rules
        if one.rows:
            self._look_for_clashes(one)

    def _look_for_clashes(self, one: Compared) -> None:
        """Bring over the keys of rows of others that hold a value which must be unique."""
        facts, mart = one.facts.columns, one.mart
        texts = dict(zip((c.name for c in mart.columns), mart_texts(mart, facts), strict=True))
        served = {key.columns for key in one.facts.keys if key.kind == "unique"}
        ours: set[str] = set(
            self._warehouse.exec_driver_sql(
                f"select state_key from {one.difference} where state_key is not null"
            ).scalars()
        )
        for rule, columns in one.rules.items():
            wanted = self._warehouse.exec_driver_sql(
                f"select distinct {', '.join(f'lower({texts[c]})' for c in columns)}"
                f" from {pg_relation(mart)}"
                f" where {' and '.join(f'({texts[c]}) is not null' for c in columns)}",
                {},
            ).all()
            # a key of the server's says by itself which texts are equal, and finds them
            names = [
                my_name(c) if columns in served else f"lower({fact_text(facts[c])})"
                for c in columns
            ]
            value = (
                f"concat({', char(31 using utf8mb4), '.join(fact_text(facts[c]) for c in columns)})"
            )
            for where, bound in _among(names, [list(row) for row in wanted]):
                found = self._splynx.exec_driver_sql(
                    f"select {key_text_of_target(mart)}, {value} from {my_name(mart.name)}"
                    f" where {where}",
                    bound,
                ).all()
                held = [row for row in found if row[0] not in ours and row[1]]
                self._clash(one, rule, [row[0] for row in held], [row[1] for row in held])

    def _count(self, mart: Mart) -> int:
        found = self._warehouse.exec_driver_sql(f"select count(*) from {pg_relation(mart)}", {})
        return int(found.scalar_one())

    def _old_shapes(self, one: Compared) -> dict[str, list[str]]:
        """Return the columns of other shapes in which rows were written, where they are known."""
        found = self._warehouse.execute(
            text(
                "select shape, column_names from ops.row_shape where shape in ("
                f" select distinct split_part(new_hash, ':', 2) from {self._known}"
                " where target = :target and table_name = :mart and state = 'written')"
                " and shape <> :present"
            ),
            {
                "target": self._target.name,
                "mart": one.mart.name,
                "present": shape(column.name for column in one.mart.columns),
            },
        )
        return {row[0]: row[1] for row in found if set(row[1]) <= one.facts.columns.keys()}

    def _differences(self, one: Compared, expected: Sums) -> None:
        """Keep the rows whose mart side alone says that they are not as they were written."""
        written = sum(held[0] for held in expected.values())
        one.has_bases = 2 * written < one.rows
        self._warehouse.exec_driver_sql(f"drop table if exists {one.difference}")
        self._warehouse.exec_driver_sql(
            f"create temporary table {one.difference} as {self._joined(one)} where {_DIFFERS}",
            one.bound(self._target),
        )
        counts = self._warehouse.exec_driver_sql(
            "select count(*) filter (where recorded_as is null),"
            f" count(*) filter (where removed = 'deleted') from {one.difference}"
        ).one()
        if written > one.rows - counts[0] - counts[1]:
            self._add_gone(one)

    def _add_gone(self, one: Compared) -> None:
        same = _same(one.mart)
        key = key_text_of_mart(one.mart) if is_link(one.mart) else "_sonar_key"
        self._warehouse.exec_driver_sql(
            f"insert into {one.difference}"
            " select null, _customer_key, null, null, 0, null, null, null, number, _sonar_key, key,"
            f" new_hash, base, apart, removed from {self._state(one)} as state"
            f" where (removed is null or removed = 'intended') and not exists ("
            f" select from {pg_relation(one.mart)} where {key} = state.{same})",
            one.bound(self._target),
        )

    def _add_suspects(self, one: Compared) -> None:
        """Add the rows of suspect ranges that the mart side alone would call unchanged."""
        self._warehouse.exec_driver_sql(
            f"insert into {one.difference} {self._joined(one)}"
            f" where mart.number = any(%(suspects)s) and not coalesce({_DIFFERS}, true)",
            one.bound(self._target),
        )

    def _state(self, one: Compared) -> str:
        key = key_text_of_state(one.mart)
        first = "row_key ->> '" + one.mart.key[0].replace("'", "''").replace("%", "%%") + "'"
        return (
            f"(select _sonar_key, _customer_key, {key} as key, new_hash, base, apart, removed,"
            f" {digests.range_of(first, one.mart, one.facts)} as number from {self._known}"
            " where target = %(target)s and table_name = %(mart)s and state = 'written')"
        )

    def _joined(self, one: Compared) -> str:
        mart, same = one.mart, _same(one.mart)
        customer = "_customer_key" if mart.group == "customer" else "null::text"
        texts = mart_texts(mart, one.facts.columns)
        base = base_of(texts) if one.has_bases else "null::integer[]"
        crc = mart_crc("line") if self._has_crc else "null::bigint"
        number = digests.range_of(pg_name(mart.key[0]), mart, one.facts)
        return f"""
            select
                mart._sonar_key as mart_key,
                coalesce(mart._customer_key, state._customer_key) as _customer_key,
                mart.key, mart.at, mart.bytes, mart.hash, mart.crc, mart.base, mart.number,
                state._sonar_key as recorded_as, state.key as state_key,
                state.new_hash as written_hash, state.base as written_base, state.apart,
                state.removed
            from (
                select
                    _sonar_key, _customer_key, key, at, number, base,
                    octet_length(line)::bigint as bytes, {hash_of_line(mart, "line")} as hash,
                    {crc} as crc
                from (
                    select
                        _sonar_key, {customer} as _customer_key, {key_text_of_mart(mart)} as key,
                        ctid as at, {number} as number, {base} as base, {line(texts)} as line
                    from {pg_relation(mart)}
                    offset 0  -- a barrier: without it the line is made twice
                ) as texts
            ) as mart
            left join {self._state(one)} as state on state.{same} = mart.{same}
        """

    def _look(self, one: Compared) -> None:
        """Bring over the target's hashes of suspect ranges, and values that must be unique."""
        if one.suspects == []:
            return
        wanted = None
        if one.suspects is not None and digests.ranged(one.mart, one.facts):
            wanted = digests.spans(one.suspects, one.ranges)
        # concat and || give NULL when a part is NULL, and NULL is never a duplicate.
        facts = one.facts.columns
        values = [
            f"concat({', char(31 using utf8mb4), '.join(fact_text(facts[c]) for c in columns)})"
            for columns in one.rules.values()
        ]
        was = [target_hash_over(columns, facts) for columns in one.shapes.values()]
        columns = ", ".join(
            [
                key_text_of_target(one.mart),
                quick_hash_of_target(one.mart, facts),
                *was,
                *values,
            ]
        )
        # without a primary key a row may be there twice
        which = "" if one.facts.primary_key else "distinct "
        query = f"select {which}{columns} from {my_name(one.mart.name)} where "
        for condition in digests.conditions(one.mart, wanted):
            for page in read_facts.pages(self._splynx, query + condition):
                self._keep(one, page)

    def _keep(self, one: Compared, page: Sequence[tuple[Any, ...]]) -> None:
        keys = [row[0] for row in page]
        hashed = len(one.shapes)
        for position in range(1, 2 + hashed):
            self._warehouse.execute(
                text(
                    f"insert into {'load_target' if position == 1 else 'load_was'}"
                    " select :mart, * from unnest(cast(:keys as text[]), cast(:hashes as text[]))"
                ),
                {"mart": one.mart.name, "keys": keys, "hashes": [row[position] for row in page]},
            )
        for position, rule in enumerate(one.rules, start=2 + hashed):
            self._clash(one, rule, keys, [row[position] for row in page])

    def _clash(
        self, one: Compared, rule: str, keys: Sequence[str], values: Sequence[str | None]
    ) -> None:
        """Keep values that must be unique, with the keys of the target's rows that hold them."""
        self._warehouse.execute(
            text(
                "insert into load_clash select :mart, :rule, held.key, lower(held.value)"
                " from unnest(cast(:keys as text[]), cast(:values as text[]))"
                " as held (key, value) where held.value <> ''"
            ),
            {"mart": one.mart.name, "rule": rule, "keys": list(keys), "values": list(values)},
        )

    def _classify(self, one: Compared) -> None:
        """Make the mart's part of `load_plan`; see the table in `load.planning.plan`."""
        if one.suspects is None and not one.is_whole:
            one.has_bases = True
            source, suspect = f"({self._joined(one)})", "true"
        else:
            source = one.difference
            suspect = "true" if one.is_whole else "row.number = any(%(suspects)s)"
        base = (
            "row.base"
            if one.has_bases
            else f"(select {base_of(mart_texts(one.mart, one.facts.columns))}"
            f" from {pg_relation(one.mart)} where ctid = row.at)"
        )
        part = f"load_plan_{one.number}"
        self._warehouse.exec_driver_sql(
            f"""
            create temporary table {part} as
            select
                '{one.mart.name}'::text as table_name,
                coalesce(mart_key, recorded_as) as _sonar_key,
                _customer_key,
                coalesce(_customer_key, mart_key) as cluster,
                coalesce(key, state_key) as key,
                hash as mart_hash, crc as mart_crc, base as mart_base,
                written_hash, written_base, shown, recorded_as, apart, at, bytes,
                false as merged,
                {self._class(one)} as class
            from (
                select row.mart_key, row._customer_key, row.key, row.at, row.bytes, row.hash,
                    row.crc, {base} as base, row.recorded_as, row.state_key, row.written_hash,
                    row.written_base, row.apart, row.removed, was.key is not null as as_written,
                    case
                        when {suspect} then there.hash
                        when row.removed is distinct from 'deleted' then row.written_hash
                    end as shown
                from {source} as row
                left join load_target as there on there.table_name = %(mart)s
                    and there.key = coalesce(row.state_key, row.key)
                left join load_was as was on was.table_name = %(mart)s
                    and was.key = row.state_key and was.hash = row.written_hash
            ) as row;
            alter table {part} inherit load_plan;
            create index on {part} (table_name, _sonar_key)
            """,
            one.bound(self._target),
        )

    def _class(self, one: Compared) -> str:
        present = shape(column.name for column in one.mart.columns)
        known = ", ".join(f"'{name}'" for name in (present, *one.shapes))
        return f"""
            case
                when mart_key is null then 'gone'
                when recorded_as is null or removed = 'deleted'
                    then case when shown is null then 'insert' else 'collision' end
                when state_key <> key then 'rekeyed'
                when split_part(written_hash, ':', 2) not in ({known}) then 'reshaped'
                when shown = hash then 'unchanged'
                when shown is null then 'vanished'
                when apart then 'both'
                when shown = written_hash or as_written then 'update'
                when hash = written_hash then 'edited'
                else 'both'
            end
        """


_DIFFERS = (
    "(state._sonar_key is null or mart.hash <> state.new_hash or mart.key <> state.key"
    " or state._sonar_key <> mart._sonar_key or state.apart or state.removed is not null)"
)


def _among(
    names: Sequence[str], rows: Sequence[Sequence[Any]]
) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Yield MySQL conditions that together find these `rows` of values, and what they bind."""
    one = "(" + ", ".join(["%s"] * len(names)) + ")"
    for start in range(0, len(rows), _ASKED):
        page = rows[start : start + _ASKED]
        where = f"({', '.join(names)}) in ({', '.join([one] * len(page))})"
        yield where, tuple(value for row in page for value in row)


def _same(mart: Mart) -> str:
    """Return by which column a mart row is found among those that were written."""
    return "key" if is_link(mart) else "_sonar_key"
