"""Special cases of payments: failed, taken back, applied twice, for somebody else."""

from __future__ import annotations

from sandbox.sonar.tenant.money.book import Book
from sandbox.sonar.tenant.money.offers import Offers
from sandbox.sonar.tenant.money.periods import Period
from sandbox.sonar.tenant.money.scenes import bill, settle


def refunded_payment(book: Book, offers: Offers, period: Period, index: int) -> None:
    """Write a payment that was paid back whole; every second one had paid a bill."""
    invoice = bill(book, offers, period)
    payment = book.pay(invoice.remaining, period.after(2))
    if index % 2:  # it had paid the invoice, which is paid again
        book.void(book.apply(payment, invoice, period.after(2)), period.after(5))
    for collection in ("reversed_payments", "refunded_payments"):
        stands = collection == "reversed_payments"
        book.take_back(collection, payment, payment.amount, period.after(5), stands=stands)
    settle(book, invoice, period, 6)
    book.plant("refunded_payment", "payments", payment.key)


def partial_refund(book: Book, offers: Offers, period: Period, index: int) -> None:
    """Write a payment of too much, of which the rest was paid back."""
    invoice = bill(book, offers, period)
    payment = book.pay(invoice.remaining + 500 + index % 7, period.after(2))
    book.apply(payment, invoice, period.after(2))
    for collection in ("reversed_payments", "refunded_payments"):
        stands = collection == "reversed_payments"
        book.take_back(collection, payment, 500 + index % 7, period.after(9), stands=stands)
    book.plant("partial_refund", "payments", payment.key)


def voided_payment(book: Book, offers: Offers, period: Period, index: int) -> None:
    """Write a payment that was undone at once; every second void is a reversal too."""
    invoice = bill(book, offers, period)
    payment = book.pay(invoice.remaining, period.after(2))
    paired = index % 2 == 1
    if paired:
        book.take_back("reversed_payments", payment, payment.amount, period.after(2.5))
    book.take_back("voided_payments", payment, payment.amount, period.after(2.5), stands=not paired)
    settle(book, invoice, period)
    book.plant("voided_payment", "payments", payment.key)


def reversed_payment(book: Book, offers: Offers, period: Period, index: int) -> None:
    """Write a payment that was not honoured, some of them in part."""
    invoice = bill(book, offers, period)
    payment = book.pay(invoice.remaining, period.after(2), payment_type="CHECK")
    amount = payment.amount if index % 3 else payment.amount // 2
    book.void(book.apply(payment, invoice, period.after(2)), period.after(8))
    book.take_back("reversed_payments", payment, amount, period.after(8))
    if index % 3 == 0:  # a part of it stays and pays what it can
        book.apply(payment, invoice, period.after(8))
    settle(book, invoice, period, 9)
    book.plant("reversed_payment", "payments", payment.key)


def voided_credit(book: Book, offers: Offers, period: Period, _: int) -> None:
    """Write a payment that was applied, taken off and applied again."""
    invoice = bill(book, offers, period)
    payment = book.pay(invoice.remaining, period.after(3))
    credit = book.apply(payment, invoice, period.after(3))
    book.void(credit, period.after(4))
    book.apply(payment, invoice, period.after(5))
    book.plant("voided_credit", "credits", credit.key)


def failed_payment(book: Book, offers: Offers, period: Period, _: int) -> None:
    """Write a charge that failed before another one went through."""
    invoice = bill(book, offers, period)
    payment = book.pay(invoice.remaining, period.after(2), successful=False, status="FAILED")
    settle(book, invoice, period)
    book.plant("failed_payment", "payments", payment.key)


def pending_payment(book: Book, offers: Offers, period: Period, _: int) -> None:
    """Write a charge that nothing is known of yet."""
    invoice = bill(book, offers, period)
    payment = book.pay(invoice.remaining, period.after(40), successful=False, status="PENDING")
    book.plant("pending_payment", "payments", payment.key)


def parent_pays_child(book: Book, offers: Offers, period: Period, _: int) -> None:
    """Write a bill that the parent account pays."""
    invoice = bill(book, offers, period)
    if book.parent is None:
        raise ValueError(f"account {book.account} has no parent that pays")
    payment = book.parent.pay(invoice.remaining, period.after(3))
    credit = book.parent.apply(payment, invoice, period.after(3))
    if book.parent.invoices:
        invoice.values["parent_invoice_id"] = str(book.parent.invoices[-1].key)
    book.plant("parent_pays_child", "credits", credit.key)


def payment_unapplied(book: Book, _: Offers, period: Period, index: int) -> None:
    """Write a payment that pays nothing yet."""
    payment = book.pay(2500 + 100 * (index % 30), period.after(3))
    book.plant("payment_unapplied", "payments", payment.key)
