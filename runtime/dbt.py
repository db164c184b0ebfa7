"""dbt as a process of its own, and its manifest of the project as its files stand now."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from runtime.errors import ConfigError
from runtime.log import redact
from runtime.profiles import write_profiles
from runtime.settings import BUILD, LOCAL, ROOT

TARGET = BUILD / "dbt"
MANIFEST = TARGET / "manifest.json"
_SOURCES = (
    "dbt_project.yml",
    "profiles.yml.example",
    "dbt_project",
    "runtime/ops",
    "runtime/dbt_process.py",
)


@dataclass(frozen=True, slots=True)
class Ended:
    """How dbt ended, and its last words on one line, without secrets."""

    code: int
    words: str


def start(*arguments: str) -> subprocess.Popen[str]:
    """Start dbt against the warehouse of the settings; its output is the caller's to read."""
    profiles = LOCAL / "dbt"  # not under build: it holds the warehouse's password
    profiles.mkdir(parents=True, exist_ok=True)
    write_profiles(profiles)  # the settings decide, whatever stands in the root
    return subprocess.Popen(
        [sys.executable, "-m", "runtime.dbt_process", *arguments],
        cwd=ROOT,
        env={
            **os.environ,
            "DBT_PROFILES_DIR": str(profiles),
            "DBT_TARGET_PATH": str(TARGET),
            "DBT_LOG_PATH": str(BUILD / "logs"),
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def run(*arguments: str) -> Ended:
    """Run dbt to its end, silently."""
    process = start(*arguments)
    output, _ = process.communicate()
    lines = redact(output).strip().splitlines() or ["no output"]
    return Ended(process.returncode, " ".join(lines[-5:]))


def parse_if_stale() -> None:
    """Have dbt write its manifest when it is missing or older than a file it is made from.

    Raises:
        ConfigError: the project does not parse; dbt's words are in the message.
    """
    if MANIFEST.exists() and MANIFEST.stat().st_mtime > _newest(_SOURCES):
        return
    ended = run("parse", "--quiet")
    if ended.code != 0:
        raise ConfigError(f"the dbt project does not parse: {ended.words}")
    MANIFEST.touch()  # a partial parse that found nothing new leaves the old file


def manifest() -> dict[str, Any]:
    """Return dbt's manifest of the project as its files stand now.

    Raises:
        ConfigError: as `parse_if_stale`.
    """
    parse_if_stale()
    try:
        document: dict[str, Any] = orjson.loads(MANIFEST.read_bytes())
    except orjson.JSONDecodeError:  # a dbt that was killed while it wrote leaves half of it
        MANIFEST.unlink()
        MANIFEST.with_name("partial_parse.msgpack").unlink(missing_ok=True)
        parse_if_stale()
        document = orjson.loads(MANIFEST.read_bytes())
    return document


def _newest(paths: Sequence[str]) -> float:
    newest = 0.0
    for path in (ROOT / p for p in paths):
        files = path.rglob("*") if path.is_dir() else [path]
        newest = max([newest, *(f.stat().st_mtime for f in files)])
    return newest
