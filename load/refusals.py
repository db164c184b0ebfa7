"""`ops.refusal`: rows that stay out of the target, by run, with the cause and never a value."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import text

from load.mysql.quarantine import Refusal
from load.planning.clusters import Cluster
from load.target.targets import Target
from runtime.run_ledger import Run

_INSERT = text(
    "insert into ops.refusal (target, run_id, table_name, _sonar_key, _customer_key, cause,"
    " error_code, column_name, message) values (:target, :run_id, :table_name, :key, :customer,"
    " :cause, :code, :column, :message)"
    " on conflict (target, run_id, table_name, _sonar_key) do update set cause = excluded.cause,"
    " error_code = excluded.error_code, column_name = excluded.column_name,"
    " message = excluded.message, refused_at = clock_timestamp(), attempts = refusal.attempts + 1"
)
_DELETE = text(
    "delete from ops.refusal using unnest(cast(:tables as text[]), cast(:keys as text[]))"
    " as written (table_name, key) where target = :target and run_id = :run_id"
    " and refusal.table_name = written.table_name and refusal._sonar_key = written.key"
)


def store_refusals(run: Run, target: Target, refusal: Refusal) -> None:
    """Commit a refused cluster: the row at fault with its cause, the others by reference to it."""
    found = []
    for row in refusal.cluster.rows:
        guilty = row is refusal.row
        found.append(
            {
                "target": target.name,
                "run_id": run.run_id,
                "table_name": row.mart.name,
                "key": row.sonar_key,
                "customer": row.customer_key,
                "cause": refusal.cause if guilty else "reference",
                "code": refusal.code if guilty else None,
                "column": refusal.column if guilty else None,
                "message": refusal.message
                if guilty
                else f"goes with {refusal.row.mart.name} {refusal.row.sonar_key}",
            }
        )
    with run.engine.begin() as warehouse:
        warehouse.execute(_INSERT, found)


def forget_refusals(run: Run, target: Target, clusters: Sequence[Cluster]) -> None:
    """Take back what this run said of clusters that it has written after all."""
    rows = [row for cluster in clusters for row in cluster.rows]
    with run.engine.begin() as warehouse:
        warehouse.execute(
            _DELETE,
            {
                "target": target.name,
                "run_id": run.run_id,
                "tables": [row.mart.name for row in rows],
                "keys": [row.sonar_key for row in rows],
            },
        )
