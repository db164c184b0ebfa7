"""The request budget: how many requests Sonar takes in which time, and whose turn it is.

A window that slides over the requests of all workers. How many fit is given by the operator, named
by Sonar ("Request limit of 400/min reached.", a header), or counted: what was granted in the last
minute when Sonar refused, three times alike. A count can be too low, because somebody else uses a
part of the budget; so it is doubled again now and then, until Sonar refuses. The window is kept a
hundredth longer than Sonar's, because requests do not all take the same time on the way.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from extract.sonar.failures import Rate, RateLimited

_MARGIN = 1.01
_LONGEST_HOLD = 16  # windows without another try to do more
_REFUSALS = 3  # that came at the same count before it is taken for the budget
_APART = 1 / 60  # of a window, between two refusals that tell something
_SLACK = 3  # requests by which counts differ because some were under way
_FEWEST = 30  # a limit below is less likely than a server that refuses for another reason


class Clock:
    """Time as the conversation needs it."""

    def now(self) -> float:
        """Return seconds that never go back."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)


class Budget:
    """So many requests in a window of `period` seconds; `limit` is None until it is known."""

    def __init__(
        self, clock: Clock | None = None, limit: int | None = None, period: float = 60.0
    ) -> None:
        self.limit = limit
        self.period = period
        self.refusals = 0
        self._clock = clock or Clock()
        self._sent: deque[float] = deque()
        self._in_flight = 0
        self._quiet_until = 0.0
        self._refused_at: float | None = None
        self._counted_at: float | None = None
        self._granted: deque[int] = deque(maxlen=_REFUSALS)
        self._is_told = limit is not None
        self._hold = 1
        self._grows_at = 0.0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait until one more request may go, and count it while the block sends it.

        A block that raises RateLimited was refused: it does not count, and its limit is learned.
        """
        while (wait := self._wait()) > 0:
            await self._clock.sleep(wait)
        sent = self._clock.now()
        self._sent.append(sent)
        self._in_flight += 1
        try:
            yield
        except RateLimited as exc:
            self._take_back(sent)
            self._learn(sent, exc.rate)
            raise
        finally:
            self._in_flight -= 1
        self._count_late(sent)

    def pause(self, seconds: float) -> None:
        """Let nobody send for so long."""
        self._quiet_until = max(self._quiet_until, self._clock.now() + seconds)

    def told(self, rate: Rate) -> None:
        """Take over a limit that Sonar names; the operator's own stays where it is lower."""
        if (
            self._is_told
            and self.limit is not None
            and self._per_second() <= rate.requests / (rate.seconds)
        ):
            return
        self.limit, self.period, self._is_told = max(1, rate.requests), rate.seconds, True

    def _per_second(self) -> float:
        return (self.limit or 0) / self.period

    def _wait(self) -> float:
        now = self._clock.now()
        if now < self._quiet_until:
            return self._quiet_until - now
        length = self.period * _MARGIN
        while self._sent and self._sent[0] <= now - length:
            self._sent.popleft()
        if self.limit is None or len(self._sent) < self.limit:
            return 0.0
        if not self._is_told and now >= self._grows_at:
            self.limit *= 2
            self._grows_at = now + self.period
            return 0.0
        return self._sent[-self.limit] + length - now

    def _take_back(self, sent: float) -> None:
        if sent in self._sent:
            self._sent.remove(sent)

    def _learn(self, sent: float, rate: Rate | None) -> None:
        self.refusals += 1
        if rate is not None:
            self.told(rate)
        now = self._clock.now()
        if self._refused_at is not None and (
            sent <= self._refused_at or now - self._refused_at < self.period * _APART
        ):
            return  # it belongs to the refusal before, as those of other workers do
        self._refused_at = now
        since = now - self.period
        self._granted.append(sum(stamp > since for stamp in self._sent) - (self._in_flight - 1))
        if self._is_told or not self._agree():
            return
        self.limit, self._counted_at = self._granted[-1], now
        self._grows_at = now + self.period * self._hold
        self._hold = min(2 * self._hold, _LONGEST_HOLD)

    def _agree(self) -> bool:
        """Tell whether the last refusals came at the same count, as those of a budget do."""
        least, most = min(self._granted), max(self._granted)
        slack = max(_SLACK, most // 50)
        return len(self._granted) == _REFUSALS and least >= _FEWEST and most - least <= slack

    def _count_late(self, sent: float) -> None:
        """Count what was under way, and granted after all, when the limit was counted."""
        at = self._counted_at
        if at is not None and sent <= at and self.limit is not None and not self._is_told:
            self.limit += 1
