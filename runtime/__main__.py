"""`python -m runtime COMMAND`: what belongs to no single stage (dbt, all stages, pages, purge)."""

from __future__ import annotations

import click
from sqlalchemy.exc import ProgrammingError

from runtime import cli, dbt, warehouse
from runtime.clean_texts import clean_texts
from runtime.errors import ConfigError, WarehouseError
from runtime.field_mapping import counts_of, field_mapping
from runtime.manifest import marts_of
from runtime.migrate import migrate, read_waves
from runtime.purge import purge, purge_images
from runtime.run_ledger import stage
from runtime.settings import BUILD, LOCAL, ROOT, shown
from runtime.what_is_migrated import what_is_migrated


@click.group()
def commands() -> None:
    """Run dbt, or all stages."""


@commands.command("parse")
def parse_command() -> None:
    """Have dbt read the project, if its files are newer; every command does when it has to."""
    dbt.parse_if_stale()


@commands.command("transform")
def transform_command() -> None:
    """Clean texts that Splynx shows as HTML; build seeds, models and data tests with dbt."""
    with stage("transform") as run:
        with warehouse.warehouse_answers():
            cleaned = clean_texts(run.engine)
        counts = dbt.build()
        run.note(results=counts, cleaned_texts=cleaned)
    if cleaned:
        click.echo(f"transform: {cleaned:,} texts cleaned")
    click.echo("transform: " + ", ".join(f"{n} {status}" for status, n in sorted(counts.items())))


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


@commands.command("field-mapping")
def field_mapping_command() -> None:
    """Write the pages of what is migrated, and the fields with fill rates to build/docs."""
    document = dbt.manifest()
    decisions = ROOT / "docs" / "mapping-decisions.md"
    text = decisions.read_text(encoding="utf-8")
    page = decisions.with_name("field-mapping.md")
    page.write_text(field_mapping(document, text, decisions.name), encoding="utf-8")
    click.echo(f"field mapping: {shown(page)}")
    collections = (ROOT / "dbt_project" / "seeds" / "map_collections.csv").read_text("utf-8")
    page = decisions.with_name("what-is-migrated.md")
    page.write_text(what_is_migrated(document, collections, text, decisions.name), "utf-8")
    click.echo(f"what is migrated, and what is not: {shown(page)}")
    try:
        with warehouse.connect().connect() as connection:
            counts = counts_of(connection, marts_of(document).marts)
    except (WarehouseError, ProgrammingError):
        click.echo("without fill rates: no built warehouse answers (`make transform` makes one)")
        return
    filled = BUILD / "docs" / "field-mapping.md"
    filled.parent.mkdir(parents=True, exist_ok=True)
    filled.write_text(field_mapping(document, text, decisions.as_posix(), counts), encoding="utf-8")
    click.echo(f"with fill rates: {shown(filled)}")


@commands.command("model-docs")
def model_docs_command() -> None:
    """Write dbt's own page about all models, as one file."""
    click.echo(f"the models (dbt docs): {shown(dbt.write_docs())}")


if __name__ == "__main__":
    cli.main(commands, "runtime")
