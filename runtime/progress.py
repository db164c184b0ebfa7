"""How far a long step is: a bar on a terminal, a plain line every few seconds elsewhere."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Self

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

_LINE_SECONDS = 5.0


class Progress:
    """`unit`s done out of `total`, with rate and time left, on stderr."""

    def __init__(self, step: str, total: int, unit: str) -> None:
        self._step = step
        self._total = total
        self._unit = unit
        self._done = 0
        self._part = ""
        self._started = self._said = time.monotonic()
        self._bar: Bar | None = None
        if sys.stderr.isatty():
            self._bar = Bar(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("{task.fields[rate]}"),
                TimeRemainingColumn(),
                console=Console(stderr=True),
                transient=True,
            )
            self._task = self._bar.add_task(step, total=total, rate="")

    def __enter__(self) -> Self:
        """Show the bar."""
        if self._bar:
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Take the bar down."""
        if self._bar:
            self._bar.stop()

    def part(self, name: str) -> None:
        """Say what is at work now: a group of tables, a model."""
        self._part = name
        if self._bar:
            self._bar.update(self._task, description=f"{self._step}: {name}")

    def advance(self, count: int) -> None:
        """Count `count` more."""
        self._done += count
        now = time.monotonic()
        rate = self._done / max(now - self._started, 0.001)
        if self._bar:
            self._bar.update(
                self._task,
                completed=self._done,
                rate=f"{rate:,.0f} {self._unit}/s",
            )
        elif now - self._said >= _LINE_SECONDS:
            self._said = now
            left = max(self._total - self._done, 0) / rate if rate else 0
            part = f" ({self._part})" if self._part else ""
            click.echo(
                f"{self._step}: {self._done:,} of {self._total:,} {self._unit}, "
                f"{rate:,.0f} {self._unit}/s, {left:.0f} s left{part}",
                err=True,
            )
