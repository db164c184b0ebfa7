"""`python -m load.report`: write the report and print where it is."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import click

from load.report.collect import collect
from load.report.facts import Beside
from load.report.lists import write_index, write_lists
from load.report.page import write
from load.report.verdict import judge
from runtime.cli import main
from runtime.errors import ConfigError
from runtime.manifest import read_manifest
from runtime.run_ledger import stage
from runtime.settings import BUILD, shown, sonar_api, splynx_db

_FOLDER = BUILD / "report"


_LINKS = (
    ("Acceptance in detail (Data Docs)", "data_docs/index.html"),
    ("Which Splynx id each Sonar record has", "ids/index.html"),
    ("Where each column comes from, and how filled it is", "docs/field-mapping.md"),
    ("What Sonar has", "docs/sonar/index.html"),
    ("What Splynx has", "docs/splynx/index.html"),
    ("The models (dbt docs)", "dbt/static_index.html"),
)


def links(build: Path) -> tuple[tuple[str, str], ...]:
    """Return words and relative address of each artefact that exists."""
    found = [(words, f"../{path}") for words, path in _LINKS if (build / path).exists()]
    return (*found, ("This report as JSON", "report.json"))


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
            manifest = read_manifest()
            facts = collect(connection, manifest)
            target = facts.target or ""
            _FOLDER.mkdir(parents=True, exist_ok=True)
            downloads = write_lists(connection, target, _FOLDER)
            decimals = facts.first_week.decimals if facts.first_week is not None else 2
            index = _FOLDER / "accounts.js"
            accounts = write_index(connection, manifest, target, index, decimals=decimals)
        verdict = judge(facts)
        beside = Beside(links(BUILD), tuple(downloads), accounts)
        page = write(facts, verdict, _FOLDER, beside)
        run.note(level=verdict.level, agrees=verdict.agrees)
    click.echo(f"{verdict.words}.")
    for reason in verdict.reasons:
        click.echo(f"  - {reason.what}")
    click.echo(f"report: {shown(page)}")


if __name__ == "__main__":
    main(cli, "report")
