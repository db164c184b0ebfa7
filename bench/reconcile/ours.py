"""Our comparison in a process of its own: `python -m bench.reconcile.ours rows|tables|stage FILE`.

`rows` is what reladiff does too: which rows differ. `tables` goes on with totals by group, with
references that lead nowhere and with what the load recorded of each row; `stage` with all layers.
"""

from __future__ import annotations

import json
import time
from pathlib import Path

import click
from sqlalchemy import Connection

from bench.reconcile.planted import MARTS, Found
from load.reconcile.accounting import mart_rows
from load.reconcile.by_mysql import ByMySql
from load.reconcile.compare import compare
from load.reconcile.reconciliation import current_target, reconcile
from load.reconcile.sides import MartSide, TargetSide
from load.reconcile.splynx import snapshot, table_of
from load.reconcile.translation import Translation
from runtime.run_ledger import Run, stage
from runtime.settings import SplynxDb, splynx_db


@click.command()
@click.argument("which", type=click.Choice(["rows", "tables", "stage"]))
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def main(*, which: str, file: Path) -> None:
    """Compare; write what was found, and print the seconds from the first query on."""
    with stage("reconcile") as run:
        db = splynx_db()
        started = time.monotonic()
        found = _stage(run, db) if which == "stage" else _tables(run, db, rows=which == "rows")
        seconds = time.monotonic() - started
    file.write_text(json.dumps(found), encoding="utf-8")
    click.echo(f"work {seconds:.3f}")


def _tables(run: Run, db: SplynxDb, *, rows: bool) -> Found:
    """Compare marts with tables, or their `rows` alone; return the keys of what differs."""
    reading = run.engine.connect().execution_options(
        isolation_level="REPEATABLE READ", postgresql_readonly=True
    )
    with reading as warehouse, snapshot(db) as splynx:
        if rows:
            return _rows(warehouse, splynx)
        return _compared(warehouse, splynx, current_target(warehouse, db.address))


def _rows(warehouse: Connection, splynx: Connection) -> Found:
    found: Found = {}
    for mart in MARTS.marts:
        table = table_of(splynx, mart)
        said = compare(MartSide(warehouse, table, mart.relation), TargetSide(splynx, table))
        classes = {"modified": said.modified, "missing": said.missing, "extra": said.surplus}
        found[mart.name] = {
            name: sorted(int(str(key[0])) for key in keys) for name, keys in classes.items()
        }
    return found


def _compared(warehouse: Connection, splynx: Connection, target: str) -> Found:
    tables = ByMySql(warehouse, splynx, target, Translation(warehouse, MARTS, target))
    found: Found = {}
    for mart in MARTS.marts:
        differing = tables.compare(mart, mart_rows(warehouse, mart)).differing
        ours, theirs = (
            {int(str(key[0])) for key in keys} for keys in (differing.ours, differing.theirs)
        )
        found[mart.name] = {
            "modified": sorted(ours & theirs),
            "missing": sorted(ours - theirs),
            "extra": sorted(theirs - ours),
        }
    return found


def _stage(run: Run, db: SplynxDb) -> dict[str, dict[str, int]]:
    """Reconcile all layers; return how many rows differ."""
    return {
        result.entity: {
            "modified": result.target.modified,
            "missing": result.target.missing,
            "extra": result.target.extra,
        }
        for result in reconcile(run, MARTS, db)
    }


if __name__ == "__main__":
    main()
