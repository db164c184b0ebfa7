"""What a load would do, row by row: marts, what we wrote, and what the target shows now.

Made by SQL in the warehouse, in temporary tables of one connection, so that memory does not grow
with the tenant. The target's hashes are streamed in; nothing is written to Splynx or to permanent
tables.

| mart row | written by us | target row | class |
|---|---|---|---|
| yes | no | no | insert |
| yes | no | yes | collision: the id is a stranger's |
| yes | yes, under another key | any | rekeyed: a loaded row's planned id must not move |
| yes | yes, with other columns | any | reshaped: what staff changed cannot be told |
| yes | yes | as the mart | unchanged |
| yes | yes | as written | update |
| as written | yes | other | edited: staff changed it, theirs stays |
| changed | yes | other | conflict: both changed it, theirs stays and both are listed |
| yes | yes | no | vanished: staff deleted it, it stays deleted |
| no | yes | any | gone: Sonar has it no more; listed |

A link (a row that is nothing but its key) is known by that key and not by its record: where one of
its sides is another row now, the old link is gone and the new one an insert.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from sqlalchemy import Connection, text

from load.clusters import Links
from load.mysql import read_facts
from load.row_hash import (
    hash_of_line,
    key_text_of_mart,
    key_text_of_state,
    key_text_of_target,
    line,
    mart_texts,
    my_name,
    pg_name,
    pg_relation,
    target_hash,
    target_text,
)
from load.target_facts import TableFacts
from load.targets import Target
from runtime.manifest import Manifest, Mart

CLASSES = (
    "insert",
    "update",
    "unchanged",
    "conflict",
    "edited",
    "vanished",
    "gone",
    "collision",
    "rekeyed",
    "reshaped",
)
_SAMPLES = 5

_TEMPORARY = """
drop table if exists load_target, load_clash, load_plan;
create temporary table load_target (table_name text, key text, hash text);
create temporary table load_clash (table_name text, rule text, key text, value text);
create temporary table load_plan (
    table_name text, _sonar_key text, _customer_key text, cluster text, key text,
    mart_hash text, written_hash text, recorded_as text, class text, at tid, bytes bigint
);
"""


@dataclass(frozen=True, slots=True)
class TablePlan:
    """The rows of one table by class, and some keys of each class that asks for attention."""

    table: str
    group: str
    counts: Mapping[str, int]
    samples: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def writes(self) -> int:
        """Rows that a load would send."""
        return self.counts.get("insert", 0) + self.counts.get("update", 0)


@dataclass(frozen=True, slots=True)
class Clash:
    """A value of a mart row that a row of somebody else already holds in the target."""

    table: str
    rule: str
    sonar_key: str
    target_key: str

    def __str__(self) -> str:
        """Name both rows by key, never the value."""
        key = self.target_key.replace("\x1f", ", ")
        return f"{self.table}: {self.rule} of record {self.sonar_key} is in use by row {key}"


@dataclass(frozen=True, slots=True)
class Lost:
    """Rows of the target that mart rows lead to, that no mart makes, and that are there no more."""

    table: str
    column: str
    to_table: str
    ids: tuple[str, ...]

    def __str__(self) -> str:
        """Name the reference and the ids, and what mends it."""
        return (
            f"{self.table}.{self.column} leads to rows of {self.to_table} that the target has no"
            f" more ({', '.join(self.ids)}): run `make inspect`, `make transform` and"
            " `make accept` again; correct ids that are variables of dbt_project.yml"
        )


@dataclass(frozen=True, slots=True)
class Plan:
    """All tables in load order, and the clashes and losses that forbid a load."""

    tables: tuple[TablePlan, ...]
    clashes: tuple[Clash, ...]
    lost: tuple[Lost, ...] = ()

    def count(self, *classes: str) -> int:
        """Return the number of rows in these classes over all tables."""
        return sum(table.counts.get(name, 0) for table in self.tables for name in classes)

    @property
    def writes(self) -> int:
        """Rows that a load would send."""
        return self.count("insert", "update")


def unique_rules(mart: Mart, table: TableFacts) -> dict[str, tuple[str, ...]]:
    """Return what must be unique beside the primary key: business keys and unique keys."""
    loaded = {column.name for column in mart.columns}
    rules: dict[str, tuple[str, ...]] = {
        " + ".join(key): key for key in mart.business_keys if table.columns.keys() >= set(key)
    }
    for key in table.keys:
        if key.kind == "unique" and set(key.columns) <= loaded:
            rules[" + ".join(key.columns)] = key.columns
    return rules


def _stream_target(
    warehouse: Connection,
    splynx: Connection,
    mart: Mart,
    facts: TableFacts,
    rules: Mapping[str, tuple[str, ...]],
) -> None:
    # concat and || give NULL when a part is NULL, and NULL is never a duplicate.
    values = [
        f"concat({', char(31 using utf8mb4), '.join(target_text(c) for c in columns)})"
        for columns in rules.values()
    ]
    wanted = ", ".join([key_text_of_target(mart), target_hash(mart), *values])
    # without a primary key a row may be there twice
    which = "" if facts.primary_key else "distinct "
    for page in read_facts.pages(splynx, f"select {which}{wanted} from {my_name(mart.name)}"):
        keys = [row[0] for row in page]
        warehouse.execute(
            text(
                "insert into load_target select :mart, *"
                " from unnest(cast(:keys as text[]), cast(:hashes as text[]))"
            ),
            {"mart": mart.name, "keys": keys, "hashes": [row[1] for row in page]},
        )
        for position, rule in enumerate(rules, start=2):
            warehouse.execute(
                text(
                    "insert into load_clash select :mart, :rule, held.key, lower(held.value)"
                    " from unnest(cast(:keys as text[]), cast(:values as text[]))"
                    " as held (key, value) where held.value <> ''"
                ),
                {
                    "mart": mart.name,
                    "rule": rule,
                    "keys": keys,
                    "values": [row[position] for row in page],
                },
            )


def is_link(mart: Mart) -> bool:
    """Return whether a row of the mart is nothing but its key."""
    return set(mart.key) == {column.name for column in mart.columns}


def classify_statement(mart: Mart, facts: TableFacts) -> str:
    """Return the SQL that fills `load_plan` for one mart; see the module's table."""
    customer = "_customer_key" if mart.group == "customer" else "null::text"
    same = "key" if is_link(mart) else "_sonar_key"
    return f"""
        insert into load_plan
        select
            %(mart)s,
            coalesce(mart._sonar_key, state._sonar_key),
            coalesce(mart._customer_key, state._customer_key),
            coalesce(mart._customer_key, mart._sonar_key),
            coalesce(mart.key, state.key),
            mart.hash,
            state.new_hash,
            state._sonar_key,
            case
                when mart._sonar_key is null then 'gone'
                when state._sonar_key is null and target.key is null then 'insert'
                when state._sonar_key is null then 'collision'
                when state.key <> mart.key then 'rekeyed'
                when split_part(state.new_hash, ':', 2) <> split_part(mart.hash, ':', 2)
                    then 'reshaped'
                when target.hash = mart.hash then 'unchanged'
                when target.key is null then 'vanished'
                when target.hash = state.new_hash then 'update'
                when mart.hash = state.new_hash then 'edited'
                else 'conflict'
            end,
            mart.at,
            mart.bytes
        from (
            select
                _sonar_key, _customer_key, key, at, octet_length(line) as bytes,
                {hash_of_line(mart, "line")} as hash
            from (
                select
                    _sonar_key, {customer} as _customer_key, {key_text_of_mart(mart)} as key,
                    ctid as at, {line(mart_texts(mart, facts.columns))} as line
                from {pg_relation(mart)}
                offset 0  -- a barrier: without it the line is made twice
            ) as texts
        ) as mart
        full join (
            select _sonar_key, _customer_key, {key_text_of_state(mart)} as key, new_hash
            from ops.row_state
            where target = %(target)s and table_name = %(mart)s and state = 'written'
        ) as state on state.{same} = mart.{same}
        left join load_target as target
            on target.table_name = %(mart)s and target.key = coalesce(state.key, mart.key)
    """


