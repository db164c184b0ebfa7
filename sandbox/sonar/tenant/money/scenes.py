"""What scenes are made of: a bill, its settlement, a further line.

A scene writes one special case: one bill of an account, or something beside its bills. How many
records it writes depends on its index alone, so that a rehearsal tells how many the ordinary bills
have to make up.
"""

from __future__ import annotations

from collections.abc import Callable

from sandbox.sonar.tenant.money.book import Book
from sandbox.sonar.tenant.money.documents import Invoice, Line, Payer
from sandbox.sonar.tenant.money.offers import Offers
from sandbox.sonar.tenant.money.periods import Period

Scene = Callable[[Book, Offers, Period, int], None]


def bill(book: Book, offers: Offers, period: Period) -> Invoice:
    """Write an invoice with its main line."""
    invoice = book.invoice(period.day, period.due, period.created, period.months)
    months = period.months
    book.charge(
        offers.main, offers.main.cents * months, period.created, invoice, number_of_months=months
    )
    return invoice


def settle(book: Book, invoice: Invoice, period: Period, days: float = 4) -> Payer:
    """Pay what is due of an invoice with one payment."""
    payment = book.pay(invoice.remaining, period.after(days))
    book.apply(payment, invoice, period.after(days))
    return payment


def extra(book: Book, offers: Offers, invoice: Invoice, **values: object) -> Line:
    """Add one of the further lines that the account can have."""
    sold = offers.extras[invoice.key % len(offers.extras)]
    return book.charge(sold, sold.cents, invoice.created, invoice, **values)


def by_hand(index: int) -> dict[str, object]:
    """Return that a user made it."""
    return {"user_id": str(1 + index % 3), "description": "Agreed on the telephone"}
