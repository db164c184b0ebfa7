"""How far a load is: a bar on a terminal, a plain line every few seconds elsewhere."""

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
    """Rows written or refused, out of those planned, in one group of tables after the other."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._done = 0
        self._group = ""
        self._started = self._said = time.monotonic()
        self._bar: Bar | None = None
        if sys.stderr.isatty():
            self._bar = Bar(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("{task.fields[rate]} rows/s"),
                TimeRemainingColumn(),
                console=Console(stderr=True),
            )
            self._task = self._bar.add_task("load", total=total, rate="-")

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

    def group(self, name: str) -> None:
        """Say which tables are being written."""
        self._group = name
        if self._bar:
            self._bar.update(self._task, description=name)

    def advance(self, rows: int) -> None:
        """Count `rows` more."""
        self._done += rows
        now = time.monotonic()
        rate = self._done / max(now - self._started, 0.001)
        if self._bar:
            self._bar.update(self._task, completed=self._done, rate=f"{rate:,.0f}")
        elif now - self._said >= _LINE_SECONDS:
            self._said = now
            left = (self._total - self._done) / rate if rate else 0
            click.echo(
                f"load: {self._group}: {self._done} of {self._total} rows, {rate:.0f} rows/s, "
                f"{left:.0f} s left",
                err=True,
            )
