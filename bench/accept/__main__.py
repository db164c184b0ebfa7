"""`python -m bench.accept`: the cases, in turn, as a table and as build/bench/accept.json."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

from bench import frame
from bench.accept.cases import Bench
from runtime.settings import BUILD
from services import mariadb

RECORD = BUILD / "bench" / "accept.json"


@click.command()
@click.option("--turns", type=click.IntRange(1), default=3, show_default=True)
@click.option("--quick", is_flag=True, help="A tiny tenant, one turn: is the content right?")
@click.option("--record", type=click.Path(path_type=Path, dir_okay=False), default=RECORD)
def main(*, turns: int, quick: bool, record: Path) -> None:
    """Measure acceptance of the reference tenant's marts, with some rows that break rules.

    Exit code 1 when a goal is missed, except with --quick, which measures nothing.
    """
    size = "tiny" if quick else "reference"
    with frame.postgres_server() as server, tempfile.TemporaryDirectory(prefix="bench-") as place:
        splynx = Path(place) / "mariadb"
        try:
            bench = Bench(server, mariadb.up(splynx), Path(place), click.echo)
            results, goals = bench.measure(size, 1 if quick else turns)
        finally:
            mariadb.down(splynx)
    proven = "every way found the same rows" if quick else None
    frame.conclude(record, {"size": size, **results}, goals, proven)


if __name__ == "__main__":
    main()
