"""The bytes behind the collection of files: fetched once, kept by checksum, linked in `ops`.

Reads the live rows of `raw_sonar.files`, writes the store and `ops.extract_file`. A link is written
after its bytes are safe on disk, so a killed run loses at most the files that were under way, and a
record that is linked is not asked for again while the store holds its bytes. The bytes behind an id
are taken to be immutable unless the size in its record changes.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine

from extract.files.downloads import Downloads, Missing, TooLarge
from extract.files.links import COLLECTION, FileLinks, Linked, file_store
from extract.files.store import FileStore
from extract.sonar.client import Sonar
from extract.sonar.failures import Denied, Unreachable
from extract.sonar.together import together
from runtime.errors import SourceError
from runtime.log import redact
from runtime.progress import Progress
from runtime.settings import SonarApi

logger = logging.getLogger(__name__)

MEGABYTE = 1_000_000
_NAMED = 20  # keys in a message
_GIVE_UP_AFTER = 20  # refusals in a row: it is not about the single file then
_REFUSALS = frozenset({"denied", "failed"})
_WORDS: Mapping[str, str] = {
    "too_large": "larger than --max-file-mb",
    "missing": "missing in Sonar",
    "denied": "denied to this token",
    "failed": "failed for good",
}


@dataclass(frozen=True, slots=True)
class Limits:
    """What is kept: files up to `max_bytes`; `verify` reads again what is already here."""

    max_bytes: int | None = 100 * MEGABYTE
    verify: bool = False


@dataclass(slots=True)
class FileOutcome:
    """How many files ended in which way; `skipped` were not asked for, `bytes` were stored."""

    stored: int = 0
    reused: int = 0
    skipped: int = 0
    too_large: int = 0
    missing: int = 0
    denied: int = 0
    failed: int = 0
    bytes: int = 0
    stopped: str | None = None
    keys: dict[str, list[str]] = field(default_factory=dict)

    @property
    def items(self) -> list[str]:
        """What is not here, one line a reason, for the operator's list."""
        lines = []
        for state, words in _WORDS.items():
            if count := getattr(self, state):
                named = self.keys.get(state, [])
                more = " …" if count > len(named) else ""
                lines.append(f"{COLLECTION}: {count:,} {words}: {', '.join(named)}{more}")
        if self.stopped:
            lines.append(f"{COLLECTION}: {self.skipped:,} not asked for, because {self.stopped}")
        return lines

    def as_json(self) -> dict[str, Any]:
        """Return the counts for `ops.step.detail`."""
        return {name: getattr(self, name) for name in ("stored", "reused", "skipped", *_WORDS)} | {
            "bytes": self.bytes
        }

    def line(self) -> str:
        """Return the outcome in one line; what did not happen is left out."""
        parts = [f"{self.stored:,} stored ({self.bytes / MEGABYTE:,.1f} MB)"]
        others = {"reused": "here already", "skipped": "not asked for", **_WORDS}
        parts += [
            f"{getattr(self, n):,} {words}" for n, words in others.items() if getattr(self, n)
        ]
        return f"files: {', '.join(parts)}"


async def fetch_files(
    engine: Engine, sonar: Sonar, api: SonarApi, *, run_id: str, limits: Limits
) -> FileOutcome:
    """Fetch the bytes of every live record that are not here yet.

    Single files that fail do not stop it; after 20 refusals in a row the rest is not asked for.

    Args:
        engine: the warehouse, under the lock of the run.
        sonar: the open conversation, whose request budget and manners hold here too.
        api: the source; its host is what the links are kept under.
        run_id: written to the links.
        limits: how much is kept, and whether to verify.

    Raises:
        TokenRefused: the token is refused. Unreachable: no connection. WarehouseError: the
            warehouse failed, or the disk is full.
    """
    links = FileLinks(engine, api.host, run_id)
    outcome = FileOutcome()
    total = await asyncio.to_thread(links.to_do)
    if total is None:
        return outcome
    store = file_store(engine)
    await asyncio.to_thread(store.open)
    try:
        with Progress("files", total, "files") as progress:
            async with Downloads(sonar, api, store, limits.max_bytes) as downloads:
                work = _Work(limits, links, store, downloads, outcome, progress)
                await work.all(sonar.manners.workers)
    finally:
        store.close()
    logger.info(
        "event=files %s retries=%d",
        " ".join(f"{name}={count}" for name, count in outcome.as_json().items()),
        downloads.tally.retries,
    )
    return outcome


