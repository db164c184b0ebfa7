"""What becomes of documents, payments and applications, by the rules of the mapping.

Records are counted, not listed: a full-size tenant has more than a million of them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sandbox.sonar.rows import values
from sandbox.sonar.tenant.draft import Draft
from sandbox.sonar.tenant.outcome import (
    MART,
    MERGED,
    Outcome,
    Outcomes,
    excluded,
    of_account,
    rejected,
)
from sandbox.sonar.tenant.truth_methods import methods

TAKEN_BACK = ("reversed_payments", "refunded_payments", "voided_payments")
Odd = dict[str, Outcome]  # of the records that are not in a mart


def outcomes(draft: Draft, customers: Outcomes, taxes: Outcomes) -> dict[str, Counter[Outcome]]:
    """Return how many records come to which outcome, by collection."""
    odd_invoices, void = _invoices(draft, customers)
    odd_debits = _debits(draft, customers, odd_invoices)
    odd_discounts = _discounts(draft, customers)
    odd_payments = _payments(draft, customers)
    taken = _taken_back(draft, odd_payments)
    found = {
        "invoices": _counted(draft, "invoices", odd_invoices),
        "debits": _counted(draft, "debits", odd_debits),
        "discounts": _counted(draft, "discounts", odd_discounts),
        "payments": _counted(draft, "payments", odd_payments),
        "tax_transactions": Counter(_taxes(draft, taxes, odd_debits, odd_discounts)),
        "credits": Counter(_credits(draft, odd_payments, odd_discounts, odd_invoices, void)),
        "general_ledger_codes": Counter([MERGED] * len(draft.rows["general_ledger_codes"])),
    }
    return found | taken | {name: Counter(of.values()) for name, of in methods(draft, customers)}


def _counted(draft: Draft, collection: str, odd: Odd) -> Counter[Outcome]:
    found = Counter(odd.values())
    found[MART] = len(draft.rows[collection]) - len(odd)
    return found


def _read(draft: Draft, collection: str, *names: str) -> Iterator[tuple[Any, ...]]:
    return values(draft.rows[collection], names)


def _invoices(draft: Draft, customers: Outcomes) -> tuple[Odd, set[str]]:
    lines: Counter[str] = Counter()
    for invoice, amount in _read(draft, "debits", "invoice_id", "amount"):
        lines[invoice] += amount
    odd, void = {}, set()
    for key, account, is_void in _read(draft, "invoices", "id", "account_id", "void"):
        outcome = of_account(customers, account)
        if outcome is None and lines[key] < 0:
            outcome = rejected("negative_total")
        if outcome is not None:
            odd[key] = outcome
        if is_void:
            void.add(key)
    return odd, void


def _debits(draft: Draft, customers: Outcomes, invoices: Odd) -> Odd:
    owners = dict(_read(draft, "invoices", "id", "account_id"))
    mirrored = {debit for (debit,) in _read(draft, "discounts", "debit_id")}
    odd = {}
    names = ("id", "account_id", "amount", "invoice_id", "reversed")
    for key, account, amount, invoice, is_reversed in _read(draft, "debits", *names):
        outcome = of_account(customers, account)
        if outcome is None:
            outcome = _debit(key, account, amount, invoice, owners, invoices)
        if outcome is None and is_reversed and invoice is None and key not in mirrored:
            outcome = excluded("reversed_before_invoice")
        if outcome is not None:
            odd[key] = outcome
    return odd


def _debit(  # noqa: PLR0913, PLR0917  what the rules look at
    key: str,  # noqa: ARG001
    account: str,
    amount: int,
    invoice: str | None,
    owners: Mapping[str, str],
    invoices: Odd,
) -> Outcome | None:
    if amount < 0:
        return rejected("negative_amount")
    if invoice is None:
        return None
    if invoice not in owners:
        return rejected("invoice_missing")
    if owners[invoice] != account:
        return rejected("invoice_of_other_account")
    return rejected("invoice_rejected") if invoice in invoices else None


def _discounts(draft: Draft, customers: Outcomes) -> Odd:
    odd = {}
    names = ("id", "account_id", "amount", "reversed")
    for key, account, amount, is_reversed in _read(draft, "discounts", *names):
        outcome = of_account(customers, account)
        if outcome is None and amount < 0:
            outcome = rejected("negative_amount")
        if outcome is None and is_reversed:
            outcome = excluded("discount_reversed")
        if outcome is None and amount == 0:
            outcome = excluded("discount_of_nothing")
        if outcome is not None:
            odd[key] = outcome
    return odd


def _payments(draft: Draft, customers: Outcomes) -> Odd:
    odd = {}
    names = ("id", "account_id", "amount", "successful", "status")
    for key, account, amount, successful, status in _read(draft, "payments", *names):
        outcome = of_account(customers, account)
        if outcome is None and not successful:
            pending = status == "PENDING"
            outcome = excluded("payment_pending" if pending else "payment_not_successful")
        if outcome is None and amount == 0:
            outcome = excluded("payment_of_nothing")
        if outcome is None and amount < 0:
            outcome = rejected("negative_amount")
        if outcome is not None:
            odd[key] = outcome
    return odd


def _taken_back(draft: Draft, payments: Odd) -> dict[str, Counter[Outcome]]:
    amounts: dict[str, int] = {}
    rows = [
        (collection, row)
        for collection in TAKEN_BACK
        for row in sorted(draft.rows[collection], key=lambda row: int(row["id"]))
    ]
    involved = {row["payment_id"] for _, row in rows}
    for key, amount in _read(draft, "payments", "id", "amount"):
        if key in involved:
            amounts[key] = amount
    reversals = Counter(
        (row["payment_id"], row["amount"]) for name, row in rows if name == TAKEN_BACK[0]
    )
    found: dict[str, Counter[Outcome]] = {name: Counter() for name in TAKEN_BACK}
    standing = []
    for name, row in rows:
        payment, amount = row["payment_id"], row["amount"]
        if payment not in amounts:
            found[name][rejected("payment_missing")] += 1
        elif payment in payments:
            lost = payments[payment][0] == "rejected"
            found[name][
                rejected("payment_rejected") if lost else excluded("payment_not_loaded")
            ] += 1
        elif amount <= 0:
            found[name][rejected("nonpositive_amount")] += 1
        elif name != TAKEN_BACK[0] and reversals[payment, amount] > 0:
            reversals[payment, amount] -= 1
            found[name][MERGED] += 1
        else:
            standing.append((row["created_at"], int(row["id"]), name, payment, amount))
    for *_, name, payment, amount in sorted(standing):
        amounts[payment] -= amount
        exceeds = amounts[payment] < 0
        found[name][rejected("taken_back_exceeds_payment") if exceeds else MART] += 1
    return found


def _taxes(draft: Draft, taxes: Outcomes, debits: Odd, discounts: Odd) -> Iterator[Outcome]:
    owners: dict[tuple[str, str], int] = {}
    count = Counter(
        _read(draft, "tax_transactions", "taxtransactionable_type", "taxtransactionable_id")
    )
    for kind, collection in (("Debit", "debits"), ("Discount", "discounts")):
        for key, amount in _read(draft, collection, "id", "amount"):
            if (kind, key) in count:
                owners[kind, key] = amount
    rates = {
        row["name"].lower(): Decimal(str(row["rate"]))
        for row in draft.rows["taxes"]
        if taxes[row["id"]] == MART
    }
    names = ("taxtransactionable_type", "taxtransactionable_id", "amount", "amount_taxed")
    for kind, key, amount, taxed, text in _read(draft, "tax_transactions", *names, "description"):
        owner = (debits if kind == "Debit" else discounts).get(key)
        if (kind, key) not in owners:
            yield rejected("owner_missing")
        elif owner is not None and owner[0] == "rejected":
            yield rejected("owner_rejected")
        elif amount < 0:
            yield rejected("negative_amount")
        elif owner is not None:
            yield excluded("owner_excluded")
        elif amount == 0:
            yield excluded("tax_of_nothing")
        else:
            rate = rates.get(text.lower())
            alone = kind == "Debit" and count[kind, key] == 1 and taxed == owners[kind, key]
            folds = alone and rate is not None and _share(taxed, rate) == amount
            yield MERGED if folds else MART


def _share(cents: int, rate: Decimal) -> int:
    return int((cents * rate / 100).to_integral_value(ROUND_HALF_UP))


def _credits(
    draft: Draft, payments: Odd, discounts: Odd, invoices: Odd, void: set[str]
) -> Iterator[Outcome]:
    usable, totals = _usable(draft), _totals(draft)
    odd: Mapping[str, Odd] = {"Payment": payments, "Discount": discounts}
    names: Sequence[str] = (
        "id",
        "creditable_type",
        "creditable_id",
        "invoice_id",
        "amount",
        "void",
    )
    rows = sorted(_read(draft, "credits", *names), key=lambda row: int(row[0]))
    for _, kind, payer, invoice, amount, is_void in rows:
        if is_void:
            yield excluded("credit_void")
        elif (kind, payer) not in usable:
            yield rejected("payer_missing")
        elif invoice not in totals:
            yield rejected("invoice_missing")
        elif payer in odd[kind]:
            yield rejected("payer_not_loaded")
        elif invoice in invoices:
            yield rejected("invoice_rejected")
        elif invoice in void:
            yield excluded("invoice_void")
        elif amount <= 0:
            yield rejected("nonpositive_amount")
        elif amount > usable[kind, payer] or amount > totals[invoice]:
            yield rejected("over_allocated")
        else:
            usable[kind, payer] -= amount
            totals[invoice] -= amount
            yield MART


def _usable(draft: Draft) -> dict[tuple[str, str], int]:
    """Return what each payer can pay: less what was taken back, with the tax of a discount."""
    usable = {("Payment", key): amount for key, amount in _read(draft, "payments", "id", "amount")}
    for key, amount in _read(draft, "discounts", "id", "amount"):
        usable["Discount", key] = amount
    names = ("taxtransactionable_type", "taxtransactionable_id", "amount")
    for kind, key, amount in _read(draft, "tax_transactions", *names):
        if kind == "Discount":
            usable["Discount", key] += amount
    for key, amount in taken_back(draft).items():
        usable["Payment", key] -= amount
    return usable


def taken_back(draft: Draft) -> Counter[str]:
    """Return what was taken back of each payment; what two records tell counts once."""
    taken: Counter[str] = Counter()
    told: dict[tuple[str, int], int] = defaultdict(int)
    for payment, amount in _read(draft, TAKEN_BACK[0], "payment_id", "amount"):
        taken[payment] += amount
        told[payment, amount] += 1
    for collection in TAKEN_BACK[1:]:
        for payment, amount in _read(draft, collection, "payment_id", "amount"):
            if told[payment, amount] > 0:
                told[payment, amount] -= 1
            else:
                taken[payment] += amount
    return taken


def _totals(draft: Draft) -> dict[str, int]:
    """Return what each invoice comes to with tax, void ones too."""
    totals = {key: 0 for (key,) in _read(draft, "invoices", "id")}
    invoices = {}
    for key, invoice, amount in _read(draft, "debits", "id", "invoice_id", "amount"):
        if invoice in totals:
            totals[invoice] += amount
            invoices[key] = invoice
    names = ("taxtransactionable_type", "taxtransactionable_id", "amount")
    for kind, key, amount in _read(draft, "tax_transactions", *names):
        if kind == "Debit" and key in invoices:
            totals[invoices[key]] += amount
    return totals
