"""What is sent again, what never is, and how long is waited: against a server that fails."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from load.rest.budget import Clock
from load.rest.client import Splynx
from load.rest.failures import (
    Failure,
    NotFound,
    NotJson,
    NotSent,
    RateLimited,
    ReplyLost,
    ServerFault,
)
from tests.extract.scripted import free_port
from tests.load.rest.talking import PARTNERS, Impatient, api, arrivals, partners, talk
from tests.sandbox.splynx_process import SplynxProcess

pytestmark = pytest.mark.mysql


def create(server: SplynxProcess, name: str, **options: Any) -> int:
    return talk(server, lambda splynx: splynx.create(PARTNERS, {"name": name}), **options).id


@pytest.mark.parametrize(
    ("fault", "kind", "rows"),
    [
        ({"kind": "lost_reply"}, ReplyLost, 1),
        ({"kind": "dropped"}, ReplyLost, 0),
        ({"kind": "bad_gateway"}, ReplyLost, 0),
        ({"kind": "server_error"}, ServerFault, 0),
        ({"kind": "slow", "seconds": 3.0}, ReplyLost, 1),
        ({"kind": "answer", "status": 201, "body": "<html>"}, NotJson, 0),
    ],
    ids=["lost", "dropped", "502", "500", "time-out", "page"],
)
def test_a_post_without_answer_is_never_sent_twice(
    server: SplynxProcess, fault: dict[str, Any], kind: type[Failure], rows: int
) -> None:
    name = f"Once {fault['kind']}"
    before = arrivals(server)
    server.fault(**fault, method="POST", path=PARTNERS, times=None, after=1)

    async def work(splynx: Splynx) -> None:
        await splynx.create(PARTNERS, {"name": "First"})
        if fault["kind"] == "slow":  # this request alone is to be given up
            splynx._conversation._transport._seconds = 1.5
        await splynx.create(PARTNERS, {"name": name})

    with pytest.raises(kind) as raised:
        talk(server, work)
    assert raised.value.is_uncertain
    assert raised.value.exit_code == 5
    assert arrivals(server) - before == 2
    deadline = time.monotonic() + 60  # a request that timed out is carried out later
    while partners(server, name) != rows and time.monotonic() < deadline:
        time.sleep(0.05)
    assert partners(server, name) == rows


@pytest.mark.parametrize("kind", ["lost_reply", "dropped", "bad_gateway", "server_error"])
def test_what_changes_nothing_the_second_time_is_sent_again(
    server: SplynxProcess, kind: str
) -> None:
    key = create(server, f"Again {kind}")

    async def work(splynx: Splynx) -> Any:
        for method in ("GET", "PUT", "HEAD", "OPTIONS", "DELETE"):
            server.fault(kind=kind, method=method, path=PARTNERS, times=2)
        await splynx.update(f"{PARTNERS}/{key}", {"name": f"Changed {kind}"})
        name = (await splynx.get(f"{PARTNERS}/{key}"))["name"]
        assert await splynx.count(PARTNERS) > 0
        assert (await splynx.options(PARTNERS)).attributes
        await splynx.delete(f"{PARTNERS}/{key}")
        return name, splynx.tally.retries

    assert talk(server, work) == (f"Changed {kind}", 10)
    assert server.scalar("select deleted from partners where id = :id", id=key) == "1"
    with pytest.raises(NotFound):  # only a delete that lost its answer forgives
        talk(server, lambda splynx: splynx.delete(f"{PARTNERS}/{key}"))


def test_a_fault_that_stays_ends_after_the_retries(server: SplynxProcess) -> None:
    server.fault(kind="server_error", times=None)
    before, clock = arrivals(server), Impatient()
    with pytest.raises(ServerFault):
        talk(server, lambda s: s.get(f"{PARTNERS}/1"), clock=clock, retries=4, delay=1.0)
    assert arrivals(server) - before == 5
    assert len(clock.waits) == 4
    for wait, full in zip(clock.waits, (1, 2, 4, 8), strict=True):
        assert 0.75 * full <= wait <= 1.25 * full


def test_a_rate_limit_is_obeyed_by_everybody_and_a_post_goes_again(server: SplynxProcess) -> None:
    server.fault(kind="rate_limited", method="POST", retry_after=7)
    clock = Impatient()
    before = arrivals(server)
    create(server, "Limited", clock=clock)
    assert sum(clock.waits) >= 7
    assert arrivals(server) - before == 2
    assert partners(server, "Limited") == 1


class Stopped(Clock):
    """Time stands still, and who waits goes on waiting, until it is let pass."""

    def __init__(self) -> None:
        self.waiting = 0
        self._passed = 0.0
        self._goes_on = asyncio.Event()

    def now(self) -> float:
        """Return the seconds that were let pass."""
        return self._passed

    async def sleep(self, seconds: float) -> None:
        """Wait until time passes."""
        self.waiting += 1
        await self._goes_on.wait()
        assert seconds <= self._passed

    def let_pass(self, seconds: float) -> None:
        """Let this much time pass at once."""
        self._passed += seconds
        self._goes_on.set()


def test_one_that_is_refused_silences_the_others(server: SplynxProcess) -> None:
    server.fault(kind="rate_limited", retry_after=3)
    before, clock = arrivals(server), Stopped()

    async def work(splynx: Splynx) -> int:
        refused = asyncio.create_task(splynx.get(f"{PARTNERS}/1"))
        while clock.waiting < 1 and not refused.done():
            await asyncio.sleep(0.01)
        other = asyncio.create_task(splynx.get(f"{PARTNERS}/1"))
        while clock.waiting < 2 and not other.done():
            await asyncio.sleep(0.01)
        quiet = arrivals(server) - before
        clock.let_pass(3.0)
        await asyncio.gather(refused, other)
        return quiet

    assert talk(server, work, clock=clock) == 1
    assert arrivals(server) - before == 3


def test_patience_with_a_rate_limit_ends(server: SplynxProcess) -> None:
    server.fault(kind="rate_limited", retry_after=100, times=None)
    clock = Impatient()
    with pytest.raises(RateLimited) as raised:
        create(server, "Never", clock=clock, patience=250.0)
    assert raised.value.retry_after == 100
    assert not raised.value.is_uncertain
    assert 190 < sum(clock.waits) < 250


def test_a_request_that_was_not_sent_is_sent_again(server: SplynxProcess) -> None:
    settings = replace(api(server), url=f"http://127.0.0.1:{free_port()}")
    clock = Impatient()
    with pytest.raises(NotSent) as raised:
        talk(settings, lambda s: s.create(PARTNERS, {"name": "x"}), clock=clock)
    assert not raised.value.is_uncertain
    assert len(clock.waits) == 2


def test_faults_by_chance_lose_and_double_nothing(server: SplynxProcess) -> None:
    server.fault(kind="lost_reply", method="POST", probability=0.1, seed=5)
    server.fault(kind="server_error", method="POST", probability=0.05, seed=6)
    server.fault(kind="rate_limited", probability=0.05, retry_after=0, seed=7)
    server.fault(kind="expire_tokens", probability=0.02, seed=8)

    async def work(splynx: Splynx) -> None:
        async def worker(name: str) -> None:
            found: list[Any] = []
            while not found:  # as a writer does: look up after every uncertain end
                with suppress(ReplyLost, ServerFault):
                    await splynx.create(PARTNERS, {"name": name})
                found = await splynx.search(PARTNERS, main_attributes={"name": name})

        await asyncio.gather(*(worker(f"Chance {number:03}") for number in range(100)))

    talk(api(server, "token"), work)
    sql = "select count(*), count(distinct name) from partners where name like 'Chance %'"
    assert tuple(server.row(sql)) == (100, 100)
