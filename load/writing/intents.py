"""`ops.row_state` and `ops.id_map`: what was meant, what was done, how a killed load is settled.

Two databases cannot commit together. So the intent (old hash, new hash) is committed in the
warehouse before Splynx commits, and afterwards the row in Splynx says whether it happened. All
intents of one transaction carry one `changed_at`: since Splynx commits them together, one row of a
batch that shows its new hash proves all of them written. Those of a parcel are one value in
`ops.load_batch` (`load.writing.batch_ledger`); settling makes rows of them first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from itertools import groupby
from typing import Any

import orjson
from sqlalchemy import Connection, Engine, text

from load.checks.mart_types import mart_type
from load.planning.clusters import Row
from load.planning.row_hash import key_text_of_target, my_name, target_hash
from load.target.targets import Target
from runtime.manifest import Manifest, Mart
from runtime.run_ledger import Run

_KEYS = 1000  # keys looked up by one statement


class Outcome(Enum):
    """What an open intent turned out to be."""

    DONE = "done"
    REDO = "redo"
    EDITED = "edited"


@dataclass(frozen=True, slots=True)
class Intent:
    """An open intent and what the target shows now; `found` None: no such row."""

    mart: str
    sonar_key: str
    row_key: Mapping[str, str]
    old_hash: str | None
    new_hash: str
    changed_at: datetime
    found: str | None = None
    batch: int | None = None


@dataclass(frozen=True, slots=True)
class Settled:
    """Open intents by outcome; `edited` names rows that staff changed, which are kept."""

    done: int = 0
    redone: int = 0
    edited: tuple[str, ...] = ()

    def counts(self) -> dict[str, Any]:
        """Return the figures for the run's ledger."""
        return {
            "intents_done": self.done,
            "intents_redone": self.redone,
            "intents_edited": len(self.edited),
        }


def owns_ids(mart: Mart) -> bool:
    """Return whether the mart's key is an id of its own, not the id of the row it belongs to."""
    if len(mart.key) != 1 or any(r.column == mart.key[0] for r in mart.references):
        return False
    kinds = {column.name: mart_type(column.data_type).family for column in mart.columns}
    return kinds.get(mart.key[0]) == "integer"


def decide(batch: Sequence[Intent]) -> list[Outcome]:
    """Return what became of each intent of one transaction. Pure.

    A row that shows neither hash was changed by people: after our write when another row proves
    that the write happened, before it when another row proves that it didn't (then the write is
    planned anew, and the plan sees their row). Without proof either way, theirs is kept.
    """
    committed = any(i.found == i.new_hash != i.old_hash for i in batch)
    undone = not committed and any(i.found == i.old_hash for i in batch)
    outcomes = []
    for intent in batch:
        if intent.found == intent.new_hash and not undone:
            outcomes.append(Outcome.DONE)
        else:
            outcomes.append(Outcome.REDO if undone else Outcome.EDITED)
    return outcomes


def found_hashes(
    splynx: Connection,
    mart: Mart,
    keys: Sequence[tuple[int | str, ...]],
    *,
    lock: bool = False,
) -> dict[str, str]:
    """Return the target's row hash by key text for those of `keys` that exist."""
    found: dict[str, str] = {}
    names = ", ".join(my_name(name) for name in mart.key)
    one = "(" + ", ".join(["%s"] * len(mart.key)) + ")"
    for start in range(0, len(keys), _KEYS):
        part = keys[start : start + _KEYS]
        statement = (
            f"select {key_text_of_target(mart)}, {target_hash(mart)}"
            f" from {my_name(mart.name)} where ({names}) in ({', '.join([one] * len(part))})"
            + (" for update" if lock else "")
        )
        values = tuple(value for key in part for value in key)
        found.update(
            (str(row[0]), str(row[1])) for row in splynx.exec_driver_sql(statement, values)
        )
    return found


