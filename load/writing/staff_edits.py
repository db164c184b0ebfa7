"""`ops.staff_edit`: which rows are staff's work, so that reconciliation can say so."""

from __future__ import annotations

from sqlalchemy import Connection, text

from load.target.targets import Target
from runtime.run_ledger import Run


def keep_edits(run: Run, warehouse: Connection, target: Target, *, of_all: bool = True) -> None:
    """Write down what the plan found, in place of what an earlier load found.

    What was found of rows that the plan did not look at stays, unless it is a plan `of_all`.
    `warehouse` is the connection that made the plan; it commits.
    """
    named = {"target": target.name, "run_id": run.run_id}
    only = (
        ""
        if of_all
        else " and (table_name, _sonar_key) in (select table_name, _sonar_key from load_plan)"
    )
    warehouse.execute(text(f"delete from ops.staff_edit where target = :target{only}"), named)
    warehouse.execute(
        text(
            "insert into ops.staff_edit"
            " (target, table_name, key, _sonar_key, kind, column_names, run_id)"
            " select :target, plan.table_name, string_to_array(plan.key, chr(31)),"
            " plan._sonar_key,"
            " case when plan.class in ('conflict', 'vanished') then plan.class else 'edited' end,"
            " coalesce(merge.columns, '{}'), :run_id"
            " from load_plan as plan left join load_merge as merge"
            " on merge.table_name = plan.table_name and merge._sonar_key = plan._sonar_key"
            " where plan.class not in ('insert', 'unchanged')"  # of those, no join is made
            " and (plan.class in ('edited', 'conflict', 'vanished') or merge.apart)"
            " on conflict do nothing"
        ),
        named,
    )
    warehouse.commit()
