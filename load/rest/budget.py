"""The request budget: how fast Splynx may be asked, learned from its refusals.

Splynx publishes no limit; what stands in front of it may have one, of any form. So nothing is paced
until 429 comes. Then everybody is quiet as long as it says; and once enough was granted to tell a
rate, requests keep apart as those were granted on average, pauses included. From there each grant
brings them a little closer again, and a refusal a little further apart, but never by more than the
grants before it brought them closer: so refusals by chance, however many, are soon forgotten.
"""

from __future__ import annotations

import asyncio
import math
import time

# Simulated limits by second and by minute: 0.84 to 1.0 of what is possible, 8 to 18 % refused.
_EASE = 0.998  # of the distance is left after each grant
_WIDEN = 1.05  # with a refusal; 0.998 ** 25 * 1.05 < 1
_BETWEEN = 25  # grants between two of these
_ENOUGH = 50  # grants that tell a rate
_NEGLIGIBLE = 0.0005  # seconds; below the event loop's own precision
_FURTHEST = 5.0  # seconds apart; a limit below is less likely than a server in trouble


class Clock:
    """Time as the conversation needs it."""

    def now(self) -> float:
        """Return seconds that never go back."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)


class Budget:
    """Whose turn it is, over all workers; `per_minute` is the operator's own limit."""

    def __init__(self, clock: Clock | None = None, per_minute: int | None = None) -> None:
        self.refusals = 0
        self._clock = clock or Clock()
        self._least = 60.0 / per_minute if per_minute else 0.0
        self._apart = self._least
        self._next = 0.0
        self._quiet_until = 0.0
        self._granted = 0
        self._since = self._clock.now()
        self._refused_at = -math.inf
        self._lock = asyncio.Lock()

    async def turn(self) -> float:
        """Wait until one more request may go; return when it goes, first come first served."""
        async with self._lock:
            while (wait := max(self._next, self._quiet_until) - self._clock.now()) > 0:
                await self._clock.sleep(wait)
            now = self._clock.now()
            self._next = max(self._next, now - self._apart) + self._apart
            return now

    def granted(self) -> None:
        """Count a request that was not refused."""
        self._granted += 1
        if self._apart > self._least:
            eased = self._apart * _EASE
            self._apart = max(self._least, eased if eased > _NEGLIGIBLE else 0.0)

    def refused(self, sent: float) -> None:
        """Learn from a 429 to a request that went at `sent`."""
        self.refusals += 1
        if sent <= self._refused_at:
            return  # it was under way when the one before was refused, and tells nothing new
        self._refused_at = now = self._clock.now()
        is_paced = self._apart > self._least
        if self._granted < (_BETWEEN if is_paced else _ENOUGH):
            return
        told = self._apart * _WIDEN if is_paced else (now - self._since) / self._granted
        self._apart = min(_FURTHEST, max(told, self._least))
        self._granted, self._since = 0, now

    def pause(self, seconds: float) -> None:
        """Let nobody ask for so long."""
        self._quiet_until = max(self._quiet_until, self._clock.now() + seconds)
