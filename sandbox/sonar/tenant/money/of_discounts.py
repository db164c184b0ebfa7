"""Special cases of discounts: granted, taxed, taken back, for a debit that is undone."""

from __future__ import annotations

from sandbox.sonar.tenant.money.book import Book
from sandbox.sonar.tenant.money.offers import Offers
from sandbox.sonar.tenant.money.periods import Period
from sandbox.sonar.tenant.money.scenes import bill, by_hand, extra, settle


def reversed_debit(book: Book, offers: Offers, period: Period, index: int) -> None:
    """Write a debit that was undone on its invoice, with the discount that undoes it."""
    invoice = bill(book, offers, period)
    wrong = extra(book, offers, invoice, reversed=True, reversed_at=period.after(1))
    mirror = book.discount(
        wrong.sold, wrong.amount, period.after(1), debit_id=str(wrong.key), **by_hand(index)
    )
    if index % 2:
        for owner in (wrong, mirror):
            book.tax(owner, offers.levies[0])
    book.apply(mirror, invoice, period.after(1))
    settle(book, invoice, period)
    book.plant("reversed_debit", "debits", wrong.key)


def discount_unapplied(book: Book, offers: Offers, period: Period, index: int) -> None:
    """Write a discount that pays nothing yet."""
    sold = offers.granted[index % len(offers.granted)]
    discount = book.discount(sold, sold.cents + index, period.after(2), **by_hand(index))
    book.plant("discount_unapplied", "discounts", discount.key)


def reversed_discount(book: Book, offers: Offers, period: Period, index: int) -> None:
    """Write a discount that was taken back."""
    sold = offers.granted[index % len(offers.granted)]
    made, undone = period.after(1), period.after(2)
    discount = book.discount(sold, sold.cents, made, reversed=True, reversed_at=undone)
    discount.taken = discount.amount
    book.plant("reversed_discount", "discounts", discount.key)


def tax_on_discount(book: Book, offers: Offers, period: Period, index: int) -> None:
    """Write a discount that takes tax back too."""
    invoice = bill(book, offers, period)
    book.tax(invoice.lines[0], offers.levies[0])
    sold = offers.granted[index % len(offers.granted)]
    discount = book.discount(sold, sold.cents, period.created)
    tax = book.tax(discount, offers.levies[0])
    book.apply(discount, invoice, period.created)
    settle(book, invoice, period)
    book.plant("tax_on_discount", "tax_transactions", tax.key)
