"""`python -m load inspect | attest`."""

from __future__ import annotations

import click
from rich.console import Console
from rich.table import Table

from load import inspection, switches
from load.targets import current
from runtime.manifest import read_manifest
from runtime.run_ledger import stage
from runtime.settings import splynx_db


@click.command("inspect")
@click.option("--new-epoch", is_flag=True, help="The target was restored or reset: start afresh.")
def inspect_command(*, new_epoch: bool) -> None:
    """Read what Splynx is and holds; dbt plans ids from it."""
    db = splynx_db()
    with stage("inspect") as run:
        found = inspection.inspect(run, db, read_manifest(), new_epoch=new_epoch)
    server = found.server
    click.echo(f"target {found.target.name}: {server.dialect} {server.version}")
    click.echo(f"sql_mode {server.sql_mode or '(empty)'}")
    click.echo(f"local_infile {'on' if server.local_infile else 'off'}")
    view = Table(box=None, pad_edge=False)
    view.add_column("table")
    for name in ("rows", "next id", "checksum"):
        view.add_column(name, justify="right")
    for table, held in found.held.items():
        next_id = found.next_ids.get(table)
        view.add_row(table, str(held.rows), "" if next_id is None else str(next_id), held.checksum)
    Console(width=None if Console().is_terminal else 120).print(view)
    for table in found.missing:
        click.echo(f"{table}: no such table; a load will be refused")
    for row in found.settled.edited:
        click.echo(f"{row}: edited by staff after an interrupted load; kept")
    for switch in found.switches:
        click.echo(f"switch {switch}")
    if waiting := [switch for switch in found.switches if not switch.settled]:
        click.echo(
            f"{len(waiting)} switches forbid a load: see to them, or look yourself and say so "
            "(`python -m load attest`)"
        )


@click.command("attest")
@click.option("--switch", "names", multiple=True, required=True, help="Name, as inspect lists it.")
@click.option("--words", required=True, help="Who looked, where, and what was seen.")
def attest_command(*, names: tuple[str, ...], words: str) -> None:
    """Vouch for switches that could not be found, or that may stay on."""
    db = splynx_db()
    with stage("attest") as run:
        with run.engine.connect() as warehouse:
            target = current(warehouse, db.address)
        switches.attest(run, target, names, words)
    click.echo(f"recorded for {target.name}: {', '.join(names)}")
