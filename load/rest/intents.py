"""`ops.row_state` and `ops.id_map` of the REST route: what was meant, and what came of it.

A row is `intended` from before its request is sent until it was read back and found equal. While
the server's id is not known (`{"id": null}`), the row may exist or not: whoever meets it so looks
it up before sending it. Its id goes to `ops.id_map` as soon as the server has told it. `written`
means there and equal.

What many tasks want to record at the same moment is one transaction. Between intent and answer lies
at least one commit that is on disk, so a kill at any point leaves nothing unsaid.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, TypeAlias

import orjson
from sqlalchemy import Connection, text

from load.rest.together import Together
from load.target.targets import Target
from load.writing.intents import GIVES_BACK, TAKES_OVER
from runtime.run_ledger import Run

_MOST = 1000  # entries of one transaction


@dataclass(frozen=True, slots=True)
class Entry:
    """One row as the ledger keeps it; `key` is that of the target, None where nobody knows it yet.

    `old_hash` is what we wrote before, None for a new row. `planned` is the mart's id where the row
    has an id of its own. `base` marks each attribute as Sonar has it: what Splynx shows otherwise,
    although Sonar has not changed it since, is staff's work; `before` are the marks of the time
    before. `is_new`: no earlier run has certainly created it. `api` says where the row is in the
    API, or what finds it there (`ops.row_state.api`).
    """

    table: str
    sonar_key: str
    customer_key: str | None
    key: Mapping[str, int | str | None]
    hash: str
    old_hash: str | None = None
    planned: int | None = None
    target: int | None = None
    base: Sequence[int] | None = None
    before: Sequence[int] | None = None
    is_new: bool = False
    api: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True)
class Image:
    """What Splynx held of a row that is about to be changed, and what the ledger said of it.

    `record` has the attributes that are sent; `item` is where the row is.
    """

    entry: Entry
    item: str
    record: Mapping[str, object]
    state: str
    hash: str


@dataclass(frozen=True, slots=True)
class Edit:
    """Columns of a row that staff changed, and whether Sonar changed them too; none: no more."""

    entry: Entry
    kind: str | None
    columns: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Excluded:
    """Why a row stays out, or is not as it should be; the message names no value."""

    entry: Entry
    cause: str
    message: str
    code: int | None = None
    column: str | None = None


_Word: TypeAlias = "tuple[_Step, Entry] | Excluded | Image | Edit"


class _Step(IntEnum):
    """What is recorded, in the order of one transaction."""

    INTENDED = 0
    NAMED = 1
    DROPPED = 2
    PROVEN = 3


_ROWS = (
    "unnest(cast(:tables as text[]), cast(:keys as text[]), cast(:customers as text[]),"
    " cast(:row_keys as text[]), cast(:hashes as text[]), cast(:olds as text[]),"
    " cast(:planned as bigint[]), cast(:targets as bigint[]), cast(:bases as text[]),"
    " cast(:befores as text[]), cast(:news as boolean[]), cast(:apis as text[])) as row"
    " (table_name, key, customer, row_key, hash, old, planned, target, base, before, is_new, api)"
)
_THIS = (
    "state.target = :target and state.table_name = row.table_name and state._sonar_key = row.key"
)
_INTENDED = f"""
insert into ops.row_state (
    target, table_name, _sonar_key, _customer_key, row_key, state, old_hash, new_hash, run_id,
    inserted_by, changed_at, base, api
)
select
    :target, row.table_name, row.key, row.customer, row.row_key::jsonb, 'intended', row.old,
    row.hash, :run_id, case when row.is_new or state.target is null then :run_id end,
    clock_timestamp(), cast(row.before as integer[]), row.api::jsonb
