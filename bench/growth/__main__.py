"""`python -m bench.growth`: the whole way as the tenant grows, as build/bench/growth.json."""

from __future__ import annotations

import signal
import sys
import tempfile
from pathlib import Path

import click

from bench import frame
from bench.frame import BenchError
from bench.whole import results
from bench.whole.book import Book
from bench.whole.prepare import REFERENCE, tenant_of
from bench.whole.way import go
from runtime.settings import BUILD

RECORD = BUILD / "bench" / "growth.json"
_FACTORS = (0.1, 3.0)


@click.command()
@click.option("--factors", type=float, multiple=True, default=_FACTORS, show_default=True)
@click.option("--turns", type=click.IntRange(1), default=1, show_default=True)
@click.option("--quick", is_flag=True, help="Tiny tenants, one turn: is the content right?")
@click.option("--record", type=click.Path(path_type=Path, dir_okay=False), default=RECORD)
def main(*, factors: tuple[float, ...], turns: int, quick: bool, record: Path) -> None:
    """Measure what a row costs, and what memory each stage takes, at 1 and at other factors.

    Ten times the rows (`--factors 10`) took 49 GiB of disk with the warehouse on a file system that
    compresses, and want far more elsewhere. Exit code 1 when a goal is missed, except with --quick.
    """
    if REFERENCE in factors:
        raise BenchError("factor 1 is what the others are compared with: it is measured anyway")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # as after Ctrl-C, servers are stopped
    size = "tiny" if quick else "reference"
    tenants = [tenant_of(size, factor) for factor in (REFERENCE, *factors)]
    book = Book(record, lambda ways: [] if quick else results.growth(ways))
    for tenant in tenants:
        click.echo(f"{size} tenant, factor {tenant.factor:g}: {tenant.rows:,} rows")
        for _ in range(1 if quick else turns):
            with tempfile.TemporaryDirectory(prefix="bench-") as none:
                book.enter(tenant, go(tenant, click.echo, customer=False, delta=False), Path(none))
    click.echo("every layer agrees, at every size")
    if reached := book.goals():
        frame.judge(reached)


if __name__ == "__main__":
    main()
