"""`python -m load inspect | plan | run | status | backup | restore | rollback | …`."""

from __future__ import annotations

import json
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from load import backup, status
from load import run as running
from load.backup_commands import backup_command, restore_command
from load.ids_command import ids_command
from load.inspection_commands import attest_command, inspect_command
from load.plan import CLASSES, Plan
from load.preview.charges import read_charges
from load.preview.compare import compare, expected_charges
from load.rollback_commands import rollback_command
from runtime import cli
from runtime.errors import ConfigError, ReconcileMismatch
from runtime.manifest import read_manifest
from runtime.run_ledger import stage
from runtime.settings import splynx_db

_SHOWN_CLASHES = 20


@click.group(help=__doc__)
def commands() -> None:
    """Hold the commands together."""


commands.add_command(inspect_command)
commands.add_command(attest_command)
commands.add_command(backup_command)
commands.add_command(restore_command)
commands.add_command(rollback_command)
commands.add_command(ids_command)


@commands.command("plan")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def plan_command(*, as_json: bool) -> None:
    """Show what a load would do; writes nothing."""
    db = splynx_db()
    with stage("plan") as run:
        plan = running.plan_only(run, db, read_manifest())
    _show(plan, as_json=as_json)


@commands.command("run")
@click.option("--dry-run", is_flag=True, help="All checks and the plan, but no write.")
@click.option("--route", type=click.Choice(["mysql", "rest"]), default="mysql", show_default=True)
def run_command(*, dry_run: bool, route: str) -> None:
    """Bring the accepted marts into Splynx."""
    if route == "rest":
        raise ConfigError("the REST route is not built yet: use --route mysql")
    db = splynx_db()
    with stage("load") as run:
        if said := backup.warning(run.engine, db.address):
            click.echo(said, err=True)
        result = running.load(run, db, read_manifest(), dry_run=dry_run)
    if dry_run:
        _show(result.plan, as_json=False)
        click.echo(f"dry run: {result.plan.writes} rows would be written")
        return
    for row in result.settled.edited:
        click.echo(f"{row}: edited by staff after an interrupted load; kept")
    for row in result.kept:
        click.echo(f"{row}: edited by staff while the load ran; kept")
    if theirs := result.plan.count("edited", "conflict", "vanished"):
        click.echo(f"{theirs} rows that staff edited or deleted stay as they are (make plan)")
    click.echo(str(result.ways))
    click.echo(f"inserted {result.inserted}, updated {result.updated}")
    click.echo(f"{result.written} rows written")


@commands.command("status")
def status_command() -> None:
    """Show what the last load did."""
    with stage("load-status", exclusive=False) as run:
        found = status.last_load(run.engine)
    click.echo("\n".join(found.lines()) if found else "no load yet")


@commands.command("compare-preview")
@click.option("--file", "path", type=click.Path(path_type=Path), required=True, help="CSV.")
def compare_preview_command(*, path: Path) -> None:
    """Compare the charges that a test Splynx previews with the expected ones; 4 if they differ."""
    charges = read_charges(path)
    with stage("compare-preview", exclusive=False) as run:
        expected = expected_charges(run.engine, charges)
        differences = compare(charges, expected)
        for difference in differences:
            click.echo(str(difference))
        run.note(services=len(expected), differing=len(differences))
        if differences:
            raise ReconcileMismatch(
                f"{len(differences)} differences in {len(expected)} services: do not switch"
                " billing on before each is explained",
                report={str(difference.service): difference.what for difference in differences},
            )
    click.echo(f"{len(expected)} services as expected, to the cent and the day")


def _show(plan: Plan, *, as_json: bool) -> None:
    if as_json:
        document = {
            "writes": plan.writes,
            "tables": [
                {
                    "table": table.table,
                    "group": table.group,
                    **{name: table.counts.get(name, 0) for name in CLASSES},
                    "samples": {name: list(keys) for name, keys in table.samples.items()},
                }
                for table in plan.tables
            ],
            "clashes": [str(clash) for clash in plan.clashes],
            "lost": [str(reference) for reference in plan.lost],
        }
        click.echo(json.dumps(document, indent=2))
        return
    shown = [name for name in CLASSES if name in CLASSES[:4] or plan.count(name)]
    view = Table(box=None, pad_edge=False)
    view.add_column("table")
    for name in shown:
        view.add_column(name, justify="right")
    for table in plan.tables:
        view.add_row(table.table, *(str(table.counts.get(name, 0)) for name in shown))
    Console(width=None if Console().is_terminal else 120).print(view)
    for clash in plan.clashes[:_SHOWN_CLASHES]:
        click.echo(f"collision: {clash}")
    if len(plan.clashes) > _SHOWN_CLASHES:
        click.echo(f"… and {len(plan.clashes) - _SHOWN_CLASHES} more collisions")
    for reference in plan.lost:
        click.echo(str(reference))


if __name__ == "__main__":
    cli.main(commands, "load")
