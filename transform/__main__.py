"""`python -m transform COMMAND`: the marts, and the pages that are made from them."""

from __future__ import annotations

import click
from sqlalchemy.exc import ProgrammingError

from runtime import cli, dbt, warehouse
from runtime.errors import WarehouseError
from runtime.manifest import marts_of
from runtime.run_ledger import stage
from runtime.settings import BUILD, ROOT, shown
from transform.build import build
from transform.clean_texts import clean_texts
from transform.field_mapping import counts_of, field_mapping
from transform.model_docs import model_docs
from transform.what_is_migrated import what_is_migrated


@click.group()
def commands() -> None:
    """Build the marts with dbt."""


@commands.command("run")
def run_command() -> None:
    """Clean texts that Splynx shows as HTML; build seeds, models and data tests with dbt."""
    with stage("transform") as run:
        with warehouse.warehouse_answers():
            cleaned = clean_texts(run.engine)
        counts = build()
        run.note(results=counts, cleaned_texts=cleaned)
    if cleaned:
        click.echo(f"transform: {cleaned:,} texts cleaned")
    click.echo("transform: " + ", ".join(f"{n} {status}" for status, n in sorted(counts.items())))


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
    click.echo(f"the models (dbt docs): {shown(model_docs())}")


if __name__ == "__main__":
    cli.main(commands, "transform")
