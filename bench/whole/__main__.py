"""`python -m bench.whole`: the whole way, as a table and as build/bench/whole.json."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from bench import frame
from bench.frame import BenchError
from bench.whole import results
from bench.whole.prepare import Prepared, prepared
from bench.whole.results import Gone
from bench.whole.way import go
from runtime.settings import BUILD, ROOT

RECORD = BUILD / "bench" / "whole.json"
TENANTS = BUILD / "bench" / "tenants"
_SEED = 1
_FACTORS = (0.1, 1.0, 3.0)


@click.command()
@click.option("--factor", type=click.FloatRange(min=0, min_open=True), default=1.0)
@click.option("--growth", is_flag=True, help="Several factors, and what a row costs at each.")
@click.option("--factors", type=float, multiple=True, default=_FACTORS, help="Those of --growth.")
@click.option("--turns", type=click.IntRange(1), default=1, show_default=True)
@click.option("--customer/--no-customer", default=True, help="One customer before all of them.")
@click.option("--delta/--no-delta", default=True, help="Again, with 1 % of the records changed.")
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
    quick: bool,
    only_prepare: bool,
    record: Path,
) -> None:
    """Measure replayed pages to a reconciled report on the reference tenant, stage by stage.

    A tenant is recorded once and kept; that takes longer than to measure it. Exit code 1 when a
    goal is missed, except with --quick and with factors other than 1.
    """
    size = "tiny" if quick else "reference"
    tenants = [_tenant(size, each) for each in (factors if growth else (factor,))]
    if only_prepare:
        return
    by_factor: dict[float, list[Gone]] = {}
    for tenant in tenants:
        click.echo(f"{size} tenant, factor {tenant.factor:g}: {tenant.rows:,} rows")
        for _ in range(1 if quick else turns):
            by_factor.setdefault(tenant.factor, []).append(
                _gone(tenant, customer=customer, delta=delta)
            )
    reached = [] if quick else results.goals(by_factor.get(1.0, [])) if 1.0 in by_factor else []
    reached += results.growth(by_factor)
    written: dict[str, Any] = {
        f"factor {factor:g}": results.record(ways) for factor, ways in by_factor.items()
    }
    frame.write(record, {**written, "goals": [asdict(goal) for goal in reached]})
    if not reached:
        click.echo("every layer agrees, in every part of the way")
        return
    click.echo(f"\n{frame.table(reached)}")
    if not all(goal.is_met for goal in reached):
        sys.exit(1)


def _gone(tenant: Prepared, *, customer: bool, delta: bool) -> Gone:
    made = go(tenant, click.echo, customer=customer, delta=delta)
    return Gone(tenant, made.rows_in_target, made.costs)


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
