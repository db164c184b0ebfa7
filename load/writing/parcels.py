"""What one transaction sends, made by Postgres: whole clusters, bounded in rows and bytes.

Reads the plan's temporary tables and the marts on the plan's own connection. No row passes through
Python: for LOAD DATA a parcel holds CSV, else statements of up to 1,000 rows. Their texts stand in
them as hexadecimal digits, so that no value can end its literal, whatever the server's modes are.

Rows are found by their place in the mart (`ctid`), which is why `locked` keeps the marts unchanged
while a load runs.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, text

from load.mysql.ways import Ways
from load.planning.row_hash import is_bytes, mart_texts, my_name, pg_name, pg_relation
from load.target.facts import TableFacts
from load.target.targets import Target, tables_written
from runtime.errors import GateFailed
from runtime.manifest import Mart

STATEMENT_ROWS = 1000  # 100, 1,000 and 5,000 rows a statement measured alike
ASIDE = -1  # the batch of clusters that are written row by row
_PLAIN = "'smallint', 'integer', 'bigint', 'numeric', 'boolean', 'date', 'time without time zone',"
_PLAIN += " 'timestamp without time zone'"

_Content = tuple[int, memoryview | None, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Limits:
    """Rows and bytes of one transaction; a cluster that is larger comes alone and whole.

    20,000 rows load as fast as a million at once, and a killed load repeats at most two batches.
    """

    rows: int = 20_000
    size: int = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of one mart: `count` of them, as one CSV or as the value lists of statements."""

    mart: Mart
    count: int
    csv: memoryview | None = None
    lists: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Parcel:
    """All rows of one transaction, in load order: (new rows, rows to update) a mart.

    `is_new` and `has_no_ids` say that ops.row_state and ops.id_map have nothing of any new row.
    """

    number: int
    tables: tuple[tuple[Rows, Rows], ...]
    clusters: int
    members: int
    size: int
    is_new: bool
    has_no_ids: bool

    @property
    def rows(self) -> int:
        """Rows in all tables."""
        return sum(new.count + old.count for new, old in self.tables)


@contextmanager
def locked(engine: Engine, marts: Sequence[Mart]) -> Iterator[None]:
    """Keep the marts as they are: readers pass, whoever would change them waits."""
    names = ", ".join(pg_relation(mart) for mart in marts)
    with engine.begin() as connection:
        if names:
            connection.exec_driver_sql(f"lock table {names} in share mode", {})
        yield


def one_by_one(connection: Connection) -> None:
    """Until the next commit, have Postgres look each row of a parcel up where it is.

    Left to choose, it would read the whole mart, or all of ops.row_state, for each parcel.
    """
    for other in ("hashjoin", "mergejoin"):
        connection.exec_driver_sql(f"set local enable_{other} = off")


def tables_known(warehouse: Connection, target: Target) -> frozenset[str]:
    """Return the tables of whose rows a load wrote something down."""
    mapped = warehouse.execute(
        text("select distinct entity from ops.id_map where target = :target"),
        {"target": target.name},
    )
    return frozenset({*tables_written(warehouse, target), *mapped.scalars()})


_WANTED = "plan.table_name = any(%(marts)s) and (plan.class in ('insert', 'update') or plan.merged)"
# Clusters are few, so they are ordered and added up first; rows are then sorted by the numbers of
# theirs. Shorter names first: numbers come in their order, and the target's pages fill one after
# another.
_TODO = f"""
create temporary table load_todo as
with weighed as (
    select plan.cluster,
        sum(greatest(1 / %(rows)s::float8, plan.bytes / %(size)s::float8)) as weight
    from load_plan as plan where {_WANTED} group by plan.cluster
),
placed as (
    select cluster, row_number() over by_name as place,
        floor(sum(weight) over by_name - 1e-9)::integer as batch
    from weighed window by_name as (order by length(cluster), cluster collate "C")
)
select
    plan.table_name, plan._sonar_key, plan._customer_key, plan.cluster, plan.key, plan.mart_hash,
    plan.mart_crc, plan.mart_base, plan.written_hash, plan.shown, plan.at, plan.bytes, plan.merged,
    plan.class <> 'insert' as is_update, {{recorded}},
    row_number() over (
        order by placed.place, length(plan._sonar_key), plan._sonar_key collate "C"
    )::integer as n,
    placed.batch
from load_plan as plan
join placed on placed.cluster = plan.cluster
{{looked_up}}
where {_WANTED}
"""
_NEW = "true as is_new, true as has_no_id"
_LOOKED_UP = "state._sonar_key is null as is_new, ids._sonar_key is null as has_no_id"
_RECORDS = """
left join ops.row_state as state on state.target = %(target)s
    and state.table_name = plan.table_name and state._sonar_key = plan._sonar_key
left join ops.id_map as ids on ids.target = %(target)s
    and ids.entity = plan.table_name and ids._sonar_key = plan._sonar_key
"""


