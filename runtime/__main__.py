"""`python -m runtime transform|migrate|field-mapping`: what belongs to no single stage."""

from __future__ import annotations

import click
import orjson
from sqlalchemy.exc import ProgrammingError

from runtime import cli, dbt, warehouse
from runtime.errors import WarehouseError
from runtime.field_mapping import counts_of, field_mapping
from runtime.manifest import marts_of
from runtime.migrate import migrate
from runtime.run_ledger import stage
from runtime.settings import BUILD, ROOT, shown


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


@commands.command("field-mapping")
def field_mapping_command() -> None:
    """Write docs/field-mapping.md, and the same with fill rates of the warehouse to build/docs."""
    dbt.parse_if_stale()
    document = orjson.loads(dbt.MANIFEST.read_bytes())
    decisions = ROOT / "docs" / "mapping-decisions.md"
    text = decisions.read_text(encoding="utf-8")
    page = decisions.with_name("field-mapping.md")
    page.write_text(field_mapping(document, text, decisions.name), encoding="utf-8")
    click.echo(f"field mapping: {shown(page)}")
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


if __name__ == "__main__":
    cli.main(commands, "runtime")
