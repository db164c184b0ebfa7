"""`python -m bench.transform`: the cases, in turn, as a table and as build/bench/transform.json."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

from bench import frame
from bench.transform.cases import Bench
from runtime.settings import BUILD
from sandbox.sonar.schema import load_schema
from sandbox.sonar.tenant import generate

RECORD = BUILD / "bench" / "transform.json"
_SEED = 1


@click.command()
@click.option("--turns", type=click.IntRange(1), default=2, show_default=True)
@click.option("--quick", is_flag=True, help="A tiny tenant, one turn: is the content right?")
@click.option("--record", type=click.Path(path_type=Path, dir_okay=False), default=RECORD)
def main(*, turns: int, quick: bool, record: Path) -> None:
    """Measure dbt on the reference tenant: from nothing, and after 1 % of the rows changed.

    Exit code 1 when a goal is missed, except with --quick, which measures nothing.
    """
    size = "tiny" if quick else "reference"
    tenant = generate(load_schema(), size, seed=_SEED)
    with frame.postgres_server() as server, tempfile.TemporaryDirectory(prefix="bench-") as folder:
        bench = Bench(server, Path(folder), click.echo)
        results, goals = bench.measure(tenant, 1 if quick else turns)
    proven = "every way built the same tables" if quick else None
    frame.conclude(record, {"size": size, **results}, goals, proven)


if __name__ == "__main__":
    main()
