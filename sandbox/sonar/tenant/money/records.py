"""The rows of finished books, written in the order of their ids; what is null is left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sandbox.sonar.tenant.draft import AS_OF, Draft, stamp
from sandbox.sonar.tenant.money.book import Book
from sandbox.sonar.tenant.money.documents import Credit, Invoice, Line, Payer, Sold, TakenBack, Tax
from sandbox.sonar.tenant.money.methods import Methods
from sandbox.sonar.tenant.network import SECRET_MARK

CODES: Mapping[str, tuple[str, str]] = {  # general ledger, by type of service
    "DATA": ("4000", "Internet Revenue"),
    "VOICE": ("4100", "Voice Revenue"),
    "RECURRING": ("4200", "Equipment Revenue"),
    "EXPIRING": ("4210", "Instalments"),
    "ONETIME": ("4300", "Installation Revenue"),
    "ADJUSTMENT": ("4900", "Adjustments"),
    "OVERAGE": ("4050", "Data Overage"),
}
CASHED = ("CHECK", "CASH")
IN_THE_BANK = timedelta(days=14)  # after which cheques and cash are on a slip


@dataclass(frozen=True, slots=True)
class Scribe:
    """Writes the records of books into a draft."""

    draft: Draft
    companies: dict[str, str]
    grace: Mapping[str, int]
    methods: Methods
    slips: Sequence[str]

    def write(self, books: Sequence[Book]) -> None:
        """Write the books of accounts whose money hangs together."""
        for book in books:
            for trap, collection, key in book.planted:
                self.draft.plant(trap, collection, str(key))
        for book, invoice in _sorted((b, one) for b in books for one in b.invoices):
            self._invoice(book.account, invoice)
        for book, line in _sorted((b, one) for b in books for one in b.debits):
            self._debit(book.account, line)
        for book, discount in _sorted((b, one) for b in books for one in b.discounts):
            self._discount(book.account, discount)
        for book, payment in _sorted((b, one) for b in books for one in b.payments):
            self._payment(book.account, payment)
        for book, credit in _sorted((b, one) for b in books for one in b.credits):
            self._credit(book.account, credit)
        for _, one in _sorted((b, one) for b in books for one in b.taken):
            self._taken(one)
        taxes = [found for book in books for found in book.taxes()]
        taxes.sort(key=lambda found: found[2].key)
        for kind, owner, tax in taxes:
            self._tax(kind, owner, tax)

    def _invoice(self, account: str, made: Invoice) -> None:
        left = made.remaining
        overdue = made.due + timedelta(days=self.grace.get(account, 0)) < AS_OF.date()
        end = _months_later(made.day, made.months) - timedelta(days=1)
        values: dict[str, Any] = {
            "account_id": account,
            "auto_pay_attempts": 0,
            "child_invoice_remaining_due": 0,
            "company_id": self.companies[account],
            "date": made.day.isoformat(),
            "delinquent": bool(left) and overdue,
            "due_date": made.due.isoformat(),
            "end_date": end.isoformat(),
            "frozen": False,
            "late_fee_applied": False,
            "late_fee_only": False,
            "number_of_months": made.months,
            "pending_email": False,
            "remaining_due": left,
            "status": "COMPLETED",
            "tax_committed": False,
            "total_debits": made.debits,
            "total_taxes": made.taxes,
            "void": made.voided is not None,
            **made.values,
        }
        if made.voided is not None:
            values["voided_at"] = stamp(made.voided)
        self.draft.add("invoices", made.key, made.created, values)

    def _debit(self, account: str, line: Line) -> None:
        values = {
            "account_id": account,
            "amount": line.amount,
            "number_of_months": 1,
            "reversed": False,
            **self._sold(account, line.sold),
            "service_transaction_type": "BASE_SERVICE",
            **line.values,
        }
        if line.invoice is not None:
            values["invoice_id"] = str(line.invoice.key)
        if "reversed_at" in values:
            values |= {"reversed_at": stamp(values["reversed_at"]), "reversed_by_user_id": "3"}
        self.draft.add("debits", line.key, line.created, values)

    def _discount(self, account: str, made: Payer) -> None:
        assert made.sold is not None  # noqa: S101  what makes a payer a discount
        values = {
            "account_id": account,
            "amount": made.amount,
            "amount_remaining": made.remaining,
            "reversed": False,
            "tax_committed": False,
            **self._sold(account, made.sold),
            **made.values,
        }
        if "reversed_at" in values:
            values |= {"reversed_at": stamp(values["reversed_at"]), "reversed_by_user_id": "3"}
        self.draft.add("discounts", made.key, made.created, values)

    def _sold(self, account: str, sold: Sold) -> dict[str, Any]:
        code, text = CODES[sold.type]
        return {
            "company_id": self.companies[account],
            "general_ledger_code": code,
            "general_ledger_code_description": text,
            "quantity": 1,
            "service_id": sold.service,
            "service_name": sold.name,
            "type": sold.type,
        }

    def _payment(self, account: str, made: Payer) -> None:
        kind = made.values.get("payment_type") or self.methods.kind(account, made.key)
        values: dict[str, Any] = {
            "account_id": account,
            "amount": made.amount,
            "amount_remaining": made.remaining,
            "company_id": self.companies[account],
            "is_autopay": False,
            "payment_datetime": stamp(made.created),
            "payment_type": kind,
            "successful": True,
            **made.values,
        }
        if kind in ("CREDITCARD", "BANKACCOUNT"):
            values |= self.methods.used(account, kind)
            values["creation_token"] = f"{SECRET_MARK}creation-{made.key:010x}"
            values["transaction_id"] = f"T{made.key:09d}"
            values.setdefault("status", "SUCCEEDED")
        elif kind in CASHED:
            if kind == "CHECK":
                values["reference"] = str(1000 + made.key % 9000)
            if self.slips and made.created < AS_OF - IN_THE_BANK:
                values["deposit_slip_id"] = self.slips[made.key % len(self.slips)]
            values["user_id"] = str(1 + made.key % 3)
        if values.get("status") == "FAILED":
            values["processor_message"] = "Declined"
        self.draft.add("payments", made.key, made.created, values)

    def _credit(self, account: str, made: Credit) -> None:
        values: dict[str, Any] = {
            "account_id": account,
            "amount": made.amount,
            "creditable_id": str(made.payer.key),
            "creditable_type": "Payment" if made.payer.sold is None else "Discount",
            "invoice_id": str(made.invoice.key),
            "void": made.voided is not None,
        }
        if made.voided is not None:
            values["voided_at"] = stamp(made.voided)
        self.draft.add("credits", made.key, made.created, values)

    def _taken(self, made: TakenBack) -> None:
        values: dict[str, Any] = {"amount": made.amount, "payment_id": str(made.payer.key)}
        values |= {key: value for key, value in made.values.items() if value is not None}
        if made.key % 2:
            values["user_id"] = "3"
        if made.collection != "reversed_payments":
            values["transaction_id"] = f"R{made.key:09d}"
        self.draft.add(made.collection, made.key, made.created, values)

    def _tax(self, kind: str, owner: Line | Payer, tax: Tax) -> None:
        values = {
            "amount": tax.amount,
            "amount_taxed": tax.taxed,
            "description": tax.description,
            "taxtransactionable_id": str(owner.key),
            "taxtransactionable_type": kind,
        }
        self.draft.add("tax_transactions", tax.key, owner.created, values)


def _sorted(pairs: Any) -> list[Any]:  # noqa: ANN401  any record that has a key
    return sorted(pairs, key=lambda pair: pair[1].key)


def _months_later(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, 28))
