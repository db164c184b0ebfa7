"""dbt as one of our commands: a process of its own, whose results become our exit codes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import orjson

from runtime.errors import ConfigError, GateFailed, MigrationError, WarehouseError
from runtime.log import redact
from runtime.profiles import write_profiles
from runtime.progress import Progress
from runtime.settings import BUILD, LOCAL, ROOT

TARGET = BUILD / "dbt"
MANIFEST = TARGET / "manifest.json"
_RUN_RESULTS = TARGET / "run_results.json"
_SOURCES = (
    "dbt_project.yml",
    "profiles.yml.example",
    "dbt_project",
    "runtime/ops",
    "runtime/dbt_process.py",
)
_SHOWN_FAILURES = 10
_NO_DATA = ("unit_test", "exposure")


def _newest(paths: Sequence[str]) -> float:
    newest = 0.0
    for path in (ROOT / p for p in paths):
        files = path.rglob("*") if path.is_dir() else [path]
        newest = max([newest, *(f.stat().st_mtime for f in files)])
    return newest


def _start(*arguments: str) -> subprocess.Popen[str]:
    """Start dbt against the warehouse of the settings; its output is ours to read."""
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


def _event(line: str) -> Mapping[str, Any]:
    """Return what `runtime.dbt_process` told, or a line of another (a traceback) in that shape."""
    try:
        event: Mapping[str, Any] = orjson.loads(line)
    except orjson.JSONDecodeError:
        return {"level": "error", "message": line.rstrip()}
    return event


def _finished(process: subprocess.Popen[str]) -> Iterator[tuple[str, int]]:
    """Yield (name, number of all nodes) as nodes finish; pass on warnings and errors."""
    assert process.stdout is not None  # noqa: S101 - started with a pipe; narrows the type
    for line in process.stdout:
        event = _event(line)
        if event["level"] in {"warn", "error"}:
            click.echo(redact(event["message"]), err=True)
        if event.get("of"):
            yield event["node"], event["of"]


def _follow(process: subprocess.Popen[str]) -> None:
    """Show dbt's progress until it ends; the clock starts when its first node is done."""
    with process:
        events = _finished(process)
        first = next(events, None)
        if first is not None:
            with Progress("transform", first[1], "nodes") as progress:
                progress.advance(1)
                for name, _ in events:
                    progress.part(name)
                    progress.advance(1)


def parse_if_stale() -> None:
    """Have dbt write its manifest when it is missing or older than a file it is made from.

    Raises:
        ConfigError: the project does not parse; dbt's words are in the message.
    """
    if MANIFEST.exists() and MANIFEST.stat().st_mtime > _newest(_SOURCES):
        return
    process = _start("parse", "--quiet")
    output, _ = process.communicate()
    if process.returncode != 0:
        lines = redact(output).strip().splitlines() or ["no output"]
        raise ConfigError(f"the dbt project does not parse: {' '.join(lines[-5:])}")
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


def write_docs() -> Path:
    """Have dbt write all that it knows of sources, models and tests as one page; return its path.

    The page works without a server. Where a warehouse answers it also has the types and sizes of
    its tables.

    Raises:
        ConfigError: dbt wrote no page; its words are in the message.
    """
    parse_if_stale()
    page = TARGET / "static_index.html"
    page.unlink(missing_ok=True)
    lines: list[str] = []
    for catalog in ((), ("--empty-catalog",)):
        # Not compiled: the SQL as people wrote it is what a reader looks for.
        process = _start("--quiet", "docs", "generate", "--static", "--no-compile", *catalog)
        output, _ = process.communicate()
        if process.returncode == 0 and page.exists():
            return page
        lines = redact(output).strip().splitlines() or ["no output"]
    raise ConfigError(f"dbt wrote no docs: {' '.join(lines[-5:])}")


def _failures(results: Sequence[Mapping[str, Any]], status: str) -> list[str]:
    return [
        f"{r['unique_id'].split('.')[2]}: {redact(str(r['message']).splitlines()[0])}"
        for r in results
        if r["status"] == status
    ]


def build() -> Mapping[str, int]:
    """Run seeds, models and data tests; return how many results had which status.

    Unit tests prove the SQL, not the data: they belong to `make test`. Exposures are words.

    Raises:
        GateFailed: data tests failed; the marts are not fit to be loaded.
        WarehouseError: the warehouse went away.
        ConfigError: dbt could not start.
        MigrationError: a model does not run; a bug of ours or an unknown Sonar.
    """
    _RUN_RESULTS.unlink(missing_ok=True)
    left_out = [word for kind in _NO_DATA for word in ("--exclude-resource-type", kind)]
    process = _start("--as-events", "build", *left_out)
    _follow(process)
    if not _RUN_RESULTS.exists():
        raise ConfigError(
            f"dbt ended with {process.returncode} before it ran anything: see the lines above"
        )
    results = orjson.loads(_RUN_RESULTS.read_bytes())["results"]
    errors, failures = _failures(results, "error"), _failures(results, "fail")
    if any("connection" in e and "server" in e for e in errors):
        raise WarehouseError(f"the warehouse failed while dbt was running: {errors[0]}")
    if errors:
        raise MigrationError(f"dbt: {len(errors)} models did not run, first {errors[0]}")
    if failures:
        shown = "; ".join(failures[:_SHOWN_FAILURES])
        raise GateFailed(f"dbt: {len(failures)} data tests failed: {shown}", {"tests": failures})
    if process.returncode != 0:
        raise MigrationError(f"dbt ended with {process.returncode}: see the lines above")
    counts: dict[str, int] = {}
    for result in results:
        counts[result["status"]] = counts.get(result["status"], 0) + 1
    return counts
