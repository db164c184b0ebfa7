"""`python -m bench.extract`: the cases, in turn, as a table and as build/bench/extract.json."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from bench import frame
from bench.extract.cases import Bench
from bench.frame import Goal
from runtime.settings import BUILD

RECORD = BUILD / "bench" / "extract.json"
_QUICK = (2_000,)
_PLAIN_AT_MOST = 200_000  # rows: plain dlt takes minutes for a million


@click.command()
@click.option("--rows", "sizes", type=int, multiple=True, default=(100_000, 1_000_000))
@click.option("--turns", type=click.IntRange(1), default=3, show_default=True)
@click.option("--page-size", type=click.IntRange(1, 1000), default=1000, show_default=True)
@click.option(
    "--quick", is_flag=True, help="Few rows, one turn: does it work, is the content right?"
)
@click.option("--small/--no-small", default=True, help="300 mostly tiny collections.")
@click.option("--budget", is_flag=True, help="Also three minutes under 400 requests a minute.")
@click.option("--record", type=click.Path(path_type=Path, dir_okay=False), default=RECORD)
def main(  # noqa: PLR0913 - one parameter an option
    *,
    sizes: tuple[int, ...],
    turns: int,
    page_size: int,
    quick: bool,
    small: bool,
    budget: bool,
    record: Path,
) -> None:
    """Measure the extractor from HTTP to rows in Postgres.

    Rates are compared without starting and importing; both are in the record. Exit code 1 when a
    goal is missed, except with --quick, which measures nothing.
    """
    results: dict[str, Any] = {"page_size": page_size, "turns": 1 if quick else turns}
    goals: list[Goal] = []
    with frame.postgres_server() as server:
        bench = Bench(server, page_size, click.echo)
        for size in _QUICK if quick else sizes:
            case, reached = bench.rates(
                size, 1 if quick else turns, plain=not quick and size <= _PLAIN_AT_MOST
            )
            results[f"{size} rows"] = case
            goals += reached
        if small and not quick:
            case, reached = bench.many_small(300)
            results["many small collections"] = case
            goals += reached
        if budget:
            case, reached = bench.under_budget()
            results["request budget"] = case
            goals += reached
    frame.conclude(record, results, goals, "every way landed the same rows" if quick else None)


if __name__ == "__main__":
    main()