class Todo:
    """The rows of some marts that the plan wants written, cut into batches.

    The temporary table `load_todo` holds them: `n` numbers the rows, `batch` the transactions.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - both sides, and what is known of them
        self,
        warehouse: Connection,
        marts: Sequence[Mart],
        tables: Mapping[str, TableFacts],
        limits: Limits,
        target: Target,
        known: frozenset[str],
    ) -> None:
        """Cut the rows; of tables that are not `known` (`tables_known`), none is on record."""
        self._warehouse = warehouse
        self._marts = marts
        self._tables = tables
        names = [mart.name for mart in marts]
        recorded, looked_up = _NEW, ""
        if known.intersection(names):
            recorded, looked_up = _LOOKED_UP, _RECORDS
        warehouse.exec_driver_sql("drop table if exists load_todo")
        warehouse.exec_driver_sql(
            _TODO.format(recorded=recorded, looked_up=looked_up),
            {"rows": limits.rows, "size": limits.size, "marts": names, "target": target.name},
        )
        warehouse.exec_driver_sql("create index on load_todo (batch)")
        warehouse.exec_driver_sql("analyze load_todo (table_name, batch, is_update)")

    def set_aside(self, ways: Ways, blocked: Mapping[tuple[str, str], Sequence[str]]) -> None:
        """Leave to the way of single rows what is not for parcels.

        Rows that a statement cannot hold or that keep columns of staff's; updates where nothing
        can be staged; and clusters with a reference to a row that is not in the target: `blocked`
        has such values by mart and column.
        """
        self._aside(
            "bytes * 2 + %(room)s >= %(packet)s or merged or is_update and not %(staging)s",
            room=4096,
            packet=ways.packet,
            staging=ways.staging,
        )
        for mart in self._marts:
            for reference in mart.references:
                values = blocked.get((reference.to_mart, reference.to_column))
                if values:
                    self._aside(
                        f"table_name = %(mart)s and at in (select ctid from {pg_relation(mart)}"
                        f" where {pg_name(reference.column)}::text = any(%(values)s))",
                        mart=mart.name,
                        values=list(values),
                    )

    def _aside(self, condition: str, **values: Any) -> None:  # noqa: ANN401 - bound
        self._warehouse.exec_driver_sql(
            f"update load_todo set batch = {ASIDE} where batch <> {ASIDE} and cluster in"
            f" (select cluster from load_todo where {condition})",
            values,
        )

    def numbers(self) -> list[int]:
        """Return the batches to send as parcels, in order."""
        found = self._warehouse.exec_driver_sql(
            f"select distinct batch from load_todo where batch <> {ASIDE} order by 1"
        )
        return [row[0] for row in found]

    def parcel(self, number: int, ways: Ways) -> Parcel:
        """Return everything of one batch."""
        found = self._warehouse.exec_driver_sql(
            "select table_name, count(*) filter (where not is_update),"
            " count(*) filter (where is_update) from load_todo where batch = %(batch)s group by 1",
            {"batch": number},
        )
        counts = {row[0]: (row[1], row[2]) for row in found}
        one_by_one(self._warehouse)
        whole = self._warehouse.exec_driver_sql(
            "select count(distinct cluster), count(distinct coalesce(_customer_key, _sonar_key)),"
            " sum(bytes), bool_and(is_update or is_new), bool_and(is_update or has_no_id)"
            " from load_todo where batch = %(batch)s",
            {"batch": number},
        ).one()
        rendered = tuple(
            (
                self._rows(number, mart, counts[mart.name][0], ways, is_update=False),
                self._rows(number, mart, counts[mart.name][1], ways, is_update=True),
            )
            for mart in self._marts
            if mart.name in counts
        )
        return Parcel(number, rendered, whole[0], whole[1], int(whole[2]), whole[3], whole[4])

    def names(self, numbers: Sequence[int]) -> list[tuple[str, str]]:
        """Return (table, record) of the rows with these `n`."""
        found = self._warehouse.exec_driver_sql(
            "select table_name, _sonar_key from load_todo where n = any(%(numbers)s)",
            {"numbers": list(numbers)},
        )
        return [(row[0], row[1]) for row in found]

    def _rows(self, number: int, mart: Mart, count: int, ways: Ways, *, is_update: bool) -> Rows:
        if not count:
            return Rows(mart, 0)
        bound = {"batch": number, "mart": mart.name, "is_update": is_update}
        content = self._csv(mart, bound) if ways.local else self._lists(mart, bound, ways)
        rows = Rows(mart, *content)
        if rows.count != count:
            raise GateFailed(
                f"{mart.relation} changed while it was being loaded: transform and accept again"
            )
        return rows

    def _source(self, mart: Mart, columns: str) -> str:
        """Return the query of a mart's rows in a batch; updates are led by `n` and old hash."""
        texts = ", ".join(
            f"{text} as c{i}"
            for i, text in enumerate(mart_texts(mart, self._tables[mart.name].columns))
        )
        return (
            f"select {columns} from load_todo as todo join"
            f" (select ctid as at, {texts}{_rank(mart, self._tables[mart.name])} as rank"
            f" from {pg_relation(mart)}) as mart on mart.at = todo.at"
            " where todo.batch = %(batch)s and todo.table_name = %(mart)s"
            " and todo.is_update = %(is_update)s"
        )

    def _csv(self, mart: Mart, bound: Mapping[str, Any]) -> _Content:
        columns = ", ".join(f"mart.c{i}" for i in range(len(mart.columns)))
        if bound["is_update"]:
            columns = f"todo.n, todo.shown, {columns}"
        content = io.BytesIO()
        driver: Any = self._warehouse.connection.cursor()
        with driver as cursor:
            query = cursor.mogrify(
                f"copy ({self._source(mart, columns)} order by mart.rank, todo.n) to stdout"
                " (format csv, null 'NULL', force_quote *, encoding 'UTF8')",
                bound,
            )
            cursor.copy_expert(query, content)
            return int(cursor.rowcount), content.getbuffer(), ()

    def _lists(self, mart: Mart, bound: Mapping[str, Any], ways: Ways) -> _Content:
        plain = self._plain_columns(mart)
        values = [
            _bytes_literal(f"mart.c{i}")
            if is_bytes(column)
            else _literal(f"mart.c{i}", is_plain=column.name in plain)
            for i, column in enumerate(mart.columns)
        ]
        if bound["is_update"]:
            values = ["todo.n::text", _literal("todo.shown", is_plain=False), *values]
        one = " || ',' || ".join(values)
        source = self._source(
            mart, f"row_number() over (order by mart.rank, todo.n) as m, '(' || {one} || ')' as one"
        )
        found = self._warehouse.exec_driver_sql(
            f"""
            select count(*), string_agg(one, ',' order by m) from (
                select m, one, floor(sum(greatest(
                    1 / {STATEMENT_ROWS}::float8, octet_length(one) / %(size)s::float8
                )) over (order by m) - 1e-9) as part
                from ({source} offset 0) as rendered
            ) as parted group by part order by part
            """,
            {**bound, "size": ways.packet / 4},
        ).all()
        return sum(row[0] for row in found), None, tuple(row[1] for row in found)

    def _plain_columns(self, mart: Mart) -> set[str]:
        """Return the columns whose type has no text that a quotation mark could be part of."""
        found = self._warehouse.exec_driver_sql(
            "select attname from pg_attribute where attrelid = %(relation)s::regclass"
            f" and attnum > 0 and format_type(atttypid, null) in ({_PLAIN})",
            {"relation": ".".join('"' + p.replace('"', '""') + '"' for p in
                                  (mart.schema, mart.name))},
        )  # fmt: skip
        return {row[0] for row in found}


