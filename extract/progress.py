"""What a person sees while it runs: a live line on a terminal, elsewhere a line now and then."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import click
from rich.console import Console
from rich.live import Live

from extract.sonar.client import Tally

_LIVE_SECONDS = 0.25
_PLAIN_SECONDS = 5.0
_MEGABYTE = 1_000_000
_MINUTE = 60


@dataclass(slots=True)
class Counters:
    """How far the run is. `expected` are the rows that the first look makes us expect to read.

    `step` says what the collections are done with: read, or caught up after a later look.
    """

    collections: int = 0
    done: int = 0
    rows: int = 0
    expected: int = 0
    step: str = "looking"
    traffic: Tally = field(default_factory=Tally)
    started: float = field(default_factory=time.monotonic)

    def line(self) -> str:
        """Return the state in one line."""
        seconds = max(time.monotonic() - self.started, 0.001)
        rate = self.rows / seconds
        parts = [
            f"extract: {self.step} {self.done}/{self.collections} collections",
            f"{self.rows:,} of {max(self.rows, self.expected):,} rows",
            f"{rate:,.0f} rows/s",
            f"{self.traffic.bytes / _MEGABYTE:,.1f} MB",
            f"{self.traffic.requests:,} requests",
            f"{self.traffic.retries} retries",
            f"{seconds:.0f} s",
        ]
        if rate and self.expected > self.rows:
            parts.append(f"{_shown((self.expected - self.rows) / rate)} left")
        return " · ".join(parts)


def _shown(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 2 * _MINUTE else f"{seconds / _MINUTE:.0f} min"


async def _plainly(counters: Counters) -> None:
    while True:
        await asyncio.sleep(_PLAIN_SECONDS)
        click.echo(counters.line(), err=True)


async def _live(counters: Counters, console: Console) -> None:
    with Live(console=console, transient=True, auto_refresh=False) as live:
        while True:
            live.update(counters.line(), refresh=True)
            await asyncio.sleep(_LIVE_SECONDS)


@asynccontextmanager
async def reporting(counters: Counters) -> AsyncIterator[None]:
    """Show `counters` on stderr while the block runs, and once at its end."""
    console = Console(stderr=True)
    shown = _live(counters, console) if console.is_terminal else _plainly(counters)
    task = asyncio.create_task(shown)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        click.echo(counters.line(), err=True)
