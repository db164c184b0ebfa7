"""One walk's rows on their way to the warehouse: CSV files of what is new, and all keys seen.

A row that the warehouse already holds with the same payload is dropped here: the comparison is made
by Postgres on jsonb, so that it does not depend on how either side spells JSON. An empty table is
not asked. Files are quoted throughout: an unquoted empty field would be NULL.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from extract.discovery import Collection
from extract.paging import Row
from runtime.errors import WarehouseError

_ROWS_A_FILE = 50_000
_HEADER = b"_sonar_key,payload,_run_id\n"


def _quoted(value: bytes) -> bytes:
    return b'"%b"' % value.replace(b'"', b'""')


class Spool:
    """Rows of one walk; `seen` counts distinct keys, `changed` what goes into the files.

    Methods block: they write files and ask Postgres.
    """

    def __init__(self, engine: Engine, collection: Collection, run_id: str, folder: Path) -> None:
        folder.mkdir(parents=True)
        self.collection = collection
        self.files: list[tuple[Path, int]] = []
        self.seen = 0
        self.changed = 0
        self.keys = folder / "keys.csv"
        self._engine = engine
        self._run_id = run_id.encode()
        self._folder = folder
        self._file: BinaryIO | None = None
        self._rows_in_file = 0
        self._keys_file = self.keys.open("wb")
        self.table_was_empty = self._is_empty()

    def add(self, rows: Sequence[Row]) -> None:
        """Take rows that this spool has not had before."""
        self.seen += len(rows)
        self._keys_file.writelines(_quoted(row.key.encode()) + b"\n" for row in rows)
        changed = rows if self.table_was_empty else self._changed(rows)
        for row in changed:
            self._write(row)
        self.changed += len(changed)

    def close(self) -> None:
        """Finish the files."""
        self._keys_file.close()
        self._finish_file()

    def _is_empty(self) -> bool:
        query = text(f'select not exists (select 1 from raw_sonar."{self.collection.name}")')
        with self._engine.connect() as connection:
            return bool(connection.execute(query).scalar_one())

    def _changed(self, rows: Sequence[Row]) -> Sequence[Row]:
        query = text(
            "select sent.key from unnest(cast(:keys as text[]), cast(:payloads as text[]))"
            f' as sent (key, payload) left join raw_sonar."{self.collection.name}" as held'
            " on held._sonar_key = sent.key"
            " where held._sonar_key is null or held._deleted_at is not null"
            " or held.payload is distinct from cast(sent.payload as jsonb)"
        )
        values = {
            "keys": [row.key for row in rows],
            "payloads": [row.payload.decode() for row in rows],
        }
        try:
            with self._engine.connect() as connection:
                new: set[str] = set(connection.execute(query, values).scalars())
        except DBAPIError as exc:  # its text may quote the payload
            raise WarehouseError(
                f"the warehouse failed while comparing {self.collection.name} "
                f"({type(exc.orig).__name__}): see its log"
            ) from None
        return [row for row in rows if row.key in new]

    def _write(self, row: Row) -> None:
        if self._file is None:
            path = self._folder / f"rows-{len(self.files):05d}.csv"
            self._file = path.open("wb")
            self._file.write(_HEADER)
            self.files.append((path, 0))
        line = (_quoted(row.key.encode()), _quoted(row.payload), _quoted(self._run_id))
        self._file.write(b",".join(line) + b"\n")
        self._rows_in_file += 1
        if self._rows_in_file == _ROWS_A_FILE:
            self._finish_file()

    def _finish_file(self) -> None:
        if self._file is not None:
            self._file.close()
            self.files[-1] = (self.files[-1][0], self._rows_in_file)
            self._file, self._rows_in_file = None, 0
