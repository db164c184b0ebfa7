"""Which files are to be uploaded, and what became of them: `ops.file_upload`.

Reads the marts, `ops.id_map` and `ops.extract_file`; writes what an upload changes of rows to
`ops.handover`, `ops.id_map`, `ops.row_state` and `ops.refusal`. A file waits until the row that it
belongs to is in the target.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, text

from load.files.places import Wanted
from load.files.uploads import Upload, marts_of
from load.ids.manifest import CROSSWALK
from load.planning.row_hash import pg_name, pg_relation, pg_text

_SOURCE = """
select source from ops.extract_ledger where state not in ('running', 'skipped', 'excluded')
order by started_at desc, run_id desc limit 1
"""
_ROWS = """
with placed as (
{placed}
)
select
    placed._sonar_key, placed.place, owner.target_id, placed.name, bytes.state as bytes_state,
    bytes.sha256, bytes.bytes, upload.state, upload.owner_id, upload.sha256 as held, upload.file_id,
    placed.planned_id, placed.known_by, whole.target_id as whole_id
from placed
left join ops.id_map as owner on owner.target = %(target)s and owner.entity = placed.entity
    and owner._sonar_key = placed.owner_key
left join ops.id_map as whole on whole.target = %(target)s and whole.entity = placed.whole
    and whole._sonar_key = placed.whole_key
left join ops.extract_file as bytes
    on bytes.source = %(source)s and bytes._sonar_key = placed._sonar_key
left join ops.file_upload as upload
    on upload.target = %(target)s and upload._sonar_key = placed._sonar_key
order by placed.place, placed._sonar_key
"""
_OWN = """
select
    substr(own._sonar_key, length({before}) + 1) as _sonar_key, {place} as place,
    {entity} as entity, own._sonar_key as owner_key, own.{name} as name, own.id as planned_id,
    {known_by} as known_by, {whole} as whole, {whole_key} as whole_key
from {own} as own
where {where}
"""
_ATTACHED = """
select
    file._sonar_key, {place}, {entity}, owner._sonar_key, file.{name}, file.id, null::text,
    null::text, null::text
from {file} as file
join {link} as link on link._sonar_key = file._sonar_key
join {owner} as owner on owner.id = link.{of}
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
# What the upload changed in a row is ours, not staff's; reconciliation reads it.
_HANDED_OVER = """
insert into ops.handover (target, table_name, attribute, _sonar_key, state, run_id)
values (:target, :entity, :fills, :row, 'handed_over', :run)
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
    values (cast(:entity as text), jsonb_build_object('id', cast(:file as bigint))),
    (:link, jsonb_build_object(cast(:column as text), cast(:owner as bigint),
        cast(:file_column as text), cast(:file as bigint)))
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
    and table_name in (:entity, :link)
"""


@dataclass(frozen=True, slots=True)
class Files:
    """The files of the marts: `wanted` can be uploaded or are, the others say how many wait."""

    wanted: Sequence[Wanted]
    without_row: int = 0
    without_bytes: int = 0


class FileLedger:
    """The files of one target, as one run reads and writes them. Methods block."""

    def __init__(
        self, engine: Engine, target: str, run_id: str, uploads: tuple[Upload, ...]
    ) -> None:
        self._engine = engine
        self._uploads = {upload.place: upload for upload in uploads}
        self._target = target
        self._run_id = run_id

    def files(self, user_id: int, *, make_rows: bool = False) -> Files:
        """Return what there is; `user_id` is the administrator who brings them.

        With `make_rows`, files whose rows the API can make are wanted too.
        """
        with self._engine.connect() as connection:
            built = [one for one in self._uploads.values() if _is_built(connection, one)]
            if not built:
                return Files(())
            source = connection.execute(text(_SOURCE)).scalar_one_or_none()
            rows = connection.exec_driver_sql(
                _ROWS.format(placed="union all".join(_placed(one) for one in built)),
                {"target": self._target, "source": source},
            ).all()
        wanted = [
            Wanted(
                key=row._sonar_key,
                upload=self._uploads[row.place],
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
                whole_id=row.whole_id,
                known_by=row.known_by,
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
        """Write down a row that was made for its file, in a transaction of its own."""
        values = {
            "target": self._target,
            "key": f"{wanted.upload.before_key}{wanted.key}",
            "entity": wanted.upload.mart.name,
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
            if state == "stored":
                self._keep_rows(connection, wanted, values)

    def _keep_rows(
        self, connection: Connection, wanted: Wanted, values: Mapping[str, object]
    ) -> None:
        """Write down what the bytes changed in their own row, or the rows that they made."""
        upload = wanted.upload
        if upload.file is None:
            named: dict[str, object] = {
                "entity": upload.mart.name,
                "row": f"{upload.before_key}{wanted.key}",
                "fills": upload.fills,
            }
            statements: tuple[str, ...] = (_HANDED_OVER,) if upload.fills else ()
        else:
            named = {
                "entity": upload.file.name,
                "planned": wanted.planned_id,
                "link": upload.mart.name,
                "column": upload.of,
                "file_column": upload.file_column,
            }
            statements = (_ID, _WRITTEN, _NO_LONGER_WAITING) if values["file"] else ()
        for statement in statements:
            connection.execute(text(statement), {**values, **named})


def _has_owner(row: Any, *, make_rows: bool) -> bool:  # noqa: ANN401 - a SQLAlchemy row
    return row.target_id is not None or (make_rows and row.whole_id is not None)


def _is_built(connection: Connection, upload: Upload) -> bool:
    return all(_exists(connection, mart.relation) for mart in marts_of((upload,)))


def _placed(upload: Upload) -> str:
    """Return the query for the files of one mart that the marts want in Splynx."""
    place = pg_text(upload.place)
    name = pg_name(upload.name)
    if upload.file is not None:
        return _ATTACHED.format(
            place=place,
            entity=pg_text(upload.owner.name),
            name=name,
            file=pg_relation(upload.file),
            link=pg_relation(upload.mart),
            owner=pg_relation(upload.owner),
            of=pg_name(upload.of),
        )
    row = upload.row
    where = [f"own.{pg_name(column)} = {pg_text(held)}" for column, held in upload.where.items()]
    return _OWN.format(
        before=pg_text(upload.before_key),
        place=place,
        entity=pg_text(upload.mart.name),
        name=name,
        known_by=f"own.{pg_name(row.known_by)}" if row else "null::text",
        whole=pg_text(row.to) if row else "null::text",
        whole_key="own._customer_key" if row else "null::text",
        own=pg_relation(upload.mart),
        where=" and ".join(where) or "true",
    )


def _exists(connection: Connection, name: str) -> bool:
    found = text("select to_regclass(:name) is not null")
    return bool(connection.execute(found, {"name": name}).scalar_one())
