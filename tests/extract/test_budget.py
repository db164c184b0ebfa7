"""Whose turn it is: nearly all of Sonar's budget is used, and hardly a request refused."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from extract.sonar.budget import Budget, Clock
from extract.sonar.failures import Rate, RateLimited

A_MINUTE = 400
MINUTES = 9


class VirtualClock(Clock):
    """Time that passes when everybody sleeps."""

    def __init__(self) -> None:
        self._now = 0.0
        self._numbers = itertools.count()
        self._asleep: list[tuple[float, int, asyncio.Future[None]]] = []

    def now(self) -> float:
        """Return virtual seconds."""
        return self._now

    async def sleep(self, seconds: float) -> None:
        """Wait for the time to come."""
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._asleep, (self._now + seconds, next(self._numbers), woken))
        await woken

    async def run(self, until: float) -> None:
        """Let time pass."""
        while True:
            for _ in range(4):
                await asyncio.sleep(0)
            if not self._asleep or self._asleep[0][0] > until:
                return
            self._now, _, woken = heapq.heappop(self._asleep)
            if not woken.done():
                woken.set_result(None)


def _named(_: float) -> RateLimited:
    return RateLimited("limit", rate=Rate(A_MINUTE))


def _bare(_: float) -> RateLimited:
    return RateLimited("429")


def _waiting(seconds: float) -> RateLimited:
    return RateLimited("429", retry_after=float(int(seconds) + 1))


@dataclass
class Limiter:
    """A server's side of the budget: it grants `limit` requests a minute, counted on arrival."""

    clock: VirtualClock
    limit: int = A_MINUTE
    slides: bool = False
    answer: Callable[[float], RateLimited] = _bare
    granted: int = 0
    refused: int = 0
    _window: deque[float] = field(default_factory=deque)

    def arrive(self) -> None:
        """Grant a request or refuse it."""
        now = self.clock.now()
        if self.slides:
            while self._window and self._window[0] <= now - 60:
                self._window.popleft()
        elif self._window and now >= self._window[0] + 60:
            self._window.clear()
        if len(self._window) >= self.limit:
            self.refused += 1
            raise self.answer(self._window[0] + 60 - now)
        self._window.append(now)
        self.granted += 1

    def use(self, times: int) -> None:
        """Let somebody else use a part of the window."""
        self._window.extend([self.clock.now()] * times)


async def _work(budget: Budget, clock: VirtualClock, server: Limiter, rng: random.Random) -> None:
    """Ask without end, as one worker of a conversation does."""
    doubled = 1.0
    while True:
        try:
            async with budget.turn():
                await clock.sleep(rng.uniform(0.02, 0.12))
                server.arrive()
                await clock.sleep(rng.uniform(0.1, 0.4))
            doubled = 1.0
        except RateLimited as exc:
            wait = exc.retry_after if exc.retry_after is not None else doubled
            doubled = min(60.0, 2 * doubled)
            budget.pause(wait)


def _simulate(server: Limiter, budget: Budget, clock: VirtualClock, minutes: int = MINUTES) -> None:
    async def run() -> None:
        rng = random.Random(7)
        workers = [asyncio.create_task(_work(budget, clock, server, rng)) for _ in range(8)]
        await clock.run(clock.now() + minutes * 60)
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)

    asyncio.run(run())


@pytest.mark.parametrize("slides", [False, True], ids=["fixed", "sliding"])
@pytest.mark.parametrize(
    ("given", "answer"),
    [(True, _bare), (False, _bare), (False, _waiting), (False, _named)],
    ids=["given", "counted", "counted-retry-after", "named"],
)
def test_nearly_all_of_the_budget_is_used(
    *, slides: bool, given: bool, answer: Callable[[float], RateLimited]
) -> None:
    clock = VirtualClock()
    server = Limiter(clock, slides=slides, answer=answer)
    _simulate(server, Budget(clock, A_MINUTE if given else None), clock)
    assert server.granted >= 0.98 * A_MINUTE * MINUTES
    assert server.refused <= 0.01 * server.granted


def test_what_somebody_else_used_before_does_not_slow_the_run_for_good() -> None:
    clock = VirtualClock()
    server = Limiter(clock, slides=True)
    server.use(390)
    budget = Budget(clock)
    _simulate(server, budget, clock, minutes=12)
    before = server.granted
    _simulate(server, budget, clock, minutes=3)
    assert server.granted - before >= 0.95 * 3 * A_MINUTE


def test_a_limit_that_rises_is_noticed() -> None:
    clock = VirtualClock()
    server = Limiter(clock, limit=100, answer=_waiting)
    budget = Budget(clock)
    _simulate(server, budget, clock, minutes=5)
    assert budget.limit is not None
    server.limit = A_MINUTE
    _simulate(server, budget, clock, minutes=5)
    before = server.granted
    _simulate(server, budget, clock, minutes=3)
    assert server.granted - before >= 0.9 * 3 * A_MINUTE


def test_refusals_that_come_by_chance_are_no_limit() -> None:
    clock = VirtualClock()
    chance = random.Random(3)
    server = Limiter(clock, limit=10**9)

    def arrive() -> None:
        if chance.random() < 0.03:
            raise RateLimited("429", retry_after=0.0)
        server.granted += 1

    server.arrive = arrive  # type: ignore[method-assign]
    _simulate(server, Budget(clock), clock, minutes=1)
    assert server.granted > 8 * 60 / 0.52 * 0.8


def test_without_a_limit_nobody_waits() -> None:
    clock = VirtualClock()
    server = Limiter(clock, limit=10**9)
    _simulate(server, Budget(clock), clock, minutes=1)
    assert server.granted > 8 * 60 / 0.52 * 0.9


def test_a_named_limit_wins_over_a_higher_one_of_the_operator() -> None:
    budget = Budget(VirtualClock(), limit=1000)
    budget.told(Rate(400))
    assert budget.limit == 400
    budget.told(Rate(600))
    assert budget.limit == 400
    budget.told(Rate(5, 1.0))  # 300 a minute
    assert (budget.limit, budget.period) == (5, 1.0)


def test_a_pause_is_everybodys() -> None:
    clock = VirtualClock()
    budget = Budget(clock, limit=2)
    started: list[float] = []

    async def one() -> None:
        async with budget.turn():
            started.append(clock.now())

    async def run() -> None:
        budget.pause(17)
        tasks = [asyncio.create_task(one()) for _ in range(3)]
        await clock.run(200)
        await asyncio.gather(*tasks)

    asyncio.run(run())
    assert started[:2] == [17, 17]
    assert 60 + 17 <= started[2] <= 61 + 17
