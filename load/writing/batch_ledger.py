"""The intents of parcels: announced, confirmed or dropped as a whole, in Postgres.

Announced and dropped on the plan's own connection, where `load_todo` is; confirmed on another, from
the intents alone, so that Postgres makes the next parcel meanwhile. What an intent means, and how a
killed load is settled from it, is said in `load.writing.intents`.

The intents of a parcel are one value a table in `ops.load_batch`, and each row of `ops.row_state`
is touched once, when its parcel is confirmed. Only settling, after a kill, makes rows of intents.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, text

from load.planning.row_hash import pg_text
from load.target.targets import Target
from load.writing.intents import DOUBT, TAKES_OVER, owners, row_key
from load.writing.parcels import Parcel, one_by_one
from load.writing.pre_images import drop_pages
from runtime.manifest import Manifest, Mart
from runtime.run_ledger import Run


def row_key_of(mart: Mart) -> str:
    """Return the Postgres expression of `row_key`, from the plan's key text."""
    return row_key(f"(array[{', '.join(map(pg_text, mart.key))}])", "key")


_INTENTS = """
select batch.table_name, batch.key_columns, intent.*
from ops.load_batch as batch, unnest(batch.intents) as intent
where batch.batch = :batch and intent.old_hash is
"""
_UPDATE = f"""
update ops.row_state as state set
    _customer_key = intent._customer_key, state = 'written', old_hash = intent.old_hash,
    new_hash = intent.new_hash, crc = intent.crc, base = intent.base, apart = false,
    removed = null, run_id = :run_id, batch = :batch, changed_at = clock_timestamp(),
    prior_hash = state.new_hash, prior_crc = state.crc, prior_base = state.base,
    prior_apart = state.apart
from ({_INTENTS} not null) as intent
where state.target = :target and state.table_name = intent.table_name
    and state._sonar_key = intent._sonar_key
    and not exists (
        select from unnest(cast(:tables as text[]), cast(:keys as text[])) as kept (name, key)
        where kept.name = intent.table_name and kept.key = intent._sonar_key
    )
"""
_INSERT = f"""
insert into ops.row_state (
    target, table_name, _sonar_key, _customer_key, row_key, state, old_hash, new_hash, crc, base,
    run_id, inserted_by, batch, changed_at
)
select
    :target, intent.table_name, intent._sonar_key, intent._customer_key,
    {row_key("intent.key_columns", "intent.key")}, 'written', null, intent.new_hash, intent.crc,
    intent.base, :run_id, :run_id, :batch, clock_timestamp()
from ({_INTENTS} null) as intent
"""
_IDS = f"""
insert into ops.id_map (target, entity, _sonar_key, planned_id, target_id, run_id)
select
    :target, intent.table_name, intent._sonar_key, intent.key::bigint, intent.key::bigint, :run_id
from ({_INTENTS} null) as intent
where intent.table_name = any(:owners)
"""


class BatchLedger:
    """The intents of one running load, parcel by parcel."""

    def __init__(self, run: Run, plan: Connection, manifest: Manifest, target: Target) -> None:
        self._plan = plan
        self._engine = run.engine
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

    def confirm(self, batch: int, parcel: Parcel, kept: Sequence[tuple[str, str]] = ()) -> None:
        """Record that a parcel is in the target; rows in `kept` (table, record) are as they were.

        Made to run beside the plan's connection, in a thread of its own.
        """
        bound = {
            **self._names,
            "batch": batch,
            "tables": [table for table, _ in kept],
            "keys": [key for _, key in kept],
            "owners": self._owners,
        }
        # New rows go in without a look at what they could meet: two fifths of the work.
        ids = _IDS if parcel.has_no_ids else f"{_IDS} on conflict do nothing"
        rows = _INSERT if parcel.is_new else f"{_INSERT} {TAKES_OVER}"
        with self._engine.begin() as warehouse:
            # Lost with the server, it is made up by the next start: nothing waits for it.
            warehouse.execute(text("set local synchronous_commit = off"))
            one_by_one(warehouse)
            changes = [_UPDATE] if any(old.count for _, old in parcel.tables) else []
            for statement in (ids, *changes, *([DOUBT] if kept else []), rows):
                warehouse.execute(text(statement), bound)
            warehouse.execute(text("delete from ops.load_batch where batch = :batch"), bound)

    def drop(self, batch: int) -> None:
        """Forget intents that were not carried out, and the images taken for them."""
        self._plan.execute(
            text("delete from ops.load_batch where batch = :batch"), {"batch": batch}
        )
        drop_pages(self._plan, batch)
        self._plan.commit()
