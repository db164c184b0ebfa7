"""Which files are to be uploaded, and what became of them: `ops.file_upload`.

Reads the marts, `ops.id_map` and `ops.extract_file`; writes what an upload changes of rows to
`ops.handover`, `ops.id_map`, `ops.row_state` and `ops.refusal`. A file waits until the row that it
belongs to is in the target.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, text

from load.files.places import Wanted
from load.ids import CROSSWALK

_MARTS = (
    "customer_documents",
    "files_upload",
    "ticket_messages_to_files_upload",
    "scheduling_task_attachment",
    "ticket_messages",
    "scheduling_task",
)
_LINKS = {
    "message": ("ticket_messages_to_files_upload", "message_id"),
    "task": ("scheduling_task_attachment", "task_id"),
}
_SOURCE = """
select source from ops.extract_ledger where state not in ('running', 'skipped', 'excluded')
order by started_at desc, run_id desc limit 1
"""
_ROWS = """
with placed as (
    select
        substr(document._sonar_key, length('file:') + 1) as _sonar_key,
        'document' as place,
        'customer_documents' as entity,
        document._sonar_key as owner_key,
        document.title as name,
        document.id as planned_id,
        document.description,
        customer.target_id as customer_id
    from splynx_staging.customer_documents as document
    left join ops.id_map as customer on customer.target = :target
        and customer.entity = 'customers' and customer._sonar_key = document._customer_key
    where document.type = 'uploaded'
    union all
    select
        file._sonar_key, 'message', 'ticket_messages', owner._sonar_key, file.filename_original,
        file.id, null, null
    from splynx_staging.files_upload as file
    join splynx_staging.ticket_messages_to_files_upload as link
        on link._sonar_key = file._sonar_key
    join splynx_staging.ticket_messages as owner on owner.id = link.message_id
    union all
    select
        file._sonar_key, 'task', 'scheduling_task', owner._sonar_key, file.filename_original,
        file.id, null, null
    from splynx_staging.files_upload as file
    join splynx_staging.scheduling_task_attachment as link on link._sonar_key = file._sonar_key
    join splynx_staging.scheduling_task as owner on owner.id = link.task_id
)
select
    placed._sonar_key, placed.place, owner.target_id, placed.name, bytes.state as bytes_state,
    bytes.sha256, bytes.bytes, upload.state, upload.owner_id, upload.sha256 as held, upload.file_id,
    placed.planned_id, placed.description, placed.customer_id
from placed
left join ops.id_map as owner on owner.target = :target and owner.entity = placed.entity
    and owner._sonar_key = placed.owner_key
left join ops.extract_file as bytes
    on bytes.source = :source and bytes._sonar_key = placed._sonar_key
left join ops.file_upload as upload
    on upload.target = :target and upload._sonar_key = placed._sonar_key
order by placed.place, placed._sonar_key
"""
_PUT = """
insert into ops.file_upload
    (target, _sonar_key, place, owner_id, sha256, bytes, state, compared, file_id, reason, run_id)
values (:target, :key, :place, :owner, :sha256, :bytes, :state, :compared, :file, :reason, :run)
on conflict (target, _sonar_key) do update set place = excluded.place,
    owner_id = excluded.owner_id, sha256 = excluded.sha256, bytes = excluded.bytes,
    state = excluded.state, compared = excluded.compared, file_id = excluded.file_id,
    reason = excluded.reason, run_id = excluded.run_id, changed_at = clock_timestamp()
"""
# What the upload of a document changed in its row is ours, not staff's; reconciliation reads it.
_HANDED_OVER = """
insert into ops.handover (target, table_name, attribute, _sonar_key, state, run_id)
values (:target, 'customer_documents', 'filename_uploaded', 'file:' || :key, 'handed_over', :run)
on conflict (target, table_name, attribute, _sonar_key) do update set state = excluded.state,
    run_id = excluded.run_id, changed_at = clock_timestamp()
"""
_ID = """
insert into ops.id_map (target, entity, _sonar_key, planned_id, target_id, run_id)
values (:target, :entity, :key, :planned, :file, :run)
on conflict (_sonar_key, entity, target) do update set planned_id = excluded.planned_id,
    target_id = excluded.target_id, run_id = excluded.run_id, loaded_at = clock_timestamp()
"""
_WRITTEN = """
insert into ops.row_state
    (target, table_name, _sonar_key, row_key, state, new_hash, run_id, inserted_by)
select :target, row.name, :key, row.row_key, 'written', :sha256 || chr(58) || 'rest', :run, :run
from (
    values ('files_upload', jsonb_build_object('id', cast(:file as bigint))),
    (:link, jsonb_build_object(cast(:column as text), cast(:owner as bigint), 'file_id',
        cast(:file as bigint)))
) as row (name, row_key)
on conflict (target, table_name, _sonar_key) do update set row_key = excluded.row_key,
    state = excluded.state, new_hash = excluded.new_hash, run_id = excluded.run_id,
    changed_at = clock_timestamp()
