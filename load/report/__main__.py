"""`python -m load.report`: write the report and print where it is."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import click

from load.report.collect import collect
from load.report.page import write
from load.report.verdict import judge
from runtime.cli import main
from runtime.errors import ConfigError
from runtime.manifest import read_manifest
from runtime.run_ledger import stage
from runtime.settings import BUILD, shown, sonar_api, splynx_db

_FOLDER = BUILD / "report"


def _links() -> list[tuple[str, str]]:
    candidates = (
        ("Acceptance in detail (Data Docs)", "data_docs/index.html"),
        ("This report as JSON", "report/report.json"),
    )
    return [
        (words, f"../{path}")
        for words, path in candidates
        if (BUILD / path).exists() or path.startswith("report/")
    ]


def _know_secrets() -> None:
    """Read the settings that hold secrets, so that redaction knows them."""
    readers: tuple[Callable[[], object], ...] = (sonar_api, splynx_db)
    for read in readers:
        with suppress(ConfigError):
            read()


@click.command()
def cli() -> None:
    """Write build/report/index.html and report.json."""
    _know_secrets()
    with stage("report", exclusive=False) as run:
        with run.engine.connect() as connection:
            facts = collect(connection, read_manifest())
        verdict = judge(facts)
        page = write(facts, verdict, _FOLDER, _links())
        run.note(level=verdict.level, agrees=verdict.agrees)
    click.echo(f"{verdict.words}.")
    for reason in verdict.reasons:
        click.echo(f"  - {reason.what}")
    click.echo(f"report: {shown(page)}")


if __name__ == "__main__":
    main(cli, "report")
