"""Conversations of tests with the sandbox: short waits, and a clock that notes them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, TypeVar

from load.rest.budget import Clock
from load.rest.client import Manners, Splynx
from runtime.settings import SplynxApi, Way
from tests.sandbox.splynx_process import SplynxProcess

Result = TypeVar("Result")
PARTNERS = "admin/administration/partners"
TOKENS = "admin/auth/tokens"
QUICK = Manners(delay=0.01, retries=3, timeout=60)


class Impatient(Clock):
    """Time passes by waiting alone; every wait passes at once, and is noted."""

    def __init__(self) -> None:
        self.waits: list[float] = []

    def now(self) -> float:
        """Return what would have been waited."""
        return sum(self.waits)

    async def sleep(self, seconds: float) -> None:
        """Note the wait."""
        self.waits.append(seconds)
        await asyncio.sleep(0)


def api(server: SplynxProcess, way: Way = "basic") -> SplynxApi:
    """Return the settings of the server's own key."""
    address = server.url.removeprefix("http://")
    return SplynxApi(server.url, address, way, server.key, server.secret)


def talk(
    to: SplynxProcess | SplynxApi,
    work: Callable[[Splynx], Awaitable[Result]],
    *,
    clock: Clock | None = None,
    **manners: Any,
) -> Result:
    """Return what `work` makes of a conversation."""

    async def run() -> Result:
        settings = api(to) if isinstance(to, SplynxProcess) else to
        async with Splynx(settings, replace(QUICK, **manners), clock=clock) as splynx:
            return await work(splynx)

    return asyncio.run(run())


def arrivals(server: SplynxProcess) -> int:
    """Return how many requests have reached the API so far."""
    return int(server.control("GET", "faults").body["requests"])


def counter(server: SplynxProcess, path: str, method: str | None = None) -> Callable[[], int]:
    """Count requests of a path at the server, in place of spoiling them."""
    server.fault(kind="slow", seconds=0, path=path, method=method, times=None)
    return lambda: int(server.control("GET", "faults").body["spoiled"].get("slow", 0))


def partners(server: SplynxProcess, name: str) -> int:
    """Return how many partners of this name there are."""
    sql = "select count(*) from partners where name like :name"
    return int(server.scalar(sql, name=name))
