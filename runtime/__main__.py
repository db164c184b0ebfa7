"""`python -m runtime transform|migrate`: what belongs to no single stage."""

from __future__ import annotations

import click

from runtime import cli, dbt
from runtime.migrate import migrate
from runtime.run_ledger import stage


@click.group()
def commands() -> None:
    """Run dbt, or all stages."""


@commands.command("transform")
def transform_command() -> None:
    """Build seeds, models and data tests with dbt."""
    with stage("transform") as run:
        counts = dbt.build()
        run.note(results=counts)
    click.echo("transform: " + ", ".join(f"{n} {status}" for status, n in sorted(counts.items())))


@commands.command("migrate")
def migrate_command() -> None:
    """Extract, inspect, transform, accept, plan, load, reconcile, report."""
    migrate()


if __name__ == "__main__":
    cli.main(commands, "runtime")
