"""`python -m load inspect | attest`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import click
from rich.console import Console
from rich.table import Table

from load.rest import inspecting
from load.rest.shape_meta import read_shapes
from load.target import inspection, switches
from load.target.targets import current
from runtime.errors import ConfigError
from runtime.manifest import read_manifest
from runtime.run_ledger import stage
from runtime.settings import environment, rest_target_address, splynx_api, splynx_db


@click.command("inspect")
@click.option("--new-epoch", is_flag=True, help="The target was restored or reset: start afresh.")
@click.option("--route", type=click.Choice(["mysql", "rest"]), default="mysql", show_default=True)
def inspect_command(*, new_epoch: bool, route: str) -> None:
    """Read what Splynx is and holds; dbt plans ids from it."""
    if route == "rest":
        _inspect_by_rest(new_epoch=new_epoch)
    else:
        _inspect_by_mysql(new_epoch=new_epoch)


def _inspect_by_mysql(*, new_epoch: bool) -> None:
    db = splynx_db()
    with stage("inspect") as run:
        found = inspection.inspect(run, db, read_manifest(), new_epoch=new_epoch)
    server = found.server
    click.echo(f"target {found.target.name}: {server.dialect} {server.version}")
    click.echo(f"sql_mode {server.sql_mode or '(empty)'}")
    click.echo(f"local_infile {'on' if server.local_infile else 'off'}")
    rows = []
    for table, held in found.held.items():
        next_id = found.next_ids.get(table)
        rows.append((table, str(held.rows), str(next_id or ""), held.checksum))
    _show(("table", "rows", "next id", "checksum"), rows)
    for table in found.missing:
        click.echo(f"{table}: no such table; a load will be refused")
    for row in found.settled.edited:
        click.echo(f"{row}: edited by staff after an interrupted load; kept")
    _say_switches(found.switches)


def _inspect_by_rest(*, new_epoch: bool) -> None:
    if "SPLYNX_MYSQL_URL" in environment():
        raise ConfigError(
            "SPLYNX_MYSQL_URL is set: `make inspect` reads the database, which tells more and names"
            " the same Splynx for both routes; unset it where the database is out of reach for good"
        )
    api = splynx_api()
    with stage("inspect") as run:
        found = inspecting.inspect(run, api, read_shapes(read_manifest()), new_epoch=new_epoch)
    click.echo(f"target {found.target.name}: by its API")
    _show(("table", "rows"), [(table, str(count)) for table, count in found.rows.items()])
    for table, why in found.unread.items():
        click.echo(f"{table}: not read: {why}")
    _say_switches(found.switches)


def _show(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    view = Table(box=None, pad_edge=False)
    for number, head in enumerate(heads):
        view.add_column(head, justify="right" if number else "left")
    for row in rows:
        view.add_row(*row)
    Console(width=None if Console().is_terminal else 120).print(view)


def _say_switches(findings: Sequence[switches.Finding]) -> None:
    for switch in findings:
        click.echo(f"switch {switch}")
    if waiting := [switch for switch in findings if not switch.settled]:
        click.echo(
            f"{len(waiting)} switches forbid a load: see to them, or look yourself and say so "
            "(`make attest`)"
        )


@click.command("attest")
@click.option("--switch", "names", multiple=True, required=True, help="Name, as inspect lists it.")
@click.option("--words", required=True, help="Who looked, where, and what was seen.")
def attest_command(*, names: tuple[str, ...], words: str) -> None:
    """Vouch for switches that could not be found, or that may stay on."""
    address = rest_target_address()
    with stage("attest") as run:
        with run.engine.connect() as warehouse:
            target = current(warehouse, address)
        switches.attest(run, target, names, words)
    click.echo(f"recorded for {target.name}: {', '.join(names)}")
