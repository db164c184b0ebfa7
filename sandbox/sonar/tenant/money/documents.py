"""The records that money is told in, as they are while an account is written.

What Sonar states of a document (what is left of a payment, what is due on an invoice) follows from
the records here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple


class Sold(NamedTuple):
    """What a line is for."""

    service: str
    name: str
    type: str
    cents: int


class Levy(NamedTuple):
    """A tax as its rows name it; the rate in millionths."""

    name: str
    millionths: int


@dataclass(slots=True)
class Tax:
    """A tax_transaction."""

    key: int
    amount: int
    taxed: int
    description: str


@dataclass(slots=True)
class Invoice:
    """An invoice; `applied` is what credits that are not void pay of it."""

    key: int
    day: date
    due: date
    created: datetime
    months: int
    values: dict[str, Any]
    lines: list[Line] = field(default_factory=list)
    applied: int = 0
    voided: datetime | None = None

    @property
    def debits(self) -> int:
        """What its lines come to before tax."""
        return 0 if self.voided else sum(line.amount for line in self.lines)

    @property
    def taxes(self) -> int:
        """What the taxes of its lines come to."""
        return 0 if self.voided else sum(line.tax for line in self.lines)

    @property
    def remaining(self) -> int:
        """What is still due."""
        return self.debits + self.taxes - self.applied


@dataclass(slots=True)
class Line:
    """A debit."""

    key: int
    sold: Sold
    amount: int
    created: datetime
    invoice: Invoice | None
    values: dict[str, Any]
    taxes: list[Tax] = field(default_factory=list)

    @property
    def tax(self) -> int:
        """What its taxes come to."""
        return sum(tax.amount for tax in self.taxes)


@dataclass(slots=True)
class Payer:
    """A payment or, when it is sold something, a discount."""

    key: int
    amount: int
    created: datetime
    values: dict[str, Any]
    sold: Sold | None = None
    taxes: list[Tax] = field(default_factory=list)
    applied: int = 0
    taken: int = 0

    @property
    def tax(self) -> int:
        """What its taxes come to."""
        return sum(tax.amount for tax in self.taxes)

    @property
    def remaining(self) -> int:
        """What can still be applied."""
        return self.amount + self.tax - self.applied - self.taken


@dataclass(slots=True)
class Credit:
    """What a payer pays of an invoice."""

    key: int
    payer: Payer
    invoice: Invoice
    amount: int
    created: datetime
    voided: datetime | None = None


@dataclass(slots=True)
class TakenBack:
    """A reversal, refund or void of a payment, told by the collection that it is in."""

    key: int
    collection: str
    payer: Payer
    amount: int
    created: datetime
    values: dict[str, Any]
    stands: bool  # else it tells a second time what another record told
