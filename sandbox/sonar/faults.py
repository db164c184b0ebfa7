"""Faults on demand: what the server does wrong with the next requests.

A fault waits for `after` matching requests, then spoils `times` of them (None: until cleared).
Changes to records are scheduled the same way, so that a tenant can move while it is being paged.
Beside planned faults there are random ones (`Chaos`) and a request budget (`Budget`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.sonar.changes import Change
from sandbox.sonar.flaws import ANSWERS
from sandbox.sonar.pressure import Budget, Chaos

DOWNLOADS = "api/files"  # stands in for a collection where the bytes of files are meant

TRANSPORT = frozenset(
    {
        "rate_limited",
        "limit_reached",
        "server_error",
        "bad_gateway",
        "dropped",
        "dropped_midway",
        "cut_off",
        "slow",
        "errors_beside_data",
    }
)
OF_A_COLLECTION = frozenset(
    {
        "denied_collection",
        "empty_collection",
        "denied_field",
        "wrong_total",
        "capped_total",
        "unreadable_row",
        "too_large",
    }
)
_NEEDS = {  # what an order must name beside the collection
    "denied_field": "field",
    "unreadable_row": "key",
    "page_limit": "limit",
    "capped_total": "limit",
    "too_large": "limit",
}
STANDING = OF_A_COLLECTION | {"page_limit", "expired_token"}
KINDS = TRANSPORT | STANDING
_OF_DOWNLOADS = TRANSPORT - {"errors_beside_data"} | {"expired_token", "denied_collection"}


class InvalidFaultError(ValueError):
    """A control request that cannot be carried out."""


@dataclass(slots=True)
class Fault:
    """One planned fault; `times` and `after` count down."""

    kind: str
    collection: str | None = None
    times: int | None = 1
    after: int = 0
    retry_after: int | None = None  # rate_limited: seconds for the header
    field: str | None = None  # denied_field, unreadable_row
    key: str | None = None  # unreadable_row
    by: int = 1  # wrong_total: added to the count
    limit: int | None = None  # page_limit, capped_total, too_large, limit_reached
    seconds: float = 1.0  # slow, timed out
    answer: str = "server_error"  # unreadable_row, too_large

    def concerns(self, collections: frozenset[str]) -> bool:
        """Say whether a request for these root fields is one that this fault waits for."""
        return self.collection is None or self.collection in collections

    def due(self, collections: frozenset[str]) -> bool:
        """Count one request; say whether it is to be spoiled."""
        if not self.concerns(collections):
            return False
        if self.after > 0:
            self.after -= 1
            return False
        if self.times is not None:
            self.times -= 1
        return True

    @property
    def spent(self) -> bool:
        """Say whether nothing is left to do."""
        return self.times is not None and self.times <= 0


@dataclass(slots=True)
class Plan:
    """Everything planned, how many requests were counted, and the changes made by plan."""

    faults: list[Fault] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    made: list[dict[str, Any]] = field(default_factory=list)
    chaos: Chaos | None = None
    budget: Budget | None = None
    requests: int = 0

    def take(self, collections: frozenset[str]) -> list[Fault]:
        """Count one request for these root fields; return the faults that spoil it."""
        self.requests += 1
        due = [fault for fault in self.faults if fault.due(collections)]
        self.faults = [fault for fault in self.faults if not fault.spent]
        if self.budget is not None and (wait := self.budget.refuse()) is not None:
            due.append(Fault(self.budget.answer, retry_after=wait, limit=self.budget.requests))
        if self.chaos is not None and (kind := self.chaos.strike(collections)) is not None:
            chaos = self.chaos
            due.append(Fault(kind, retry_after=chaos.retry_after, seconds=chaos.seconds))
        return due

    def take_changes(self, collections: frozenset[str]) -> list[Change]:
        """Count one request; return the changes to make before it is answered."""
        due, waiting = [], []
        for change in self.changes:
            if change.counted is not None and change.counted not in collections:
                waiting.append(change)
            elif change.after > 0:
                change.after -= 1
                waiting.append(change)
            else:
                due.append(change)
        self.changes = waiting
        return due


def read_fault(body: Mapping[str, Any]) -> Fault:
    """Read a fault from a control request; standing kinds stay until cleared."""
    known = set(Fault.__dataclass_fields__)
    if unknown := set(body) - known:
        raise InvalidFaultError(f"unknown: {', '.join(sorted(unknown))}; known: {sorted(known)}")
    kind = body.get("kind")
    if kind not in KINDS:
        raise InvalidFaultError(f"kind must be one of {sorted(KINDS)}")
    if kind in OF_A_COLLECTION and not body.get("collection"):
        raise InvalidFaultError(f"{kind} needs a collection")
    if body.get("collection") == DOWNLOADS and kind not in _OF_DOWNLOADS:
        raise InvalidFaultError(f"for {DOWNLOADS} the kind must be one of {sorted(_OF_DOWNLOADS)}")
    needed = _NEEDS.get(kind)
    if needed is not None and body.get(needed) in (None, ""):
        raise InvalidFaultError(f"{kind} needs a {needed}")
    if body.get("answer", "server_error") not in ANSWERS:
        raise InvalidFaultError(f"answer must be one of {sorted(ANSWERS)}")
    for name in ("times", "after", "retry_after", "by", "limit"):
        _check(name, body.get(name), int)
    _check("seconds", body.get("seconds"), float)
    if body.get("key") is not None:
        body = {**body, "key": str(body["key"])}
    return Fault(**{"times": None if kind in STANDING else 1, **body})


def read_chaos(body: Mapping[str, Any]) -> Chaos:
    """Read the random faults from a control request; without kinds, every kind of transport."""
    known = set(Chaos.__dataclass_fields__) - {"requests"}
    if unknown := set(body) - known:
        raise InvalidFaultError(f"unknown: {', '.join(sorted(unknown))}; known: {sorted(known)}")
    kinds = tuple(body.get("kinds") or sorted(TRANSPORT))
    if not TRANSPORT.issuperset(kinds):
        raise InvalidFaultError(f"kinds must be among {sorted(TRANSPORT)}")
    probability = body.get("probability")
    _check("probability", probability, float)
    if probability is None or not 0 <= probability <= 1:
        raise InvalidFaultError("probability must be between 0 and 1")
    for name, kind in {"seed": int, "retry_after": int, "seconds": float}.items():
        _check(name, body.get(name), kind)
    return Chaos(**{**body, "kinds": kinds})


def read_budget(body: Mapping[str, Any]) -> Budget:
    """Read the request budget from a control request."""
    known = {"requests", "seconds", "answer"}
    if unknown := set(body) - known:
        raise InvalidFaultError(f"unknown: {', '.join(sorted(unknown))}; known: {sorted(known)}")
    requests = body.get("requests")
    _check("requests", requests, int)
    _check("seconds", body.get("seconds"), float)
    if requests is None or requests < 1:
        raise InvalidFaultError("requests must be at least 1")
    if body.get("answer", "rate_limited") not in ("rate_limited", "limit_reached"):
        raise InvalidFaultError("answer must be rate_limited or limit_reached")
    return Budget(**body)


def _check(name: str, value: object, kind: type[int] | type[float]) -> None:
    """Refuse a value that is no number of this kind, or a negative one where that means nothing."""
    if value is None:
        return
    fits = isinstance(value, int if kind is int else int | float) and not isinstance(value, bool)
    if not fits or (name != "by" and isinstance(value, int | float) and value < 0):
        raise InvalidFaultError(f"{name} must be a number, zero or more")
