"""`backup`: the whole Splynx database into a folder of ours, with metadata that proves it.

Reads Splynx through the server's own dump tool, in one snapshot; writes a folder under
`.local/backups/` (personal data: readable by its owner only) and a row of `ops.target_backup`.
`metadata.json` is written last: a folder without it is a backup that was interrupted.
"""

from __future__ import annotations

import gzip
import hashlib
import logging
import os
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine, text

from load.backup.metadata import (
    DUMP,
    METADATA,
    SCHEMA_VERSION,
    Metadata,
    git_sha,
    tool_version,
)
from load.mysql import dump_tool
from load.target.targets import Target, latest_of
from runtime.errors import ConfigError, FatalTargetError
from runtime.run_ledger import Run
from runtime.settings import LOCAL, SplynxDb, shown

FOLDER = LOCAL / "backups"
_CHUNK = 1024 * 1024
_LEVEL = 1  # a third more room than the default level, at four times its speed
_FRESH_HOURS = 24
_SHORTEST_WORDS = 10

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Backup:
    """A finished backup."""

    folder: Path
    metadata: Metadata
    bytes: int


def _write_dump(db: SplynxDb, path: Path) -> tuple[str, dump_tool.Counter]:
    """Write the compressed dump; return its SHA-256 and what went through."""
    counter = dump_tool.Counter()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as target:
        # without name and time, so that equal dumps are equal files
        with gzip.GzipFile("", "wb", _LEVEL, target, 0) as packed, dump_tool.dumping(db) as stream:
            while chunk := stream.read(_CHUNK):
                counter.feed(chunk)
                packed.write(chunk)
        counter.end()
        target.flush()
        os.fsync(target.fileno())
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest(), counter


def back_up(run: Run, db: SplynxDb, parent: Path | None = None) -> Backup:
    """Dump the database into a new folder of `parent` (by default `.local/backups`).

    Raises:
        ConfigError: no dump tool, no right, or the folder cannot be written.
        TargetError: the dump broke off; what it left is removed.
    """
    with run.engine.connect() as warehouse:
        target = latest_of(warehouse, db.address) or Target(db.address, 1)
    now = datetime.now(UTC)
    folder = (parent or FOLDER) / f"{db.url.database}-{now:%Y%m%dT%H%M%SZ}-{run.run_id[-4:]}"
    try:
        folder.mkdir(mode=0o700, parents=True)
    except OSError as exc:
        raise ConfigError(f"{shown(folder)} cannot be made ({exc.strerror})") from None
    try:
        backup = _made(db, target, folder, now)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    _record(run, db.address, "dump", str(folder), backup.metadata.sha256)
    run.note(
        folder=str(folder),
        target=target.name,
        tables=len(backup.metadata.counts),
        rows=sum(backup.metadata.counts.values()),
        bytes=backup.bytes,
    )
    return backup


def _made(db: SplynxDb, target: Target, folder: Path, now: datetime) -> Backup:
    try:
        sha256, counter = _write_dump(db, folder / DUMP)
    except OSError as exc:
        raise ConfigError(f"{shown(folder)} cannot be written ({exc.strerror})") from None
    if not counter.complete:
        raise FatalTargetError(f"the dump of {db.address} has no end: start the backup again")
    metadata = Metadata(
        schema_version=SCHEMA_VERSION,
        tool_version=tool_version(),
        git_sha=git_sha(),
        created_at=now.isoformat(timespec="seconds"),
        target=target.name,
        sha256=sha256,
        counts=dict(sorted(counter.counts.items())),
        attachments={"included": 0, "where": "on the disk of the Splynx server"},
    )
    unfinished = folder / f"{METADATA}.new"
    unfinished.write_text(metadata.to_json(), encoding="utf-8")
    unfinished.chmod(0o600)
    unfinished.replace(folder / METADATA)
    return Backup(folder, metadata, (folder / DUMP).stat().st_size)


def _record(run: Run, address: str, kind: str, place: str, sha256: str | None) -> None:
    with run.engine.begin() as warehouse:
        warehouse.execute(
            text(
                "insert into ops.target_backup (address, kind, place, sha256, run_id)"
                " values (:address, :kind, :place, :sha256, :run_id)"
            ),
            {
                "address": address,
                "kind": kind,
                "place": place,
                "sha256": sha256,
                "run_id": run.run_id,
            },
        )


def declare(run: Run, db: SplynxDb, words: str) -> None:
    """Record that the operator has made a backup by other means; `words` say which and where.

    Raises:
        ConfigError: the words say nothing.
    """
    if len(words.strip()) < _SHORTEST_WORDS:
        raise ConfigError("say which backup it is and where it lies, in a few words")
    _record(run, db.address, "outside", words.strip(), None)
    run.note(target=db.address, declared=words.strip())


def warning(warehouse: Engine, address: str) -> str | None:
    """Return what to say before a load without a backup of today, or None when there is one."""
    with warehouse.connect() as connection:
        found: bool = connection.execute(
            text(
                "select exists (select from ops.target_backup where address = :address"
                " and made_at > clock_timestamp() - make_interval(hours => :hours))"
            ),
            {"address": address, "hours": _FRESH_HOURS},
        ).scalar_one()
    if found:
        return None
    return (
        f"no backup of {address} in the last {_FRESH_HOURS} hours: `make backup-splynx`, or declare"
        ' your own (`make backup-splynx OUTSIDE="what and where"`)'
    )
