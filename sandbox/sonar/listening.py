"""A server of the sandbox on this machine alone: it says `ready <address>` and ends by SIGTERM."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import web

HOST = "127.0.0.1"


class PortTakenError(RuntimeError):
    """The port cannot be listened on."""


async def serve(
    runner: Callable[[], web.BaseRunner], port: int, token: str, say: Callable[[str], None]
) -> None:
    """Listen on `port` (0 takes a free one) until SIGTERM or Ctrl-C.

    `runner` is called here because some servers want a running event loop.

    Raises:
        PortTakenError: the port cannot be used.
    """
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    async with listening(runner(), port, token) as address:
        say(f"ready {address}")
        await stopped.wait()


@asynccontextmanager
async def listening(runner: web.BaseRunner, port: int, token: str) -> AsyncIterator[str]:
    """Listen while the context is open; yield the address once it has answered.

    Raises:
        PortTakenError: the port cannot be used.
    """
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, HOST, port).start()
        except OSError as exc:
            raise PortTakenError(f"port {port} of {HOST} cannot be used: {exc}") from exc
        address = f"http://{HOST}:{runner.addresses[0][1]}"
        await _prove_answering(address, token)
        yield address
    finally:
        await runner.cleanup()


async def _prove_answering(address: str, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(f"{address}/api/graphql", json={"query": "{ __typename }"}) as response,
    ):
        response.raise_for_status()
