"""The ordinary bills of an account: lines, taxes, discounts, and how they are paid."""

from __future__ import annotations

from itertools import cycle

from sandbox.sonar.tenant.money.book import Book
from sandbox.sonar.tenant.money.cases import SCENES
from sandbox.sonar.tenant.money.documents import Invoice, Payer
from sandbox.sonar.tenant.money.offers import FEE, Offers
from sandbox.sonar.tenant.money.periods import Period, periods
from sandbox.sonar.tenant.money.plan import spread
from sandbox.sonar.tenant.money.recipes import Recipe
from sandbox.sonar.tenant.money.scenes import bill

FOLDED_OF = 3  # of so many taxes all but one are the tax that the service has
ODD_CENT = 17  # every so many-th tax was rounded otherwise
ORDINARY = ("", 0)


def write(book: Book, offers: Offers, recipe: Recipe) -> None:
    """Write everything of an account."""
    order: list[tuple[str, int]] = [ORDINARY] * recipe.usual + recipe.bills
    book.random.shuffle(order)
    order += [ORDINARY] * recipe.unpaid + recipe.last
    calendar = periods(recipe.terms, len(order)) if order else []
    made: list[tuple[Invoice, Period]] = []
    lines = iter(_lines(recipe))
    for (name, index), period in zip(order, calendar, strict=True):
        if name:
            SCENES[name](book, offers, period, index)
        else:
            made.append((_ordinary(book, offers, period, *next(lines)), period))
    _pay(book, offers, recipe, made[: recipe.usual])
    if recipe.beside:
        (latest,) = periods(recipe.terms, 1)
        for name, index in recipe.beside:
            SCENES[name](book, offers, latest, index)


def _lines(recipe: Recipe) -> list[tuple[int, int]]:
    """Return the number of further lines and of taxes of each ordinary bill."""
    even = [1] * recipe.ordinary
    return list(zip(spread(recipe.debits, even), spread(recipe.taxes, even), strict=True))


def _ordinary(book: Book, offers: Offers, period: Period, more: int, taxes: int) -> Invoice:
    invoice = bill(book, offers, period)
    for index in range(more):
        sold = offers.extras[index % len(offers.extras)]
        book.charge(sold, sold.cents, period.created, invoice)
    for line in invoice.lines[:taxes]:
        levy = FEE if line.key % FOLDED_OF == 0 else offers.levies[0]
        book.tax(line, levy, int(line.key % ODD_CENT == 0))
    return invoice


def _pay(book: Book, offers: Offers, recipe: Recipe, bills: list[tuple[Invoice, Period]]) -> None:
    """Pay ordinary bills in their order: two at once, one by halves, with some left, or just so."""
    granted = cycle(offers.granted)
    for wanted, (invoice, period) in zip(
        spread(recipe.discounts, [1] * len(bills)), bills, strict=True
    ):
        for _ in range(wanted):
            sold = next(granted)
            discount = book.discount(sold, sold.cents, period.created)
            book.apply(discount, invoice, period.created)
    place, left = 0, None
    doubles, halves, carries = recipe.doubles, recipe.halves, recipe.carries
    while place < len(bills):
        invoice, period = bills[place]
        after = bills[place + 1][1] if place + 1 < len(bills) else period
        if left is not None:
            book.apply(left, invoice, period.created)
            left = None
        days = 1 + (invoice.key * 7) % 13
        if doubles:
            other, later = bills[place + 1]
            payment = book.pay(invoice.remaining + other.remaining, later.after(days))
            for one in (invoice, other):
                book.apply(payment, one, later.after(days))
            doubles, place = doubles - 1, place + 2
            continue
        if halves:
            _settle(book, invoice, period, days, invoice.remaining // 2)
            halves -= 1
        elif carries and after is not period:
            carries -= 1
            left = _settle(book, invoice, period, days, invoice.remaining + 100 + days)
            place += 1
            continue
        _settle(book, invoice, period, days + 2, invoice.remaining)
        place += 1


def _settle(book: Book, invoice: Invoice, period: Period, days: int, amount: int) -> Payer:
    payment = book.pay(amount, period.after(days))
    book.apply(payment, invoice, period.after(days))
    return payment
