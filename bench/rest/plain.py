"""The yardstick: the same requests with as many workers, bodies ready.

`python -m bench.rest.plain`

Reads what the server was asked, has it forget everything, and sends it all again in that order. It
keeps no record, waits for nothing that it needs, and looks at no answer but its status.
"""

from __future__ import annotations

import asyncio
import time

import aiohttp
import click
from yarl import URL

from load.rest.client import Manners
from runtime.settings import splynx_api

_ODD = 400  # the first status of a refusal


async def _send(workers: int) -> tuple[float, int, int]:
    api = splynx_api()
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=workers)) as session:
        async with session.get(f"{api.url}/asked") as response:
            asked = await response.json(content_type=None)
        async with session.post(f"{api.url}/forget"):
            pass
        ready = iter([(m, URL(f"{api.url}{p}", encoded=True), b.encode()) for m, p, b in asked])
        headers = {
            "Authorization": aiohttp.BasicAuth(api.user, api.secret).encode(),
            "Content-Type": "application/json",
        }
        refused = 0

        async def work() -> None:
            nonlocal refused
            for method, url, body in ready:
                async with session.request(method, url, data=body, headers=headers) as response:
                    await response.read()
                    refused += response.status >= _ODD

        started = time.monotonic()
        await asyncio.gather(*(work() for _ in range(workers)))
        return time.monotonic() - started, len(asked), refused


@click.command()
@click.option("--workers", type=int, default=Manners().workers, show_default=True)
def main(*, workers: int) -> None:
    """Send; print the seconds of it."""
    seconds, requests, refused = asyncio.run(_send(workers))
    click.echo(f"requests {requests} refused {refused}")
    click.echo(f"work {seconds:.3f}")


if __name__ == "__main__":
    main()
