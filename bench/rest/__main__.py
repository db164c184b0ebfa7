"""`python -m bench.rest`: a load over the API in turns with its requests alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from bench import frame
from bench.rest.cases import Bench
from load.rest.client import Manners
from runtime.settings import BUILD

RECORD = BUILD / "bench" / "rest.json"
_QUICK = 20


@click.command()
@click.option("--customers", type=click.IntRange(1), default=1500, show_default=True)
@click.option("--turns", type=click.IntRange(1), default=3, show_default=True)
@click.option("--latency", type=float, default=0.02, show_default=True, help="Seconds an answer.")
@click.option("--workers", type=int, default=Manners().workers, show_default=True)
@click.option("--quick", is_flag=True, help="Few rows, one turn: is the content right?")
@click.option("--record", type=click.Path(path_type=Path, dir_okay=False), default=RECORD)
def main(  # noqa: PLR0913 - what can be chosen
    *, customers: int, turns: int, latency: float, workers: int, quick: bool, record: Path
) -> None:
    """Measure the writing of a load: intents, creations, read-back, late changes, id map.

    Exit code 1 when a goal is missed, except with --quick, which measures nothing.
    """
    results: dict[str, Any] = {"latency": latency, "workers": workers}
    with frame.postgres_server() as postgres:
        bench = Bench(postgres, latency, workers, click.echo)
        chosen = (_QUICK, 1) if quick else (customers, turns)
        found, goals = bench.rates(*chosen)
    results |= {"turns": chosen[1], **found}
    proven = "every row was sent once and read back" if quick else None
    frame.conclude(record, results, goals, proven)


if __name__ == "__main__":
    main()
