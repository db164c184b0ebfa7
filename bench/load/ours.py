"""Our load in a process of its own: `python -m bench.load.ours customers|mix [--no-bulk]`."""

from __future__ import annotations

import click

from bench.load.marts import MANIFESTS
from load.run import load
from runtime.run_ledger import stage
from runtime.settings import splynx_db


@click.command()
@click.argument("which", type=click.Choice(sorted(MANIFESTS)))
@click.option("--bulk/--no-bulk", default=True)
def main(*, which: str, bulk: bool) -> None:
    """Load; print rows, and the seconds of plan and writing: the gates before them are not ours."""
    with stage("load") as run:
        result = load(run, splynx_db(), MANIFESTS[which], bulk=bulk)
        seconds = run.detail["seconds_of_plan"] + run.detail["seconds_of_writing"]
        click.echo(f"rows {result.written} kept {len(result.kept)} ways {result.ways}")
        click.echo(f"plan {run.detail['seconds_of_plan']} all {run.detail['seconds']}")
    click.echo(f"work {seconds:.3f}")


if __name__ == "__main__":
    main()
