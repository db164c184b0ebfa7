"""From spooled files into `raw_sonar` by dlt, and the marks on rows that Sonar no longer has.

dlt owns the load package and the merge; our files go in unchanged (`with_file_import`), which gives
real jsonb at 1.2 to 1.5 times the cost of a plain COPY. Its working folder lives for one run and is
emptied at the start: a package that a killed run left behind is dropped, not finished, because the
rows are read and compared again anyway. Merging by key makes that harmless.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import dlt
from dlt.common.configuration.specs import ConnectionStringCredentials
from dlt.pipeline.exceptions import PipelineStepFailed
from sqlalchemy import Connection, Engine, text
from sqlalchemy.engine import URL

from extract.discovery import Collection
from extract.spool import Spool
from runtime.errors import WarehouseError
from runtime.settings import LOCAL

DATASET = "raw_sonar"
_COLUMNS: dict[str, Any] = {
    "_sonar_key": {"data_type": "text", "nullable": False, "primary_key": True},
    "payload": {"data_type": "json", "nullable": False},
    "_run_id": {"data_type": "text", "nullable": False},
    "_deleted_at": {"data_type": "timestamp", "nullable": True},
}
_TABLE = """
create table if not exists raw_sonar."{name}" (
    _sonar_key text not null, payload jsonb not null, _run_id text not null, _deleted_at timestamptz
);
create unique index if not exists "{name}_sonar_key" on raw_sonar."{name}" (_sonar_key);
"""


def working_folder(url: URL) -> Path:
    """Return the folder that belongs to one warehouse; the run lock makes it ours alone."""
    address = f"{url.host}:{url.port}/{url.database}"
    return LOCAL / "dlt" / hashlib.sha256(address.encode()).hexdigest()[:12]


def create_tables(engine: Engine, collections: Sequence[Collection]) -> None:
    """Create the raw tables that are missing, empty, and the index that merging needs."""
    with engine.begin() as connection:
        for collection in collections:
            connection.exec_driver_sql(_TABLE.format(name=collection.name))


class Landing:
    """The way into `raw_sonar` for one run; methods block and must not run at the same time."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._folder = working_folder(engine.url)
        shutil.rmtree(self._folder, ignore_errors=True)
        self.spools = self._folder / "spool"
        self.spools.mkdir(parents=True, mode=0o700)
        url = engine.url.set(drivername="postgresql")
        if not url.password:
            url = url.set(password="none")  # noqa: S106 - dlt insists on one, trust needs none
        credentials = ConnectionStringCredentials(url.render_as_string(hide_password=False))
        self._pipeline = dlt.pipeline(
            pipeline_name="extract",
            pipelines_dir=str(self._folder / "pipelines"),
            destination=dlt.destinations.postgres(
                credentials=credentials.to_native_representation()
            ),
            dataset_name=DATASET,
        )

    def load(self, spools: Sequence[Spool]) -> None:
        """Merge the rows of some walks by key, all of them in one load.

        Raises:
            WarehouseError: dlt could not load; what Postgres said about rows is not repeated.
        """
        filled = [spool for spool in spools if spool.changed]
        if not filled:
            return
        if self._pipeline.has_pending_data:  # run() would load that and ignore ours
            raise WarehouseError("dlt still holds an earlier package: run extract again")
        try:
            info = self._pipeline.run([_resource(spool) for spool in filled])
            info.raise_on_failed_jobs()
        except PipelineStepFailed as exc:
            cause = type(exc.exception).__name__
            names = ", ".join(spool.collection.name for spool in filled[:5])
            raise WarehouseError(
                f"loading {names} into the warehouse failed in dlt's {exc.step} ({cause}): "
                "look into the log of Postgres (full disk, lost connection?) and run again"
            ) from None
        for spool in filled:
            for path, _ in spool.files:
                path.unlink(missing_ok=True)

    def close(self) -> None:
        """Remove the working folder."""
        shutil.rmtree(self._folder, ignore_errors=True)


def _resource(spool: Spool) -> Any:  # noqa: ANN401 - dlt has no types that mypy can follow
    def files() -> Iterator[Any]:
        for path, rows in spool.files:
            yield dlt.mark.with_file_import(str(path), "csv", rows)

    return dlt.resource(
        files,
        name=spool.collection.name,
        table_name=spool.collection.name,
        write_disposition={"disposition": "merge", "strategy": "delete-insert"},
        columns=_COLUMNS,
        file_format="csv",
    )


def mark_deleted(connection: Connection, spool: Spool, run_id: str) -> int:
    """Mark the live rows that a complete walk did not see; return how many.

    A row that reappears loses the mark by being landed again.
    """
    if spool.table_was_empty:
        return 0
    connection.exec_driver_sql("create temporary table seen (_sonar_key text) on commit drop")
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, spool.keys.open("rb") as keys:
        cursor.copy_expert("copy seen from stdin with (format csv)", keys)
    connection.exec_driver_sql("analyze seen")
    marked = connection.execute(
        text(
            f'update raw_sonar."{spool.collection.name}" as held'
            " set _deleted_at = clock_timestamp(), _run_id = :run"
            " where held._deleted_at is null and not exists"
            " (select 1 from seen where seen._sonar_key = held._sonar_key)"
        ),
        {"run": run_id},
    )
    return marked.rowcount
