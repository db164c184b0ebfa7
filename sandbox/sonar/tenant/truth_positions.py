"""What every account owes and has to its credit at the tenant's day, told from the records alone.

Nothing that Sonar states of a sum is read here: no remaining amount, no total, no running balance
apart from the ledger's own end.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sandbox.sonar.rows import values
from sandbox.sonar.tenant.draft import AS_OF, Draft
from sandbox.sonar.tenant.outcome import MART, Outcomes
from sandbox.sonar.tenant.truth_methods import told
from sandbox.sonar.tenant.truth_money import taken_back

TODAY = AS_OF.date()
AGES = (30, 60, 90)  # days past due from which on the next bucket begins
ACTIVE = ("Active", "Active - Courtesy")
ONCE = ("ONETIME", "ADJUSTMENT")
FIRST_WEEK = timedelta(days=7)


@dataclass(slots=True)
class Position:
    """One account, in cents."""

    pending: int = 0
    unapplied_payments: int = 0
    unapplied_discounts: int = 0
    ageing: list[int] = field(default_factory=lambda: [0] * (len(AGES) + 1))
    last_invoice: tuple[str, int, int] | None = None  # date, id, cents
    tax: int = 0
    discount_tax: int = 0
    ledger: int = 0

    @property
    def balance(self) -> int:
        """What is owed: open invoices less what is to the account's credit."""
        return sum(self.ageing) - self.unapplied_payments - self.unapplied_discounts

    def told(self) -> dict[str, Any]:
        """Return the position as the truth has it."""
        day, _, cents = self.last_invoice or (None, 0, 0)
        return {
            "balance": self.balance,
            "pending": self.pending,
            "unapplied_payments": self.unapplied_payments,
            "unapplied_discounts": self.unapplied_discounts,
            "ageing": self.ageing,
            "last_invoice": cents,
            "last_invoice_date": day,
            "tax": self.tax,
            "discount_tax": self.discount_tax,
            "ledger": self.ledger,
        }


@dataclass(frozen=True, slots=True)
class Open:
    """What is left of an invoice that is not void."""

    account: str
    day: str
    due: date
    total: int
    left: int
    is_recurring: bool


def money(draft: Draft, customers: Outcomes) -> dict[str, Any]:
    """Return positions, totals, who is blocked within a week, and stored methods."""
    known = {row["id"] for row in draft.rows["accounts"]}
    positions: dict[str, Position] = defaultdict(Position)
    taxes = _taxes(draft)
    invoices = dict(_invoices(draft, taxes))
    for key, one in invoices.items():
        position = positions[one.account]
        position.ageing[sum((TODAY - one.due).days >= age for age in AGES)] += one.left
        last = (one.day, int(key), one.total)
        position.last_invoice = max(position.last_invoice or last, last)
    totals = _lines(draft, positions, taxes, invoices) + _payers(draft, positions, taxes)
    for account, balance in values(draft.rows["transactions"], ("account_id", "running_balance")):
        positions[account].ledger = balance
    found = {key: positions[key].told() for key in sorted(positions, key=int) if key in known}
    loaded = [told for key, told in found.items() if customers[key] == MART]
    return {
        "positions": found,
        "totals": {**dict(sorted(totals.items())), **_summed(found.values())},
        "totals_of_customers": _summed(loaded),
        "first_week_blocks": _first_week(draft, customers, invoices),
        "payment_methods": told(draft, customers),
    }


def _summed(positions: Any) -> dict[str, Any]:  # noqa: ANN401  positions as they are told
    sums: dict[str, Any] = {"accounts": 0, "ageing": [0] * (len(AGES) + 1)}
    for position in positions:
        sums["accounts"] += 1
        for name, value in position.items():
            if isinstance(value, list):
                sums[name] = [a + b for a, b in zip(sums[name], value, strict=True)]
            elif isinstance(value, int):
                sums[name] = sums.get(name, 0) + value
    return sums


