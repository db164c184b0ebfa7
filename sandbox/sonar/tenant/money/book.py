"""One account's money while it is being written: documents, payers and what pays what.

Amounts are whole cents; every identity between the records holds to the cent.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from random import Random

from sandbox.sonar.tenant.draft import Draft, ids
from sandbox.sonar.tenant.money.documents import (
    Credit,
    Invoice,
    Levy,
    Line,
    Payer,
    Sold,
    TakenBack,
    Tax,
)

COLLECTIONS = (
    "invoices",
    "debits",
    "discounts",
    "tax_transactions",
    "payments",
    "credits",
    "reversed_payments",
    "refunded_payments",
    "voided_payments",
)


class Numbers:
    """The ids of the money collections, each rising."""

    def __init__(self, draft: Draft) -> None:
        self._of = {name: ids(draft.random(f"{name} ids")) for name in COLLECTIONS}

    def next(self, collection: str) -> int:
        """Return the next id of a collection."""
        return next(self._of[collection])


@dataclass(slots=True)
class Book:
    """The money records of one account, in the order in which they were made."""

    account: str
    numbers: Numbers
    random: Random
    invoices: list[Invoice] = field(default_factory=list)
    debits: list[Line] = field(default_factory=list)
    discounts: list[Payer] = field(default_factory=list)
    payments: list[Payer] = field(default_factory=list)
    credits: list[Credit] = field(default_factory=list)
    taken: list[TakenBack] = field(default_factory=list)
    planted: list[tuple[str, str, int]] = field(default_factory=list)  # trap, collection, id
    parent: Book | None = None

    def invoice(
        self, day: date, due: date, created: datetime, months: int = 1, **values: object
    ) -> Invoice:
        """Begin an invoice."""
        key = self.numbers.next("invoices")
        made = Invoice(key, day, due, created, months, values)
        self.invoices.append(made)
        return made

    def charge(
        self, sold: Sold, amount: int, created: datetime, invoice: Invoice | None, **values: object
    ) -> Line:
        """Add a debit, to an invoice or to be invoiced."""
        line = Line(self.numbers.next("debits"), sold, amount, created, invoice, values)
        self.debits.append(line)
        if invoice is not None:
            invoice.lines.append(line)
        return line

    def tax(self, owner: Line | Payer, levy: Levy, more: int = 0) -> Tax:
        """Add a tax to a line or discount, rounded half up; `more` cents are a rounding of old."""
        cents = (owner.amount * levy.millionths + 500_000) // 1_000_000 + more
        made = Tax(self.numbers.next("tax_transactions"), cents, owner.amount, levy.name)
        owner.taxes.append(made)
        return made

    def discount(self, sold: Sold, amount: int, created: datetime, **values: object) -> Payer:
        """Add a discount that pays nothing yet."""
        made = Payer(self.numbers.next("discounts"), amount, created, values, sold)
        self.discounts.append(made)
        return made

    def pay(self, amount: int, created: datetime, **values: object) -> Payer:
        """Add a payment that pays nothing yet."""
        made = Payer(self.numbers.next("payments"), amount, created, values)
        self.payments.append(made)
        return made

    def apply(
        self, payer: Payer, invoice: Invoice, created: datetime, amount: int | None = None
    ) -> Credit:
        """Pay an invoice as far as it goes, or so much of it."""
        paid = min(payer.remaining, invoice.remaining) if amount is None else amount
        payer.applied += paid
        invoice.applied += paid
        made = Credit(self.numbers.next("credits"), payer, invoice, paid, created)
        self.credits.append(made)
        return made

    def void(self, credit: Credit, when: datetime) -> None:
        """Take an application back; the payer has its money again."""
        credit.voided = when
        credit.payer.applied -= credit.amount
        credit.invoice.applied -= credit.amount

    def take_back(
        self, collection: str, payer: Payer, amount: int, created: datetime, *, stands: bool = True
    ) -> TakenBack:
        """Take money out of a payment; one that does not stand repeats another record of it."""
        values = {"description": None if payer.key % 3 else "Requested by the customer"}
        key = self.numbers.next(collection)
        made = TakenBack(key, collection, payer, amount, created, dict(values), stands)
        self.taken.append(made)
        if stands:
            payer.taken += amount
        return made

    def plant(self, trap: str, collection: str, key: int) -> None:
        """Note that a trap was planted on a record."""
        self.planted.append((trap, collection, key))

    def taxes(self) -> Iterator[tuple[str, Line | Payer, Tax]]:
        """Yield every tax with its owner, and what that is."""
        for line in self.debits:
            for tax in line.taxes:
                yield "Debit", line, tax
        for discount in self.discounts:
            for tax in discount.taxes:
                yield "Discount", discount, tax

    def sizes(self) -> dict[str, int]:
        """Return the number of records by collection."""
        sizes = dict.fromkeys(COLLECTIONS, 0)
        sizes |= {
            "invoices": len(self.invoices),
            "debits": len(self.debits),
            "discounts": len(self.discounts),
            "tax_transactions": sum(1 for _ in self.taxes()),
            "payments": len(self.payments),
            "credits": len(self.credits),
        }
        for one in self.taken:
            sizes[one.collection] += 1
        return sizes