def _still_open(warehouse: Connection, target: Target) -> list[Intent]:
    rows = warehouse.execute(
        text(
            "select table_name, _sonar_key, row_key, old_hash, new_hash, changed_at, batch"
            " from ops.row_state where target = :target and state = 'intended'"
            " and not by_api"  # the other route's: it looks them up itself
            " order by changed_at, table_name, _sonar_key"
        ),
        {"target": target.name},
    )
    return [Intent(row[0], row[1], row[2], row[3], row[4], row[5], batch=row[6]) for row in rows]


def _looked_up(splynx: Connection, mart: Mart, intents: Sequence[Intent]) -> list[Intent]:
    keys = {i.sonar_key: tuple(i.row_key[name] for name in mart.key) for i in intents}
    # A locking read waits for a COMMIT that the killed load had sent and the server still works on.
    hashes = found_hashes(splynx, mart, list(keys.values()), lock=True)
    return [replace(i, found=hashes.get("\x1f".join(keys[i.sonar_key]))) for i in intents]


# An intent on a row that is known: what it was stays beside it, and returns if nothing comes of it.
TAKES_OVER = (
    "on conflict (target, table_name, _sonar_key) do update set"
    " state = excluded.state, old_hash = excluded.old_hash, new_hash = excluded.new_hash,"
    " crc = excluded.crc, base = excluded.base, apart = excluded.apart, removed = null,"
    " prior_hash = row_state.new_hash, prior_crc = row_state.crc, prior_base = row_state.base,"
    " prior_apart = row_state.apart, row_key = excluded.row_key,"
    " _customer_key = excluded._customer_key, run_id = excluded.run_id,"
    " inserted_by = coalesce(excluded.inserted_by, row_state.inserted_by),"
    " batch = excluded.batch, changed_at = excluded.changed_at"
)
GIVES_BACK = (
    "state = 'written', new_hash = coalesce(state.prior_hash, state.old_hash),"
    " crc = state.prior_crc, base = state.prior_base, apart = state.prior_apart"
)

_ROWS = "unnest(cast(:tables as text[]), cast(:keys as text[])) as done (table_name, _sonar_key)"
# No load wrote these rows as they are: without its CRC a row is looked at whatever is recorded.
DOUBT = (
    f"update ops.row_state as state set crc = null from {_ROWS} where state.target = :target"
    " and state.table_name = done.table_name and state._sonar_key = done._sonar_key"
    " and state.state = 'written'"
)
_THESE = (
    "state.target = :target and state.state = 'intended' and state.changed_at = any(:moments)"
    " and (state.batch = any(:batches) or state.batch is null)"  # an index finds them
    " and state.table_name = done.table_name and state._sonar_key = done._sonar_key"
)


@dataclass(frozen=True, slots=True)
class _Open:
    """Open intents by table and record key, and when and as which batches they were announced."""

    target: Target
    rows: Sequence[tuple[str, str]]
    moments: Sequence[datetime]
    batches: Sequence[int]

    def named(self) -> dict[str, Any]:
        return {
            "tables": [table for table, _ in self.rows],
            "keys": [key for _, key in self.rows],
            "moments": list(self.moments),
            "batches": list(self.batches),
            "target": self.target.name,
        }


def _drop(warehouse: Connection, intents: _Open) -> None:
    """Forget intents that were not carried out; the state before them returns."""
    if not intents.rows:
        return
    warehouse.execute(
        text(
            f"delete from ops.row_state as state using {_ROWS}"
            f" where {_THESE} and state.old_hash is null"
        ),
        intents.named(),
    )
    warehouse.execute(
        text(f"update ops.row_state as state set {GIVES_BACK} from {_ROWS} where {_THESE}"),
        intents.named(),
    )