def _edges(warehouse: Connection, manifest: Manifest) -> Iterator[tuple[str, str, str]]:
    """Yield (group or table, one key, other key) for references inside what may share a cluster."""
    groups = {mart.name: mart for mart in manifest.marts}
    for mart in manifest.marts:
        for reference in mart.references:
            other = groups[reference.to_mart]
            if mart.group == other.group == "customer":
                scope, node = "customer", "_customer_key"
            elif mart.name == other.name:
                scope, node = mart.name, "_sonar_key"
            else:
                continue
            rows = warehouse.exec_driver_sql(
                f"select distinct child.{node}, parent.{node} from {pg_relation(mart)} as child"
                f" join {pg_relation(other)} as parent on"
                f" parent.{pg_name(reference.to_column)} = child.{pg_name(reference.column)}"
                f" where child.{node} <> parent.{node}",
                {},
            )
            for row in rows:
                yield scope, row[0], row[1]


def _name_clusters(warehouse: Connection, manifest: Manifest) -> None:
    by_scope = sorted(_edges(warehouse, manifest))
    for scope, edges in groupby(by_scope, key=lambda edge: edge[0]):
        links = Links((one, other) for _, one, other in edges)
        tables = [m.name for m in manifest.marts if scope in (m.name, m.group)]
        renamed = list(links.renamed())
        warehouse.execute(
            text(
                "update load_plan set cluster = link.name"
                " from unnest(cast(:keys as text[]), cast(:names as text[])) as link (key, name)"
                " where load_plan.cluster = link.key and load_plan.table_name = any(:tables)"
            ),
            {"keys": [k for k, _ in renamed], "names": [n for _, n in renamed], "tables": tables},
        )


