"""`python -m bench.reconcile`: the cases, in turn, as a table and as build/bench/reconcile.json."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

from bench import frame
from bench.reconcile.cases import Bench
from runtime.settings import BUILD
from services import mariadb

RECORD = BUILD / "bench" / "reconcile.json"
_QUICK = 6_000


@click.command()
@click.option("--rows", type=click.IntRange(2_000), default=600_000, show_default=True)
@click.option("--turns", type=click.IntRange(1), default=3, show_default=True)
@click.option("--quick", is_flag=True, help="Few rows, one turn: is what is found right?")
@click.option("--record", type=click.Path(path_type=Path, dir_okay=False), default=RECORD)
def main(*, rows: int, turns: int, quick: bool, record: Path) -> None:
    """Measure how long marts and tables are compared, beside reladiff.

    Exit code 1 when a goal is missed, except with --quick, which measures nothing.
    """
    chosen = (_QUICK, 1) if quick else (rows, turns)
    with frame.postgres_server() as postgres, tempfile.TemporaryDirectory(prefix="bench-") as place:
        folder = Path(place)
        try:
            server = mariadb.up(folder / "mariadb")
            found, goals = Bench(postgres, server, click.echo, folder=folder).measure(*chosen)
        finally:
            mariadb.down(folder / "mariadb")
    results = {"rows": chosen[0], "turns": chosen[1], **found}
    proven = "both ways found what was planted, and nothing else" if quick else None
    frame.conclude(record, results, goals, proven)


if __name__ == "__main__":
    main()
