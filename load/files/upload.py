"""Upload the files whose rows are in Splynx: intent, bytes, read-back.

Reads `ops.file_upload` and the store that extraction fills (`files/<first two>/<sha256>`). Killed
at any point, the next run looks up what may have arrived before it sends it again. Files go one
after another per worker; a refused one is recorded and the rest goes on.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from load.files.ledger import FileLedger, Files
from load.files.lookup import Found, look_up, row_of
from load.files.places import Wanted, new_row, upload_fields, upload_path, upload_query
from load.files.uploads import Upload
from load.handover.allowed import Allowed
from load.handover.ledger import Item, Outcome
from load.handover.marks import Hashes, Marks
from load.rest.client import File, Manners, Splynx
from load.rest.failures import (
    Failure,
    Forbidden,
    MethodNotAllowed,
    ModuleOff,
    NotFound,
    Passing,
    Unexpected,
)
from runtime.errors import FatalTargetError, MigrationError
from runtime.log import redact
from runtime.progress import Progress
from runtime.settings import LOCAL, SplynxApi

logger = logging.getLogger(__name__)

_WORKERS = 4  # whole files are held in memory
_NAMED = 20
_GIVE_UP_AFTER = 20  # refusals in a row: it is not about the single file then


@dataclass(slots=True)
class Uploaded:
    """How many files ended in which way; `parked` wait for a module or a right of the API."""

    uploaded: int = 0
    found: int = 0
    already: int = 0
    not_compared: int = 0
    without_row: int = 0
    without_bytes: int = 0
    bytes: int = 0
    parked: Counter[str] = field(default_factory=Counter)
    refused: list[str] = field(default_factory=list)
    stopped: str | None = None

    @property
    def items(self) -> list[str]:
        """What is not done, for the operator's list."""
        lines = [f"files: {line}" for line in self.refused[:_NAMED]]
        lines += [f"files: {n:,} wait: {why}" for why, n in sorted(self.parked.items())]
        if self.without_row:
            lines.append(f"files: {self.without_row:,} wait for their rows")
        if self.without_bytes:
            lines.append(f"files: {self.without_bytes:,} have no bytes here (make extract)")
        if self.stopped:
            lines.append(f"files: stopped, because {self.stopped}")
        return lines

    @property
    def touched(self) -> bool:
        """Whether there are files at all."""
        return bool(self.uploaded or self.found or self.already or self.items)

    def as_json(self) -> dict[str, int]:
        """Return the counts for `ops.step.detail`."""
        return {
            "uploaded": self.uploaded,
            "found": self.found,
            "already": self.already,
            "not_compared": self.not_compared,
            "without_row": self.without_row,
            "without_bytes": self.without_bytes,
            "parked": self.parked.total(),
            "refused": len(self.refused),
            "bytes": self.bytes,
        }

    def line(self) -> str:
        """Return the outcome in one line."""
        text = f"files: {self.uploaded:,} uploaded, {self.already:,} there already"
        if self.found:
            text += f", {self.found:,} found after a lost reply"
        if self.not_compared:
            text += f", {self.not_compared:,} that the API does not give back to compare"
        return text


async def upload_files(  # noqa: PLR0913 - what an upload is told
    api: SplynxApi,
    ledger: FileLedger,
    user_id: int,
    *,
    manners: Manners | None = None,
    marks: Marks | None = None,
    make_rows: bool = False,
    store: Path = LOCAL / "files",
) -> Uploaded:
    """Bring the bytes of every file whose row is in Splynx.

    `user_id` is the administrator who brings them. `marks` keep rows that MySQL wrote from
    counting as edited. With `make_rows`, documents that MySQL has not brought are created first.

    Raises:
        ConfigError: credentials. TargetError: Splynx failed; run again to go on.
    """
    files = await asyncio.to_thread(partial(ledger.files, user_id, make_rows=make_rows))
    outcome = Uploaded(without_row=files.without_row, without_bytes=files.without_bytes)
    to_do = _to_do(files, outcome)
    if to_do:
        async with Splynx(api, manners or Manners()) as splynx:
            with Progress("files", len(to_do), "files") as progress:
                work = _Work(splynx, ledger, store, marks, outcome, progress)
                await work.all(to_do)
    logger.info(
        "event=files_uploaded uploaded=%d found=%d already=%d refused=%d parked=%d",
        outcome.uploaded,
        outcome.found,
        outcome.already,
        len(outcome.refused),
        outcome.parked.total(),
    )
    return outcome


