"""`python -m load rollback --run ID`."""

from __future__ import annotations

import click

from load.rollback import roll_back
from runtime.manifest import read_manifest
from runtime.run_ledger import stage
from runtime.settings import splynx_db


@click.command("rollback")
@click.option("--run", "run_id", required=True, help="The run to take back.")
def rollback_command(*, run_id: str) -> None:
    """Take back what a run wrote; what staff did since stays and is listed."""
    db = splynx_db()
    with stage("rollback") as run:
        done = roll_back(run, db, read_manifest(), run_id)
    back = f", {done.restored} that it had deleted are back" if done.restored else ""
    click.echo(f"run {run_id}: {done.deleted} rows deleted, {done.put_back} put back{back}")
    click.echo(f"everything else is unchanged: {done.checked} tables have the checksums of before")
