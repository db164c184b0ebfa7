"""What the page is made of, as plain values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Line:
    """One column or attribute. `notes` say what else is known; `decision` why a load writes it."""

    name: str
    type: str
    notes: str
    loaded: bool = False
    decision: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One table or endpoint; `says` is shown above its lines. `also`: found by these words too."""

    name: str
    kind: str
    says: str
    lines: Sequence[Line]
    also: str = ""

    @property
    def loaded(self) -> int:
        """How many lines a load writes."""
        return sum(line.loaded for line in self.lines)


@dataclass(frozen=True, slots=True)
class Facts:
    """All of the page. `unread` names what is not configured, so that its part is missing."""

    target: str
    server: str
    written_at: datetime
    entries: Sequence[Entry]
    unread: Sequence[str]
