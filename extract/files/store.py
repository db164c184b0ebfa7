"""Bytes on this machine, addressed by their SHA-256: `files/<first two>/<sha256>`.

A file is written under another name, synced and renamed, so what carries a name is whole. Equal
bytes are kept once. The time of change of every stored file is set to one fixed instant: whoever
writes to it later moves it, and that is what makes a second look at the content necessary.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from runtime.errors import ConfigError, MigrationError, WarehouseError
from runtime.settings import shown

_UNTOUCHED_NS = 946_684_800 * 10**9  # 2000-01-01T00:00:00Z, in the nanoseconds of a file system
_PRIVATE_FOLDER = 0o700
_PRIVATE_FILE = 0o600
_INCOMING = "incoming"
_DIGEST_LENGTH = 64


@dataclass(frozen=True, slots=True)
class Stored:
    """The address and size of bytes in the store."""

    sha256: str
    size: int


class Incoming:
    """Bytes on their way into the store; without `commit` they are gone when the block ends."""

    def __init__(self, store: FileStore, path: Path) -> None:
        self.size = 0
        self._store = store
        self._path = path
        self._digest = hashlib.sha256()

    def __enter__(self) -> Self:
        try:
            handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _PRIVATE_FILE)
        except OSError as exc:
            raise _unwritable(exc, self._path) from None
        self._file: BinaryIO = os.fdopen(handle, "wb", buffering=0)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()
        self._path.unlink(missing_ok=True)

    def write(self, chunk: bytes) -> None:
        """Append to the file.

        Raises:
            WarehouseError: the disk is full. ConfigError: it may not be written to.
        """
        view = memoryview(chunk)
        try:
            while view:
                view = view[self._file.write(view) :]
        except OSError as exc:
            raise _unwritable(exc, self._path) from None
        self._digest.update(chunk)
        self.size += len(chunk)

    def commit(self) -> Stored:
        """Put the bytes under their address, safe from a power cut; blocking."""
        stored = Stored(self._digest.hexdigest(), self.size)
        target = self._store.path(stored.sha256)
        try:
            os.fsync(self._file.fileno())
            os.utime(self._path, ns=(_UNTOUCHED_NS, _UNTOUCHED_NS))
            if not target.parent.exists():
                target.parent.mkdir(mode=_PRIVATE_FOLDER, exist_ok=True)
                _sync_folder(target.parent.parent)
            self._path.replace(target)  # over an equal file or a damaged one
            _sync_folder(target.parent)
        except OSError as exc:
            raise _unwritable(exc, target) from None
        return stored


class FileStore:
    """The files below `root`. What `owner` receives at the moment has a folder of its own.

    One process per owner at a time: the lock of the run sees to that.
    """

    def __init__(self, root: Path, owner: str) -> None:
        self.root = root
        self._incoming = root / _INCOMING / owner
        self._count = 0

    def path(self, sha256: str) -> Path:
        """Return where the bytes with this checksum are or would be."""
        return self.root / sha256[:2] / sha256

    def open(self) -> None:
        """Make the folders; drop what a killed run was receiving.

        Raises:
            ConfigError, WarehouseError: the folder cannot be made.
        """
        shutil.rmtree(self._incoming, ignore_errors=True)
        try:
            self._incoming.mkdir(parents=True)
            for folder in (self.root, self._incoming.parent, self._incoming):
                folder.chmod(_PRIVATE_FOLDER)
        except OSError as exc:
            raise _unwritable(exc, self.root) from None

    def incoming(self) -> Incoming:
        """Return a new file to write to; use it as a context manager."""
        self._count += 1
        return Incoming(self, self._incoming / str(self._count))

    def holds(self, stored: Stored, *, verify: bool) -> bool:
        """Tell whether the bytes are here and right.

        Their content is read again when `verify` asks for it, or when the file was written to
        since it was stored.
        """
        path = self.path(stored.sha256)
        try:
            facts = path.stat()
            if facts.st_size != stored.size:
                return False
            if facts.st_mtime_ns == _UNTOUCHED_NS and not verify:
                return True
            with path.open("rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() != stored.sha256:
                    return False
            os.utime(path, ns=(_UNTOUCHED_NS, _UNTOUCHED_NS))
        except OSError:
            return False
        return True

    def all(self) -> Iterator[Stored]:
        """Yield everything in the store, by address."""
        for folder in sorted(self.root.glob("[0-9a-f][0-9a-f]")):
            for path in sorted(folder.iterdir()):
                if len(path.name) == _DIGEST_LENGTH:
                    yield Stored(path.name, path.stat().st_size)

    def remove(self, sha256: str) -> None:
        """Remove bytes; that they are gone already is fine."""
        self.path(sha256).unlink(missing_ok=True)

    def close(self) -> None:
        """Drop what was received and not committed."""
        shutil.rmtree(self._incoming, ignore_errors=True)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _unwritable(exc: OSError, path: Path) -> MigrationError:
    where = f"files cannot be kept in {shown(path.parent)} ({exc.strerror})"
    if exc.errno in {errno.ENOSPC, errno.EDQUOT}:
        return WarehouseError(
            f"{where}: free some space (LOCAL_DIR moves them elsewhere) and run extract again, it "
            "goes on from what is stored"
        )
    return ConfigError(f"{where}: mend the rights, or leave files out with --skip-files")
