"""What a load would do, row by row: marts, what we wrote, and what the target shows now.

Made by SQL in the warehouse, in temporary tables of one connection, so that memory does not grow
with the tenant (`load.planning.comparison`, `load.planning.three_way`). Nothing is written to
Splynx or to permanent tables.

| mart row | written by us | target row | class |
|---|---|---|---|
| yes | no | no | insert |
| yes | no | yes | collision: the id is a stranger's |
| yes | yes, under another key | any | rekeyed: a loaded row's planned id must not move |
| yes | yes, with columns that nobody knows | any | reshaped: staff's changes cannot be told |
| yes | yes | as the mart | unchanged |
| yes | yes | as written | update |
| as written | yes | other | edited: staff changed it, theirs stays |
| changed | yes | other | conflict: both changed the same columns (`--on-conflict`); where they \
changed different ones, an update of ours only |
| yes | yes | no | vanished: staff deleted it, it stays deleted |
| no | yes | any | gone: Sonar has it no more; it stays |
| no | yes | as written | to_delete, to_flag: the same, where the mart's rule says so |

Where the operator chose some customers (`load.planning.excerpt`), only their rows are compared. Of
the others, `not_selected` were never written, and `outside` are those that were and are not looked
at. Of a table that is left out (`load.planning.scope`), what would be written is `not_selected`,
and rows that are gone are `gone_unselected`: left as they are.
`inside`, `impossible` and `waiting` are classes of the REST route (`load.rest.planning`).

A link (a row that is nothing but its key) is known by that key and not by its record: where one of
its sides is another row now, the old link is gone and the new one an insert.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, text

from load.planning import removal
from load.planning.clusters import Links
from load.planning.comparison import Comparison, Rules
from load.planning.excerpt import Excerpt
from load.planning.remaps import Remap
from load.planning.row_hash import key_text_of_state, mart_texts, pg_name, pg_relation
from load.planning.three_way import KEEP, Conflict, ThreeWay
from load.target.facts import TableFacts
from load.target.targets import Target, tables_written
from runtime.manifest import Manifest, Mart

CLASSES = (
    "insert",
    "update",
    "unchanged",
    "conflict",
    "edited",
    "vanished",
    "gone",
    "to_delete",
    "to_flag",
    "collision",
    "rekeyed",
    "reshaped",
    "not_selected",
    "outside",
    "gone_unselected",
    "inside",
    "impossible",
    "waiting",
)
_SAMPLES = 5
THE_ID = "the id"


@dataclass(frozen=True, slots=True)
class TablePlan:
    """The rows of one table by class, and some keys of each class that asks for attention."""

    table: str
    group: str
    counts: Mapping[str, int]
    samples: Mapping[str, Sequence[str]] = field(default_factory=dict)
    merges: int = 0  # rows in conflict that are written all the same: columns of ours

    @property
    def writes(self) -> int:
        """Rows that a load would send."""
        return self.counts.get("insert", 0) + self.counts.get("update", 0) + self.merges


@dataclass(frozen=True, slots=True)
class Clash:
    """A value of a mart row that a row of somebody else already holds in the target."""

    table: str
    rule: str
    sonar_key: str
    target_key: str

    @property
    def what(self) -> str:
        """The column or columns that clash, or `id`."""
        return "id" if self.rule == THE_ID else self.rule

    @property
    def held_by(self) -> str:
        """The key of the target's row."""
        return self.target_key.replace("\x1f", ", ")

    def __str__(self) -> str:
        """Name both rows by key, never the value."""
        return (
            f"{self.table}: {self.rule} of record {self.sonar_key} is in use by row {self.held_by}"
        )


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
    """All tables in load order, and the clashes and losses that forbid a load.

    `collisions` counts every clash by what becomes of the record (`load.planning.collisions`).
    """

    tables: tuple[TablePlan, ...]
    clashes: tuple[Clash, ...]
    lost: tuple[Lost, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    remaps: tuple[Remap, ...] = ()
    collisions: Mapping[str, int] = field(default_factory=dict)

    def count(self, *classes: str) -> int:
        """Return the number of rows in these classes over all tables."""
        return sum(table.counts.get(name, 0) for table in self.tables for name in classes)

    @property
    def writes(self) -> int:
        """Rows that a load would send."""
        return sum(table.writes for table in self.tables)


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


def edges(warehouse: Connection, manifest: Manifest) -> Iterator[tuple[str, str, str]]:
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


def name_clusters(warehouse: Connection, manifest: Manifest) -> None:
    """Give the rows of `load_plan` that belong together one cluster."""
    by_scope = sorted(edges(warehouse, manifest))
    for scope, found in groupby(by_scope, key=lambda edge: edge[0]):
        links = Links((one, other) for _, one, other in found)
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


def _clashes(  # noqa: PLR0913, PLR0917 - what is held against what
    warehouse: Connection,
    marts: Sequence[Mart],
    planned: Mapping[str, TablePlan],
    tables: Mapping[str, TableFacts],
    rules: Mapping[str, Rules],
    target: Target,
) -> Iterator[Clash]:
    held: set[str] = set(
        warehouse.exec_driver_sql("select distinct table_name from load_clash").scalars()
    )
    for mart in marts:
        if planned[mart.name].counts.get("collision"):
            taken = warehouse.exec_driver_sql(
                "select _sonar_key, key from load_plan"
                " where table_name = %(mart)s and class = 'collision' order by 1",
                {"mart": mart.name},
            )
            yield from (Clash(mart.name, THE_ID, row[0], row[1]) for row in taken)
        if mart.name in held:
            yield from _values_taken(warehouse, mart, tables[mart.name], rules[mart.name], target)


def _values_taken(
    warehouse: Connection, mart: Mart, facts: TableFacts, rules: Rules, target: Target
) -> Iterator[Clash]:
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
                select from ops.row_state as ours
                where ours.target = %(target)s and ours.table_name = %(mart)s
                and ours.state = 'written' and {key_text_of_state(mart, "ours")} = held.key
            )
            order by 1
            """,
            {"mart": mart.name, "rule": rule, "target": target.name},
        )
        yield from (Clash(mart.name, rule, row[0], row[1]) for row in found)


def _lost(warehouse: Connection, manifest: Manifest, mysql: Collection[str]) -> Iterator[Lost]:
    """Yield references to foundation rows that were the target's own and have been deleted there.

    Only those can be lost unseen: a row that we wrote is `vanished`, and a load keeps new rows from
    referring to it.
    """
    for mart in manifest.marts:
        for reference in mart.references:
            other = manifest.mart(reference.to_mart)
            if other.group != "foundation" or other.key != (reference.to_column,):
                continue
            if not {mart.name, other.name} <= set(mysql):
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
                left join (
                    select key from load_target where table_name = %(other)s
                    union
                    select key from load_plan where table_name = %(other)s and shown is not null
                ) as held on held.key = child.id::text
                where parent.{pg_name(reference.to_column)} is null and held.key is null
                order by child.id
                """,
                {"other": other.name},
            ).all()
            if found:
                ids = tuple(row[0] for row in found[:_SAMPLES])
                yield Lost(mart.name, reference.column, other.name, ids)


