"""`metadata.json` beside a dump: what it is of, and by what it is known again. Pure but for files.

schema_version   of this file's form
tool_version     of this project         git_sha   its commit, null outside a checkout
created_at       UTC                     target    host:port/database#epoch
sha256           of `dump.sql.gz`        counts    rows in the dump, by table
attachments      what the dump leaves out: uploaded files lie on Splynx's disk
"""

from __future__ import annotations

import gzip
import hashlib
import subprocess
import tomllib
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson

from load.mysql.dump_tool import Counter
from runtime.errors import ConfigError
from runtime.settings import ROOT, shown

SCHEMA_VERSION = 1
DUMP = "dump.sql.gz"
METADATA = "metadata.json"
VERIFIED, MISMATCH = "metadata_verified", "metadata_mismatch"
_CHUNK = 1024 * 1024
_NAMED = 5


@dataclass(frozen=True, slots=True)
class Metadata:
    """The content of `metadata.json`."""

    schema_version: int
    tool_version: str
    git_sha: str | None
    created_at: str
    target: str
    sha256: str
    counts: Mapping[str, int]
    attachments: Mapping[str, Any]

    def to_json(self) -> str:
        """Return the file's text."""
        return orjson.dumps(asdict(self), option=orjson.OPT_INDENT_2).decode() + "\n"


def tool_version() -> str:
    """Return this project's version."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return str(project["project"]["version"])


def git_sha() -> str | None:
    """Return the commit that is checked out, or None where there is none."""
    try:
        said = subprocess.run(
            ["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
        )
    except OSError:
        return None
    return said.stdout.strip() or None if said.returncode == 0 else None


def read_metadata(folder: Path) -> Metadata:
    """Return the metadata of a backup.

    Raises:
        ConfigError: the folder holds no whole backup, or its file cannot be understood.
    """
    path = folder / METADATA
    if not path.is_file() or not (folder / DUMP).is_file():
        raise ConfigError(f"{shown(folder)} holds no finished backup ({DUMP} and {METADATA})")
    try:
        document = orjson.loads(path.read_bytes())
        if document["schema_version"] != SCHEMA_VERSION:
            raise ConfigError(
                f"{shown(path)} is of form {document['schema_version']}, this version reads "
                f"{SCHEMA_VERSION}: restore it with the version that made it"
            )
        return Metadata(**document)
    except (orjson.JSONDecodeError, KeyError, TypeError):
        raise ConfigError(f"{shown(path)} is no metadata of a backup") from None


def text_of(dump: Path) -> Iterator[bytes]:
    """Yield the dump's text in chunks.

    Raises:
        gzip.BadGzipFile, EOFError, zlib.error: the file is damaged.
    """
    with gzip.open(dump, "rb") as source:
        while chunk := source.read(_CHUNK):
            yield chunk


def _sha256(path: Path) -> str:
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def mismatches(folder: Path, said: Metadata, address: str) -> list[str]:
    """Return how the dump, or the target it is for, differs from its metadata; empty: verified."""
    found = []
    if said.target.rsplit("#", 1)[0] != address:
        found.append(f"it is a backup of {said.target}, the target is {address}")
    if _sha256(folder / DUMP) != said.sha256:
        found.append(f"the SHA-256 of {DUMP} is another one")
    counter = Counter()
    try:
        for chunk in text_of(folder / DUMP):
            counter.feed(chunk)
        counter.end()
    except (OSError, EOFError, zlib.error):
        found.append(f"{DUMP} is damaged and cannot be unpacked")
        return found
    if not counter.complete:
        found.append("the dump breaks off")
    wrong = sorted(
        table
        for table in counter.counts.keys() | said.counts.keys()
        if counter.counts.get(table) != said.counts.get(table)
    )
    if wrong:
        more = f" and {len(wrong) - _NAMED} more" if len(wrong) > _NAMED else ""
        found.append(f"other row counts in {', '.join(wrong[:_NAMED])}{more}")
    return found
