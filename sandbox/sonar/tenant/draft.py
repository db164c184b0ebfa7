"""A tenant being written: rows, links, planted traps, and the randomness they come from.

Every collection draws from its own generator, so that a change to one leaves the others as they
were. The same seed gives the same bytes.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, MutableSequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from sandbox.sonar.rows import Row, hold
from sandbox.sonar.tenant.network.plan import Plan
from sandbox.sonar.tenant.support.plan import Plan as Desk

OPENED = datetime(2015, 3, 2, 14, 0, tzinfo=UTC)
AS_OF = datetime(2025, 6, 30, 6, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Account:
    """What the other collections need to know of an account."""

    id: int
    kind: str  # RESIDENTIAL, COMMERCIAL or GOVERNMENT
    first: str
    last: str
    created: datetime
    traps: frozenset[str]

    @property
    def key(self) -> str:
        """The id as Sonar writes it."""
        return str(self.id)


@dataclass(frozen=True, slots=True)
class Sale:
    """A service that an account will have, and the trap that it plants."""

    account: str
    service: str
    trap: str | None
    values: Mapping[str, Any]


@dataclass(slots=True)
class Planted:
    """Where one trap was planted."""

    collection: str
    keys: list[str] = field(default_factory=list)


class Draft:
    """The rows of every collection so far.

    With a `target`, collections come to the number of rows that it names; without one, the number
    is drawn.
    """

    def __init__(
        self,
        seed: int,
        size: int,
        wanted: Mapping[str, int],
        target: Mapping[str, int] | None = None,
    ) -> None:
        self.seed = seed
        self.size = size  # accounts
        self.wanted = wanted
        self.target = target or {}
        self.rows: dict[str, MutableSequence[Row]] = defaultdict(list)
        self.links: dict[tuple[str, str], list[tuple[str, str]]] = {}
        self.planted: dict[str, Planted] = {}
        self.accounts: list[Account] = []
        self.missing_accounts: list[int] = []
        self.terms: dict[int, tuple[int, dict[str, Any]]] = {}  # billing parameters of accounts
        self.orphan_terms: list[tuple[int, dict[str, Any], datetime]] = []
        self.next_bill: dict[str, str | None] = {}  # of accounts
        self.sales: list[Sale] = []  # to be written after the ordinary ones
        self.network = Plan()
        self.desk = Desk()

    def random(self, purpose: str) -> Random:
        """Return a fresh generator for one purpose."""
        return Random(f"{self.seed}:{purpose}")

    def left(self, collection: str) -> int | None:
        """Return how many rows the target leaves to be written, None without a target."""
        if collection not in self.target:
            return None
        return max(self.target[collection] - len(self.rows[collection]), 0)

    def settle(self) -> None:
        """Hold what was written so far in as little memory as it needs; no row changes any more."""
        for collection, rows in self.rows.items():
            if isinstance(rows, list):
                self.rows[collection] = hold(rows)

    def plant(self, trap: str, collection: str, key: str) -> None:
        """Note that a trap was planted on a record."""
        self.planted.setdefault(trap, Planted(collection)).keys.append(key)

    def add(
        self,
        collection: str,
        key: int,
        created: datetime,
        values: Mapping[str, Any],
        updated: datetime | None = None,
    ) -> Row:
        """Add an entity with the columns that every entity has."""
        version = 1 + key % 7
        touched = updated or min(created + timedelta(days=11 * version, minutes=key % 600), AS_OF)
        row = {
            "id": str(key),
            "sonar_unique_id": self._unique(collection, key),
            "created_at": stamp(created),
            "updated_at": stamp(touched),
            "_version": str(version),
            **values,
        }
        self.rows[collection].append(row)
        return row

    def _unique(self, collection: str, key: int) -> str:
        return hashlib.sha256(f"{self.seed}:{collection}:{key}".encode()).hexdigest()[:24]


def ids(random: Random, last: int = 0) -> Iterator[int]:
    """Yield ids after `last` as a database gives them: dense, with gaps where rows were deleted."""
    key = last
    while True:
        key += 1
        if random.random() < 0.03:  # noqa: PLR2004  about one row in thirty was deleted
            key += random.randint(1, 3)
        yield key


def of_name(draft: Draft, service: str) -> str:
    """Return the id of a service by its name."""
    return next(str(row["id"]) for row in draft.rows["services"] if row["name"] == service)


def moment(random: Random, earliest: datetime) -> datetime:
    """Return an instant between `earliest` and a month before the tenant's day."""
    span = AS_OF - timedelta(days=30) - earliest
    return earliest + timedelta(seconds=int(max(span.total_seconds(), 60) * random.random()))


def stamp(value: datetime) -> str:
    """Return an instant as Sonar writes it."""
    whole = value.replace(microsecond=0) if value.microsecond else value
    return whole.isoformat()