def _literal(text: str, *, is_plain: bool) -> str:
    """Return the Postgres expression of a value's literal in MySQL."""
    if is_plain:
        return f"coalesce('''' || {text} || '''', 'NULL')"
    return f"coalesce('_utf8mb4 x''' || encode(convert_to({text}, 'UTF8'), 'hex') || '''', 'NULL')"


def _bytes_literal(digits: str) -> str:
    """Return the same of bytes, which come as hexadecimal digits."""
    return f"coalesce('x''' || {digits} || '''', 'NULL')"


def _rank(mart: Mart, facts: TableFacts) -> str:
    """Return what orders rows so that parents come first where the target checks that they exist.

    One level: deeper trees are refused by the server, and the way of single rows sorts them.
    """
    own = {
        column
        for key in facts.keys
        if key.kind == "foreign" and key.ref_table == mart.name
        for column in key.columns
    }
    parents = [f"({pg_name(c.name)} is not null)::integer" for c in mart.columns if c.name in own]
    return ", " + " + ".join(parents or ["0"])


def columns_of(mart: Mart) -> list[str]:
    """Return the quoted target columns of a mart, for statements that bind nothing."""
    return [my_name(column.name).replace("%%", "%") for column in mart.columns]


def fields_of(mart: Mart) -> tuple[list[str], str]:
    """Return where LOAD DATA puts the texts of a row, and what it sets from those of bytes."""
    columns = columns_of(mart)
    digits = [i for i, column in enumerate(mart.columns) if is_bytes(column)]
    changes = ", ".join(f"{columns[i]} = unhex(@bytes{i})" for i in digits)
    fields = [f"@bytes{i}" if i in digits else name for i, name in enumerate(columns)]
    return fields, f" set {changes}" if changes else ""
