"""`python -m runtime COMMAND`: what belongs to no single stage: dbt's parse, all stages, purge."""

from __future__ import annotations

import click

from runtime import cli, dbt
from runtime.errors import ConfigError
from runtime.migrate import migrate, read_waves
from runtime.purge import purge, purge_images
from runtime.run_ledger import stage
from runtime.settings import LOCAL, shown


@click.group()
def commands() -> None:
    """Run all stages, or what serves them all."""


@commands.command("parse")
def parse_command() -> None:
    """Have dbt read the project, if its files are newer; every command does when it has to."""
    dbt.parse_if_stale()


@commands.command("migrate")
@click.option("--waves", help="First so many customers, then more, each reconciled: 1,10,100.")
@click.option(
    "--route",
    type=click.Choice(["mysql", "rest", "hybrid"]),
    help="MySQL, the REST API, or each table its own; usual: whatever .env leads to.",
)
@click.option("--rest-tables", help="By hybrid: tables that go over the API although MySQL could.")
def migrate_command(*, waves: str | None, route: str | None, rest_tables: str | None) -> None:
    """Extract, inspect, transform, accept, plan, load, reconcile, report."""
    migrate(read_waves(waves), route, rest_tables)


@commands.command("purge")
@click.option("--yes", is_flag=True, help="Do it; without this nothing is removed.")
@click.option("--run", "run_id", help="Only what rows of Splynx held before this run.")
def purge_command(*, yes: bool, run_id: str | None) -> None:
    """Remove personal data from the warehouse and this machine; ids, counts and decisions stay."""
    what = (
        f"what rows held before {run_id}: it cannot be rolled back then"
        if run_id
        else ("all that was read from Sonar, all marts, files and everything that a rollback needs")
    )
    if not yes:
        raise ConfigError(f"this removes {what}; say --yes (make purge YES=1)")
    with stage("purge") as run:
        purged = purge_images(run.engine, run_id) if run_id else purge(run.engine, dbt.manifest())
        run.note(tables=purged.tables, rows=purged.rows, folders=len(purged.folders))
    click.echo(
        f"purged: {purged.tables} tables, {sum(purged.rows.values())} rows of ops, "
        f"{len(purged.folders)} folders; backups in {shown(LOCAL / 'backups')} are yours to delete"
    )


if __name__ == "__main__":
    cli.main(commands, "runtime")
