"""What the pages are made of, as plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from extract.catalogue.discovery import Collection


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an entity. `status`: read, link, embedded, secret, refused or not read.

    `code_list` are the members of its enum, None when it is none; `collection` holds the rows that
    a relation leads to.
    """

    name: str
    type: str
    scalar: str | None
    status: str
    note: str = ""
    code_list: tuple[str, ...] | None = None
    collection: str | None = None


@dataclass(frozen=True, slots=True)
class Filled:
    """How full a field is over the live rows.

    `low` and `high` are of numbers and dates alone, `values` how often a member of a code list, or
    a yes or no, occurs; `unlisted` counts values that the code list does not have. `linked` is the
    number of ids inside a link.
    """

    nulls: int
    distinct: int | None = None
    low: str | None = None
    high: str | None = None
    values: Mapping[str, int] = field(default_factory=dict)
    unlisted: int = 0
    linked: int | None = None


@dataclass(frozen=True, slots=True)
class Coverage:
    """The landed rows of one collection and how full its fields are."""

    rows: int
    deleted: int
    fields: Mapping[str, Filled]


@dataclass(frozen=True, slots=True)
class Read:
    """The latest reading of a collection by the ledger."""

    run_id: str
    state: str
    grade: str | None
    reason: str | None
    server_count: int | None
    landed_count: int | None
    dropped: tuple[str, ...]
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between two schemas; `touches` are the collections that read what changed."""

    severity: str
    kind: str
    what: str
    touches: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Version:
    """One schema that the source has shown."""

    schema_hash: str
    first_seen_at: datetime
    last_seen_at: datetime


@dataclass(frozen=True, slots=True)
class Page:
    """Everything about one root query."""

    collection: Collection
    fields: Sequence[Field]
    read: Read | None
    coverage: Coverage | None

    @property
    def state(self) -> str:
        """What became of it, in one word."""
        if self.collection.excluded:
            return "excluded"
        if self.collection.skipped:
            return "skipped"
        return self.read.state if self.read else "not read yet"

    @property
    def reason(self) -> str | None:
        """Why it is not read, or not complete."""
        return self.collection.skipped or (self.read.reason if self.read else None)


@dataclass(frozen=True, slots=True)
class Facts:
    """What all pages together are made of. `before` None: there was only one schema so far."""

    source: str
    written_at: datetime
    version: Version
    before: Version | None
    pages: Sequence[Page]
    changes: Sequence[Change]
