"""`restore`: a backup back into its Splynx database, verified before and counted after.

Everything in the database is replaced, tables made since the backup included. The new epoch is
opened before the first statement, so that whatever was known of the old content counts no more,
however the restore ends; one that was interrupted keeps `inspect` from taking half a database for
a target, until it is started again.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Engine, text

from load.backup.metadata import (
    DUMP,
    MISMATCH,
    VERIFIED,
    Metadata,
    mismatches,
    read_metadata,
    text_of,
)
from load.mysql import dump_tool, read_facts
from load.mysql.session import answering
from load.mysql.violations import Violation, violations
from load.planning.row_hash import my_name
from load.target.targets import Target, latest_of
from runtime.errors import FatalTargetError, GateFailed
from runtime.run_ledger import Run
from runtime.settings import SplynxDb, named_target, shown

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did."""

    target: Target
    verdict: str
    problems: tuple[str, ...]
    metadata: Metadata
    violations: tuple[Violation, ...]


def verify(folder: Path, address: str) -> tuple[Metadata, list[str]]:
    """Return the metadata and how the backup differs from it; logs the verdict.

    Raises:
        ConfigError: the folder holds no backup.
    """
    said = read_metadata(folder)
    problems = mismatches(folder, said, address)
    verdict = MISMATCH if problems else VERIFIED
    logger.warning("event=%s backup=%s problems=%d", verdict, folder.name, len(problems))
    return said, problems


def restore(run: Run, db: SplynxDb, folder: Path, *, despite_mismatch: bool = False) -> Restored:
    """Replace the content of the target by the backup in `folder`, and open a new epoch.

    Raises:
        ConfigError: the target is not named twice, no client, no right, no backup.
        GateFailed: the backup is not what its metadata say; nothing was changed.
        TargetError: the server failed; the target is incomplete, start again.
    """
    named_target(db)
    folder = folder.resolve()
    said, problems = verify(folder, db.address)
    verdict = MISMATCH if problems else VERIFIED
    run.note(verdict=verdict, problems=problems, folder=str(folder))
    if problems and not despite_mismatch:
        raise GateFailed(
            f"{MISMATCH}: {'; '.join(problems)}. The target is as it was; to restore all the same, "
            "say --despite-mismatch (DESPITE_MISMATCH=1)",
            report={MISMATCH: problems},
        )
    dump_tool.client()  # refuse before anything is dropped
    with answering(db) as splynx:
        target = _open_epoch(run, splynx, db.address, str(folder), verdict)
        _empty(splynx)
        dump_tool.restore(db, text_of(folder / DUMP))
        with read_facts.snapshot(splynx) as connection:
            _count(connection, said.counts)
            found = tuple(violations(connection))
    with run.engine.begin() as warehouse:
        close_all(warehouse, db.address)  # ended, and with it any that was interrupted before
    run.note(
        target=target.name,
        tables=len(said.counts),
        rows=sum(said.counts.values()),
        foreign_key_violations=sum(v.rows for v in found),
    )
    return Restored(target, verdict, tuple(problems), said, found)


def _open_epoch(run: Run, splynx: Engine, address: str, place: str, verdict: str) -> Target:
    with splynx.connect() as connection:
        server = read_facts.server_facts(connection)
    with run.engine.begin() as warehouse:
        known = latest_of(warehouse, address)
        target = Target(address, known.epoch + 1 if known else 1)
        warehouse.execute(
            text(
                "insert into ops.target (target, address, epoch, dialect, version, sql_mode,"
                " charset, local_infile, run_id) values (:target, :address, :epoch, :dialect,"
                " :version, :sql_mode, :charset, :local_infile, :run_id)"
            ),
            {
                "target": target.name,
                "address": address,
                "epoch": target.epoch,
                "dialect": server.dialect,
                "version": server.version,
                "sql_mode": server.sql_mode,
                "charset": server.charset,
                "local_infile": server.local_infile,
                "run_id": run.run_id,
            },
        )
        warehouse.execute(
            text(
                "insert into ops.target_restore (target, address, place, verdict, run_id)"
                " values (:target, :address, :place, :verdict, :run_id)"
            ),
            {
                "target": target.name,
                "address": address,
                "place": place,
                "verdict": verdict,
                "run_id": run.run_id,
            },
        )
    return target


def _empty(splynx: Engine) -> None:
    """Drop all tables and views: what came after the backup must not outlive it."""
    with splynx.connect() as connection:
        found = connection.exec_driver_sql(
            "select table_name, table_type from information_schema.tables"
            " where table_schema = database()"
        ).all()
        connection.exec_driver_sql("set session foreign_key_checks = 0")
        for name, kind in found:
            what = "view" if kind == "VIEW" else "table"
            connection.exec_driver_sql(f"drop {what} if exists {my_name(str(name))}")
        connection.exec_driver_sql("set session foreign_key_checks = 1")
        connection.commit()


def _count(connection: Connection, counts: Mapping[str, int]) -> None:
    wrong = list(_miscounted(connection, counts))
    if wrong:
        raise FatalTargetError(
            f"after the restore {'; '.join(wrong[:5])}: the target is not what the backup says, "
            "start the restore again"
        )


def _miscounted(connection: Connection, counts: Mapping[str, int]) -> Iterator[str]:
    tables = {
        str(row[0])
        for row in connection.exec_driver_sql(
            "select table_name from information_schema.tables"
            " where table_schema = database() and table_type = 'BASE TABLE'"
        )
    }
    for table, rows in counts.items():
        held = read_facts.row_count(connection, table) if table in tables else None
        if held != rows:
            yield f"{table} has {'no table' if held is None else held} instead of {rows} rows"


def unfinished(warehouse: Connection, address: str) -> str | None:
    """Return the backup whose restore into `address` was interrupted, if that was the last one."""
    row = warehouse.execute(
        text(
            "select place, ended_at from ops.target_restore where address = :address"
            " order by started_at desc limit 1"
        ),
        {"address": address},
    ).first()
    return None if row is None or row[1] is not None else shown(Path(row[0]))


def close_all(warehouse: Connection, address: str) -> None:
    """Record that no restore into `address` is under way or waits to be started again."""
    warehouse.execute(
        text(
            "update ops.target_restore set ended_at = clock_timestamp()"
            " where address = :address and ended_at is null"
        ),
        {"address": address},
    )
