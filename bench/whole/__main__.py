"""`python -m bench.whole`: the whole way, as a table and as build/bench/whole.json."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import click

from bench import frame
from bench.frame import BenchError
from bench.whole.book import Book
from bench.whole.prepare import REFERENCE, Prepared, prepared
from bench.whole.way import go
from runtime.settings import BUILD, ROOT

RECORD = BUILD / "bench" / "whole.json"
TENANTS = BUILD / "bench" / "tenants"
_SEED = 1
_FACTORS = (REFERENCE, 0.1, 3.0)  # the one with goals first


@click.command()
@click.option("--factor", type=click.FloatRange(min=0, min_open=True), default=REFERENCE)
@click.option("--growth", is_flag=True, help="Several factors, and what a row costs at each.")
@click.option("--factors", type=float, multiple=True, default=_FACTORS, help="Those of --growth.")
@click.option("--turns", type=click.IntRange(1), default=1, show_default=True)
@click.option("--customer/--no-customer", default=True, help="One customer before all of them.")
@click.option("--delta/--no-delta", default=True, help="Again, with 1 % of the records changed.")
@click.option("--profile", "profiled", is_flag=True, help="And what Python spends its time on.")
@click.option("--quick", is_flag=True, help="A tiny tenant, one turn: is the content right?")
@click.option("--prepare", "only_prepare", is_flag=True, help="Record the tenants, go no way.")
@click.option("--record", type=click.Path(path_type=Path, dir_okay=False), default=RECORD)
def main(  # noqa: PLR0913 - one parameter an option
    *,
    factor: float,
    growth: bool,
    factors: tuple[float, ...],
    turns: int,
    customer: bool,
    delta: bool,
    profiled: bool,
    quick: bool,
    only_prepare: bool,
    record: Path,
) -> None:
    """Measure replayed pages to a reconciled report on the reference tenant, stage by stage.

    A tenant is recorded once and kept. One customer, the delta and the profile are measured at
    factor 1 only. Exit code 1 when a goal is missed, except with --quick.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # as after Ctrl-C, servers are stopped
    size = "tiny" if quick else "reference"
    tenants = [_tenant(size, each) for each in (factors if growth else (factor,))]
    if only_prepare:
        return
    book = Book(record, is_judged=not quick)
    for tenant in tenants:
        click.echo(f"{size} tenant, factor {tenant.factor:g}: {tenant.rows:,} rows")
        has_goals = tenant.factor == REFERENCE
        for _ in range(1 if quick else turns):
            with tempfile.TemporaryDirectory(prefix="bench-") as folder:
                samples = Path(folder)
                parts = go(
                    tenant,
                    click.echo,
                    customer=customer and has_goals,
                    delta=delta and has_goals,
                    profiles=samples if profiled and has_goals else None,
                )
                with closing(parts):  # its servers end with it, whatever happens here
                    book.enter(tenant, parts, samples)
    reached = book.goals()
    if not reached:
        click.echo("every layer agrees, in every part of the way")
        return
    click.echo(f"\n{frame.table(reached)}")
    if not all(goal.is_met for goal in reached):
        sys.exit(1)


def _tenant(size: str, factor: float) -> Prepared:
    """Return the recorded tenant; what is not there is recorded, in a process of its own."""
    found = prepared(TENANTS, size, _SEED, factor)
    if found is None:
        click.echo(f"recording the {size} tenant, factor {factor:g}: once, and for minutes")
        options = (f"--place={TENANTS}", f"--size={size}", f"--seed={_SEED}", f"--factor={factor}")
        command = [sys.executable, "-m", "bench.whole.prepare", *options]
        subprocess.run(command, cwd=ROOT, check=True)
        found = prepared(TENANTS, size, _SEED, factor)
    if found is None:
        raise BenchError("the tenant was recorded by code that has changed meanwhile")
    return found


if __name__ == "__main__":
    main()
