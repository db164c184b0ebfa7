"""Start the Sonar sandbox: `python -m sandbox.sonar serve`."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import aiohttp
import click
import orjson
from aiohttp import web

from sandbox.sonar.engine import Engine
from sandbox.sonar.schema import load_schema
from sandbox.sonar.server import SonarServer
from sandbox.sonar.tenant import SIZES, generate
from sandbox.sonar.tenant.traps import NAMES

HOST = "127.0.0.1"


class TrapCount(click.ParamType[tuple[str, int], str]):
    """One `name=count`."""

    name = "name=count"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, int]:
        """Read the pair, or say which names there are."""
        name, _, count = str(value).partition("=")
        if name not in NAMES or not count.isdecimal():
            self.fail(f"expected name=count with a name of {', '.join(NAMES)}", param, ctx)
        return name, int(count)


@click.group()
def cli() -> None:
    """Run a Sonar that exists only here."""


@cli.command()
@click.option("--size", type=click.Choice(sorted(SIZES)), default="demo", show_default=True)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--factor", type=float, default=1.0, help="Multiplies accounts and traps.")
@click.option("--port", type=int, default=0, help="0 takes a free port.")
@click.option("--token", envvar="SANDBOX_SONAR_TOKEN", required=True, show_envvar=True)
@click.option("--truth", type=click.Path(dir_okay=False, path_type=Path), help="Written as JSON.")
@click.option("--trap", "traps", type=TrapCount(), multiple=True, help="May be given repeatedly.")
def serve(  # noqa: PLR0913, PLR0917  one parameter per option
    size: str,
    seed: int,
    factor: float,
    port: int,
    token: str,
    truth: Path | None,
    traps: tuple[tuple[str, int], ...],
) -> None:
    """Generate a tenant and serve it until SIGTERM."""
    schema = load_schema()
    tenant = generate(schema, size, seed, factor, dict(traps))
    if truth is not None:
        truth.write_bytes(orjson.dumps(tenant.truth, option=orjson.OPT_INDENT_2))
    server = SonarServer(Engine(schema), tenant.store(schema), token)
    asyncio.run(_serve(server, port, token))


async def _serve(server: SonarServer, port: int, token: str) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    runner = web.AppRunner(server.app(), access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, HOST, port).start()
        except OSError as exc:
            raise click.ClickException(f"port {port} of {HOST} cannot be used: {exc}") from exc
        address = f"http://{HOST}:{runner.addresses[0][1]}"
        await _prove_answering(address, token)
        click.echo(f"ready {address}")
        await stopped.wait()
    finally:
        await runner.cleanup()


async def _prove_answering(address: str, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(f"{address}/api/graphql", json={"query": "{ __typename }"}) as response,
    ):
        response.raise_for_status()


if __name__ == "__main__":
    cli()
