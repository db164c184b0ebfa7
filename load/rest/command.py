"""`python -m load run --route rest`: what a load over the API says."""

from __future__ import annotations

import click

from load.planning.plan import Plan
from load.planning.scope import Scope
from load.planning.three_way import KEEP
from load.rest.run import Loaded, load, plan_only
from runtime.manifest import read_manifest
from runtime.run_ledger import Run
from runtime.settings import splynx_api

_SHOWN = 20


def run_by_rest(
    run: Run,
    chosen: Scope,
    *,
    dry_run: bool = False,
    on_conflict: str = KEEP,
    many_gone: bool = False,
) -> Loaded:
    """Load over the API and say what came of it.

    Raises:
        MigrationError: as `load.rest.run.load`.
    """
    tell = click.echo if dry_run else None
    loaded = load(
        run,
        splynx_api(),
        read_manifest(),
        dry_run=tell,
        chosen=chosen,
        on_conflict=on_conflict,
        many_gone=many_gone,
    )
    for line in loaded.impossible:
        click.echo(f"not by the API: {line}")
    return loaded


def plan_by_rest(run: Run, chosen: Scope) -> Plan:
    """Return what a load over the API would do now.

    Raises:
        MigrationError: as `load.rest.run.plan_only`.
    """
    return plan_only(run, read_manifest(), chosen)


def say(loaded: Loaded) -> None:
    """Show what a load did."""
    written, tally = loaded.written, loaded.tally
    if written.found:
        click.echo(f"{written.found} rows were found where Splynx made them or a reply was lost")
    for row in written.kept[:_SHOWN]:
        click.echo(f"{row}: changed by staff and not by Sonar; kept")
    for row in written.contested[:_SHOWN]:
        click.echo(f"conflict: {row}: changed by Sonar and by staff; theirs stays")
    for row in written.vanished[:_SHOWN]:
        click.echo(f"{row}: deleted by staff; it stays deleted")
    if written.twins:
        click.echo(
            f"{written.twins} rows came twice after a lost reply; the second ones are deleted"
        )
    if written.deleted:
        click.echo(f"{written.deleted} rows were deleted in Splynx, as their records are")
    removed = loaded.removed
    for stays in removed.kept[:_SHOWN]:
        click.echo(f"gone, and stays: {stays}")
    if removed.deleted or removed.flagged:
        click.echo(f"gone from Sonar: deleted {removed.deleted}, flagged {removed.flagged}")
    if others := loaded.plan.count("not_selected"):
        click.echo(f"{others} rows were not selected (scope); a load without it brings them")
    if not tally.requests:
        click.echo("over the API: nothing to send")
        return
    click.echo(f"over the API: {tally.requests} requests, {tally.retries} of them repeated")
    click.echo(f"created {written.created}, changed {written.changed}")
    click.echo(f"{written.proven} rows are in Splynx, read back and equal")
