"""From spooled files into `raw_sonar` by dlt, and the marks on rows that Sonar no longer has.

dlt owns the load package and the merge; our files go in unchanged (`with_file_import`), which gives
real jsonb at little more than the cost of a plain COPY. Rows whose keys the warehouse does not hold
are appended; of the others, those that it holds with the same payload are dropped and the rest
merged. The unique index on the key refuses whatever that reasoning might get wrong.

dlt's working folder lives for one run and is emptied at the start: a package that a killed run left
behind is dropped, not finished, because its rows are read and compared again anyway.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import dlt
from dlt.common.configuration.specs import ConnectionStringCredentials
from dlt.common.configuration.utils import TraceLogContext
from dlt.pipeline.exceptions import PipelineStepFailed
from sqlalchemy import Connection, Engine, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from extract.catalogue.discovery import Collection
from extract.landing.comparing import Delivery, copy_in, prepare, spans_of
from extract.landing.mishaps import disk_errors, rows_kept_off_the_terminal, warehouse_error
from extract.landing.spans import Landed
from extract.landing.spool import Slice, quoted
from runtime.errors import WarehouseError
from runtime.settings import LOCAL

DATASET = "raw_sonar"
_ROWS_A_LOAD = 250_000  # keys are held in memory meanwhile
_COLUMNS: dict[str, Any] = {
    # A merge key, not a primary key: dlt would sort all rows to drop repeats, which we never send.
    "_sonar_key": {"data_type": "text", "nullable": False, "merge_key": True},
    "payload": {"data_type": "json", "nullable": False},
    "_run_id": {"data_type": "text", "nullable": False},
    "_deleted_at": {"data_type": "timestamp", "nullable": True},
}
_MERGE = {"disposition": "merge", "strategy": "delete-insert"}
_TABLE = """
create table if not exists raw_sonar."{name}" (
    _sonar_key text not null, payload jsonb not null, _run_id text not null, _deleted_at timestamptz
);
create unique index if not exists "{name}_sonar_key" on raw_sonar."{name}" (_sonar_key);
"""
# dlt empties it before each merge, so it need not survive a crash, nor be written twice.
_STAGING = """
create unlogged table if not exists raw_sonar_staging."{name}" (
    _sonar_key text not null, payload jsonb not null, _run_id text not null, _deleted_at timestamptz
);
"""


def working_folder(url: URL) -> Path:
    """Return the folder that belongs to one warehouse; the run lock makes it ours alone."""
    address = f"{url.host}:{url.port}/{url.database}"
    return LOCAL / "dlt" / hashlib.sha256(address.encode()).hexdigest()[:12]


def create_tables(engine: Engine, collections: Sequence[Collection]) -> None:
    """Create the raw tables that are missing, empty, and the index that merging needs.

    Postgres finishes what a killed run sent it last; naming the index waits until it has, so that
    what is compared with from here on stays as it is.
    """
    with engine.begin() as connection:
        for collection in collections:
            connection.exec_driver_sql(_TABLE.format(name=collection.name))


class Landing:
    """The way into `raw_sonar` for one run; methods block and must not run at the same time."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._open = ExitStack()
        self._open.enter_context(rows_kept_off_the_terminal())
        self._staged: set[str] = set()
        self._landed = Landed()
        self._folder = working_folder(engine.url)
        shutil.rmtree(self._folder, ignore_errors=True)
        self.spools = self._folder / "spool"
        with disk_errors("preparing the working folder"):
            # dlt lays rows down beside the spool, readable as its umask has it: nobody passes here.
            self._folder.mkdir(parents=True, mode=0o700)
            self.spools.mkdir()
        # dlt keeps the frames that called it, and with them whatever their callers hold: in a
        # thread of its own that is next to nothing.
        self._thread = ThreadPoolExecutor(1, "dlt")
        self._pipeline = self._thread.submit(_pipeline, engine.url, self._folder).result()

    def load(self, slices: Sequence[Slice]) -> Mapping[str, int]:
        """Land slices and remove their files; of a key that comes repeatedly, the last row wins.

        Returns:
            For each collection of `slices`, how many rows are new or changed.

        Raises:
            WarehouseError: Postgres or dlt failed, or a disk is full. Each slice has landed whole
                or not at all; which ones is not told.
        """
        changed = {piece.collection.name: 0 for piece in slices}
        for batch in _batches(slices):
            groups = _by_collection(batch)
            deliveries = [prepare(self._engine, group, self._landed) for group in groups]
            filled = [delivery for delivery in deliveries if delivery.rows]
            if filled:
                self._create_staging([each for each in filled if not each.all_new])
                self._thread.submit(_run, self._pipeline, filled).result()
            for group, delivery in zip(groups, deliveries, strict=True):
                self._landed.add(delivery.collection.name, spans_of(group))
                changed[delivery.collection.name] += delivery.rows
                for path in delivery.leftovers:
                    path.unlink(missing_ok=True)
        return changed

    def _create_staging(self, merged: Sequence[Delivery]) -> None:
        names = {delivery.collection.name for delivery in merged} - self._staged
        if not names:
            return
        try:
            with self._engine.begin() as connection:
                connection.exec_driver_sql("create schema if not exists raw_sonar_staging")
                for name in sorted(names):
                    connection.exec_driver_sql(_STAGING.format(name=name))
        except DBAPIError as exc:
            raise warehouse_error(exc, "preparing to merge") from None
        self._staged |= names

    def close(self) -> None:
        """Remove the working folder."""
        self._thread.shutdown()
        self._open.close()
        shutil.rmtree(self._folder, ignore_errors=True)


