"""Rows to write, streamed from the marts in cluster order: one server-side cursor a mart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection

from load.clusters import Cluster, Row, assemble
from load.row_hash import mart_texts, pg_name, pg_relation
from load.target_facts import TableFacts
from runtime.manifest import Mart

_PAGE = 1000


def _rows(warehouse: Connection, mart: Mart, facts: TableFacts) -> Iterator[Row]:
    texts = ", ".join(f"{text} as {pg_name(column.name)}" for text, column in zip(
        mart_texts(mart, facts.columns), mart.columns, strict=True
    ))  # fmt: skip
    result = warehouse.exec_driver_sql(
        f"""
        select plan._sonar_key, plan._customer_key, plan.cluster, plan.mart_hash,
            plan.written_hash, mart.*
        from load_plan as plan
        join (select _sonar_key, {texts} from {pg_relation(mart)}) as mart
            on mart._sonar_key = plan._sonar_key
        where plan.table_name = %(mart)s and plan.class in ('insert', 'update')
        order by plan.cluster collate "C", plan._sonar_key collate "C"
        """,
        {"mart": mart.name},
        execution_options={"stream_results": True},
    )
    for page in result.partitions(_PAGE):
        for row in page:
            yield Row(
                mart=mart,
                sonar_key=row[0],
                customer_key=row[1],
                cluster=row[2],
                values=tuple(row[6:]),
                new_hash=row[3],
                old_hash=row[4],
            )


def clusters(
    warehouse: Connection, marts: Sequence[Mart], tables: dict[str, TableFacts]
) -> Iterator[Cluster]:
    """Yield the clusters that the plan wants written, from `marts` together.

    `warehouse` is the connection that made the plan. Sorted by code point, as `assemble` needs.
    """
    yield from assemble([_rows(warehouse, mart, tables[mart.name]) for mart in marts])
