"""`python -m load ids --out FILE.csv`."""

from __future__ import annotations

from pathlib import Path

import click

from load.ids.manifest import LOADED, MATCHED, PENDING, REJECTED, UNUSED, counted, ids, write_csv
from load.ids.page import write_page
from load.target.targets import current
from runtime.manifest import read_manifest
from runtime.run_ledger import stage
from runtime.settings import BUILD, shown, splynx_db

_STATES = (LOADED, MATCHED, PENDING, UNUSED, REJECTED)


@click.command("ids")
@click.option(
    "--out",
    "path",
    type=click.Path(path_type=Path, dir_okay=False),
    help="CSV to write (default: build/ids/ids.csv).",
)
def ids_command(*, path: Path | None) -> None:
    """Export which Splynx id each Sonar record has, as CSV and as a page to search in."""
    db = splynx_db()
    folder = BUILD / "ids"
    path = path or folder / "ids.csv"
    with stage("ids", exclusive=False) as run, run.engine.connect() as warehouse:
        target = current(warehouse, db.address)
        found = ids(warehouse, read_manifest(), target)
        counts = counted(write_page(folder, target.name, write_csv(path, found)))
        total = sum(count for (_, state), count in counts.items() if state != REJECTED)
        run.note(target=target.name, ids=total)
    for entity in sorted({entity for entity, _ in counts}):
        said = [f"{counts[entity, s]} {s}" for s in _STATES if counts.get((entity, s))]
        click.echo(f"{entity}: {', '.join(said)}")
    pending = sum(count for (_, state), count in counts.items() if state == PENDING)
    click.echo(f"{total} ids, {pending} pending")
    click.echo(f"{shown(path)}, {shown(folder / 'index.html')}")