from {_ROWS}
left join ops.row_state as state on {_THIS}
{TAKES_OVER}, api = coalesce(excluded.api, row_state.api)
"""
_NAMED = f"""
with named as (
    update ops.row_state as state set row_key = row.row_key::jsonb, api = row.api::jsonb,
        changed_at = clock_timestamp()
    from {_ROWS}
    where {_THIS}
    returning row.table_name, row.key, row.planned, row.target
)
insert into ops.id_map (target, entity, _sonar_key, planned_id, target_id, run_id)
select :target, table_name, key, planned, target, :run_id
from named where planned is not null and target is not null
on conflict (target, entity, _sonar_key) do nothing
"""
_DROPPED = (
    f"delete from ops.row_state as state using {_ROWS}"
    f" where {_THIS} and state.state = 'intended' and state.old_hash is null",
    f"update ops.row_state as state set {GIVES_BACK} from {_ROWS}"
    f" where {_THIS} and state.state = 'intended'",
)
_PROVEN = (
    "update ops.row_state as state set state = 'written', new_hash = row.hash,"
    " base = cast(row.base as integer[]),"
    f" changed_at = clock_timestamp(), run_id = :run_id from {_ROWS} where {_THIS}"
)
_STATEMENTS: Mapping[_Step, tuple[str, ...]] = {
    _Step.INTENDED: (_INTENDED,),
    _Step.NAMED: (_NAMED,),
    _Step.DROPPED: _DROPPED,
    _Step.PROVEN: (_PROVEN,),
}
_KEPT = text(
    "insert into ops.pre_image (target, run_id, table_name, row_key, image) values"
    " (:target, :run_id, :table, cast(:row_key as jsonb), cast(:image as jsonb))"
    " on conflict do nothing"
)
_EDITED = (
    text(
        "delete from ops.staff_edit where target = :target and table_name = :table"
        " and _sonar_key = :key"
    ),
    text(
        "insert into ops.staff_edit (target, table_name, key, _sonar_key, kind, column_names,"
        " run_id) select :target, :table, cast(:row_key as text[]), :key, :kind,"
        " cast(:columns as text[]), :run_id where cast(:kind as text) is not null"
        " on conflict (target, table_name, key) do nothing"
    ),
)
_REFUSED = text(
    "insert into ops.refusal (target, run_id, table_name, _sonar_key, _customer_key, cause,"
    " error_code, column_name, message) values (:target, :run_id, :table_name, :key, :customer,"
    " :cause, :code, :column, :message)"
    " on conflict (target, run_id, table_name, _sonar_key) do update set cause = excluded.cause,"
    " error_code = excluded.error_code, column_name = excluded.column_name,"
    " message = excluded.message, refused_at = clock_timestamp(), attempts = refusal.attempts + 1"
)


class Ledger:
    """The records of one running load; for many tasks of one event loop."""

    def __init__(self, run: Run, target: Target) -> None:
        self._run = run
        self._names = {"target": target.name, "run_id": run.run_id}
        self._together: Together[_Word, None] = Together(self._commit, most=_MOST)

    async def intend(self, entries: Sequence[Entry]) -> None:
        """Commit that these rows are about to be sent."""
        await self._all(_Step.INTENDED, entries)

    async def name(self, entries: Sequence[Entry]) -> None:
        """Commit which rows of the target the intended ones are."""
        await self._all(_Step.NAMED, entries)

    async def drop(self, entries: Sequence[Entry]) -> None:
        """Commit that these rows were certainly not changed; the state before them returns."""
        await self._all(_Step.DROPPED, entries)

    async def prove(self, entries: Sequence[Entry]) -> None:
        """Commit that these rows are in the target as they should be."""
        await self._all(_Step.PROVEN, entries)

    async def keep(self, image: Image) -> None:
        """Commit what a row holds that is about to be changed; the first of a run stays."""
        await self._together.ask(image)

    async def edited(self, edit: Edit) -> None:
        """Commit what staff changed in a row, in place of what an earlier load found."""
        await self._together.ask(edit)

    async def exclude(self, excluded: Sequence[Excluded]) -> None:
        """Commit why rows stay out."""
        await asyncio.gather(*(self._together.put(one) for one in excluded))

    async def unclaimed(self, table: str, sonar_key: str, found: Sequence[int]) -> list[int]:
        """Return those of the target's ids `found` that are not of another record of ours."""
        return await asyncio.to_thread(self._unclaimed, table, sonar_key, found)

    async def in_doubt(self, table: str, api: Mapping[str, object]) -> int:
        """Return how many rows of ours that are found like this may be in Splynx or not."""
        return await asyncio.to_thread(self._in_doubt, table, api)

    async def base(self, table: str, sonar_key: str) -> list[int] | None:
        """Return the marks of a row as it was when it was last proven; None: it never was."""
        return await asyncio.to_thread(self._base, table, sonar_key)

    async def _all(self, step: _Step, entries: Sequence[Entry]) -> None:
        await asyncio.gather(*(self._together.put((step, entry)) for entry in entries))

    async def _commit(self, wanted: Sequence[_Word]) -> Sequence[None]:
        await asyncio.to_thread(self._write, wanted)
        return [None] * len(wanted)

    def _write(self, wanted: Sequence[_Word]) -> None:
        steps: dict[_Step, list[Entry]] = {step: [] for step in _STATEMENTS}
        images, edits, excluded = [], [], []
        for one in wanted:
            if isinstance(one, Image):
                images.append(self._image(one))
            elif isinstance(one, Edit):
                edits.append(self._edit(one))
            elif isinstance(one, Excluded):
                excluded.append(self._refusal(one))
            else:
                steps[one[0]].append(one[1])
        with self._run.engine.begin() as warehouse:
            for step, entries in steps.items():
                for statement in _STATEMENTS[step] if entries else ():
                    warehouse.execute(text(statement), {**self._names, **_columns(entries)})
            if images:
                warehouse.execute(_KEPT, images)
            for statement_of_edit in _EDITED if edits else ():
                warehouse.execute(statement_of_edit, edits)
            if excluded:
                warehouse.execute(_REFUSED, excluded)

    def _image(self, one: Image) -> dict[str, object]:
        image = {
            "item": one.item,
            "record": one.record,
            "state": one.state,
            "hash": one.hash,
            "base": one.entry.before,
        }
        return {
            **self._names,
            "table": one.entry.table,
            "row_key": orjson.dumps(one.entry.key).decode(),
            "image": orjson.dumps(image, default=str).decode(),
        }

    def _edit(self, one: Edit) -> dict[str, object]:
        return {
            **self._names,
            "table": one.entry.table,
            "key": one.entry.sonar_key,
            "row_key": [str(value) for value in one.entry.key.values()],
            "kind": one.kind,
            "columns": list(one.columns),
        }

    def _refusal(self, one: Excluded) -> dict[str, object]:
        return {
            **self._names,
            "table_name": one.entry.table,
            "key": one.entry.sonar_key,
            "customer": one.entry.customer_key,
            "cause": one.cause,
            "code": one.code,
            "column": one.column,
            "message": one.message,
        }

    def _in_doubt(self, table: str, api: Mapping[str, object]) -> int:
        with self._run.engine.connect() as warehouse:
            found: int = warehouse.execute(
                text(
                    "select count(*) from ops.row_state where target = :target"
                    " and table_name = :table and state = 'intended'"
                    " and api = cast(:api as jsonb)"
                ),
                {
                    "target": self._names["target"],
                    "table": table,
                    "api": orjson.dumps(api).decode(),
                },
            ).scalar_one()
        return found

    def _base(self, table: str, sonar_key: str) -> list[int] | None:
        with self._run.engine.connect() as warehouse:
            return warehouse.execute(
                text(
                    "select base from ops.row_state where target = :target and api is not null"
                    " and table_name = :table and _sonar_key = :key"
                ),
                {"target": self._names["target"], "table": table, "key": sonar_key},
            ).scalar()

    def _unclaimed(self, table: str, sonar_key: str, found: Sequence[int]) -> list[int]:
        with self._run.engine.connect() as warehouse:
            known = warehouse.execute(
                text(
                    "select target_id from ops.id_map where target = :target and entity = :table"
                    " and _sonar_key <> :key and target_id = any(:found)"
                ),
                {
                    "target": self._names["target"],
                    "table": table,
                    "key": sonar_key,
                    "found": list(found),
                },
            )
            taken: set[int] = set(known.scalars())
        return [one for one in found if one not in taken]


