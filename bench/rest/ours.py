"""Our load over the API in a process of its own: `python -m bench.rest.ours`."""

from __future__ import annotations

import click

from bench.rest.marts import MANIFEST
from load.rest.client import Manners
from load.rest.run import load
from runtime.run_ledger import stage
from runtime.settings import splynx_api


@click.command()
@click.option("--workers", type=int, default=Manners().workers, show_default=True)
def main(*, workers: int) -> None:
    """Load; print what it did, and the seconds of planning and of writing."""
    with stage("load") as run:
        loaded = load(run, splynx_api(), MANIFEST, manners=Manners(workers=workers))
        written = loaded.written
        click.echo(f"created {written.created} proven {written.proven}")
        click.echo(f"requests {loaded.tally.requests} plan {run.detail['seconds_of_plan']}")
    click.echo(f"work {run.detail['seconds_of_writing']:.3f}")


if __name__ == "__main__":
    main()
