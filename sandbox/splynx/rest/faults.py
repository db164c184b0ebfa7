"""Faults on demand: what the API does wrong with the next requests.

A fault waits for `after` matching requests, then spoils `times` of them. With a `probability` it
spoils each matching request by chance, the same ones for the same `seed` and order of requests.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

KINDS = frozenset(
    {
        "lost_reply",  # carried out and committed, then the connection is dropped
        "late",  # the connection is dropped; carried out when the same is asked for again
        "dropped",  # the connection is dropped, nothing was done
        "server_error",
        "bad_gateway",
        "rate_limited",
        "answer",  # nothing was done; `status` with `body`: a text as a web page, all else as JSON
        "slow",
        "expire_tokens",
        "module_off",
    }
)


class InvalidFaultError(ValueError):
    """A control request that cannot be carried out."""


@dataclass(slots=True)
class Fault:
    """One planned fault; `times` (None: until cleared) and `after` count down."""

    kind: str
    method: str | None = None
    path: str = ""  # what the request's path starts with, below /api/2.0/
    times: int | None = 1
    after: int = 0
    seconds: float = 1.0
    retry_after: int | None = None
    module: str | None = None
    status: int = 200
    body: Any = None
    probability: float | None = None
    seed: int = 1
    _chance: random.Random = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)

    def due(self, method: str, path: str) -> bool:
        """Count one request; say whether it is to be spoiled."""
        if (self.method is not None and self.method != method) or not path.startswith(self.path):
            return False
        if self.after > 0:
            self.after -= 1
            return False
        if self.probability is not None and self._chance.random() >= self.probability:
            return False
        if self.times is not None:
            self.times -= 1
        return True

    @property
    def spent(self) -> bool:
        """Say whether nothing is left to do."""
        return self.times is not None and self.times <= 0

    def shown(self) -> Mapping[str, Any]:
        """Return it as it was planned, counters as they are now."""
        names = (n for n in Fault.__dataclass_fields__ if not n.startswith("_"))
        return {name: getattr(self, name) for name in names}


@dataclass(slots=True)
class Plan:
    """Everything planned, how many requests came and how many were spoiled, by kind."""

    faults: list[Fault] = field(default_factory=list)
    requests: int = 0
    spoiled: dict[str, int] = field(default_factory=dict)

    def take(self, method: str, path: str) -> list[Fault]:
        """Count one request; return the faults that spoil it."""
        self.requests += 1
        due = [fault for fault in self.faults if fault.due(method, path)]
        for fault in due:
            self.spoiled[fault.kind] = self.spoiled.get(fault.kind, 0) + 1
        self.faults = [fault for fault in self.faults if not fault.spent]
        return due


def read_fault(body: Mapping[str, Any]) -> Fault:
    """Read a fault from a control request; one with a probability stays until cleared."""
    known = {name for name in Fault.__dataclass_fields__ if not name.startswith("_")}
    if unknown := set(body) - known:
        raise InvalidFaultError(f"unknown: {', '.join(sorted(unknown))}; known: {sorted(known)}")
    if body.get("kind") not in KINDS:
        raise InvalidFaultError(f"kind must be one of {sorted(KINDS)}")
    if body["kind"] == "module_off" and not body.get("module"):
        raise InvalidFaultError("module_off needs a module")
    if not isinstance(body.get("status", 200), int):
        raise InvalidFaultError("status must be a number")
    return Fault(**{"times": None if "probability" in body else 1, **body})
