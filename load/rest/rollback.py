"""`rollback` of a run that loaded over REST: what it created is deleted, what it changed put back.

Reads `ops.row_state` and `ops.pre_image`. Files go first. Rows that staff edited since, that rows
of others lead to, and whatever those need, stay and are listed (`ops.rollback_kept`). The ledger
follows each request; killed between the two, the next start finds in Splynx that the work is done.
Splynx keeps most of what it deletes, with a mark: such rows are counted apart, and their logins
stay in use. What a run by both routes wrote over REST is taken back here first, and then left to
`load.rollback.run`, which has the database and takes the marked rows away with the others.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, text

from load.files.undoing import FilesUndoing
from load.files.uploads import read_uploads
from load.rest.budget import Clock
from load.rest.client import Manners, Splynx
from load.rest.intents import Ledger
from load.rest.open_rows import open_rows, settle
from load.rest.shape_meta import read_shapes
from load.rest.shapes import Shapes
from load.rest.standing import Aim, End, Standing, own_fields
from load.rest.undoing import Undoing
from load.rest.undone import write_down
from load.rollback.scope import Kept
from load.rollback.words import keep_words, known_run, refuse_later_runs
from load.target.targets import Target, current
from runtime.errors import Unfinished
from runtime.manifest import Manifest
from runtime.run_ledger import Run
from runtime.settings import SplynxApi, named_rest_target, rest_target_address
from runtime.warehouse import warehouse_answers

_ROWS = """
select
    state.table_name, state._sonar_key, state.row_key, state.base, state.api, image.image,
    begun.target is not null as was_begun, state.removed,
    (
        select later.run_id from ops.pre_image as later
        where later.target = state.target and later.table_name = state.table_name
            and later.row_key = state.row_key and later.run_id <> :run
            and (image.target is null or later.taken_at > image.taken_at)
        order by later.taken_at desc limit 1
    ) as later
from ops.row_state as state
left join ops.pre_image as image on image.target = state.target and image.run_id = :run
    and image.table_name = state.table_name and image.row_key = state.row_key
left join ops.rest_undoing as begun on begun.target = state.target and begun.undone_run_id = :run
    and begun.table_name = state.table_name and begun._sonar_key = state._sonar_key
where state.target = :target and state.api ? 'item'
    and (state.inserted_by = :run or image.target is not null)
