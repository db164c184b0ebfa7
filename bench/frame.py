"""What every benchmark shares: commands in turn, what each cost, and the record of it.

Absolute rates vary by a third within minutes on a machine that others use, so ways of doing the
same thing run in turn (A B C A B C) and are compared within a turn: a ratio is the median of the
ratios of the turns.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import click
import psutil

from bench.machine import machine, versions
from runtime.settings import ROOT
from services import postgres
from services.postgres import Postgres


class BenchError(click.ClickException):
    """A way failed, or did not do its work: its message is for people, the exit code is 1."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run of a command took; `work` is without starting and importing."""

    seconds: float
    work: float
    cpu: float
    server_cpu: float
    peak_mib: float


@dataclass(frozen=True, slots=True)
class Spread:
    """Of several runs: the middle and the ends."""

    middle: float
    lowest: float
    highest: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Return the spread of at least one value."""
        return cls(round(median(values), 3), round(min(values), 3), round(max(values), 3))

    def __str__(self) -> str:
        return f"{self.middle:.2f} ({self.lowest:.2f}-{self.highest:.2f})"


@dataclass(frozen=True, slots=True)
class Goal:
    """A figure and what it was to be."""

    what: str
    found: str
    wanted: str
    is_met: bool


def table(goals: Sequence[Goal]) -> str:
    """Return the goals as a person reads them."""
    width = max(len(goal.what) for goal in goals)
    return "\n".join(
        f"{goal.what:{width}}  {goal.found:>24}  goal {goal.wanted:>8}  "
        f"{'met' if goal.is_met else 'MISSED'}"
        for goal in goals
    )


@contextmanager
def postgres_server() -> Iterator[Postgres]:
    """Run a Postgres with the settings of the embedded one; yield it."""
    with tempfile.TemporaryDirectory(prefix="bench-") as place:
        folder = Path(place) / "postgres"
        try:
            yield postgres.up(folder)
        finally:
            postgres.down(folder)


def server_cpu(server: Postgres) -> float:
    """Return the CPU seconds that Postgres has used so far, ended backends included."""
    listening = next(
        process
        for process in psutil.process_iter(["name"])
        if process.info["name"] == "postgres" and _listens(process, server.port)
    )
    times = [listening.cpu_times()]
    total = times[0].children_user + times[0].children_system
    for child in listening.children():
        try:
            times.append(child.cpu_times())
        except psutil.NoSuchProcess:
            continue
    return float(total + sum(each.user + each.system for each in times))


def _listens(process: psutil.Process, port: int) -> bool:
    try:
        return any(
            each.status == psutil.CONN_LISTEN and each.laddr.port == port
            for each in process.net_connections()
        )
    except psutil.Error:
        return False


def run(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    server: Postgres,
    work: Callable[[str], float],
) -> Cost:
    """Run `python -m <arguments>` to its end and return what it took.

    Args:
        arguments: a module of this project and its arguments.
        environment: added to this process's own.
        server: the Postgres it writes to.
        work: takes what the command printed, returns its seconds without starting.

    Raises:
        BenchError: it failed.
    """
    before, started = server_cpu(server), time.monotonic()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            [sys.executable, "-m", *arguments],
            cwd=ROOT,
            env={**os.environ, **environment},
            stdout=said,
            stderr=subprocess.STDOUT,
        )
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.monotonic() - started
        said.seek(0)
        output = said.read().decode(errors="replace")
    if process.returncode:
        raise BenchError(f"{' '.join(arguments[:3])} failed:\n{output[-2000:]}")
    return Cost(
        seconds=seconds,
        work=work(output),
        cpu=used.ru_utime + used.ru_stime,
        server_cpu=server_cpu(server) - before,
        peak_mib=used.ru_maxrss / 1024,
    )


def ratio(slow: Sequence[Cost], fast: Sequence[Cost], of: str = "work") -> Spread:
    """Return how the rate of the first compares with that of the second, turn by turn."""
    return Spread.of([getattr(b, of) / getattr(a, of) for a, b in zip(slow, fast, strict=True)])


def spreads(costs: Sequence[Cost]) -> dict[str, dict[str, float]]:
    """Return middle and ends of everything that was measured."""
    rows = [asdict(cost) for cost in costs]
    return {name: asdict(Spread.of([row[name] for row in rows])) for name in rows[0]}


def conclude(
    record: Path, results: Mapping[str, Any], goals: Sequence[Goal], proven: str | None
) -> None:
    """Write the record and say what came out; exit with 1 where a goal is missed.

    `proven`: what a quick run, which measures nothing, has shown instead; its goals do not count.
    """
    if proven is not None:
        write(record, results)
        click.echo(proven)
        return
    write(record, {**results, "goals": [asdict(goal) for goal in goals]})
    judge(goals)


def judge(goals: Sequence[Goal]) -> None:
    """Say what was reached; exit with 1 where a goal is missed."""
    click.echo(f"\n{table(goals)}")
    if not all(goal.is_met for goal in goals):
        sys.exit(1)


def write(path: Path, results: Mapping[str, Any]) -> None:
    """Write the record: results, and where and when they were measured."""
    about = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        **machine(),
        "versions": versions(),
        "load_at_the_end": os.getloadavg()[0],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"about": about, **results}, indent=2) + "\n", encoding="utf-8")