def _confirm(warehouse: Connection, intents: _Open, ids: Mapping[str, str]) -> None:
    """Make intents facts. `ids` maps marts with ids of their own to their key column."""
    if not intents.rows:
        return
    warehouse.execute(
        text(
            "insert into ops.id_map (target, entity, _sonar_key, planned_id, target_id, run_id)"
            " select state.target, state.table_name, state._sonar_key,"
            " (state.row_key ->> owner.key)::bigint, (state.row_key ->> owner.key)::bigint,"
            " state.run_id"
            f" from ops.row_state as state, {_ROWS},"
            " unnest(cast(:owners as text[]), cast(:owner_keys as text[])) as owner (name, key)"
            f" where {_THESE} and owner.name = state.table_name"
            " on conflict (target, entity, _sonar_key) do nothing"
        ),
        {**intents.named(), "owners": list(ids), "owner_keys": list(ids.values())},
    )
    warehouse.execute(
        text(
            "update ops.row_state as state set state = 'written', changed_at = clock_timestamp()"
            f" from {_ROWS} where {_THESE}"
        ),
        intents.named(),
    )


def row_key(columns: str, key: str) -> str:
    """Return the Postgres expression of `row_key`, from key columns and the plan's key text."""
    return (
        f"case cardinality({columns}) when 1 then jsonb_build_object({columns}[1], {key})"
        f" else jsonb_object({columns}, string_to_array({key}, chr(31))) end"
    )


_OPENED = f"""
with opened as (delete from ops.load_batch where target = :target returning *)
insert into ops.row_state (
    target, table_name, _sonar_key, _customer_key, row_key, state, old_hash, new_hash, crc, base,
    run_id, inserted_by, batch, changed_at
)
select
    opened.target, opened.table_name, intent._sonar_key, intent._customer_key,
    {row_key("opened.key_columns", "intent.key")}, 'intended', intent.old_hash, intent.new_hash,
    intent.crc, intent.base, opened.run_id,
    case when intent.old_hash is null then opened.run_id end, opened.batch, opened.announced_at
from opened, unnest(opened.intents) as intent
{TAKES_OVER}
"""


def owners(manifest: Manifest) -> dict[str, str]:
    """Return the marts with ids of their own, and the column of the id."""
    return {mart.name: mart.key[0] for mart in manifest.marts if owns_ids(mart)}


def settle(run: Run, splynx: Engine, manifest: Manifest, target: Target) -> Settled:
    """Ask the target about every open intent and make each a fact or forget it.

    Intents of tables that are no longer marts stay open.
    """
    marts = {mart.name: mart for mart in manifest.marts}
    with run.engine.begin() as warehouse:
        warehouse.execute(text(_OPENED), {"target": target.name})
        still_open = [i for i in _still_open(warehouse, target) if i.mart in marts]
    if not still_open:
        return Settled()
    seen: list[Intent] = []
    with splynx.connect() as connection:
        by_mart = sorted(still_open, key=lambda i: i.mart)
        for name, group in groupby(by_mart, key=lambda i: i.mart):
            seen.extend(_looked_up(connection, marts[name], list(group)))
    sorted_rows: dict[Outcome, list[tuple[str, str]]] = {outcome: [] for outcome in Outcome}
    seen.sort(key=lambda i: i.changed_at)
    for _, group in groupby(seen, key=lambda i: i.changed_at):
        batch = list(group)
        for intent, outcome in zip(batch, decide(batch), strict=True):
            sorted_rows[outcome].append((intent.mart, intent.sonar_key))
    moments = sorted({intent.changed_at for intent in seen})
    batches = sorted({intent.batch for intent in seen if intent.batch is not None})
    kept = sorted_rows[Outcome.DONE] + sorted_rows[Outcome.EDITED]
    with run.engine.begin() as warehouse:
        _drop(warehouse, _Open(target, sorted_rows[Outcome.REDO], moments, batches))
        _confirm(warehouse, _Open(target, kept, moments, batches), owners(manifest))
    return Settled(
        done=len(sorted_rows[Outcome.DONE]),
        redone=len(sorted_rows[Outcome.REDO]),
        edited=tuple(f"{table} {key}" for table, key in sorted_rows[Outcome.EDITED]),
    )


