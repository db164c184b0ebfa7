"""The intents of parcels: announced, confirmed or dropped as a whole, in Postgres.

Works on the plan's own connection, where `load_todo` is, and commits there. What an intent means,
and how a killed load is settled from it, is said in `load.writing.intents`.

The intents of a parcel are one value a table in `ops.load_batch`, and each row of `ops.row_state`
is touched once, when its parcel is confirmed. Only settling, after a kill, makes rows of intents.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, text

from load.planning.row_hash import pg_text
from load.target.targets import Target
from load.writing.intents import TAKES_OVER, owners, row_key
from load.writing.parcels import one_by_one
from load.writing.pre_images import drop_pages
from runtime.manifest import Manifest, Mart
from runtime.run_ledger import Run


def row_key_of(mart: Mart) -> str:
    """Return the Postgres expression of `row_key`, from the plan's key text."""
    return row_key(f"(array[{', '.join(map(pg_text, mart.key))}])", "key")


_UPDATE = """
update ops.row_state as state set
    _customer_key = todo._customer_key, state = 'written', old_hash = todo.shown,
    new_hash = todo.mart_hash, crc = todo.mart_crc, base = todo.mart_base, apart = false,
    removed = null, run_id = :run_id, batch = :batch, changed_at = clock_timestamp(),
    prior_hash = state.new_hash, prior_crc = state.crc, prior_base = state.base,
    prior_apart = state.apart
from load_todo as todo
where todo.batch = :number and todo.is_update and todo.n <> all(:kept)
    and state.target = :target and state.table_name = todo.table_name
    and state._sonar_key = todo._sonar_key
"""
_INSERT = f"""
insert into ops.row_state (
    target, table_name, _sonar_key, _customer_key, row_key, state, old_hash, new_hash, crc, base,
    run_id, inserted_by, batch, changed_at
)
select
    :target, todo.table_name, todo._sonar_key, todo._customer_key,
    {row_key("batch.key_columns", "todo.key")}, 'written', null, todo.mart_hash, todo.mart_crc,
    todo.mart_base, :run_id, :run_id, :batch, clock_timestamp()
from load_todo as todo
join ops.load_batch as batch on batch.batch = :batch and batch.table_name = todo.table_name
where todo.batch = :number and not todo.is_update and todo.is_new
"""
_INSERT_AGAIN = _INSERT.replace("todo.is_new", "not todo.is_new") + TAKES_OVER
_IDS = """
insert into ops.id_map (target, entity, _sonar_key, planned_id, target_id, run_id)
select :target, table_name, _sonar_key, key::bigint, key::bigint, :run_id
from load_todo where batch = :number and not is_update and has_no_id
    and table_name = any(:owners)
"""


class BatchLedger:
    """The intents of one running load, parcel by parcel."""

    def __init__(self, run: Run, plan: Connection, manifest: Manifest, target: Target) -> None:
        self._plan = plan
        self._owners = list(owners(manifest))
        self._keys = {mart.name: list(mart.key) for mart in manifest.marts}
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
            self._plan.execute(
                text(
                    "insert into ops.load_batch"
                    " (batch, target, run_id, announced_at, table_name, key_columns, intents)"
                    " select :batch, :target, :run_id, :moment, :mart, :columns, array_agg("
                    " (_sonar_key, _customer_key, key, shown, mart_hash, mart_crc, mart_base)"
                    "::ops.batch_intent)"
                    " from load_todo where batch = :number and table_name = :mart"
                ),
                {
                    **self._names,
                    "batch": batch,
                    "moment": opened[1],
                    "number": number,
                    "mart": name,
                    "columns": self._keys[name],
                },
            )
        self._plan.commit()
        return batch

    def confirm(self, batch: int, number: int, kept: Sequence[int] = ()) -> None:
        """Record that the rows are in the target; those with `n` in `kept` are as they were."""
        # Lost with the server, a confirmation is made up by the next start: nothing waits for it.
        self._plan.execute(text("set local synchronous_commit = off"))
        one_by_one(self._plan)
        bound = {
            **self._names,
            "batch": batch,
            "number": number,
            "kept": list(kept),
            "owners": self._owners,
        }
        for statement in (_IDS, _UPDATE, _INSERT, _INSERT_AGAIN):
            self._plan.execute(text(statement), bound)
        self._plan.execute(text("delete from ops.load_batch where batch = :batch"), bound)
        self._plan.commit()

    def drop(self, batch: int) -> None:
        """Forget intents that were not carried out, and the images taken for them."""
        self._plan.execute(
            text("delete from ops.load_batch where batch = :batch"), {"batch": batch}
        )
        drop_pages(self._plan, batch)
        self._plan.commit()
