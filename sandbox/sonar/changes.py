"""Changes to records by control request: now, or after some requests were answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from sandbox.sonar.store import Store, UnknownRecordError

ACTIONS = frozenset({"insert", "update", "delete", "archive"})


@dataclass(slots=True)
class Change:
    """A change to a record, due after some requests."""

    action: str
    collection: str
    key: str | None
    values: Mapping[str, Any]
    after: int = 0
    counted: str | None = None  # count only requests for this collection
    seed: int | None = None  # chooses the record where no key is given

    def apply(self, store: Store) -> str:
        """Carry it out; return the record's id."""
        collection = store.named(self.collection)
        if self.action == "insert":
            return collection.insert(self.values)
        key = self.key or self._choose(store)
        if self.action == "update":
            collection.update(key, self.values)
        elif self.action == "delete":
            collection.delete(key)
        else:
            collection.archive(key)
        return key

    def _choose(self, store: Store) -> str:
        rows = store.named(self.collection).rows
        if not rows:
            raise UnknownRecordError(f"{self.collection} is empty")
        return str(rows[Random(self.seed).randrange(len(rows))]["id"])
