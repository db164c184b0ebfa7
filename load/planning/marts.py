"""Rows to write one by one, streamed from the marts in cluster order: one cursor a mart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy import Connection

from load.planning.clusters import Cluster, Row, assemble
from load.planning.row_hash import mart_texts, pg_relation
from load.target.facts import TableFacts
from runtime.manifest import Mart

_PAGE = 1000


def _rows(warehouse: Connection, mart: Mart, facts: TableFacts, number: int) -> Iterator[Row]:
    texts = mart_texts(mart, facts.columns)
    named = ", ".join(f"{text} as c{i}" for i, text in enumerate(texts))
    taken = ", ".join(
        f"case when todo.merged then merge.texts[{i + 1}] else mart.c{i} end"
        for i in range(len(texts))
    )
    result = warehouse.exec_driver_sql(
        f"""
        select todo._sonar_key, todo._customer_key, todo.cluster,
            coalesce(merge.hash, todo.mart_hash), todo.shown,
            case when todo.merged then merge.crc else todo.mart_crc end,
            coalesce(merge.base, todo.mart_base)::text, coalesce(merge.apart, false), {taken}
        from load_todo as todo
        join (select ctid as at, {named} from {pg_relation(mart)}) as mart on mart.at = todo.at
        left join load_merge as merge on todo.merged and merge.table_name = todo.table_name
            and merge._sonar_key = todo._sonar_key
        where todo.batch = %(number)s and todo.table_name = %(mart)s
        order by todo.cluster collate "C", todo.n
        """,
        {"mart": mart.name, "number": number},
        execution_options={"stream_results": True},
    )
    for page in result.partitions(_PAGE):
        for row in page:
            yield Row(
                mart=mart,
                sonar_key=row[0],
                customer_key=row[1],
                cluster=row[2],
                values=tuple(row[8:]),
                new_hash=row[3],
                old_hash=row[4],
                crc=row[5],
                base=row[6],
                is_apart=row[7],
            )


def clusters(
    warehouse: Connection, marts: Sequence[Mart], tables: Mapping[str, TableFacts], number: int
) -> Iterator[Cluster]:
    """Yield the clusters of one batch of `load_todo`, whose rows are those of `marts`.

    `warehouse` is the connection that made the plan. Sorted by code point, as `assemble` needs.
    """
    yield from assemble([_rows(warehouse, mart, tables[mart.name], number) for mart in marts])
