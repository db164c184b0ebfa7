"""Uploaded files taken back over the API, where a run had no database at hand.

Reads and writes what `load.files.ledger` wrote. Files go before the rows that they belong to. One
is forgotten once the API has deleted it, so that a later load uploads it again; what the API does
not delete, or does not name, is forgotten with the row that it belongs to, or else kept and named.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, text

from load.files.places import item_of
from load.files.uploads import Upload
from load.rest.client import Splynx
from load.rest.failures import MethodNotAllowed, ModuleOff, NotFound
from load.rollback.scope import Kept
from runtime.errors import FatalTargetError

_UNNAMED = "it may have arrived, and Splynx did not say under which id: load again, then roll back"
_ROWS = """
select
    upload._sonar_key as key, upload.place, upload.owner_id, upload.file_id, upload.run_id,
    coalesce(state.inserted_by, ids.run_id) as made_by
from ops.file_upload as upload
join unnest(cast(:places as text[]), cast(:tables as text[]), cast(:befores as text[]))
    as known (place, table_name, before) on known.place = upload.place
left join ops.row_state as state on state.target = upload.target
    and state.table_name = known.table_name
    and state._sonar_key = known.before || upload._sonar_key
left join ops.id_map as ids on ids.target = upload.target and ids.entity = known.table_name
    and ids._sonar_key = known.before || upload._sonar_key
where upload.target = :target and (upload.run_id = :run or state.inserted_by = :run)
union all
select
    substr(state._sonar_key, length(known.before) + 1), known.place,
    cast(state.row_key ->> 'id' as bigint), null, state.inserted_by, state.inserted_by
from ops.row_state as state
join unnest(cast(:places as text[]), cast(:tables as text[]), cast(:befores as text[]))
    as known (place, table_name, before) on known.table_name = state.table_name
where state.target = :target and state.inserted_by = :run and state.api is null
    and state.by_api and not exists (
        select from ops.file_upload as upload where upload.target = state.target
            and known.before || upload._sonar_key = state._sonar_key
    )
order by 2, 1
"""
_IS_GONE = """
select not exists (
    select from ops.row_state where target = :target and table_name = :owner
        and row_key ->> 'id' = cast(:id as text)
)
"""


@dataclass(slots=True)
class File:
    """A file that a run brought; `reason`: why it stays."""

    upload: Upload
    key: str
    owner_id: int
    file_id: int | None
    reason: str | None = None
    is_gone: bool = False

    @property
    def tables(self) -> list[str]:
        """The tables with rows that the upload made."""
        if self.upload.file is None:
            return [self.upload.mart.name]
        return [self.upload.file.name, self.upload.mart.name]

    @property
    def row(self) -> str:
        """The record's key in these tables."""
        return f"{self.upload.before_key}{self.key}"

    def kept(self) -> tuple[Kept, Mapping[str, Any]]:
        """Return it as a row that stays, with its key."""
        key = self.owner_id if self.upload.is_own else self.file_id
        return Kept(self.tables[0], self.row, self.reason or ""), {"id": key}


class FilesUndoing:
    """The files of one run of one target."""

    def __init__(self, engine: Engine, target: str, run_id: str, uploads: Sequence[Upload]) -> None:
        self._engine = engine
        self._target = target
        self._uploads = {upload.place: upload for upload in uploads}
        self._files: list[File] = []
        self._run_id = run_id
        self.deleted = 0

    def read(self) -> Counter[str]:
        """Read which files there are; return how many of them later runs brought again."""
        named = {
            "target": self._target,
            "run": self._run_id,
            "places": list(self._uploads),
            "tables": [(one.file or one.mart).name for one in self._uploads.values()],
            "befores": [one.before_key for one in self._uploads.values()],
        }
        with self._engine.connect() as connection:
            found = connection.execute(text(_ROWS), named).all()
        later: Counter[str] = Counter()
        for row in found:
            file = File(self._uploads[row.place], row.key, row.owner_id, row.file_id)
            if row.run_id != self._run_id:
                later[row.run_id] += 1
            elif row.made_by != self._run_id and file.upload.is_own:
                file.reason = "the bytes that it had before were not kept"
            self._files.append(file)
        return later

    async def carry_out(self, splynx: Splynx, gate: asyncio.Semaphore) -> None:
        """Delete them; call it before the rows go that they belong to.

        Raises:
            TargetError: Splynx failed; run again to go on.
        """

        async def one(file: File) -> None:
            async with gate:
                await self._delete(splynx, file)
            if file.is_gone:
                await asyncio.to_thread(self._forget, file)

        await asyncio.gather(*(one(file) for file in self._files if file.reason is None))

    def settle(self) -> list[tuple[Kept, Mapping[str, Any]]]:
        """Forget what has gone with its owner; return what stays. Call it after the rows."""
        for file in self._files:
            if not file.is_gone and not file.upload.is_own and self._went(file):
                self._forget(file)
        return [file.kept() for file in self._files if not file.is_gone]

    async def _delete(self, splynx: Splynx, file: File) -> None:
        item = item_of(file.upload, file.owner_id, file.file_id)
        if item is None:
            file.reason = _UNNAMED
            return
        try:
            await splynx.delete(item)
        except NotFound:
            pass
        except MethodNotAllowed:
            file.reason = "the API does not delete files"
            return
        except (FatalTargetError, ModuleOff) as exc:
            file.reason = f"Splynx refuses: {exc}"
            return
        else:
            self.deleted += 1
        file.is_gone = True

    def _went(self, file: File) -> bool:
        with self._engine.connect() as connection:
            owner = {"owner": file.upload.owner.name, "id": file.owner_id, "target": self._target}
            return bool(connection.execute(text(_IS_GONE), owner).scalar_one())

    def _forget(self, file: File) -> None:
        named = {"target": self._target, "tables": file.tables, "row": file.row, "key": file.key}
        with self._engine.begin() as connection:
            _delete_from(connection, named)
        file.is_gone = True


def _delete_from(connection: Connection, named: Mapping[str, object]) -> None:
    connection.execute(
        text("delete from ops.file_upload where target = :target and _sonar_key = :key"), named
    )
    for table, column in (
        ("handover", "table_name"),
        ("id_map", "entity"),
        ("row_state", "table_name"),
    ):
        connection.execute(
            text(
                f"delete from ops.{table} where target = :target and {column} = any(:tables)"
                " and _sonar_key = :row"
            ),
            named,
        )