def _pipeline(url: URL, folder: Path) -> Any:  # noqa: ANN401 - dlt has no types that mypy can follow
    if not url.password:
        url = url.set(password="none")  # noqa: S106 - dlt insists on one, trust needs none
    # dlt's threads note where each of their settings came from, 0.6 MiB a load, and nobody takes
    # the notes away: an extraction ten times as large took more than three times the memory.
    TraceLogContext.logging_enabled = False
    plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
    credentials = ConnectionStringCredentials(plain).to_native_representation()
    return dlt.pipeline(
        pipeline_name="extract",
        pipelines_dir=str(folder / "pipelines"),
        destination=dlt.destinations.postgres(credentials=credentials),
        dataset_name=DATASET,
    )


def _run(pipeline: Any, deliveries: Sequence[Delivery]) -> None:  # noqa: ANN401
    if pipeline.has_pending_data:  # run() would load that and ignore ours
        raise WarehouseError("dlt still holds an earlier package: run extract again")
    try:
        info = pipeline.run([_resource(delivery) for delivery in deliveries])
        info.raise_on_failed_jobs()
    except PipelineStepFailed as exc:
        names = ", ".join(delivery.collection.name for delivery in deliveries[:5])
        raise warehouse_error(exc, f"landing {names}") from None


def _batches(slices: Sequence[Slice]) -> Iterator[list[Slice]]:
    batch: list[Slice] = []
    for piece in slices:
        if batch and sum(each.rows for each in batch) + piece.rows > _ROWS_A_LOAD:
            yield batch
            batch = []
        batch.append(piece)
    if batch:
        yield batch


def _by_collection(slices: Sequence[Slice]) -> Sequence[Sequence[Slice]]:
    groups: dict[str, list[Slice]] = {}
    for piece in slices:
        groups.setdefault(piece.collection.name, []).append(piece)
    return list(groups.values())


def _resource(delivery: Delivery) -> Any:  # noqa: ANN401 - dlt has no types that mypy can follow
    def files() -> Iterator[Any]:
        for path, rows in delivery.files:
            yield dlt.mark.with_file_import(str(path), "csv", rows)

    return dlt.resource(
        files,
        name=delivery.collection.name,
        table_name=delivery.collection.name,
        write_disposition="append" if delivery.all_new else _MERGE,
        columns=_COLUMNS,
        file_format="csv",
    )


def mark_deleted(
    session: Connection,
    collection: Collection,
    seen: Iterable[str] | Path,
    run_id: str,
    *,
    window: tuple[int, int | None] | None = None,
) -> int:
    """Mark the live rows that a complete walk did not see; return how many.

    A row that reappears loses the mark by being landed again.

    Args:
        session: a transaction of the caller's.
        collection: what was walked.
        seen: the keys that the walk met, or a CSV file of them, one a line.
        run_id: the run that found them gone.
        window: the walk covered ids above the first and up to the second number only.
    """
    session.exec_driver_sql("create temporary table seen (_sonar_key text) on commit drop")
    if isinstance(seen, Path):
        with seen.open("rb") as keys:
            copy_in(session, "seen", iter(lambda: keys.read(1 << 16), b""))
    else:
        copy_in(session, "seen", (quoted(key) + b"\n" for key in seen))
    session.exec_driver_sql("analyze seen")
    low, high = window or (None, None)
    marked = session.execute(
        text(
            f'update raw_sonar."{collection.name}" as held'
            " set _deleted_at = clock_timestamp(), _run_id = :run"
            " where held._deleted_at is null and not exists"
            " (select 1 from seen where seen._sonar_key = held._sonar_key)"
            + (" and held._sonar_key::numeric > :low" if low is not None else "")
            + (" and held._sonar_key::numeric <= :high" if high is not None else "")
        ),
        {"run": run_id, "low": low, "high": high},
    )
    session.exec_driver_sql("drop table seen")
    return marked.rowcount
