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

from extract.client import Tally

_LIVE_SECONDS = 0.25
_PLAIN_SECONDS = 5.0
_MEGABYTE = 1_000_000


@dataclass(slots=True)
class Counters:
    """How far the run is."""

    collections: int = 0
    done: int = 0
    rows: int = 0
    traffic: Tally = field(default_factory=Tally)
    started: float = field(default_factory=time.monotonic)

    def line(self) -> str:
        """Return the state in one line."""
        seconds = max(time.monotonic() - self.started, 0.001)
        return (
            f"extract: {self.done}/{self.collections} collections · {self.rows:,} rows · "
            f"{self.rows / seconds:,.0f} rows/s · {self.traffic.bytes / _MEGABYTE:,.1f} MB · "
            f"{self.traffic.requests:,} requests · {self.traffic.retries} retries · {seconds:.0f} s"
        )


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
