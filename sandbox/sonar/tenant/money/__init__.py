"""The money of a tenant: what was billed, granted, paid, applied and taken back, to the cent."""

from __future__ import annotations

from sandbox.sonar.rows import Rows
from sandbox.sonar.tenant.draft import AS_OF, OPENED, Draft, ids, moment
from sandbox.sonar.tenant.money import aggregates, bills, methods, plan
from sandbox.sonar.tenant.money.book import COLLECTIONS, Book, Numbers
from sandbox.sonar.tenant.money.cases import CHILD
from sandbox.sonar.tenant.money.ledger import Ledger
from sandbox.sonar.tenant.money.offers import Catalogue
from sandbox.sonar.tenant.money.records import CODES, Scribe

SLIPS = 24  # where no target is given
NO_SUCH = 900_000_000  # ids from here on lead to nothing


def general_ledger_codes(draft: Draft) -> None:
    """Write the codes of the lines, and some that no line has."""
    further = (
        ("1200", "Receivables"),
        ("2200", "Sales Tax"),
        ("4400", "Fees"),
        ("5100", "Refunds"),
    )
    named = [*CODES.values(), *further, ("4999", "Other")]
    for key, (code, text) in enumerate(sorted(named), start=1):
        draft.add("general_ledger_codes", key, OPENED, {"code": code, "description": text})


def deposit_slips(draft: Draft) -> None:
    """Write the slips that cheques and cash went to the bank with."""
    random = draft.random("deposit_slips")
    left = draft.left("deposit_slips")
    numbers = ids(random)
    for _ in range(SLIPS if left is None else left):
        made = moment(random, OPENED)
        values = {"bank_account_line": "Operating account", "date": made.date().isoformat()}
        draft.add("deposit_slips", next(numbers), made, values)


def history(draft: Draft) -> None:
    """Write every invoice, debit, tax, discount, payment, application and reversal."""
    if draft.target:  # so many rows are packed while they are written
        for collection in (*COLLECTIONS, "transactions"):
            draft.rows[collection] = Rows()
    catalogue = Catalogue(draft)
    numbers, random = Numbers(draft), draft.random("money")
    parents = {row["id"]: row["parent_account_id"] for row in draft.rows["accounts"]}
    every = {one.account: one for one in plan.recipes(draft, catalogue.of(""))}
    paid_for = {key for key, one in every.items() if any(n == CHILD for n, _ in one.bills)}
    children: dict[str, list[str]] = {}
    for key in paid_for:
        children.setdefault(parents[key] or "", []).append(key)
    scribe = Scribe(
        draft,
        {row["id"]: row["company_id"] for row in draft.rows["accounts"]},
        {values["account_id"]: values["grace_days"] for _, values in draft.terms.values()},
        methods.methods(draft),
        [row["id"] for row in draft.rows["deposit_slips"]],
    )
    ledger = Ledger(draft)
    for key, recipe in every.items():
        if key in paid_for:
            continue  # it is written with its parent
        books = [Book(key, numbers, random)]
        bills.write(books[0], catalogue.of(key), recipe)
        for child in sorted(children.get(key, ()), key=int):
            books.append(Book(child, numbers, random, parent=books[0]))
            bills.write(books[-1], catalogue.of(child), every[child])
        scribe.write(books)
        ledger.write(books)
    _orphans(draft, numbers, scribe)


def _orphans(draft: Draft, numbers: Numbers, scribe: Scribe) -> None:
    """Write what belongs to accounts that are gone."""
    random = draft.random("orphans of money")
    lost = iter(range(10**9))
    sold = Catalogue(draft).of("").main
    for trap in ("orphan_debit", "orphan_payment", "orphan_credit"):
        for index in range(draft.wanted[trap]):
            missing = str(draft.missing_accounts[next(lost) % len(draft.missing_accounts)])
            scribe.companies[missing] = "1"
            book, when = Book(missing, numbers, random), moment(random, OPENED)
            if trap == "orphan_debit":
                line = book.charge(sold, sold.cents, when, None)
                book.plant(trap, "debits", line.key)
            elif trap == "orphan_payment":
                book.plant(trap, "payments", book.pay(sold.cents, when).key)
            else:
                key = numbers.next("credits")
                values = {
                    "account_id": missing,
                    "amount": 1000 + index,
                    "creditable_id": str(NO_SUCH + index),
                    "creditable_type": "Discount" if index % 2 else "Payment",
                    "invoice_id": str(NO_SUCH + index),
                    "void": False,
                }
                draft.add("credits", key, min(when, AS_OF), values)
                book.plant(trap, "credits", key)
            scribe.write([book])


def daily_aggregate_values(draft: Draft) -> None:
    """Write the figures of the days until the tenant's day."""
    aggregates.write(draft)
