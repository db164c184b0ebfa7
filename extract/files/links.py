"""`ops.extract_file`: which bytes belong to which record, and what of the store nobody links."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Engine, text

from extract.files.downloads import Wanted
from extract.files.store import FileStore, Stored
from runtime.settings import LOCAL

# The one documented convention that needs names: the ids of this collection are what the endpoint
# for bytes takes, and its schema offers no other mark by which to find it.
COLLECTION = "files"
_SIZE = "file_size_in_bytes"
_TYPE = "mime_type"

_BATCH = 500
_LIVE = f"""
from raw_sonar."{COLLECTION}" as held
left join ops.extract_file as link on link.source = :source and link._sonar_key = held._sonar_key
where held._deleted_at is null
"""
_ROWS = f"""
select held._sonar_key, held.payload->>'{_SIZE}' as size, held.payload->>'{_TYPE}' as mime_type,
    link.state, link.sha256, link.bytes
{_LIVE} and held._sonar_key > :last order by held._sonar_key limit {_BATCH}
"""
_TO_DO = f"""
select count(*) {_LIVE}
    and (link.state is distinct from 'stored' or held.payload->>'{_SIZE}' <> link.bytes::text)
"""
_LINK = """
insert into ops.extract_file (source, _sonar_key, state, sha256, bytes, reason, run_id)
values (:source, :key, :state, :sha256, :bytes, :reason, :run)
on conflict (source, _sonar_key) do update set state = excluded.state, sha256 = excluded.sha256,
    bytes = excluded.bytes, reason = excluded.reason, run_id = excluded.run_id,
    stored_at = clock_timestamp()
"""


@dataclass(frozen=True, slots=True)
class Linked:
    """A live record of a file and what is known of its bytes."""

    wanted: Wanted
    state: str | None
    sha256: str | None
    bytes: int | None

    @property
    def stored(self) -> Stored | None:
        """The bytes that the record's link names, unless its size has changed since."""
        if self.state != "stored" or self.sha256 is None or self.bytes is None:
            return None
        if self.wanted.size not in {None, self.bytes}:
            return None
        return Stored(self.sha256, self.bytes)

    @property
    def largest_known(self) -> int:
        """The size by the record, or by an answer that was too large."""
        answered = self.bytes if self.state == "too_large" else None
        return max(self.wanted.size or 0, answered or 0)


@dataclass(frozen=True, slots=True)
class FileStatus:
    """What `ops.extract_file` and the store hold; `orphans` are bytes that no record links."""

    states: Mapping[str, int] = field(default_factory=dict)
    bytes: int = 0
    orphans: Sequence[Stored] = ()


def file_store(engine: Engine) -> FileStore:
    """Return the store of this machine, for the runs of one warehouse."""
    address = engine.url.render_as_string(hide_password=True)
    return FileStore(LOCAL / "files", hashlib.sha256(address.encode()).hexdigest()[:12])


class FileLinks:
    """The links of one source, as one run reads and writes them. Methods block."""

    def __init__(self, engine: Engine, source: str, run_id: str) -> None:
        self._engine = engine
        self._source = source
        self._run_id = run_id

    def to_do(self) -> int | None:
        """Return how many files are not linked yet; None where the collection has not landed."""
        with self._engine.connect() as connection:
            table = {"name": f'raw_sonar."{COLLECTION}"'}
            if connection.execute(text("select to_regclass(:name)"), table).scalar_one() is None:
                return None
            values = {"source": self._source}
            count: int = connection.execute(text(_TO_DO), values).scalar_one()
            return count

    def batches(self) -> Iterator[Sequence[Linked]]:
        """Yield the live records with their links, some hundred at a time."""
        last = ""
        while batch := self._batch(last):
            yield batch
            last = batch[-1].wanted.key

    def put(
        self,
        key: str,
        state: str,
        *,
        stored: Stored | None = None,
        reason: str | None = None,
        size: int | None = None,
    ) -> None:
        """Write what became of one file, in a transaction of its own."""
        values = {
            "source": self._source,
            "key": key,
            "state": state,
            "sha256": stored.sha256 if stored else None,
            "bytes": stored.size if stored else size,
            "reason": reason,
            "run": self._run_id,
        }
        with self._engine.begin() as connection:
            connection.execute(text(_LINK), values)

    def _batch(self, last: str) -> Sequence[Linked]:
        with self._engine.connect() as connection:
            rows = connection.execute(text(_ROWS), {"source": self._source, "last": last})
            return [
                Linked(
                    Wanted(row._sonar_key, _whole_number(row.size), row.mime_type),
                    row.state,
                    row.sha256,
                    row.bytes,
                )
                for row in rows
            ]


def file_status(engine: Engine, source: str) -> FileStatus:
    """Return what is stored, what is not and why, and the bytes that nobody links."""
    states = text(
        "select state, count(*) as files, coalesce(sum(bytes), 0) as bytes from ops.extract_file"
        " where source = :source group by state order by state"
    )
    with engine.connect() as connection:
        rows = connection.execute(states, {"source": source}).all()
    return FileStatus(
        states={row.state: row.files for row in rows},
        bytes=sum(int(row.bytes) for row in rows if row.state == "stored"),
        orphans=tuple(_orphans(engine)),
    )


def forget_files(engine: Engine, source: str) -> FileStatus:
    """Drop the links of `source` and all bytes that nobody links then; return what was dropped."""
    before = file_status(engine, source)
    with engine.begin() as connection:
        connection.execute(
            text("delete from ops.extract_file where source = :source"), {"source": source}
        )
    store = file_store(engine)
    orphans = tuple(_orphans(engine))
    for orphan in orphans:
        store.remove(orphan.sha256)
    store.close()
    return FileStatus(before.states, before.bytes, orphans)


def _orphans(engine: Engine) -> Iterator[Stored]:
    query = text("select distinct sha256 from ops.extract_file where sha256 is not null")
    with engine.connect() as connection:
        linked: set[str] = set(connection.execute(query).scalars())
    yield from (stored for stored in file_store(engine).all() if stored.sha256 not in linked)


def _whole_number(value: str | None) -> int | None:
    return int(value) if value is not None and value.isdecimal() else None