class Ledger:
    """The intents of rows that are written one by one or in small batches.

    Those of parcels are kept by `load.writing.batch_ledger`.
    """

    def __init__(self, run: Run, manifest: Manifest, target: Target) -> None:
        self._run = run
        self._target = target
        self._owners = owners(manifest)
        self._moments: list[datetime] = []
        self._batches: list[int] = []

    def intend(self, rows: Sequence[Row]) -> None:
        """Commit that these rows are about to be written together."""
        with self._run.engine.begin() as warehouse:
            moment = warehouse.execute(
                text("select clock_timestamp(), nextval('ops.batch_number')")
            ).one()
            self._moments, self._batches = [moment[0]], [int(moment[1])]
            warehouse.execute(
                text(
                    "insert into ops.row_state (target, table_name, _sonar_key, _customer_key,"
                    " row_key, state, old_hash, new_hash, crc, base, apart, run_id, inserted_by,"
                    " batch, changed_at)"
                    " select :target, row.t, row.s, row.c, row.k::jsonb, 'intended', row.o, row.n,"
                    " row.crc, row.base::integer[], row.apart, :run_id,"
                    " case when row.o is null then :run_id end, :batch, :moment"
                    " from unnest(cast(:tables as text[]), cast(:keys as text[]),"
                    " cast(:customers as text[]), cast(:row_keys as text[]),"
                    " cast(:old as text[]), cast(:new as text[]), cast(:crcs as bigint[]),"
                    " cast(:bases as text[]), cast(:aparts as boolean[]))"
                    " as row (t, s, c, k, o, n, crc, base, apart)"
                    f" {TAKES_OVER}"
                ),
                {
                    "target": self._target.name,
                    "run_id": self._run.run_id,
                    "moment": moment[0],
                    "batch": moment[1],
                    "tables": [row.mart.name for row in rows],
                    "keys": [row.sonar_key for row in rows],
                    "customers": [row.customer_key for row in rows],
                    "row_keys": [
                        orjson.dumps(dict(zip(row.mart.key, row.key, strict=True))).decode()
                        for row in rows
                    ],
                    "old": [row.old_hash for row in rows],
                    "new": [row.new_hash for row in rows],
                    "crcs": [row.crc for row in rows],
                    "bases": [row.base for row in rows],
                    "aparts": [row.is_apart for row in rows],
                },
            )

    def drop(self, rows: Sequence[Row]) -> None:
        """Forget the intents of rows that were not written."""
        with self._run.engine.begin() as warehouse:
            _drop(warehouse, self._open(rows))

    def doubt(self, rows: Sequence[Row]) -> None:
        """Forget the intents of rows that are not what the plan believed; the next one looks."""
        with self._run.engine.begin() as warehouse:
            given = self._open(rows)
            _drop(warehouse, given)
            warehouse.execute(text(DOUBT), given.named())

    def confirm(self, rows: Sequence[Row]) -> None:
        """Record that these rows are in the target."""
        with self._run.engine.begin() as warehouse:
            _confirm(warehouse, self._open(rows), self._owners)

    def _open(self, rows: Sequence[Row]) -> _Open:
        names = [(row.mart.name, row.sonar_key) for row in rows]
        return _Open(self._target, names, self._moments, self._batches)


def take_statistics(run: Run) -> None:
    """Have the planner know how large the ledgers have become, for those who read them next.

    Without it a reader of one small table walks all rows of all tables. Samples are a tenth of the
    usual: what counts is how many rows there are, and looking at more took eight times as long.
    """
    with run.engine.begin() as ledger:
        ledger.execute(text("set local default_statistics_target = 10"))
        ledger.execute(text("analyze ops.row_state, ops.id_map"))
