"""`python -m load inspect | plan | run | retry | status | backup | restore | rollback | …`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from load import hybrid, status
from load import run as running
from load.backup import save as backup
from load.backup.commands import backup_command, restore_command
from load.doctor import doctor_command
from load.files.command import followed_by_files, left_to_the_api
from load.handover.commands import handover_command
from load.ids.command import ids_command
from load.planning import collisions
from load.planning.plan import CLASSES, Plan
from load.planning.route_options import route_options
from load.planning.routes import HYBRID, MYSQL, REST, assigned
from load.planning.scope import Scope
from load.planning.scope_options import scope_options
from load.planning.three_way import KEEP, POLICIES
from load.preview.charges import read_charges
from load.preview.compare import compare, expected_charges
from load.rest.command import plan_by_rest, run_by_rest, say
from load.rollback.commands import rollback_command
from load.target.commands import attest_command, inspect_command
from load.target_docs.command import docs_command
from load.writing.plan_writer import MAX_PASSES, Result
from load.writing.record_log import path_of
from runtime import cli
from runtime.errors import ConfigError, ReconcileMismatch, Unfinished
from runtime.manifest import read_manifest
from runtime.run_ledger import Run, stage
from runtime.settings import BUILD, shown, splynx_api, splynx_db

_SHOWN_CLASHES = 20
_WORDS = {
    "not_selected": "not selected (scope)",
    "gone_unselected": "gone, not selected",
}


@click.group(help=__doc__)
def commands() -> None:
    """Hold the commands together."""


commands.add_command(inspect_command)
commands.add_command(attest_command)
commands.add_command(backup_command)
commands.add_command(restore_command)
commands.add_command(rollback_command)
commands.add_command(ids_command)
commands.add_command(handover_command)
commands.add_command(doctor_command)
commands.add_command(docs_command)


@commands.command("plan")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@route_options
@scope_options
def plan_command(*, as_json: bool, route: str, rest_tables: Sequence[str], chosen: Scope) -> None:
    """Show what a load would do; writes nothing. What goes by the API is shown as parked."""
    if route == REST:
        with stage("plan") as run:
            plan = plan_by_rest(run, chosen)
        _show(plan, as_json=as_json)
        return
    db = splynx_db()
    with stage("plan") as run:
        manifest = read_manifest()
        routes = assigned(manifest, route, rest_tables) if route == HYBRID else None
        plan = running.plan_only(run, db, manifest, chosen, routes)
    _show(plan, as_json=as_json)


@commands.command("run")
@click.option("--dry-run", is_flag=True, help="All checks and the plan, but no write.")
@route_options
@click.option(
    "--max-passes",
    type=click.IntRange(min=0),
    default=MAX_PASSES,
    show_default=True,
    help="How often what was refused is tried again within the run.",
)
@click.option(
    "--on-conflict",
    type=click.Choice(POLICIES),
    default=KEEP,
    show_default=True,
    help="Columns that Sonar and staff both changed: whose stays; or no load.",
)
@click.option("--many-gone", is_flag=True, help="Remove rows even where they are many.")
@click.option("--no-remap", is_flag=True, help="Refuse where a record would get a new id.")
@click.option("--skip-files", is_flag=True, help="Upload no files (by MySQL none are).")
@click.option("--debug-records", is_flag=True, help="A log of single records, without values.")
@scope_options
def run_command(  # noqa: PLR0913 - what a load is told
    *,
    dry_run: bool,
    route: str,
    rest_tables: Sequence[str],
    max_passes: int,
    on_conflict: str,
    many_gone: bool,
    no_remap: bool,
    skip_files: bool,
    debug_records: bool,
    chosen: Scope,
) -> None:
    """Bring the accepted marts into Splynx."""
    if rest_tables and route != HYBRID:
        raise ConfigError("REST_TABLES moves tables of ROUTE=hybrid: set that route")
    if route == REST:
        _refuse_by_rest(max_passes, no_remap=no_remap, debug_records=debug_records)
        _run_by_rest(
            chosen,
            dry_run=dry_run,
            on_conflict=on_conflict,
            many_gone=many_gone,
            skip_files=skip_files,
        )
        return
    if route == MYSQL and skip_files:
        click.echo("no files are loaded by this route: --skip-files changes nothing")
    db = splynx_db()
    folder = BUILD / "logs" if debug_records else None
    with stage("load") as run:
        if said := backup.warning(run.engine, db.address):
            click.echo(said, err=True)
        if debug_records:
            click.echo(f"single records: {shown(path_of(BUILD / 'logs', run))}")
        if route == HYBRID:
            with followed_by_files(run, chosen, make_rows=False, skip=skip_files or dry_run):
                _run_by_both(
                    run,
                    chosen,
                    rest_tables,
                    dry_run=dry_run,
                    max_passes=max_passes,
                    on_conflict=on_conflict,
                    many_gone=many_gone,
                    no_remap=no_remap,
                    log_folder=folder,
                )
            return
        manifest = read_manifest()
        with left_to_the_api(run, db.address, manifest, skip=skip_files or dry_run):
            result = running.load(
                run,
                db,
                manifest,
                dry_run=dry_run,
                chosen=chosen,
                max_passes=max_passes,
                on_conflict=on_conflict,
                many_gone=many_gone,
                no_remap=no_remap,
                log_folder=folder,
            )
    if dry_run:
        _show(result.plan, as_json=False)
        click.echo(f"dry run: {result.plan.writes} rows would be written")
        return
    _say(result)


def _run_by_both(
    run: Run,
    chosen: Scope,
    rest_tables: Sequence[str],
    *,
    dry_run: bool,
    **of_mysql: Any,  # noqa: ANN401 - options of `load.run.load`
) -> None:
    manifest = read_manifest()
    routes = assigned(manifest, HYBRID, rest_tables)
    both = hybrid.load(
        run,
        splynx_db(),
        splynx_api(),
        manifest,
        routes,
        dry_run=click.echo if dry_run else None,
        chosen=chosen,
        **of_mysql,
    )
    if both.mysql and not dry_run:
        _say(both.mysql)
    if both.rest and not dry_run:
        say(both.rest)
    if dry_run and both.mysql and both.rest:
        click.echo(
            f"dry run: {both.mysql.plan.writes} rows would be written by MySQL,"
            f" {both.rest.plan.writes} sent to the API"
        )
    if both.left:
        items = [item for unfinished in both.left for item in unfinished.items]
        raise Unfinished("; ".join(str(one) for one in both.left), items)


def _refuse_by_rest(max_passes: int, *, no_remap: bool, debug_records: bool) -> None:
    """Refuse what has no meaning over the API.

    Raises:
        ConfigError: with the reason.
    """
    if max_passes != MAX_PASSES:
        raise ConfigError(
            "--max-passes is of the MySQL route: over the API a refused row waits for"
            " `make retry ROUTE=rest`"
        )
    if no_remap:
        raise ConfigError(
            "--no-remap is of the MySQL route: over the API Splynx gives every record its id"
        )
    if debug_records:
        raise ConfigError(
            "--debug-records is of the MySQL route: over the API DRY_RUN=1 shows single requests,"
            " ops.refusal rows at fault"
        )


def _run_by_rest(
    chosen: Scope, *, dry_run: bool, on_conflict: str, many_gone: bool, skip_files: bool
) -> None:
    skip = skip_files or dry_run
    with stage("load") as run, followed_by_files(run, chosen, make_rows=True, skip=skip):
        loaded = run_by_rest(
            run, chosen, dry_run=dry_run, on_conflict=on_conflict, many_gone=many_gone
        )
    if dry_run:
        _show(loaded.plan, as_json=False)
        click.echo(f"dry run: {loaded.plan.writes} rows would be sent")
        return
    say(loaded)


@commands.command("retry")
@click.option("--route", type=click.Choice(["mysql", "rest"]), default="mysql", show_default=True)
def retry_command(*, route: str) -> None:
    """Load what is in quarantine, and nothing else, after its cause was mended."""
    if route == "rest":
        with stage("load") as run:
            loaded = run_by_rest(run, Scope(quarantined=True))
        if not loaded.plan.writes:
            click.echo("nothing is in quarantine that could be loaded")
        say(loaded)
        return
    db = splynx_db()
    with stage("load") as run:
        result = running.load(run, db, read_manifest(), chosen=Scope(quarantined=True))
    if not result.plan.writes:
        click.echo("nothing is in quarantine that could be loaded")
    _say(result)


def _say(result: Result) -> None:
    for row in result.settled.edited:
        click.echo(f"{row}: edited by staff after an interrupted load; kept")
    for row in result.kept:
        click.echo(f"{row}: edited by staff while the load ran; kept")
    for conflict in result.plan.conflicts[:_SHOWN_CLASHES]:
        click.echo(f"conflict: {conflict}: changed by Sonar and by staff")
    removed = result.removed
    for stays in removed.kept[:_SHOWN_CLASHES]:
        click.echo(f"gone, and stays: {stays}")
    if removed.deleted or removed.flagged:
        click.echo(f"gone from Sonar: deleted {removed.deleted}, flagged {removed.flagged}")
    if theirs := result.plan.count("edited", "conflict", "vanished"):
        click.echo(f"{theirs} rows stay as staff, a handover or an upload left them (make plan)")
    if others := result.plan.count("not_selected"):
        click.echo(f"{others} rows were not selected (scope); a load without it brings them")
    click.echo(str(result.ways))
    if result.deferred:
        click.echo(
            f"{result.deferred} rows were refused at first and tried again in {result.passes}"
            " passes"
        )
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
            "collisions": dict(plan.collisions),
            "conflicts": [str(conflict) for conflict in plan.conflicts],
            "lost": [str(reference) for reference in plan.lost],
            "remaps": [str(remap) for remap in plan.remaps],
        }
        click.echo(json.dumps(document, indent=2))
        return
    shown = [name for name in CLASSES if name in CLASSES[:4] or plan.count(name)]
    view = Table(box=None, pad_edge=False)
    view.add_column("table")
    for name in shown:
        view.add_column(_WORDS.get(name, name), justify="right")
    for table in plan.tables:
        view.add_row(table.table, *(str(table.counts.get(name, 0)) for name in shown))
    Console(width=None if Console().is_terminal else 120).print(view)
    for clash in plan.clashes[:_SHOWN_CLASHES]:
        click.echo(f"collision: {clash}")
    if len(plan.clashes) > _SHOWN_CLASHES:
        click.echo(f"… and {len(plan.clashes) - _SHOWN_CLASHES} more collisions")
    if plan.collisions:
        click.echo(f"collisions: {collisions.said(plan.collisions)} (make ids lists them)")
    for conflict in plan.conflicts[:_SHOWN_CLASHES]:
        click.echo(f"conflict: {conflict}")
    for reference in plan.lost:
        click.echo(str(reference))
    for remap in plan.remaps[:_SHOWN_CLASHES]:
        click.echo(f"new id: {remap}")
    if len(plan.remaps) > _SHOWN_CLASHES:
        click.echo(f"… and {len(plan.remaps) - _SHOWN_CLASHES} more new ids (make ids)")


if __name__ == "__main__":
    cli.main(commands, "load")
