"""Special cases of invoices and debits: void, by the day, for several months, linked, taxed."""

from __future__ import annotations

from datetime import timedelta

from sandbox.sonar.tenant.money.book import Book
from sandbox.sonar.tenant.money.offers import FEE, LATE_FEE, Offers
from sandbox.sonar.tenant.money.periods import Period
from sandbox.sonar.tenant.money.scenes import bill, by_hand, extra, settle


def void_invoice(book: Book, offers: Offers, period: Period, index: int) -> None:
    """Write an invoice that is void, and the one in its place."""
    wrong = bill(book, offers, period)
    extra(book, offers, wrong)
    right = bill(book, offers, period)
    book.plant("void_invoice", "invoices", wrong.key)
    if index % 2:
        payment = book.pay(right.remaining, period.after(1))
        book.void(book.apply(payment, wrong, period.after(1)), period.after(2))
        wrong.voided = period.after(2)
        book.apply(payment, right, period.after(2))
    else:
        wrong.voided = period.after(0.2)
        settle(book, right, period)


def reversed_uninvoiced_debit(book: Book, offers: Offers, period: Period, index: int) -> None:
    """Write a debit that was undone before it was invoiced."""
    when = period.after(1)
    line = book.charge(
        offers.manual, 1500, when, None, reversed=True, reversed_at=when, **by_hand(index)
    )
    book.plant("reversed_uninvoiced_debit", "debits", line.key)


def uninvoiced_debit(book: Book, offers: Offers, period: Period, index: int) -> None:
    """Write a debit that the next invoice will have."""
    when = period.after(1 + index % 20)
    sold = offers.extras[index % len(offers.extras)]
    line = book.charge(sold, sold.cents, when, None, **by_hand(index))
    if index % 2:
        book.tax(line, offers.levies[0])
    book.plant("uninvoiced_debit", "debits", line.key)


def prorated_debit(book: Book, offers: Offers, period: Period, index: int) -> None:
    """Write a line for a part of a month."""
    invoice = bill(book, offers, period)
    days = 3 + index % 20
    since = period.day - timedelta(days=days)
    line = extra(
        book,
        offers,
        invoice,
        prorated_from=since.isoformat(),
        prorated_to=(period.day - timedelta(days=1)).isoformat(),
    )
    line.amount = max(round(line.amount * days / 30), 1)
    settle(book, invoice, period)
    book.plant("prorated_debit", "debits", line.key)


def multi_month_invoice(book: Book, offers: Offers, period: Period, index: int) -> None:
    """Write a bill for several months."""
    months = (3, 6, 12)[index % 3]
    several = Period(period.day, period.due, period.created, months)
    invoice = bill(book, offers, several)
    settle(book, invoice, several)
    book.plant("multi_month_invoice", "invoices", invoice.key)


def linked_debit(book: Book, offers: Offers, period: Period, _: int) -> None:
    """Write a line that belongs to another line."""
    invoice = bill(book, offers, period)
    line = extra(book, offers, invoice, linked_debit_id=str(invoice.lines[0].key))
    settle(book, invoice, period)
    book.plant("linked_debit", "debits", line.key)


def tax_folded(book: Book, offers: Offers, period: Period, index: int) -> None:
    """Write a line with the one tax that its service has."""
    invoice = bill(book, offers, period)
    tax = book.tax(invoice.lines[0], offers.levies[index % len(offers.levies)])
    if index % 2:
        tax.description = tax.description.upper()
    settle(book, invoice, period)
    book.plant("tax_folded", "tax_transactions", tax.key)


def several_taxes(book: Book, offers: Offers, period: Period, _: int) -> None:
    """Write a line with several taxes."""
    invoice = bill(book, offers, period)
    for levy in (offers.levies[0], FEE):
        book.tax(invoice.lines[0], levy)
    settle(book, invoice, period)
    book.plant("several_taxes_on_debit", "debits", invoice.lines[0].key)


def zero_tax(book: Book, offers: Offers, period: Period, _: int) -> None:
    """Write a line with a tax of nothing."""
    invoice = bill(book, offers, period)
    tax = book.tax(invoice.lines[0], offers.levies[0]._replace(millionths=0))
    settle(book, invoice, period)
    book.plant("zero_tax", "tax_transactions", tax.key)


def late_fee_only(book: Book, offers: Offers, period: Period, _: int) -> None:
    """Write a bill of a late fee alone."""
    late = period.due + timedelta(days=5)
    fee_created = period.after((late - period.day).days)
    day = min(late, fee_created.date())
    invoice = book.invoice(day, day + (period.due - period.day), fee_created, late_fee_only=True)
    book.charge(offers.manual, LATE_FEE, fee_created, invoice, service_name="Late Fee")
    payment = book.pay(invoice.remaining, period.after(60))
    book.apply(payment, invoice, period.after(60))
    book.plant("late_fee_only", "invoices", invoice.key)


def zero_debit(book: Book, offers: Offers, period: Period, _: int) -> None:
    """Write a line of nothing."""
    invoice = bill(book, offers, period)
    line = extra(book, offers, invoice)
    line.amount = 0
    settle(book, invoice, period)
    book.plant("zero_debit", "debits", line.key)


def quantity_debit(book: Book, offers: Offers, period: Period, index: int) -> None:
    """Write a line of several, every third of an amount that they do not divide."""
    invoice = bill(book, offers, period)
    quantity = 2 + index % 3
    line = extra(book, offers, invoice, quantity=quantity)
    line.amount = line.amount * quantity if index % 3 else 100 * quantity + 1
    settle(book, invoice, period)
    book.plant("quantity_debit", "debits", line.key)