def _taxes(draft: Draft) -> Counter[tuple[str, str]]:
    sums: Counter[tuple[str, str]] = Counter()
    names = ("taxtransactionable_type", "taxtransactionable_id", "amount")
    for kind, key, amount in values(draft.rows["tax_transactions"], names):
        sums[kind, key] += amount
    return sums


def _invoices(draft: Draft, taxes: Counter[tuple[str, str]]) -> Iterator[tuple[str, Open]]:
    totals: Counter[str] = Counter()
    recurring = set()
    names = ("id", "invoice_id", "amount", "type")
    for key, invoice, amount, kind in values(draft.rows["debits"], names):
        if invoice is not None:
            totals[invoice] += amount + taxes["Debit", key]
            if kind not in ONCE:
                recurring.add(invoice)
    applied: Counter[str] = Counter()
    for invoice, amount, void in values(draft.rows["credits"], ("invoice_id", "amount", "void")):
        if not void:
            applied[invoice] += amount
    rows = values(draft.rows["invoices"], ("id", "account_id", "date", "due_date", "void"))
    for key, account, day, due, void in rows:
        if not void:
            left = totals[key] - applied[key]
            whole = Open(account, day, date.fromisoformat(due), totals[key], left, key in recurring)
            yield key, whole


def _lines(
    draft: Draft,
    positions: dict[str, Position],
    taxes: Counter[tuple[str, str]],
    invoices: dict[str, Open],
) -> Counter[str]:
    """Add what is not invoiced yet, and the taxes of what counts; return the totals of lines."""
    totals: Counter[str] = Counter()
    names = ("id", "account_id", "invoice_id", "amount", "reversed")
    for key, account, invoice, amount, is_reversed in values(draft.rows["debits"], names):
        tax = taxes["Debit", key]
        totals["debits"] += amount
        if invoice is None and not is_reversed:
            positions[account].pending += amount + tax
        elif invoice not in invoices:
            continue
        else:
            totals["invoiced"] += amount + tax
        positions[account].tax += tax
    return totals


def _payers(
    draft: Draft, positions: dict[str, Position], taxes: Counter[tuple[str, str]]
) -> Counter[str]:
    """Add what of payments and discounts is not applied; return their totals."""
    totals: Counter[str] = Counter()
    applied: Counter[tuple[str, str]] = Counter()
    names = ("creditable_type", "creditable_id", "amount", "void", "account_id")
    known = {row["id"] for row in draft.rows["accounts"]}
    for kind, key, amount, void, account in values(draft.rows["credits"], names):
        if not void and account in known:
            applied[kind, key] += amount
            totals["applied"] += amount
    taken = taken_back(draft)
    totals["taken_back"] = sum(taken.values())
    for key, account, amount, successful in values(
        draft.rows["payments"], ("id", "account_id", "amount", "successful")
    ):
        if not successful:
            totals["payments_not_successful"] += amount
            continue
        totals["payments"] += amount
        positions[account].unapplied_payments += amount - taken[key] - applied["Payment", key]
    rows = values(draft.rows["discounts"], ("id", "account_id", "amount", "reversed"))
    for key, account, amount, is_reversed in rows:
        tax = taxes["Discount", key]
        totals["discounts"] += amount + tax
        if not is_reversed:
            left = amount + tax - applied["Discount", key]
            positions[account].unapplied_discounts += left
            positions[account].discount_tax += tax
    return totals


def _first_week(draft: Draft, customers: Outcomes, invoices: dict[str, Open]) -> list[str]:
    """Return the active customers that Splynx would block within a week, by id."""
    statuses = {row["id"]: row["name"] for row in draft.rows["account_statuses"]}
    active = {
        row["id"]
        for row in draft.rows["accounts"]
        if statuses[row["account_status_id"]] in ACTIVE and customers[row["id"]] == MART
    }
    grace = {
        row["account_id"]: row["grace_days"] for row in draft.rows["account_billing_parameters"]
    }
    blocked = {
        one.account
        for one in invoices.values()
        if one.account in active
        and one.left > 0
        and one.is_recurring
        and one.due + timedelta(days=grace.get(one.account, 0)) <= TODAY + FIRST_WEEK
    }
    return sorted(blocked, key=int)