def _to_do(files: Files, outcome: Uploaded) -> Sequence[Wanted]:
    done = [wanted for wanted in files.wanted if wanted.is_done]
    outcome.already = len(done)
    return [wanted for wanted in files.wanted if not wanted.is_done]


class _Work:
    """The workers of one run and what they share."""

    def __init__(  # noqa: PLR0913, PLR0917 - the parts that `upload_files` opened
        self,
        splynx: Splynx,
        ledger: FileLedger,
        store: Path,
        marks: Marks | None,
        outcome: Uploaded,
        progress: Progress,
    ) -> None:
        self._splynx = splynx
        self._marks = marks
        self._ledger = ledger
        self._store = store
        self._outcome = outcome
        self._progress = progress
        self._closed: dict[str, str] = {}  # by place: why the API takes none there
        self._refused_in_a_row = 0

    async def all(self, to_do: Sequence[Wanted]) -> None:
        """Share the files among the workers; the first error that concerns them all ends it."""
        waiting = iter(to_do)
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(_WORKERS, len(to_do))):
                    group.create_task(self._worker(waiting))
        except* MigrationError as errors:
            raise errors.exceptions[0] from None

    async def _worker(self, waiting: Iterator[Wanted]) -> None:
        for wanted in waiting:
            if self._outcome.stopped is not None:
                return
            await self._one(wanted)
            self._progress.advance(1)

    async def _one(self, wanted: Wanted) -> None:
        if reason := self._closed.get(wanted.place):
            self._outcome.parked[reason] += 1
            return
        content = await asyncio.to_thread(_bytes_of, self._store, wanted)
        if content is None:
            self._outcome.without_bytes += 1
            return
        try:
            await self._bring(wanted, content)
        except Passing:
            raise
        except (ModuleOff, Forbidden, MethodNotAllowed) as exc:
            await self._close(wanted, exc)
        except NotFound as exc:
            if exc.is_endpoint:
                await self._close(wanted, exc)
            else:
                await self._refused(wanted, exc)
        except FatalTargetError as exc:
            await self._refused(wanted, exc)
        else:
            self._refused_in_a_row = 0

    async def _bring(self, wanted: Wanted, content: bytes) -> None:
        """Upload one file, unless an earlier attempt brought it.

        Raises:
            Failure: Splynx refused it, or it is not known whether it arrived.
        """
        if not wanted.owner_id:
            wanted = await self._with_row(wanted)
        if wanted.is_doubtful and await self._was_there(wanted):
            return
        await asyncio.to_thread(self._ledger.put, wanted, "intended")
        before = await asyncio.to_thread(self._row, wanted)
        file_id = None
        try:
            made = await self._splynx.upload(
                upload_path(wanted),
                [File(wanted.upload.part, wanted.name, content)],
                upload_query(wanted),
                upload_fields(wanted),
            )
        except Passing as exc:
            if not exc.is_uncertain or not await self._was_there(wanted, before):
                raise
            return
        if made is not None and not wanted.upload.is_own:
            file_id = made.id
        found = await look_up(self._splynx, wanted, file_id)
        if found is None:
            raise Unexpected("the file was taken, and is not there when it is read back")
        await self._keep(wanted, found, before)
        self._outcome.uploaded += 1
        self._outcome.bytes += len(content)

    async def _with_row(self, wanted: Wanted) -> Wanted:
        """Return the file with the id of its row, which is created where there is none."""
        row = wanted.upload.row
        if row is None:
            return wanted
        key = await row_of(self._splynx, wanted, row)
        if key is None:
            try:
                key = (await self._splynx.create(row.path, new_row(wanted, row))).id
            except Passing as exc:
                key = await row_of(self._splynx, wanted, row) if exc.is_uncertain else None
                if key is None:
                    raise
        made = replace(wanted, owner_id=key)
        await asyncio.to_thread(self._ledger.made, made)
        return made

    async def _was_there(self, wanted: Wanted, before: Hashes | None = None) -> bool:
        found = await look_up(self._splynx, wanted)
        if found is None or found.sha256 not in {None, wanted.sha256}:
            return False
        await self._keep(wanted, found, before)
        self._outcome.found += 1
        return True

    def _row(self, wanted: Wanted) -> Hashes | None:
        """Return the hash of the file's own row as it is, where its database can be read."""
        if self._marks is None or wanted.upload.fills is None:
            return None
        return self._marks.hashes(_filled(wanted.upload), [_item(wanted)])

    async def _keep(self, wanted: Wanted, found: Found, before: Hashes | None) -> None:
        is_compared = found.sha256 is not None
        if is_compared and found.sha256 != wanted.sha256:
            raise _DiffersError("read back otherwise than it was sent", file_id=found.file_id)
        self._outcome.not_compared += not is_compared
        await asyncio.to_thread(
            self._ledger.put, wanted, "stored", file_id=found.file_id, compared=is_compared
        )
        if self._marks is not None and before is not None:
            done = [Outcome(_item(wanted), "handed_over")]
            await asyncio.to_thread(self._marks.keep, _filled(wanted.upload), before, done)

    async def _close(self, wanted: Wanted, exc: Failure) -> None:
        reason = redact(str(exc))
        self._closed[wanted.place] = reason
        self._outcome.parked[reason] += 1
        await asyncio.to_thread(self._ledger.put, wanted, "refused", reason=reason)

    async def _refused(self, wanted: Wanted, exc: FatalTargetError) -> None:
        reason = redact(str(exc))
        state = "differs" if isinstance(exc, _DiffersError) else "refused"
        file_id = exc.file_id if isinstance(exc, _DiffersError) else None
        await asyncio.to_thread(self._ledger.put, wanted, state, file_id=file_id, reason=reason)
        self._outcome.refused.append(f"{wanted.key}: {reason}")
        self._refused_in_a_row += 1
        if self._refused_in_a_row == _GIVE_UP_AFTER:
            self._outcome.stopped = f"{_GIVE_UP_AFTER} in a row were refused"


class _DiffersError(FatalTargetError):
    """Splynx holds other bytes than were sent."""

    def __init__(self, message: str, *, file_id: int | None) -> None:
        super().__init__(message)
        self.file_id = file_id


def _filled(upload: Upload) -> Allowed:
    """Return what the upload fills, as `load.handover.marks` takes it."""
    return Allowed("files", upload.mart.name, upload.fills or "", "", "")


def _item(wanted: Wanted) -> Item:
    """Return the own row of a file, as `load.handover.marks` takes it."""
    return Item(
        sonar_key=f"{wanted.upload.before_key}{wanted.key}",
        customer_key=None,
        target_id=wanted.owner_id,
        customer_id=0,
        proof=None,
        record_key=None,
        changed_at=None,
        was_announced=False,
        attribute=wanted.upload.fills or "",
    )


def _bytes_of(store: Path, wanted: Wanted) -> bytes | None:
    """Return the bytes as they were stored; None where they are gone or damaged."""
    sha256 = wanted.sha256 or ""
    try:
        content = (store / sha256[:2] / sha256).read_bytes()
    except OSError:
        return None
    return content if hashlib.sha256(content).hexdigest() == sha256 else None
