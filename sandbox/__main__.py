"""`python -m sandbox up|down|status|reset`: a Sonar tenant and a fresh Splynx on this machine.

`up` writes addresses and accounts into the env file, where every stage finds them as it would find
those of real systems. Data live in `.local/sandbox/`; ports, token and passwords stay the same over
restarts, where the ports are free.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import click
from sqlalchemy.engine import URL

from runtime.cli import main
from runtime.errors import ConfigError
from runtime.settings import LOCAL, env_file
from sandbox import env_block, sonar_server
from sandbox.sonar_server import SonarServer
from sandbox.splynx.database import SplynxDatabase, create_database, drop_database
from services import mariadb
from services.process import write_private

FOLDER = LOCAL / "sandbox"
DATABASE = "splynx"


@click.group()
def cli() -> None:
    """Start, stop and show the sandbox."""


@cli.command()
@click.option("--size", default="demo", show_default=True, help="Size of the generated tenant.")
@click.option("--seed", default=1, show_default=True, help="Seed of the generated tenant.")
def up(size: str, seed: int) -> None:
    """Start both systems and write them into the env file."""
    env_block.refuse_another(_env_text(), os.environ)
    splynx = mariadb.up(FOLDER / "splynx", say=click.echo)
    database = create_database(splynx, DATABASE)
    sonar = sonar_server.up(FOLDER / "sonar", size=size, seed=seed, say=click.echo)
    _write_env(_values(sonar, database))
    env_block.refuse_another(
        _env_text(), os.environ
    )  # a port moved, the environment has the old one
    click.echo(f"{env_file().name} names this Sonar and the Splynx at {database.address}")


@cli.command()
def down() -> None:
    """Stop what `up` started and take it out of the env file; the data stay."""
    for name, stopped in (
        ("the Sonar sandbox", sonar_server.down(FOLDER / "sonar")),
        ("the MariaDB of the Splynx sandbox", mariadb.down(FOLDER / "splynx")),
    ):
        click.echo(f"{name} {'is down' if stopped else 'was not running'}")
    if env_file().exists():
        _write_env({})


@cli.command()
def status() -> None:
    """Say what is up, and where."""
    sonar = sonar_server.status(FOLDER / "sonar")
    tenant = f"up at {sonar.url} (size {sonar.size}, seed {sonar.seed})" if sonar else "down"
    click.echo(f"Sonar sandbox: {tenant}")
    splynx = mariadb.status(FOLDER / "splynx")
    where = f"up at {splynx.host}:{splynx.port}/{DATABASE}" if splynx else "down"
    click.echo(f"Splynx sandbox: {where}")


@cli.command()
def reset() -> None:
    """Make the Splynx database a fresh installation again."""
    splynx = mariadb.status(FOLDER / "splynx")
    if splynx is None:
        raise ConfigError("the Splynx sandbox is down: start it with `make sandbox-up`")
    drop_database(splynx, DATABASE)
    database = create_database(splynx, DATABASE)
    click.echo(f"the Splynx at {database.address} is a fresh installation")


def _env_text() -> str:
    path = env_file()
    return path.read_text(encoding="utf-8") if path.exists() else ""


def _write_env(values: Mapping[str, str]) -> None:
    path = Path(env_file()).resolve()
    before = _env_text()
    after = env_block.with_block(before, values)
    if after != before:
        write_private(path, after)


def _values(sonar: SonarServer, splynx: SplynxDatabase) -> Mapping[str, str]:
    return {
        "SONAR_URL": sonar.url,
        "SONAR_API_KEY": sonar.token,
        "SPLYNX_MYSQL_URL": _plain(splynx.url),
        "SPLYNX_ADMIN_URL": _plain(splynx.admin_url),
        "SPLYNX_TARGET": splynx.address,
    }


def _plain(url: URL) -> str:
    return url.render_as_string(hide_password=False)


if __name__ == "__main__":
    main(cli, "sandbox")