def _clashes(
    warehouse: Connection, mart: Mart, facts: TableFacts, rules: Mapping[str, tuple[str, ...]]
) -> Iterator[Clash]:
    taken = warehouse.execute(
        text(
            "select _sonar_key, key from load_plan where table_name = :mart"
            " and class = 'collision' order by _sonar_key"
        ),
        {"mart": mart.name},
    )
    yield from (Clash(mart.name, "the id", row[0], row[1]) for row in taken)
    texts = dict(zip((c.name for c in mart.columns), mart_texts(mart, facts.columns), strict=True))
    for rule, columns in rules.items():
        value = " || chr(31) || ".join(texts[c] for c in columns)
        found = warehouse.exec_driver_sql(
            f"""
            select mine._sonar_key, held.key
            from (select _sonar_key, lower({value}) as value from {pg_relation(mart)}) as mine
            join load_plan as plan
                on plan.table_name = %(mart)s and plan._sonar_key = mine._sonar_key
                and plan.class in ('insert', 'update')
            join load_clash as held
                on held.table_name = %(mart)s and held.rule = %(rule)s and held.value = mine.value
            where not exists (
                select from load_plan as ours
                where ours.table_name = %(mart)s and ours.key = held.key
                and ours.written_hash is not null
            )
            order by 1
            """,
            {"mart": mart.name, "rule": rule},
        )
        yield from (Clash(mart.name, rule, row[0], row[1]) for row in found)


def _lost(warehouse: Connection, manifest: Manifest) -> Iterator[Lost]:
    """Yield references to foundation rows that were the target's own and have been deleted there.

    Only those can be lost unseen: a row that we wrote is `vanished`, and a load keeps new rows from
    referring to it.
    """
    for mart in manifest.marts:
        for reference in mart.references:
            other = manifest.mart(reference.to_mart)
            if other.group != "foundation" or other.key != (reference.to_column,):
                continue
            found = warehouse.exec_driver_sql(
                f"""
                select child.id::text
                from (
                    select distinct {pg_name(reference.column)} as id from {pg_relation(mart)}
                    where {pg_name(reference.column)} is not null
                ) as child
                left join {pg_relation(other)} as parent
                    on parent.{pg_name(reference.to_column)} = child.id
                left join load_target as held
                    on held.table_name = %(other)s and held.key = child.id::text
                where parent.{pg_name(reference.to_column)} is null and held.key is null
                order by child.id
                """,
                {"other": other.name},
            ).all()
            if found:
                ids = tuple(row[0] for row in found[:_SAMPLES])
                yield Lost(mart.name, reference.column, other.name, ids)


def _table_plan(warehouse: Connection, mart: Mart) -> TablePlan:
    rows = warehouse.execute(
        text(
            f"select class, count(*), (array_agg(_sonar_key order by _sonar_key))[1:{_SAMPLES}]"
            " from load_plan where table_name = :mart group by class"
        ),
        {"mart": mart.name},
    ).all()
    return TablePlan(
        table=mart.name,
        group=mart.group,
        counts={row[0]: row[1] for row in rows},
        samples={row[0]: tuple(row[2]) for row in rows if row[0] != "unchanged"},
    )


def make_plan(
    warehouse: Connection,
    splynx: Connection,
    manifest: Manifest,
    target: Target,
    tables: Mapping[str, TableFacts],
) -> Plan:
    """Fill the temporary tables of `warehouse` and return their summary.

    `load_plan` stays for `load.marts` until the connection closes. The contract must have been
    checked: every mart has its table and every column its fact.
    """
    warehouse.exec_driver_sql(_TEMPORARY)
    rules = {mart.name: unique_rules(mart, tables[mart.name]) for mart in manifest.marts}
    for mart in manifest.marts:
        _stream_target(warehouse, splynx, mart, tables[mart.name], rules[mart.name])
    warehouse.exec_driver_sql("create index on load_target (table_name, key); analyze load_target")
    for mart in manifest.marts:
        statement = classify_statement(mart, tables[mart.name])
        warehouse.exec_driver_sql(statement, {"mart": mart.name, "target": target.name})
    warehouse.exec_driver_sql("create index on load_plan (table_name, _sonar_key)")
    _name_clusters(warehouse, manifest)
    warehouse.exec_driver_sql("analyze load_plan")
    clashes = [
        clash
        for mart in manifest.marts
        for clash in _clashes(warehouse, mart, tables[mart.name], rules[mart.name])
    ]
    return Plan(
        tables=tuple(_table_plan(warehouse, mart) for mart in manifest.marts),
        clashes=tuple(clashes),
        lost=tuple(_lost(warehouse, manifest)),
    )