order by state.table_name, state._sonar_key
"""


@dataclass(slots=True)
class Undone:
    """What a rollback did.

    `flagged` of the deleted rows stay in Splynx with a mark, `hidden` are rows that went with the
    row that they belong to. In `not_looked` tables nobody could see whether rows lead to deleted
    ones, because the API does not list them by what they lead to.
    """

    run_id: str
    deleted: int = 0
    flagged: int = 0
    hidden: int = 0
    put_back: int = 0
    files: int = 0
    kept: list[Kept] = field(default_factory=list)
    not_looked: list[str] = field(default_factory=list)


def roll_back(  # noqa: PLR0913, PLR0917 - both sides
    run: Run,
    api: SplynxApi,
    manifest: Manifest,
    run_id: str,
    manners: Manners | None = None,
    clock: Clock | None = None,
) -> Undone:
    """Take back what run `run_id` brought into the current target. May be run again at any time.

    Raises:
        ConfigError: no such run, or the target is not named twice.
        GateFailed: a later run wrote rows of this one again; nothing was done.
        TargetError: Splynx failed; run again to go on.
        Unfinished: some rows stay; they are listed.
    """
    named_rest_target()
    result = Undone(run_id)
    with warehouse_answers(), run.engine.connect() as warehouse:
        target = current(warehouse, rest_target_address())
        run.note(undone=run_id, target=target.name, route="rest")
        known_run(warehouse, run_id)
        work = _Work(run, manifest, target, result)
        try:
            asyncio.run(work.carry_out(api, manners or Manners(), clock))
        finally:
            run.note(
                deleted=result.deleted,
                flagged=result.flagged,
                hidden=result.hidden,
                put_back=result.put_back,
                files=result.files,
                kept=len(result.kept),
                not_looked=result.not_looked,
            )
    if result.kept:
        raise Unfinished(
            f"{result.deleted} rows deleted, {result.put_back} put back, {len(result.kept)} stay"
            " (ops.rollback_kept)",
            [str(kept) for kept in result.kept],
        )
    return result


def take_back_first(  # noqa: PLR0913, PLR0917 - both sides
    run: Run,
    api: SplynxApi,
    manifest: Manifest,
    target: Target,
    run_id: str,
    manners: Manners | None = None,
) -> Undone:
    """Take back what a run by both routes wrote over REST, and leave the marked rows to MySQL.

    What staff's work keeps is in the result, and in no ledger yet. May be run again at any time.

    Raises:
        GateFailed, TargetError: as `roll_back`.
    """
    result = Undone(run_id)
    work = _Work(run, manifest, target, result, is_first=True)
    asyncio.run(work.carry_out(api, manners or Manners(), None))
    return result


class _Work:
    """One rollback at work. `is_first`: files and marked rows are left to MySQL, which follows."""

    def __init__(
        self,
        run: Run,
        manifest: Manifest,
        target: Target,
        result: Undone,
        *,
        is_first: bool = False,
    ) -> None:
        self._run = run
        self._shapes = read_shapes(manifest)
        self._target = target
        self._result = result
        self._is_first = is_first
        uploads = () if is_first else read_uploads(manifest)
        self._files = FilesUndoing(run.engine, target.name, result.run_id, uploads)

    async def carry_out(self, api: SplynxApi, manners: Manners, clock: Clock | None) -> None:
        """Look at all rows, then take back what may go."""
        run, target, run_id = self._run, self._target, self._result.run_id
        async with Splynx(api, manners, clock=clock) as splynx:
            with run.engine.connect() as warehouse:
                doubtful = open_rows(warehouse, target)
            settled = settle(splynx, Ledger(run, target), self._shapes, doubtful)
            run.note(in_doubt=await settled)
            with run.engine.connect() as warehouse:
                rows, later = _rows(warehouse, self._shapes, target, run_id)
                refuse_later_runs(warehouse, later + self._files.read())
                fields = own_fields(warehouse, self._shapes, target)
            undoing = Undoing(splynx, self._shapes, fields, rows, manners.workers, self._done)
            await undoing.look()
            self._result.not_looked = sorted(undoing.not_looked)
            _begin(run, target, run_id, rows)
            kept: list[tuple[Kept, Mapping[str, Any]]] = []
            try:
                await self._files.carry_out(splynx, asyncio.Semaphore(manners.workers))
                await undoing.carry_out()
                kept = self._files.settle()
            finally:
                kept += [
                    (Kept(row.shape.name, row.sonar_key, row.reason), row.row_key)
                    for row in rows
                    if row.reason and row.end is End.OPEN
                ]
                self._result.files = self._files.deleted
                self._result.kept = [one for one, _ in kept]
                if not self._is_first:
                    keep_words(run, target, run_id, kept)
        _end(run, target, run_id)

    def _done(self, rows: Sequence[Standing]) -> None:
        result = self._result
        with self._run.engine.begin() as warehouse:
            write_down(warehouse, self._target, result.run_id, rows, leave_marked=self._is_first)
        ends = Counter(row.end for row in rows)
        result.deleted += ends[End.DELETED]
        result.hidden += ends[End.HIDDEN]
        result.put_back += ends[End.PUT_BACK]
        result.flagged += sum(
            row.end is End.DELETED and not row.shape.really_deletes for row in rows
        )


def _rows(
    warehouse: Connection, shapes: Shapes, target: Target, run_id: str
) -> tuple[list[Standing], Counter[str]]:
    """Return the rows of a run, and how many of them later runs wrote again."""
    found = warehouse.execute(text(_ROWS), {"target": target.name, "run": run_id}).all()
    sent = {shape.name: shape for shape in shapes.sent}
    rows, later = [], Counter[str]()
    for one in found:
        if one.table_name not in sent:
            continue
        row = Standing(
            shape=sent[one.table_name],
            sonar_key=one._sonar_key,
            row_key=one.row_key,
            item=one.api["item"],
            aim=Aim.DELETE if one.image is None else Aim.PUT_BACK,
            base=one.base,
            by=tuple(one.api["by"]) if one.api.get("by") else None,
            image=one.image,
            was_begun=one.was_begun,
        )
        if one.later:
            later[one.later] += 1
            row.reason = f"written again by run {one.later}"
        elif one.removed == "deleted" and one.image is not None:
            row.reason = "the API does not bring back what it has deleted"
        rows.append(row)
    return rows, later


def _begin(run: Run, target: Target, run_id: str, rows: Sequence[Standing]) -> None:
    """Write down which rows were found fit, before the first is taken back."""
    with run.engine.begin() as ledger:
        ledger.execute(
            text(
                "insert into ops.rest_undoing (target, undone_run_id, table_name, _sonar_key)"
                " select :target, :run, done.table_name, done._sonar_key from unnest("
                " cast(:tables as text[]), cast(:keys as text[])) as done (table_name, _sonar_key)"
                " on conflict do nothing"
            ),
            {
                "target": target.name,
                "run": run_id,
                "tables": [row.shape.name for row in rows if row.reason is None],
                "keys": [row.sonar_key for row in rows if row.reason is None],
            },
        )


def _end(run: Run, target: Target, run_id: str) -> None:
    with run.engine.begin() as ledger:
        ledger.execute(
            text("delete from ops.rest_undoing where target = :target and undone_run_id = :run"),
            {"target": target.name, "run": run_id},
        )
