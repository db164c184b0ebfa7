"""transactions: what Sonar shows as the running account of each customer.

Inferred: amounts are positive, what is taken back is a payment of a negative amount, and what a
payment pays for another account moves from the one ledger into the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from sandbox.sonar.tenant.draft import Draft, ids, stamp
from sandbox.sonar.tenant.money.book import Book


class Entry(NamedTuple):
    """One line of a ledger; `effect` is what it adds to what is owed."""

    when: datetime
    order: int
    type: str
    amount: int
    tax: int
    effect: int
    description: str | None
    successful: bool = True


class Ledger:
    """Writes the transactions; ids rise along each account's order."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self._numbers = ids(draft.random("transactions ids"))

    def write(self, books: Sequence[Book]) -> None:
        """Write the ledgers of accounts whose money hangs together."""
        moved: dict[str, list[Entry]] = {}
        accounts = {id(line): book.account for book in books for line in book.invoices}
        for book in books:
            for credit in book.credits:
                other = accounts[id(credit.invoice)]
                if other != book.account and credit.voided is None:
                    text = "Paid by the parent account"
                    away = Entry(
                        credit.created, 5, "PAYMENT", -credit.amount, 0, credit.amount, text
                    )
                    moved.setdefault(book.account, []).append(away)
                    there = away._replace(amount=credit.amount, effect=-credit.amount)
                    moved.setdefault(other, []).append(there)
        for book in books:
            entries = [*_entries(book), *moved.get(book.account, ())]
            self._write(book.account, sorted(entries, key=lambda entry: (entry.when, entry.order)))

    def _write(self, account: str, entries: Sequence[Entry]) -> None:
        balance = 0
        for entry in entries:
            balance += entry.effect
            key, when = next(self._numbers), stamp(entry.when)
            row = {
                "id": str(key),
                "account_id": account,
                "sonar_unique_id": f"transaction-{key:012x}",
                "created_at": when,
                "updated_at": when,
                "amount": entry.amount,
                "datetime": when,
                "running_balance": balance,
                "type": entry.type,
                "tax_total": entry.tax,
                "successful": entry.successful,
            }
            if entry.description is not None:
                row["description"] = entry.description
            self.draft.rows["transactions"].append(row)


def _entries(book: Book) -> Iterator[Entry]:
    for line in book.debits:
        invoice = line.invoice
        if line.values.get("reversed") if invoice is None else invoice.voided is not None:
            continue
        whole, text = line.amount + line.tax, line.values.get("description") or line.sold.name
        yield Entry(line.created, 0, "DEBIT", line.amount, line.tax, whole, text)
    for one in book.discounts:
        if one.values.get("reversed"):
            continue
        text = one.sold.name if one.sold else None
        whole = -one.amount - one.tax
        yield Entry(one.created, 1, "DISCOUNT", one.amount, one.tax, whole, text)
    for one in book.payments:
        done = bool(one.values.get("successful", True))
        effect = -one.amount if done else 0
        yield Entry(one.created, 2, "PAYMENT", one.amount, 0, effect, None, done)
    for back in book.taken:
        if back.stands:
            text = back.values.get("description")
            yield Entry(back.created, 3, "PAYMENT", -back.amount, 0, back.amount, text)