def _samples(
    warehouse: Connection, classes: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], tuple[str, ...]]:
    """Return the first keys of each table and class that is not unchanged.

    Looked up by index: to sort all rows of a first load takes as long as to compare them.
    """
    found = warehouse.exec_driver_sql(
        "select asked.name, asked.class, array_agg(first._sonar_key order by first._sonar_key)"
        " from unnest(%(tables)s::text[], %(classes)s::text[]) as asked (name, class)"
        " cross join lateral (select _sonar_key from load_plan as plan"
        "  where plan.table_name = asked.name and plan.class = asked.class"
        f"  order by plan._sonar_key limit {_SAMPLES}) as first group by 1, 2",
        {
            "tables": [name for name, kind in classes if kind != "unchanged"],
            "classes": [kind for _, kind in classes if kind != "unchanged"],
        },
    )
    return {(row[0], row[1]): tuple(row[2]) for row in found}


def table_plans(
    warehouse: Connection, marts: Sequence[Mart], rows: Mapping[str, int]
) -> list[TablePlan]:
    """Count the classes; what is not in `load_plan` of a mart's `rows` is unchanged."""
    found: dict[str, list[Any]] = {}
    for row in warehouse.exec_driver_sql(
        "select table_name, class, count(*), count(*) filter (where class = 'conflict' and merged),"
        " count(*) filter (where mart_hash is not null)"
        " from load_plan group by table_name, class"
    ):
        found.setdefault(row[0], []).append(row[1:])
    classes_of = [(name, row[0]) for name, of_table in found.items() for row in of_table]
    samples = _samples(warehouse, classes_of)
    plans = []
    for mart in marts:
        classes = found.get(mart.name, [])
        counts = {row[0]: row[1] for row in classes}
        if quiet := rows[mart.name] - sum(row[3] for row in classes):
            counts["unchanged"] = counts.get("unchanged", 0) + quiet
        plans.append(
            TablePlan(
                table=mart.name,
                group=mart.group,
                counts=counts,
                samples={
                    name: samples[mart.name, name]
                    for name in counts
                    if (mart.name, name) in samples
                },
                merges=sum(row[2] for row in classes),
            )
        )
    return plans


