"""`migrate`: every stage in turn, each in a process of its own, under one run id and one lock.

In waves, the load goes out in ever larger parts (the first customer, the first ten, …, all), and
each part has to reconcile before the next: what is wrong with everybody is seen with the first.
"""

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
from runtime.settings import ROOT, environment

_UNFINISHED = Unfinished.exit_code
_DATABASE, _API = "SPLYNX_MYSQL_URL", "SPLYNX_URL"


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage's name, the command behind it, and whether the next may follow an incomplete one."""

    name: str
    command: tuple[str, ...]
    must_be_whole: bool = False


_REPORT = Stage("report", ("load.report",))
MYSQL, REST, HYBRID = "mysql", "rest", "hybrid"


def stages_of(
    waves: Sequence[int] = (), route: str = MYSQL, rest_tables: str | None = None
) -> tuple[Stage, ...]:
    """Return the stages; with waves (customers, rising) a load and a reconciliation for each.

    The last wave is always everything, and so is its reconciliation; those before look at what
    their wave was of. A wave that leaves a customer out stops the next one, which a load of
    everything need not do. `rest_tables` are moved to the API, by hybrid.
    """
    moved = ("--rest-tables", rest_tables) if rest_tables else ()
    way = (*(("--route", route) if route != MYSQL else ()), *moved)
    load = ("load", "run", *way)
    # the API shows no single rows by key: over it a wave is reconciled as everything is
    only_it = ("--chosen",) if _DATABASE in environment() else ()
    first = [
        Stage(f"{name} {customers}", (*command, *options), must_be_whole=True)
        for customers in waves
        for name, command, options in (
            ("load", load, ("--limit", str(customers))),
            ("reconcile", ("load.reconcile",), only_it),
        )
    ]
    # the database tells more of the target, whichever route the rows take
    by_api = ("--route", REST) if route == REST and _DATABASE not in environment() else ()
    return (
        Stage("extract", ("extract", "run")),
        Stage("inspect", ("load", "inspect", *by_api)),
        Stage("transform", ("transform", "run")),
        Stage("accept", ("expectations", "run")),
        Stage("plan", ("load", "plan", *way)),
        *first,
        Stage("load", load),
        Stage("reconcile", ("load.reconcile",)),
        _REPORT,
    )


def usual_route() -> str:
    """Return the route of an operator who names none: each table its own, where both are there."""
    given = environment()
    if _API not in given:
        return MYSQL
    return HYBRID if _DATABASE in given else REST


def read_waves(text: str | None) -> tuple[int, ...]:
    """Return the sizes of `1,10,100`; a last `all` may be said and changes nothing.

    Raises:
        ConfigError: not whole numbers that rise.
    """
    names = (text or "").replace(",", " ").split()
    if names and names[-1] == "all":
        names.pop()
    try:
        sizes = tuple(int(name) for name in names)
    except ValueError:
        sizes = (0,)
    if any(later <= size for size, later in zip((0, *sizes), sizes, strict=False)):
        raise ConfigError(f"WAVES={text}: numbers of customers that rise are meant, as 1,10,100")
    return sizes


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


def _stops(stage: Stage, code: int) -> bool:
    return code not in ({0} if stage.must_be_whole else {0, _UNFINISHED})


def migrate(
    waves: Sequence[int] = (), route: str | None = None, rest_tables: str | None = None
) -> None:
    """Run all stages. A stage that ends with 6 lets the next ones decide; any other failure stops.

    A wave has to end whole. Started again, what a wave loaded is found unchanged and stays.

    The report is written in every case, so that a refusal can be read as a page too.

    Raises:
        MigrationError: of the kind of the first failing stage; `Unfinished` when one ended with 6.
    """
    with run_ledger.stage("migrate") as run:
        handed_down = {
            **os.environ,
            **run_ledger.run_environment(run.run_id),
            **warehouse.lock_environment(run.lock_pid),
        }
        codes: dict[str, int] = {}
        halted: Stage | None = None
        for stage in stages_of(waves, route or usual_route(), rest_tables):
            if halted is not None and stage is _REPORT:
                click.echo(f"\nstopped at {halted.name}: what follows is of the runs before, too")
            if halted is None or stage is _REPORT:
                codes[stage.name] = _run(stage, handed_down)
                halted = halted or (stage if _stops(stage, codes[stage.name]) else None)
        run.note(codes=codes)
        if halted is not None and halted.must_be_whole:
            click.secho(
                f"halted after {halted.name}: what it loaded stays, later waves were not begun;"
                " mend the cause and say the same command again, or take the run back (make"
                f" rollback RUN={run.run_id})",
                err=True,
            )
        if any(codes.values()):
            raise _as_error(codes)
