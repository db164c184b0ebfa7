"""Rows that the MySQL route wrote and that Sonar has not changed: this route sends none of them.

A hash of the MySQL route is over the columns of the table, one of this route over the body that was
sent; neither can be compared with the other. But the MySQL route keeps a mark of each column as
Sonar last had it, and that is compared here with the mart as it stands.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import Connection, text

from load.planning.row_hash import base_of, mart_texts, pg_name, pg_relation, shape
from load.rest.shapes import Shape
from load.target.targets import Target, stored_facts
from runtime.manifest import Mart


def as_by_mysql(warehouse: Connection, shapes: Sequence[Shape], target: Target) -> None:
    """Class rows of `load_plan` that the MySQL route wrote, and that Sonar has not changed since.

    Only where the target was inspected through its database: its types decide the texts.
    """
    if _is_by_api(warehouse, target):
        return
    facts = stored_facts(warehouse, target)
    for one in shapes:
        mart = one.mart
        if mart.name in facts and {c.name for c in mart.columns} <= facts[mart.name].columns.keys():
            texts = mart_texts(mart, facts[mart.name].columns)
            _mark(warehouse, mart, base_of(texts), target)
    for one in shapes:
        for part in one.parts:
            leads = next(
                r for r in part.shape.mart.references
                if r.column == part.owner and r.to_mart == one.name
            )  # fmt: skip
            _owners_of_new(warehouse, one.mart, part.shape.mart, leads.column, leads.to_column)
    warehouse.exec_driver_sql(
        "update load_plan set class = 'unchanged' where as_by_mysql"
        " and class in ('insert', 'update', 'impossible')"
    )


def _is_by_api(warehouse: Connection, target: Target) -> bool:
    dialect = warehouse.execute(
        text("select dialect from ops.target where target = :target"), {"target": target.name}
    ).scalar()
    return dialect in {None, "rest"}


def _mark(warehouse: Connection, mart: Mart, base: str, target: Target) -> None:
    warehouse.exec_driver_sql(
        "update load_plan as plan set as_by_mysql = true"
        f" from ops.row_state as state, (select _sonar_key, {base} as base"
        f" from {pg_relation(mart)} as mart) as mine"
        " where plan.table_name = %(mart)s and plan.state = 'written'"
        " and state.target = %(target)s and state.table_name = %(mart)s"
        " and state._sonar_key = plan._sonar_key and mine._sonar_key = plan._sonar_key"
        " and split_part(state.new_hash, chr(58), 2) = %(shape)s and state.base = mine.base",
        {
            "mart": mart.name,
            "target": target.name,
            "shape": shape(column.name for column in mart.columns),
        },
    )


def _owners_of_new(
    warehouse: Connection, whole: Mart, part: Mart, column: str, to_column: str
) -> None:
    """Take back what was marked of a row whose parts have changed: it is sent with them."""
    warehouse.exec_driver_sql(
        "update load_plan as plan set as_by_mysql = false"
        f" from {pg_relation(whole)} as whole, {pg_relation(part)} as part, load_plan as inside"
        " where plan.table_name = %(whole)s and plan.as_by_mysql"
        " and whole._sonar_key = plan._sonar_key"
        f" and part.{pg_name(column)} = whole.{pg_name(to_column)}"
        " and inside.table_name = %(part)s and inside._sonar_key = part._sonar_key"
        " and not inside.as_by_mysql",
        {"whole": whole.name, "part": part.name},
    )


def leave_to_mysql(warehouse: Connection, tables: Collection[str], target: Target) -> None:
    """Class what a load by both routes writes by MySQL: rows of these tables.

    But not those that the API has created: it changes them too.
    """
    warehouse.execute(
        text(
            "update load_plan set class = 'by_mysql' where table_name = any(:tables)"
            " and class in ('insert', 'update', 'inside', 'impossible', 'waiting')"
            " and split_part(coalesce(written_hash, ''), chr(58), 2) <> 'rest'"
        ),
        {"tables": sorted(tables)},
    )
    warehouse.execute(
        text(
            "update load_plan as plan set class = 'by_mysql' from ops.row_state as state"
            " where plan.table_name = any(:tables)"
            " and plan.class in ('gone', 'to_delete', 'to_flag') and state.target = :target"
            " and state.table_name = plan.table_name and state._sonar_key = plan._sonar_key"
            " and not state.by_api"
        ),
        {"tables": sorted(tables), "target": target.name},
    )


def without_rows_of_the_api(
    warehouse: Connection, tables: Collection[str], target: Target
) -> frozenset[str]:
    """Return those of the tables in which the API has created nothing."""
    found = warehouse.execute(
        text("select distinct table_name from ops.row_state where target = :target and by_api"),
        {"target": target.name},
    )
    return frozenset(tables) - {str(row[0]) for row in found}