def _with_others(planned: Mapping[str, TablePlan], excerpt: Excerpt) -> Iterator[TablePlan]:
    """Yield the tables of all marts, with what stayed out of the excerpt."""
    for mart in excerpt.whole.marts:
        size = excerpt.sizes[mart.name]
        table = planned.get(mart.name, TablePlan(mart.name, mart.group, {}))
        counts = dict(table.counts)
        for name, rows in (("not_selected", size.not_selected), ("outside", size.outside)):
            if rows:
                counts[name] = counts.get(name, 0) + rows
        yield replace(table, counts=counts)


def make_plan(  # noqa: PLR0913, PLR0917 - both sides, and how to treat conflicts
    warehouse: Connection,
    splynx: Connection,
    manifest: Manifest,
    target: Target,
    tables: Mapping[str, TableFacts],
    policy: str = KEEP,
    select: Callable[[], None] | None = None,
    mysql: Collection[str] | None = None,
    park: Callable[[Collection[str]], Mapping[str, int]] | None = None,
    excerpt: Excerpt | None = None,
) -> Plan:
    """Fill the temporary tables of `warehouse` and return their summary.

    Only tables of `mysql` are compared (none given: all). `park` leaves the others, and what the
    API created, to the API, and returns how many rows those tables have. `select` takes out of
    `load_plan` what the operator did not choose; of an `excerpt` the manifest is its own, and what
    stayed out of it is counted. `load_plan` stays for `load.planning.marts` until
    the connection closes. The contract must have been checked: every mart has its table and every
    column its fact.
    """
    marts = [mart for mart in manifest.marts if mysql is None or mart.name in mysql]
    rules = {mart.name: unique_rules(mart, tables[mart.name]) for mart in marts}
    rows = Comparison(warehouse, splynx, target, excerpt).compare(marts, tables, rules)
    if park is not None:
        rows.update(park([mart.name for mart in marts]))
    three_way = ThreeWay(warehouse, splynx, target, policy)
    both: set[str] = set()
    if tables_written(warehouse, target):  # nobody can have changed what was never written
        in_both = "select distinct table_name from load_plan where class = 'both'"
        both.update(warehouse.exec_driver_sql(in_both).scalars())
    for mart in marts:
        if mart.name in both:
            three_way.decide(mart, tables[mart.name])
    name_clusters(warehouse, manifest)
    if select is not None:
        select()
    removal.mark(warehouse, manifest)
    warehouse.exec_driver_sql("analyze load_plan (table_name, class, cluster, _sonar_key)")
    counted = [mart for mart in manifest.marts if mart.name in rows]
    planned = {plan.table: plan for plan in table_plans(warehouse, counted, rows)}
    clashes = [*_clashes(warehouse, marts, planned, tables, rules, target)]
    return Plan(
        tables=tuple(planned.values() if excerpt is None else _with_others(planned, excerpt)),
        clashes=tuple(clashes),
        lost=tuple(_lost(warehouse, manifest, {mart.name for mart in marts})),
        conflicts=three_way.conflicts() if both else (),
    )