class _Work:
    """The workers of one run and what they share."""

    def __init__(  # noqa: PLR0913, PLR0917 - the parts that `fetch_files` opened
        self,
        limits: Limits,
        links: FileLinks,
        store: FileStore,
        downloads: Downloads,
        outcome: FileOutcome,
        progress: Progress,
    ) -> None:
        self._limits = limits
        self._links = links
        self._store = store
        self._downloads = downloads
        self._outcome = outcome
        self._progress = progress
        self._refused_in_a_row = 0

    async def all(self, workers: int) -> None:
        """Give every record to a worker; the first error that concerns them all ends the work."""
        rows: asyncio.Queue[Linked | None] = asyncio.Queue(maxsize=workers)
        await together(
            [self._hand_out(rows, workers), *(self._worker(rows) for _ in range(workers))]
        )

    async def _hand_out(self, rows: asyncio.Queue[Linked | None], workers: int) -> None:
        batches = self._links.batches()
        while batch := await asyncio.to_thread(next, batches, ()):
            for row in batch:
                await rows.put(row)
        for _ in range(workers):
            await rows.put(None)

    async def _worker(self, rows: asyncio.Queue[Linked | None]) -> None:
        while (row := await rows.get()) is not None:
            if await self._is_here(row):
                self._outcome.reused += 1
            elif self._outcome.stopped:
                self._outcome.skipped += 1
            else:
                await self._one(row)
                self._progress.part(f"{self._downloads.tally.bytes / MEGABYTE:,.1f} MB")
                self._progress.advance(1)

    async def _is_here(self, row: Linked) -> bool:
        stored = row.stored
        if stored is None:
            return False
        verify = self._limits.verify
        if await asyncio.to_thread(self._store.holds, stored, verify=verify):
            return True
        logger.warning("event=file_lost_or_damaged file=%s", row.wanted.key)
        return False

    async def _one(self, row: Linked) -> None:
        try:
            self._downloads.check_size(row.largest_known)
            stored = await self._downloads.fetch(row.wanted)
        except Unreachable:
            raise
        except TooLarge as exc:
            await self._refused(row, "too_large", exc, exc.size)
        except Missing as exc:
            await self._refused(row, "missing", exc)
        except Denied as exc:
            await self._refused(row, "denied", exc)
        except SourceError as exc:
            await self._refused(row, "failed", exc)
        else:
            key = row.wanted.key
            await asyncio.to_thread(self._links.put, key, "stored", stored=stored)
            self._outcome.stored += 1
            self._outcome.bytes += stored.size
            self._refused_in_a_row = 0

    async def _refused(
        self, row: Linked, state: str, exc: SourceError, size: int | None = None
    ) -> None:
        key, reason = row.wanted.key, redact(str(exc))
        await asyncio.to_thread(self._links.put, key, state, reason=reason, size=size)
        outcome = self._outcome
        setattr(outcome, state, getattr(outcome, state) + 1)
        named = outcome.keys.setdefault(state, [])
        if len(named) < _NAMED:
            named.append(key)
        self._refused_in_a_row = self._refused_in_a_row + 1 if state in _REFUSALS else 0
        if self._refused_in_a_row == _GIVE_UP_AFTER:
            outcome.stopped = f"{_GIVE_UP_AFTER} in a row were refused, the last with: {reason}"
