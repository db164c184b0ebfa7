"""fractional_debits and fractional_tax_transactions: amounts by the month."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import islice

from sandbox.sonar.rows import Row
from sandbox.sonar.tenant.draft import Draft, ids

PARTS = 3
USUAL = 8  # rows, where no target is given


def fractional_debits(draft: Draft) -> None:
    """Write the parts of the first debits that can be parted."""
    whole = (row for row in draft.rows["debits"] if row["amount"] >= PARTS)
    numbers = ids(draft.random("fractional_debits"))
    for row, amount, day in _parted(whole, _count(draft, "fractional_debits")):
        values = {"amount": amount, "date": day.isoformat(), "debit_id": row["id"]}
        draft.add("fractional_debits", next(numbers), _made(row), values)


def fractional_tax_transactions(draft: Draft) -> None:
    """Write the parts of the first taxes that can be parted."""
    whole = (row for row in draft.rows["tax_transactions"] if row["amount"] >= PARTS)
    numbers = ids(draft.random("fractional_tax_transactions"))
    for row, amount, day in _parted(whole, _count(draft, "fractional_tax_transactions")):
        values = {
            "amount": amount,
            "amount_taxed": row["amount_taxed"] // PARTS,
            "date": day.isoformat(),
            "description": row["description"],
            "tax_transaction_id": row["id"],
        }
        draft.add("fractional_tax_transactions", next(numbers), _made(row), values)


def _count(draft: Draft, collection: str) -> int:
    left = draft.left(collection)
    return USUAL if left is None else left


def _parted(rows: Iterator[Row], count: int) -> Iterator[tuple[Row, int, date]]:
    """Yield so many parts with their day; the parts of a row come to its amount."""
    for row in islice(rows, -(-count // PARTS)):
        parts = min(PARTS, count)
        count -= parts
        each, rest = divmod(row["amount"], parts)
        for part in range(parts):
            yield row, each + (part < rest), _made(row).date() + timedelta(days=30 * part)


def _made(row: Row) -> datetime:
    return datetime.fromisoformat(row["created_at"])
