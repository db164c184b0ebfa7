"""Start the REST side of the Splynx sandbox: `python -m sandbox.splynx.rest serve`.

Every secret comes by environment: a command line can be read by every user.
"""

from __future__ import annotations

import asyncio
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import click
from aiohttp import web
from sqlalchemy.engine import make_url

from sandbox.splynx.rest.api import Api
from sandbox.splynx.rest.installation import connect, ensure_key
from sandbox.splynx.rest.server import SplynxServer
from sandbox.splynx.rest.vault import Vault

HOST = "127.0.0.1"
THREADS = 16


@click.group()
def cli() -> None:
    """Run the REST API of a Splynx that exists only here."""


@cli.command()
@click.option(
    "--url-env", default="SPLYNX_ADMIN_URL", show_default=True, help="Names the database's URL."
)
@click.option("--port", type=int, default=0, help="0 takes a free port.")
@click.option(
    "--files",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="Folder for uploaded files.",
)
def serve(url_env: str, port: int, files: Path) -> None:
    """Serve /api/2.0 until SIGTERM.

    Reads SPLYNX_API_KEY, SPLYNX_API_SECRET and SANDBOX_SPLYNX_TOKEN (control) from the environment.
    """
    names = (url_env, "SPLYNX_API_KEY", "SPLYNX_API_SECRET", "SANDBOX_SPLYNX_TOKEN")
    if missing := [name for name in names if not os.environ.get(name)]:
        raise click.ClickException(f"not set: {', '.join(missing)}")
    text, key, secret, token = (os.environ[name] for name in names)
    url = make_url(text)
    engine = connect(url, THREADS)
    vault = Vault(url.password or "")
    ensure_key(engine, vault, key, secret)
    server = SplynxServer(Api(engine, vault, files), token)
    asyncio.run(_serve(server, port))
    engine.dispose()


async def _serve(server: SplynxServer, port: int) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(THREADS))
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    runner = web.AppRunner(server.app(), access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, HOST, port).start()
        except OSError as exc:
            raise click.ClickException(f"port {port} of {HOST} cannot be used: {exc}") from exc
        click.echo(f"ready http://{HOST}:{runner.addresses[0][1]}")
        await stopped.wait()
    finally:
        await runner.cleanup()


if __name__ == "__main__":
    cli()
