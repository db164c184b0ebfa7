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
from sqlalchemy import create_engine
from sqlalchemy.engine import URL

from runtime.cli import main
from runtime.errors import ConfigError
from runtime.settings import LOCAL, env_file
from sandbox import env_block, sonar_server, splynx_server
from sandbox.named_mariadb import named
from sandbox.sonar.tenant import SIZES
from sandbox.sonar_server import SonarServer
from sandbox.splynx.database import SplynxDatabase, create_database, drop_database
from sandbox.splynx.prefilled import prefill
from sandbox.splynx_server import SplynxServer
from services import mariadb
from services.process import write_private

FOLDER = LOCAL / "sandbox"
DATABASE = "splynx"


@click.group()
def cli() -> None:
    """Start, stop and show the sandbox."""


@cli.command()
@click.option(
    "--size",
    type=click.Choice(sorted(SIZES)),
    default="demo",
    show_default=True,
    help="Size of the generated tenant.",
)
@click.option("--seed", default=1, show_default=True, help="Seed of the generated tenant.")
@click.option(
    "--factor",
    type=click.FloatRange(min=0),
    default=1.0,
    show_default=True,
    help="Multiplies the size.",
)
def up(size: str, seed: int, factor: float) -> None:
    """Start both systems and write them into the env file.

    A tenant that runs is kept if it is the wanted one, made by today's code; else it is replaced.
    """
    env_block.refuse_another(_env_text(), os.environ)
    splynx = named() or mariadb.up(FOLDER / "splynx", say=click.echo)
    database = create_database(splynx, DATABASE)
    sonar = sonar_server.up(FOLDER / "sonar", size=size, seed=seed, factor=factor, say=click.echo)
    api = splynx_server.up(FOLDER / "splynx-api", database, say=click.echo)
    _write_env(_values(sonar, database, api))
    env_block.refuse_another(
        _env_text(), os.environ
    )  # a port moved, the environment has the old one
    click.echo(f"{env_file().name} names this Sonar and the Splynx at {database.address}")


@cli.command()
def down() -> None:
    """Stop what `up` started and take it out of the env file; the data stay."""
    for name, stopped in (
        ("the Sonar sandbox", sonar_server.down(FOLDER / "sonar")),
        ("the Splynx API", splynx_server.down(FOLDER / "splynx-api")),
        ("the MariaDB of the Splynx sandbox", mariadb.down(FOLDER / "splynx")),
    ):
        click.echo(f"{name} {'is down' if stopped else 'was not running'}")
    if env_file().exists():
        _write_env({})


@cli.command()
def status() -> None:
    """Say what is up, and where."""
    sonar = sonar_server.status(FOLDER / "sonar")
    click.echo(f"Sonar sandbox: {f'up at {sonar.url} ({sonar.tenant})' if sonar else 'down'}")
    if sonar is not None and sonar_server.outdated(sonar):
        click.echo(
            "  the sandbox's code has changed since: `make sandbox-up "
            f"SIZE={sonar.size} SEED={sonar.seed}` starts it again"
        )
    splynx = named() or mariadb.status(FOLDER / "splynx")
    where = f"up at {splynx.host}:{splynx.port}/{DATABASE}" if splynx else "down"
    click.echo(f"Splynx sandbox: {where}")
    api = splynx_server.status(FOLDER / "splynx-api")
    click.echo(f"Splynx API: {f'up at {api.url}' if api else 'down'}")


@cli.command()
@click.option("--prefilled", is_flag=True, help="With customers and bills that staff entered.")
def reset(*, prefilled: bool) -> None:
    """Make the Splynx database a fresh installation again."""
    splynx = named() or mariadb.status(FOLDER / "splynx")
    if splynx is None:
        raise ConfigError("the Splynx sandbox is down: start it with `make sandbox-up`")
    serves = splynx_server.down(FOLDER / "splynx-api")
    drop_database(splynx, DATABASE)
    database = create_database(splynx, DATABASE)
    if prefilled:
        engine = create_engine(database.admin_url)
        prefill(engine)
        engine.dispose()
    if serves:
        splynx_server.up(FOLDER / "splynx-api", database)
    state = "used for some months" if prefilled else "a fresh installation"
    click.echo(f"the Splynx at {database.address} is {state}")


def _env_text() -> str:
    path = env_file()
    return path.read_text(encoding="utf-8") if path.exists() else ""


def _write_env(values: Mapping[str, str]) -> None:
    path = Path(env_file()).resolve()
    before = _env_text()
    after = env_block.with_block(before, values)
    if after != before:
        write_private(path, after)


def _values(sonar: SonarServer, splynx: SplynxDatabase, api: SplynxServer) -> Mapping[str, str]:
    return {
        "SONAR_URL": sonar.url,
        "SONAR_API_KEY": sonar.token,
        "SPLYNX_MYSQL_URL": _plain(splynx.url),
        "SPLYNX_ADMIN_URL": _plain(splynx.admin_url),
        "SPLYNX_TARGET": splynx.address,
        "SPLYNX_URL": api.url,
        "SPLYNX_API_KEY": api.key,
        "SPLYNX_API_SECRET": api.secret,
    }


def _plain(url: URL) -> str:
    return url.render_as_string(hide_password=False)


if __name__ == "__main__":
    main(cli, "sandbox")
