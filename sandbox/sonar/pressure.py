"""Trouble that nobody plans request by request: random faults, and a budget of requests."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random


@dataclass(slots=True)
class Chaos:
    """Each request fails with `probability` by one of `kinds`.

    What happens depends on the seed and on the number of the request alone, counted from when the
    mode was switched on and, with a collection, over the requests for it.
    """

    probability: float
    kinds: tuple[str, ...]
    seed: int = 1
    collection: str | None = None
    retry_after: int | None = None
    seconds: float = 0.2
    requests: int = 0

    def strike(self, collections: frozenset[str]) -> str | None:
        """Count one request; return the kind of its fault, None when it is spared."""
        if self.collection is not None and self.collection not in collections:
            return None
        self.requests += 1
        random = Random(f"{self.seed}:{self.requests}")
        return random.choice(self.kinds) if random.random() < self.probability else None


@dataclass(slots=True)
class Budget:
    """So many requests in a window of so many seconds; those beyond are refused, uncounted.

    Inferred: the window is a fixed one that opens with the first request after the last one closed.
    """

    requests: int
    seconds: float = 60.0
    answer: str = "rate_limited"
    used: int = 0
    _closes: float = -math.inf
    _clock: Callable[[], float] = field(default=time.monotonic, repr=False)

    def refuse(self) -> int | None:
        """Count one request; return the whole seconds to wait when it is beyond the budget."""
        now = self._clock()
        if now >= self._closes:
            self._closes, self.used = now + self.seconds, 0
        if self.used >= self.requests:
            return max(1, math.ceil(self._closes - now))
        self.used += 1
        return None
