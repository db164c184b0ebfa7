"""Marts for a turn, inspected and accepted: `python -m bench.load.prepare make|change`."""

from __future__ import annotations

import click
from sqlalchemy import Engine, text

from bench.load.marts import CUSTOMERS, MANIFESTS, change, fill
from load.target import switches
from load.target.inspection import inspect
from runtime.fingerprint import fingerprint
from runtime.manifest import Manifest
from runtime.run_ledger import stage
from runtime.settings import splynx_db


@click.group()
def main() -> None:
    """Hold the commands together."""


@main.command("make")
@click.argument("which", type=click.Choice(sorted(MANIFESTS)))
@click.argument("rows", type=int)
def make_command(*, which: str, rows: int) -> None:
    """Make the marts anew."""
    with stage("inspect") as run:
        with run.engine.begin() as connection:
            fill(connection, which, rows)
        found = inspect(run, splynx_db(), MANIFESTS[which])
        names = [switch.name for switch in switches.declared()]
        switches.attest(run, found.target, names, "a benchmark's target has no application")
        _accept(run.engine, MANIFESTS[which])
    click.echo("work 0")


@main.command("change")
@click.argument("every", type=int)
def change_command(*, every: int) -> None:
    """Change each so many customers."""
    with stage("change") as run:
        with run.engine.begin() as connection:
            change(connection, every=every)
        with run.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("vacuum analyze")  # dbt makes a mart anew
        _accept(run.engine, CUSTOMERS)
    click.echo("work 0")


def _accept(engine: Engine, manifest: Manifest) -> None:
    """Record what the acceptance stage would have recorded."""
    with engine.begin() as connection:
        connection.execute(
            text(
                "insert into ops.extract_ledger (run_id, source, collection, kind, state, grade)"
                " values ('e1', 'bench', 'accounts', 'list', 'complete', 'proven')"
                " on conflict do nothing"
            )
        )
        connection.execute(
            text(
                "insert into ops.acceptance"
                " (run_id, target, extraction_run_id, fingerprint, verdict, findings)"
                " select 'a1', target, 'e1', :fingerprint, 'accepted', '[]' from ops.current_target"
            ),
            {"fingerprint": fingerprint(connection, manifest).value},
        )


if __name__ == "__main__":
    main()
