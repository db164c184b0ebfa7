"""`python -m bench.whole`: the whole way, as a table and as build/bench/whole.json."""

from __future__ import annotations

import signal
import sys
import tempfile
from pathlib import Path

import click

from bench import frame
from bench.whole import results
from bench.whole.book import Book
from bench.whole.prepare import REFERENCE, tenant_of
from bench.whole.way import go
from runtime.settings import BUILD

RECORD = BUILD / "bench" / "whole.json"


@click.command()
@click.option("--turns", type=click.IntRange(1), default=1, show_default=True)
@click.option("--customer/--no-customer", default=True, help="One customer before all of them.")
@click.option("--delta/--no-delta", default=True, help="Again, with 1 % of the records changed.")
@click.option("--profile", "profiled", is_flag=True, help="And what Python spends its time on.")
@click.option("--quick", is_flag=True, help="A tiny tenant, one turn: is the content right?")
@click.option("--record", type=click.Path(path_type=Path, dir_okay=False), default=RECORD)
def main(  # noqa: PLR0913 - one parameter an option
    *, turns: int, customer: bool, delta: bool, profiled: bool, quick: bool, record: Path
) -> None:
    """Measure replayed pages to a reconciled report on the reference tenant, stage by stage.

    The tenant is recorded once and kept. Exit code 1 when a goal is missed, except with --quick.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # as after Ctrl-C, servers are stopped
    tenant = tenant_of("tiny" if quick else "reference", REFERENCE)
    click.echo(f"{tenant.size} tenant: {tenant.rows:,} rows")
    book = Book(record, lambda ways: [] if quick else results.goals(ways))
    for _ in range(1 if quick else turns):
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            samples = Path(folder)
            profiles = samples if profiled else None
            parts = go(tenant, click.echo, customer=customer, delta=delta, profiles=profiles)
            book.enter(tenant, parts, samples)
    click.echo("every layer agrees, in every part of the way")
    if reached := book.goals():
        frame.judge(reached)


if __name__ == "__main__":
    main()
