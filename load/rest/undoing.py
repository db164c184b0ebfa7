"""Taking rows of ours back out of Splynx: which may go, and in which order.

A row stays that staff edited, that a row of somebody else leads to, and whatever a staying row
leads to. Rows go in reverse order of sending. What Splynx made with a row goes with it, and so does
what the API cannot delete, such as a note of a customer.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

from load.rest.children import children
from load.rest.client import Record, Splynx
from load.rest.failures import MethodNotAllowed, ModuleOff, NotFound
from load.rest.probing import ALL_CUSTOMERS, filled
from load.rest.shapes import VALUES, Shape, Shapes
from load.rest.standing import VANISHED, Aim, End, Key, Standing
from load.rest.together import Together
from runtime.errors import FatalTargetError

_AT_ONCE = 50  # ids in one query string
_TOGETHER = 200  # rows of one transaction of the ledger
_GONE = {"1", "true", "True"}
Done = Callable[[Sequence[Standing]], None]


class Undoing:
    """The undoing of some rows; `done` writes down what the given rows have become."""

    def __init__(  # noqa: PLR0913, PLR0917 - both sides
        self,
        splynx: Splynx,
        shapes: Shapes,
        fields: Mapping[str, frozenset[str]],
        rows: Sequence[Standing],
        workers: int,
        done: Done,
    ) -> None:
        self._splynx = splynx
        self._shapes = shapes
        self._fields = fields
        self._rows = rows
        self._done = done
        self._gate = asyncio.Semaphore(workers)
        self._writing: Together[Sequence[Standing], None] = Together(self._write, most=_TOGETHER)
        self._undeletable: set[str] = set()  # tables of which the API deletes no row
        self.not_looked: set[str] = set()  # tables in which staff may have led rows to ours
        self._by_key = {row.key: row for row in rows if row.key is not None}
        self._hidden: dict[Key, list[Standing]] = defaultdict(list)
        self._made: dict[Key, list[Standing]] = defaultdict(list)
        for row in rows:
            if row.by is not None:
                self._made[row.by].append(row)

    async def look(self) -> None:
        """See how the rows stand, and which have to stay."""
        tables: dict[str, list[Standing]] = defaultdict(list)
        for row in self._rows:
            tables[row.shape.name].append(row)
        for rows in tables.values():
            pages = [rows[i : i + _AT_ONCE] for i in range(0, len(rows), _AT_ONCE)]
            await asyncio.gather(*(self._see(rows[0].shape, page) for page in pages))
        for shape in self._shapes.sent:
            await self._find_strangers(shape, tables.get(shape.name, ()))
            await self._find_users(shape, tables)
        self._spread(row for row in self._rows if row.reason)

    async def carry_out(self) -> None:
        """Put back and delete what does not stay, last sent first."""
        for shape in reversed(self._shapes.sent):
            mine = [row for row in self._rows if row.shape is shape]
            await self._each(self._put_back, (r for r in mine if r.aim is Aim.PUT_BACK))
            going = [row for row in mine if row.aim is Aim.DELETE and row.by is None]
            for level in self._levels(going):
                await self._each(self._delete, level)
        for row in self._rows:
            if row.end is End.OPEN and row.reason is None:
                row.reason = "neither the API nor a row that it belongs to takes it away"

    async def _each(
        self, work: Callable[[Standing], Awaitable[None]], rows: Iterable[Standing]
    ) -> None:
        await asyncio.gather(*(work(row) for row in rows if row.reason is None))

    async def _see(self, shape: Shape, rows: Sequence[Standing]) -> None:
        fields = self._fields.get(shape.name, frozenset())
        listed = await self._list(shape, rows)

        async def see(row: Standing) -> None:
            record = listed.get(str(row.id))
            if record is None or row.edited(record, fields):  # a list may tell less than a record
                record = await self._read(row)
            row.see(record, self._shapes, fields)

        await asyncio.gather(*(see(row) for row in rows))

    async def _list(self, shape: Shape, rows: Sequence[Standing]) -> dict[str, Record]:
        """Return records by id, as far as a list shows them."""
        ids = sorted(str(row.id) for row in rows if row.id is not None)
        if len(ids) <= 1 or not shape.path or "{" in shape.path.replace("{customer_id}", ""):
            return {}
        try:
            async with self._gate:
                found = await self._splynx.search(
                    filled(shape.path, ALL_CUSTOMERS), main_attributes={"id": ("IN", ids)}
                )
        except (FatalTargetError, ModuleOff):
            return {}
        return {str(one.get("id")): one for one in found if not _is_gone(one)}

    async def _read(self, row: Standing) -> Record | None:
        try:
            async with self._gate:
                record = await self._splynx.get(row.item)
        except NotFound:
            return None
        return None if _is_gone(record) else record

    async def _find_strangers(self, shape: Shape, rows: Sequence[Standing]) -> None:
        """Have rows stay to which a row leads that is not among ours."""
        going = {
            row.id: row
            for row in rows
            if row.aim is Aim.DELETE and row.reason is None and row.record and row.id is not None
        }
        if not going:
            return
        made = {key for row in self._rows for key in row.makes}
        found = children(
            self._splynx, self._shapes, shape.name, list(going), missed=self.not_looked
        )
        async for child in found:
            key = (child.table, child.id)
            if key in self._by_key or key in made or child.is_unnamed:
                continue
            row = going[child.parent]
            row.reason = row.reason or f"row {child.id} of {child.table}, which stays, leads to it"

    async def _find_users(self, shape: Shape, tables: Mapping[str, Sequence[Standing]]) -> None:
        """Have definitions of additional fields stay that a row uses which is not among ours."""
        part = next((part for part in shape.parts if part.holds == "values"), None)
        leads = part.shape.references if part else ()
        for table in {ref.to_mart for ref in leads if ref.to_column == "name"}:
            for row in tables.get(table, ()):
                if row.reason is None and row.record and await self._is_used(shape, row):
                    row.reason = f"rows of {shape.name} that stay use it"

    async def _is_used(self, shape: Shape, definition: Standing) -> bool:
        name = str(definition.row_key["name"])
        found = await self._splynx.search(
            filled(shape.path, ALL_CUSTOMERS), additional_attributes={name: ("!=", "")}
        )
        return any(
            isinstance(held := record.get(VALUES), Mapping)
            and held.get(name)
            and (shape.name, int(record["id"])) not in self._by_key
            for record in found
        )

    def _spread(self, staying: Iterable[Standing]) -> None:
        """Have everything stay that staying rows need."""
        waiting = list(staying)
        while waiting:
            row = waiting.pop()
            needed = [self._by_key[key] for key in row.leads if key in self._by_key]
            found = [(one, f"needed by {row.name}") for one in needed]
            made = self._made.get(row.key, ()) if row.key else ()
            found += [(one, f"belongs to {row.name}") for one in made]
            for one, reason in found:
                if one.reason is None and one.aim is Aim.DELETE and one.end is End.OPEN:
                    one.reason = reason
                    waiting.append(one)

    def _levels(self, rows: Sequence[Standing]) -> list[list[Standing]]:
        """Return rows of one table so that those which lead to others of it go first."""
        left: dict[Key | None, Standing] = {row.key: row for row in rows if row.key}
        levels: list[list[Standing]] = []
        single = [row for row in rows if row.key is None]
        while left:
            needed = {key for row in left.values() for key in row.leads if key != row.key}
            free = [row for key, row in left.items() if key not in needed] or list(left.values())
            levels.append(free)
            for row in free:
                del left[row.key]
        return [*levels, single] if single else levels

    async def _delete(self, row: Standing) -> None:
        if row.shape.name in self._undeletable:
            self._leave_to_owner(row)
            return
        try:
            if row.record is not None:
                async with self._gate:
                    await self._splynx.delete(row.item)
        except NotFound:
            pass
        except MethodNotAllowed:
            self._undeletable.add(row.shape.name)
            self._leave_to_owner(row)
            return
        except (FatalTargetError, ModuleOff) as exc:
            self._stay(row, f"Splynx refuses: {exc}")
            return
        row.end = End.DELETED
        follows = self._follows(row)
        for one in follows:
            await self._delete_made(one)
        await self._writing.ask([row, *follows])

    async def _delete_made(self, row: Standing) -> None:
        """Delete what Splynx made with a deleted row and keeps: a transaction that is not its own.

        Where it cannot be deleted, it stays hidden with the row that it belongs to.
        """
        if row.by is None or not row.shape.has_id or row.shape.name in self._undeletable:
            return
        try:
            async with self._gate:
                await self._splynx.delete(row.item)
        except MethodNotAllowed:
            self._undeletable.add(row.shape.name)
            return
        except (FatalTargetError, ModuleOff):
            return
        row.end = End.DELETED

    def _leave_to_owner(self, row: Standing) -> None:
        """Leave what cannot be deleted to the first row that it belongs to and that is."""
        owners = [self._by_key[key] for key in row.leads if key in self._by_key]
        owner = next((o for o in owners if o.aim is Aim.DELETE and o.reason is None), None)
        if owner is None or owner.key is None:
            self._stay(row, f"the API does not delete rows of {row.shape.name}")
        else:
            self._hidden[owner.key].append(row)

    def _follows(self, row: Standing) -> list[Standing]:
        """Return what went with a row."""
        found: list[Standing] = []
        waiting = [row]
        while waiting:
            key = waiting.pop().key
            if key is None:
                continue
            for one in (*self._made.get(key, ()), *self._hidden.pop(key, ())):
                if one.end is End.OPEN and one.aim is Aim.DELETE:
                    one.end = End.HIDDEN
                    found.append(one)
                    waiting.append(one)
        return found

    async def _put_back(self, row: Standing) -> None:
        fields = self._fields.get(row.shape.name, frozenset())
        try:
            record = await self._read(row)
            if record is None:
                self._stay(row, VANISHED)
                return
            if wanted := row.to_put_back(record, fields):
                async with self._gate:
                    await self._splynx.update(row.item, wanted)
                record = await self._read(row)
                if record is None or row.to_put_back(record, fields):
                    self._stay(row, "Splynx shows it otherwise after it was put back")
                    return
        except (FatalTargetError, ModuleOff) as exc:
            self._stay(row, f"Splynx refuses: {exc}")
            return
        row.end = End.PUT_BACK
        await self._writing.ask([row])

    def _stay(self, row: Standing, reason: str) -> None:
        row.reason = reason
        self._spread([row])

    async def _write(self, wanted: Sequence[Sequence[Standing]]) -> Sequence[None]:
        await asyncio.to_thread(self._done, [row for rows in wanted for row in rows])
        return [None] * len(wanted)


def _is_gone(record: Mapping[str, object]) -> bool:
    """Tell whether a record that Splynx still shows bears its mark of a deleted one."""
    return str(record.get("deleted")) in _GONE
