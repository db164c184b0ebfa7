"""`migrate`: every stage in turn, each in a process of its own, under one run id and one lock."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import click

from runtime import run_ledger, warehouse
from runtime.errors import (
    MEANINGS,
    ConfigError,
    GateFailed,
    MigrationError,
    ReconcileMismatch,
    ServerError,
    Unfinished,
)
from runtime.settings import ROOT

_UNFINISHED = Unfinished.exit_code


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage's name and the command behind it."""

    name: str
    command: tuple[str, ...]


STAGES = (
    Stage("extract", ("extract", "run")),
    Stage("inspect", ("load", "inspect")),
    Stage("transform", ("runtime", "transform")),
    Stage("accept", ("expectations", "run")),
    Stage("plan", ("load", "plan")),
    Stage("load", ("load", "run")),
    Stage("reconcile", ("load.reconcile",)),
    Stage("report", ("load.report",)),
)


def _run(stage: Stage, environment: Mapping[str, str]) -> int:
    """Run one stage; its output is the operator's. Returns its exit code."""
    click.secho(f"\n── {stage.name} ", bold=True, nl=False)
    click.secho(f"(python -m {' '.join(stage.command)})", dim=True)
    sys.stdout.flush()
    started = time.monotonic()
    code = subprocess.run(
        [sys.executable, "-m", *stage.command], cwd=ROOT, env=dict(environment), check=False
    ).returncode
    click.secho(f"── {stage.name}: {time.monotonic() - started:.1f} s", dim=True)
    return code


def _as_error(codes: Mapping[str, int]) -> MigrationError:
    """Return the error of the first stage that failed, or `Unfinished` when all went on."""
    for name, code in codes.items():
        if code in {0, _UNFINISHED}:
            continue
        kinds: dict[int, type[MigrationError]] = {
            kind.exit_code: kind
            for kind in (ConfigError, GateFailed, ReconcileMismatch, ServerError)
        }
        return kinds.get(code, MigrationError)(
            f"{name} ended with {code} ({MEANINGS.get(code, 'stopped by a signal')}); "
            "its own lines above say why"
        )
    return Unfinished("not everything is done", [n for n, c in codes.items() if c == _UNFINISHED])


def migrate(stages: Sequence[Stage] = STAGES) -> None:
    """Run all stages. A stage that ends with 6 lets the next ones decide; any other failure stops.

    The report is written in every case, so that a refusal can be read as a page too.

    Raises:
        MigrationError: of the kind of the first failing stage; `Unfinished` when one ended with 6.
    """
    with run_ledger.stage("migrate") as run:
        environment = {
            **os.environ,
            **run_ledger.run_environment(run.run_id),
            **warehouse.lock_environment(run.lock_pid),
        }
        codes: dict[str, int] = {}
        for stage in stages:
            stopped = any(code not in {0, _UNFINISHED} for code in codes.values())
            if not stopped or stage.name == "report":
                codes[stage.name] = _run(stage, environment)
        run.note(codes=codes)
        if any(codes.values()):
            raise _as_error(codes)
