"""Faults on demand: what the server does wrong with the next requests.

A fault waits for `after` matching requests, then spoils `times` of them (None: until cleared).
Changes to records are scheduled the same way, so that a tenant can move while it is being paged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sandbox.sonar.store import Store

TRANSPORT = frozenset(
    {"rate_limited", "server_error", "bad_gateway", "dropped", "cut_off", "errors_beside_data"}
)
STANDING = frozenset({"denied_collection", "denied_field", "wrong_total"})
ACTIONS = frozenset({"insert", "update", "delete", "archive"})


class InvalidFaultError(ValueError):
    """A control request that cannot be carried out."""


@dataclass(slots=True)
class Fault:
    """One planned fault; `times` and `after` count down."""

    kind: str
    collection: str | None = None
    times: int | None = 1
    after: int = 0
    retry_after: int | None = None
    field: str | None = None
    by: int = 1

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
class Change:
    """A change to a record, due after some requests."""

    action: str
    collection: str
    key: str | None
    values: Mapping[str, Any]
    after: int = 0
    counted: str | None = None  # count only requests for this collection

    def apply(self, store: Store) -> str | None:
        """Carry it out; return the record's id."""
        collection = store.named(self.collection)
        if self.action == "insert":
            return collection.insert(self.values)
        if self.key is None:
            raise InvalidFaultError(f"{self.action} needs the key of a record")
        if self.action == "update":
            collection.update(self.key, self.values)
        elif self.action == "delete":
            collection.delete(self.key)
        else:
            collection.archive(self.key)
        return self.key


@dataclass(slots=True)
class Plan:
    """Everything planned, and how many requests were counted."""

    faults: list[Fault] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    requests: int = 0

    def take(self, collections: frozenset[str]) -> list[Fault]:
        """Count one request for these root fields; return the faults that spoil it."""
        self.requests += 1
        due = [fault for fault in self.faults if fault.due(collections)]
        self.faults = [fault for fault in self.faults if not fault.spent]
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
    if kind not in TRANSPORT | STANDING:
        raise InvalidFaultError(f"kind must be one of {sorted(TRANSPORT | STANDING)}")
    if kind in STANDING and not body.get("collection"):
        raise InvalidFaultError(f"{kind} needs a collection")
    if kind == "denied_field" and not body.get("field"):
        raise InvalidFaultError("denied_field needs a field")
    return Fault(**{"times": None if kind in STANDING else 1, **body})


def read_change(body: Mapping[str, Any], store: Store) -> Change:
    """Read a change from a control request."""
    if body.get("action") not in ACTIONS:
        raise InvalidFaultError(f"action must be one of {sorted(ACTIONS)}")
    key = body.get("key")
    return Change(
        action=body["action"],
        collection=store.named(str(body.get("collection"))).name,
        key=None if key is None else str(key),
        values=body.get("values") or {},
        after=int(body.get("after") or 0),
        counted=body.get("counted"),
    )


def lose_entities(data: dict[str, Any] | None, roots: Sequence[str]) -> dict[str, Any]:
    """Return `data` with the second half of each page missing, as a failing back end leaves it."""
    lost = dict(data or {})
    for name in roots:
        connection = lost.get(name)
        if isinstance(connection, dict) and isinstance(connection.get("entities"), list):
            entities = connection["entities"]
            lost[name] = {**connection, "entities": entities[: len(entities) // 2]}
    return lost
