"""`dbt build`: its progress, and what its results mean for the migration."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click
import orjson

from runtime import dbt
from runtime.errors import ConfigError, GateFailed, MigrationError, WarehouseError
from runtime.log import redact
from runtime.progress import Progress

_RUN_RESULTS = dbt.TARGET / "run_results.json"
_SHOWN_FAILURES = 10
_NO_DATA = ("unit_test", "exposure")


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
    process = dbt.start("--as-events", "build", *left_out)
    click.echo("transform: dbt reads the project", err=True)
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


def _finished(process: subprocess.Popen[str]) -> Iterator[tuple[str, int]]:
    """Yield (name, number of all nodes) as nodes finish; pass on warnings and errors."""
    assert process.stdout is not None  # noqa: S101 - started with a pipe; narrows the type
    for line in process.stdout:
        event = _event(line)
        if event["level"] in {"warn", "error"}:
            click.echo(redact(event["message"]), err=True)
        if event.get("of"):
            yield event["node"], event["of"]


def _event(line: str) -> Mapping[str, Any]:
    """Return what `runtime.dbt_process` told, or a line of another (a traceback) in that shape."""
    try:
        event: Mapping[str, Any] = orjson.loads(line)
    except orjson.JSONDecodeError:
        return {"level": "error", "message": line.rstrip()}
    return event


def _failures(results: Sequence[Mapping[str, Any]], status: str) -> list[str]:
    return [
        f"{r['unique_id'].split('.')[2]}: {redact(str(r['message']).splitlines()[0])}"
        for r in results
        if r["status"] == status
    ]
