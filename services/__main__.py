"""`python -m services up|down|status`: the embedded Postgres that is the warehouse by default."""

from __future__ import annotations

import click

from runtime.cli import main
from runtime.profiles import write_profiles
from runtime.settings import EMBEDDED_POSTGRES, environment
from services import postgres


def _own_warehouse() -> bool:
    return "WAREHOUSE_URL" in environment()


@click.group()
def cli() -> None:
    """Start, stop and show the local warehouse."""


@cli.command()
def up() -> None:
    """Start the warehouse, unless WAREHOUSE_URL names another one."""
    if _own_warehouse():
        click.echo("the warehouse is the one that WAREHOUSE_URL names: nothing is started")
        return
    postgres.up(EMBEDDED_POSTGRES, say=click.echo)
    write_profiles()  # a port that was taken meanwhile has been replaced


@cli.command()
def prepare() -> None:
    """Create the warehouse's data folder without starting it; write profiles.yml."""
    if not _own_warehouse():
        postgres.prepare(EMBEDDED_POSTGRES, say=click.echo)
    if not write_profiles():
        click.echo("profiles.yml is your own: left alone")


@cli.command()
def down() -> None:
    """Stop the warehouse that `up` started; its data stay."""
    stopped = postgres.down(EMBEDDED_POSTGRES)
    click.echo("Postgres is down" if stopped else "Postgres was not running")


@cli.command()
def status() -> None:
    """Say whether the warehouse is up, and where."""
    if _own_warehouse():
        click.echo("the warehouse is the one that WAREHOUSE_URL names")
    server = postgres.status(EMBEDDED_POSTGRES)
    where = f"up at {server.host}:{server.port}/{server.database}" if server else "down"
    click.echo(f"embedded Postgres: {where}")


if __name__ == "__main__":
    main(cli, "services")
