"""`python -m load.reconcile`: compare Sonar's counts, the warehouse and the live target."""

from __future__ import annotations

import click

from load.reconcile.reconciliation import reconcile
from load.reconcile.results import Difference, EntityResult, table
from runtime.cli import main
from runtime.errors import ReconcileMismatch
from runtime.manifest import read_manifest
from runtime.run_ledger import stage
from runtime.settings import splynx_db


def _lines(result: EntityResult, difference: Difference) -> list[str]:
    keys = f" [{', '.join(difference.keys)}]" if difference.keys else ""
    head = f"  {result.entity} · {difference.layer} · {difference.kind}: {difference.what}"
    return [f"{head} ({difference.count}){keys}", *(f"    {line}" for line in difference.details)]


@click.command()
def cli() -> None:
    """Compare all layers, print the table, end with 4 when anything differs."""
    with stage("reconcile") as run:
        results = reconcile(run, read_manifest(), splynx_db())
        click.echo(table(results))
        differing = [result for result in results if result.verdict == "differs"]
        for result in differing:
            for difference in result.differences:
                click.echo("\n".join(_lines(result, difference)))
        run.note(entities=len(results), differing=len(differing))
        if differing:
            first = differing[0].differences[0]
            raise ReconcileMismatch(
                f"{len(differing)} of {len(results)} entities differ, first: "
                f"{differing[0].entity}: {first.what}",
                report={r.entity: [d.as_dict() for d in r.differences] for r in differing},
            )


if __name__ == "__main__":
    main(cli, "reconcile")
