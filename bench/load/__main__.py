"""`python -m bench.load`: the cases, in turn, as a table and as build/bench/load.json."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import click

from bench import frame
from bench.frame import Goal
from bench.load.cases import Bench
from runtime.settings import BUILD
from services import mariadb

RECORD = BUILD / "bench" / "load.json"
_QUICK = (2_000,)
_DLT_AT_MOST = 200_000  # rows: dlt takes minutes for a million


@click.command()
@click.option("--rows", "sizes", type=int, multiple=True, default=(200_000, 1_000_000))
@click.option("--turns", type=click.IntRange(1), default=3, show_default=True)
@click.option("--quick", is_flag=True, help="Few rows, one turn: is the content right?")
@click.option("--dlt/--no-dlt", "with_dlt", default=True, help="Beside dlt's own destination too.")
@click.option("--record", type=click.Path(path_type=Path, dir_okay=False), default=RECORD)
def main(*, sizes: tuple[int, ...], turns: int, quick: bool, with_dlt: bool, record: Path) -> None:
    """Measure the load: plan, intents, writing and id map, beside the server's own client.

    Exit code 1 when a goal is missed, except with --quick, which measures nothing.
    """
    results: dict[str, Any] = {"turns": 1 if quick else turns}
    goals: list[Goal] = []
    with frame.postgres_server() as postgres, tempfile.TemporaryDirectory(prefix="bench-") as place:
        folder = Path(place) / "mariadb"
        try:
            bench = Bench(postgres, mariadb.up(folder), click.echo)
            for size in _QUICK if quick else sizes:
                dlt = with_dlt and not quick and size <= _DLT_AT_MOST
                case, reached = bench.rates(size, 1 if quick else turns, dlt=dlt)
                results[f"{size} rows"] = {**case, **bench.mix(size)}
                goals += reached
        finally:
            mariadb.down(folder)
    frame.conclude(record, results, goals, "every way loaded the same rows" if quick else None)


if __name__ == "__main__":
    main()