def keep_refused(  # noqa: PLR0913, PLR0917 - a table's rows, and why
    ledger: Connection,
    run: Run,
    target: Target,
    table: str,
    rows: Iterable[Sequence[Any]],
    reason: str,
) -> None:
    """Record rows (record, customer) of a table that the API does not take; commits nothing."""
    refused = [
        {
            "target": target.name,
            "run_id": run.run_id,
            "table_name": table,
            "key": row[0],
            "customer": row[1],
            "cause": "route",
            "code": None,
            "column": None,
            "message": reason,
        }
        for row in rows
    ]
    if refused:
        ledger.execute(_REFUSED, refused)


def _columns(entries: Sequence[Entry]) -> dict[str, object]:
    return {
        "tables": [one.table for one in entries],
        "keys": [one.sonar_key for one in entries],
        "customers": [one.customer_key for one in entries],
        "row_keys": [orjson.dumps(one.key).decode() for one in entries],
        "hashes": [one.hash for one in entries],
        "olds": [one.old_hash for one in entries],
        "planned": [one.planned for one in entries],
        "targets": [one.target for one in entries],
        "bases": [_array(one.base) for one in entries],
        "befores": [_array(one.before) for one in entries],
        "news": [one.is_new for one in entries],
        "apis": [None if one.api is None else orjson.dumps(one.api).decode() for one in entries],
    }


def _array(base: Sequence[int] | None) -> str | None:
    return None if base is None else f"{{{','.join(map(str, base))}}}"
