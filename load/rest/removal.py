"""Rows whose record is gone from the marts, over REST: kept, marked or deleted, as the rule says.

The rule is `meta.load.on_delete` of the mart. A row that staff edited stays; so does one to which
others lead, whoever wrote them, and one that was never read back, of which nobody can tell. What a
row held is kept before (`ops.pre_image`), so that `rollback` takes a mark back; what the API
deletes, it does not bring back. Killed between request and ledger, the next load finds the work
done and only writes it down.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import Connection, text

from load.planning.removal import DELETE, FLAG, Removed
from load.rest.client import Splynx
from load.rest.failures import ModuleOff, NotFound
from load.rest.intents import Entry, Image, Ledger
from load.rest.marks import found_marks
from load.rest.shapes import Shape, Shapes
from load.rest.standing import Aim, End, Standing
from load.rest.undoing import Undoing
from load.rollback.scope import Kept
from load.target.targets import Target
from runtime.errors import FatalTargetError
from runtime.run_ledger import Run

_UNREAD = "never read back, so that nobody can tell what staff changed"
_MARK = text(
    "update load_plan as plan set class = :class from ops.row_state as state"
    " where plan.table_name = :mart and plan.class = 'gone' and state.target = :target"
    " and state.table_name = plan.table_name and state._sonar_key = plan._sonar_key"
    " and state.state = 'written' and state.api ? 'item'"
)
_ROWS = text(
    "select state.table_name, state._sonar_key, state._customer_key, state.row_key, state.new_hash,"
    " state.base, state.api from load_plan as plan join ops.row_state as state"
    " on state.target = :target and state.table_name = plan.table_name"
    " and state._sonar_key = plan._sonar_key where plan.class = :class"
    " order by state.table_name, state._sonar_key"
)
_THESE = (
    "unnest(cast(:tables as text[]), cast(:keys as text[]), cast(:bases as text[]))"
    " as done (table_name, _sonar_key, base)"
)
_SET = (
    "update ops.row_state as state set removed = :removed, run_id = :run,"
    " base = coalesce(cast(done.base as integer[]), state.base), changed_at = clock_timestamp()"
    f" from {_THESE} where state.target = :target and "
)
_THIS = "state.table_name = done.table_name and state._sonar_key = done._sonar_key"
_INSIDE = "state.api -> 'in' = jsonb_build_array(done.table_name, done._sonar_key)"
_NO_ID = (
    f"delete from ops.id_map as known using {_THESE} where known.target = :target"
    " and known.entity = done.table_name and known._sonar_key = done._sonar_key"
)


def mark(warehouse: Connection, shapes: Shapes, target: Target) -> None:
    """Name the rows of `load_plan` that the marts' rules remove."""
    rules = {"delete": DELETE, "flag": FLAG}
    for shape in shapes.sent:
        if name := rules.get(shape.mart.on_delete.rule):
            named = {"class": name, "mart": shape.name, "target": target.name}
            warehouse.execute(_MARK, named)


class Removal:
    """The removing of one load; `warehouse` is the connection that made the plan."""

    def __init__(  # noqa: PLR0913, PLR0917 - both sides
        self,
        run: Run,
        warehouse: Connection,
        splynx: Splynx,
        ledger: Ledger,
        shapes: Shapes,
        target: Target,
        fields: Mapping[str, frozenset[str]],
        workers: int,
    ) -> None:
        self._run = run
        self._splynx = splynx
        self._ledger = ledger
        self._shapes = shapes
        self._target = target
        self._fields = fields
        self._workers = workers
        self._result = Removed()
        self._flags = self._rows(warehouse, FLAG)
        self._deletions = self._rows(warehouse, DELETE)

    async def carry_out(self) -> Removed:
        """Mark and delete what the plan says.

        Raises:
            TargetError: Splynx failed; run again to go on.
        """
        for row, hashed in self._flags:
            try:
                await self._flag(row, hashed)
            except (FatalTargetError, ModuleOff) as exc:
                row.reason = f"Splynx refuses: {exc}"
        await self._delete()
        self._result.kept = [
            Kept(row.shape.name, row.sonar_key, row.reason)
            for row, _ in (*self._flags, *self._deletions)
            if row.reason is not None
        ]
        return self._result

    def _rows(self, warehouse: Connection, kind: str) -> list[tuple[Standing, str]]:
        named = {"target": self._target.name, "class": kind}
        return [
            (
                Standing(
                    shape=self._shapes[row.table_name],
                    sonar_key=row._sonar_key,
                    row_key=row.row_key,
                    item=row.api["item"],
                    aim=Aim.DELETE,
                    base=row.base,
                    by=tuple(row.api["by"]) if row.api.get("by") else None,
                    reason=None if row.base else _UNREAD,
                ),
                row.new_hash,
            )
            for row in warehouse.execute(_ROWS, named).all()
        ]

    async def _flag(self, row: Standing, hashed: str) -> None:
        """Write the mark into a row, unless it is there or staff worked on it."""
        if row.reason is not None:
            return
        fields = self._fields.get(row.shape.name, frozenset())
        try:
            record = await self._splynx.get(row.item)
        except NotFound:
            return
        rule = row.shape.mart.on_delete
        name = row.shape.attributes[str(rule.column)]
        row.see(record, self._shapes, fields)
        wanted = _mark_of(row.shape, {**record, name: rule.value}, name)
        is_there = _mark_of(row.shape, record, name) == wanted
        if set(row.edited(record, fields)) - ({name} if is_there else set()):
            return
        row.reason = None
        if not is_there:
            await self._keep(row, hashed)
            await self._splynx.update(row.item, {name: rule.value})
        base = [
            wanted if one == name else old
            for one, old in zip(row.shape.sent, row.base or (), strict=True)
        ]
        self._write([row], "flagged", base)
        self._result.flagged += 1

    async def _delete(self) -> None:
        rows = [row for row, _ in self._deletions]
        if not rows:
            return
        undoing = Undoing(self._splynx, self._shapes, self._fields, rows, self._workers, self._done)
        await undoing.look()
        for row, hashed in self._deletions:
            if row.reason is None and row.record is not None:
                await self._keep(row, hashed)
        await undoing.carry_out()

    def _done(self, rows: Sequence[Standing]) -> None:
        self._write(rows, "deleted")
        self._result.deleted += sum(row.end in {End.DELETED, End.HIDDEN} for row in rows)

    async def _keep(self, row: Standing, hashed: str) -> None:
        record: Mapping[str, Any] = row.record or {}
        entry = Entry(row.shape.name, row.sonar_key, None, row.row_key, hashed, before=row.base)
        held = {name: record.get(name) for name in row.shape.sent}
        await self._ledger.keep(Image(entry, row.item, held, "written", hashed))

    def _write(
        self, rows: Sequence[Standing], removed: str, base: Sequence[int] | None = None
    ) -> None:
        named = {
            "target": self._target.name,
            "run": self._run.run_id,
            "removed": removed,
            "tables": [row.shape.name for row in rows],
            "keys": [row.sonar_key for row in rows],
            "bases": [base and f"{{{orjson.dumps(base).decode()[1:-1]}}}" for _ in rows],
        }
        with self._run.engine.begin() as warehouse:
            warehouse.execute(text(_SET + _THIS), named)
            if removed == "deleted":
                warehouse.execute(text(_SET + _INSIDE), named)
                warehouse.execute(text(_NO_ID), named)


def _mark_of(shape: Shape, record: Mapping[str, Any], name: str) -> int:
    return found_marks(shape, record, ())[name]
