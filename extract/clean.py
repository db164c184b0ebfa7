"""`python -m extract clean`: forget everything that was extracted from a source."""

from __future__ import annotations

import shutil

import click
from sqlalchemy import text

from extract.files.links import forget_files
from extract.landing.pipeline import DATASET, working_folder
from runtime.run_ledger import stage
from runtime.settings import sonar_api

# Questions and schemas of the source are facts about it, not what was extracted: they stay.
_OF_EXTRACTION = ("extract_ledger", "extract_state", "extract_refusal")


@click.command("clean")
@click.option("--yes", is_flag=True, help="Do it; without this nothing is dropped.")
def command(*, yes: bool) -> None:
    """Drop everything that was extracted from this source, its files and its ledger."""
    host = sonar_api().host
    if not yes:
        raise click.UsageError(
            f"this drops all that was extracted from {host} out of the warehouse; say --yes"
        )
    with stage("extract-clean") as current:
        with current.engine.begin() as connection:
            connection.exec_driver_sql(f"drop schema if exists {DATASET}_staging cascade")
            connection.exec_driver_sql(f"drop schema if exists {DATASET} cascade")
            connection.exec_driver_sql(f"create schema {DATASET}")
            for name in _OF_EXTRACTION:
                connection.execute(
                    text(f"delete from ops.{name} where source = :source"), {"source": host}
                )
        shutil.rmtree(working_folder(current.engine.url), ignore_errors=True)
        forget_files(current.engine, host)
    click.echo(f"the extraction of {host} has been dropped")