"""
_MADE = """
insert into ops.row_state
    (target, table_name, _sonar_key, row_key, state, new_hash, run_id, inserted_by)
values (:target, :entity, :key, jsonb_build_object('id', cast(:file as bigint)), 'written',
    :sha256 || chr(58) || 'rest', :run, :run)
on conflict (target, table_name, _sonar_key) do update set row_key = excluded.row_key,
    state = excluded.state, new_hash = excluded.new_hash, run_id = excluded.run_id,
    changed_at = clock_timestamp()
"""
_NOT_REFUSED = """
delete from ops.refusal where target = :target and _sonar_key = :key and cause = 'route'
    and table_name = :entity
"""
_NO_LONGER_WAITING = """
delete from ops.refusal where target = :target and _sonar_key = :key and cause = 'route'
    and table_name in ('files_upload', :link)
"""


@dataclass(frozen=True, slots=True)
class Files:
    """The files of the marts: `wanted` can be uploaded or are, the others say how many wait."""

    wanted: Sequence[Wanted]
    without_row: int = 0
    without_bytes: int = 0


class FileLedger:
    """The files of one target, as one run reads and writes them. Methods block."""

    def __init__(self, engine: Engine, target: str, run_id: str) -> None:
        self._engine = engine
        self._target = target
        self._run_id = run_id

    def files(self, user_id: int, *, make_rows: bool = False) -> Files:
        """Return what there is; `user_id` is the administrator who brings them.

        With `make_rows`, documents whose rows are not there are wanted too.
        """
        with self._engine.connect() as connection:
            if not _are_built(connection):
                return Files(())
            source = connection.execute(text(_SOURCE)).scalar_one_or_none()
            values = {"target": self._target, "source": source}
            rows = connection.execute(text(_ROWS), values).all()
        wanted = [
            Wanted(
                key=row._sonar_key,
                place=row.place,
                owner_id=row.target_id or 0,
                name=row.name,
                user_id=user_id,
                sha256=row.sha256,
                bytes=row.bytes,
                state=row.state,
                reached=row.owner_id,
                held=row.held,
                file_id=row.file_id,
                planned_id=row.planned_id,
                customer_id=row.customer_id,
                description=row.description,
            )
            for row in rows
            if row.bytes_state == "stored" and _has_owner(row, make_rows=make_rows)
        ]
        without_row = sum(not _has_owner(row, make_rows=make_rows) for row in rows)
        return Files(wanted, without_row, len(rows) - without_row - len(wanted))

    def default_user(self) -> int:
        """Return the administrator of the migration, who brings files."""
        query = text(
            f"select planned_id from {CROSSWALK} where target = :target and entity = 'admins'"
            " and _sonar_key = 'default'"
        )
        with self._engine.connect() as connection:
            if not _exists(connection, CROSSWALK):
                return 1
            found = connection.execute(query, {"target": self._target}).scalar_one_or_none()
        return int(found or 1)

    def made(self, wanted: Wanted) -> None:
        """Write down a document's row that the upload made, in a transaction of its own."""
        values = {
            "target": self._target,
            "key": f"file:{wanted.key}",
            "entity": "customer_documents",
            "planned": wanted.planned_id,
            "file": wanted.owner_id,
            "run": self._run_id,
            "sha256": wanted.sha256,
        }
        with self._engine.begin() as connection:
            for statement in (_ID, _MADE, _NOT_REFUSED):
                connection.execute(text(statement), values)

    def put(
        self,
        wanted: Wanted,
        state: str,
        *,
        file_id: int | None = None,
        compared: bool = False,
        reason: str | None = None,
    ) -> None:
        """Write what became of one file, in a transaction of its own.

        A file that made its row counts as a row that the API created.
        """
        values = {
            "target": self._target,
            "key": wanted.key,
            "place": wanted.place,
            "owner": wanted.owner_id,
            "sha256": wanted.sha256,
            "bytes": wanted.bytes,
            "state": state,
            "compared": compared,
            "file": file_id,
            "reason": reason,
            "run": self._run_id,
        }
        with self._engine.begin() as connection:
            connection.execute(text(_PUT), values)
            if state == "stored" and wanted.place == "document":
                connection.execute(text(_HANDED_OVER), values)
            elif state == "stored" and file_id is not None:
                link, column = _LINKS[wanted.place]
                named = {
                    "entity": "files_upload",
                    "planned": wanted.planned_id,
                    "link": link,
                    "column": column,
                }
                for statement in (_ID, _WRITTEN, _NO_LONGER_WAITING):
                    connection.execute(text(statement), {**values, **named})


def _has_owner(row: Any, *, make_rows: bool) -> bool:  # noqa: ANN401 - a SQLAlchemy row
    return row.target_id is not None or (make_rows and row.customer_id is not None)


def _are_built(connection: Connection) -> bool:
    return all(_exists(connection, f"splynx_staging.{mart}") for mart in _MARTS)


def _exists(connection: Connection, name: str) -> bool:
    found = text("select to_regclass(:name) is not null")
    return bool(connection.execute(found, {"name": name}).scalar_one())
