"""The intents of parcels: announced, confirmed or dropped by one statement a table, in Postgres.

Works on the plan's own connection, where `load_todo` is, and commits there. What an intent means,
and how a killed load is settled from it, is said in `load.intents`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, text

from load.intents import GIVES_BACK, TAKES_OVER, owners
from load.row_hash import pg_text
from load.targets import Target
from runtime.manifest import Manifest, Mart
from runtime.run_ledger import Run


def row_key_of(mart: Mart) -> str:
    """Return the Postgres expression of `row_key`, from the plan's key text."""
    if len(mart.key) == 1:
        return f"jsonb_build_object({pg_text(mart.key[0])}, key)"
    parts = ", ".join(
        f"{pg_text(name)}, split_part(key, chr(31), {i})" for i, name in enumerate(mart.key, 1)
    )
    return f"jsonb_build_object({parts})"


class BatchLedger:
    """The intents of one running load, parcel by parcel."""

    def __init__(self, run: Run, plan: Connection, manifest: Manifest, target: Target) -> None:
        self._plan = plan
        self._manifest = manifest
        self._owners = list(owners(manifest))
        self._names = {"target": target.name, "run_id": run.run_id}

    def announce(self, number: int) -> int:
        """Commit that the rows of batch `number` are about to be written together.

        Returns the name under which `confirm` and `drop` know the transaction.
        """
        opened = self._plan.execute(
            text("select nextval('ops.batch_number'), clock_timestamp()")
        ).one()
        batch = int(opened[0])
        tables = self._plan.execute(
            text("select distinct table_name from load_todo where batch = :number"),
            {"number": number},
        )
        names: list[str] = [row[0] for row in tables]
        for name in names:
            self._plan.exec_driver_sql(
                f"""
                insert into ops.row_state (
                    target, table_name, _sonar_key, _customer_key, row_key, state, old_hash,
                    new_hash, crc, base, run_id, inserted_by, batch, changed_at
                )
                select
                    %(target)s, table_name, _sonar_key, _customer_key,
                    {row_key_of(self._manifest.mart(name))}, 'intended', shown, mart_hash,
                    mart_crc, mart_base, %(run_id)s, case when shown is null then %(run_id)s end,
                    %(batch)s, %(moment)s
                from load_todo
                where batch = %(number)s and table_name = %(mart)s
                {TAKES_OVER}
                """,
                {
                    **self._names,
                    "batch": batch,
                    "moment": opened[1],
                    "number": number,
                    "mart": name,
                },
            )
        self._plan.commit()
        return batch

    def confirm(self, batch: int, number: int, kept: Sequence[tuple[str, str]] = ()) -> None:
        """Record that the rows are in the target; `kept` (table, record) are as they were."""
        # Lost with the server, a confirmation is made up by the next start: nothing waits for it.
        self._plan.execute(text("set local synchronous_commit = off"))
        if kept:
            self._put_back(
                batch,
                "(table_name, _sonar_key) in (select * from"
                " unnest(cast(:tables as text[]), cast(:keys as text[])))",
                tables=[table for table, _ in kept],
                keys=[key for _, key in kept],
            )
        self._plan.execute(
            text(
                "insert into ops.id_map (target, entity, _sonar_key, planned_id, target_id, run_id)"
                " select :target, table_name, _sonar_key, key::bigint, key::bigint, :run_id"
                " from load_todo where batch = :number and not is_update"
                " and table_name = any(:owners)"
                " on conflict (target, entity, _sonar_key) do nothing"
            ),
            {**self._names, "number": number, "owners": self._owners},
        )
        self._plan.execute(
            text(
                "update ops.row_state set state = 'written', changed_at = clock_timestamp()"
                " where batch = :batch and state = 'intended'"
            ),
            {"batch": batch},
        )
        self._plan.commit()

    def drop(self, batch: int) -> None:
        """Forget intents that were not carried out; the state before them returns."""
        self._plan.execute(
            text("delete from ops.row_state where batch = :batch and old_hash is null"),
            {"batch": batch},
        )
        self._put_back(batch, "true")
        self._plan.commit()

    def _put_back(self, batch: int, which: str, **bound: Any) -> None:  # noqa: ANN401 - bound
        self._plan.execute(
            text(
                "with back as ("
                f" update ops.row_state as state set {GIVES_BACK}"
                f" where batch = :batch and state = 'intended' and {which}"
                " returning table_name, row_key)"
                " delete from ops.pre_image as image using back where image.target = :target"
                " and image.run_id = :run_id and image.table_name = back.table_name"
                " and image.row_key = back.row_key"
            ),
            {**self._names, "batch": batch, **bound},
        )
