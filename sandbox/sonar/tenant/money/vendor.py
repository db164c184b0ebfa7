"""core_invoices, core_transactions, core_credit_cards: what Sonar bills to the operator itself.

They have the types of customers' records and are none: their account is Sonar's customer.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sandbox.sonar.tenant.draft import AS_OF, Draft, stamp
from sandbox.sonar.tenant.network import SECRET_MARK

ACCOUNT = "77001"  # of the operator at Sonar
MONTHLY = 129_900  # cents
USUAL = 6  # bills, where no target is given


def core_credit_cards(draft: Draft) -> None:
    """Write the cards that the operator pays Sonar with."""
    left = draft.left("core_credit_cards")
    for key in range(1, (2 if left is None else left) + 1):
        values = {
            "account_id": ACCOUNT,
            "auto": key == 1,
            "credit_card_processor_id": "9",
            "credit_card_type": "VISA",
            "customer_profile_id": f"{SECRET_MARK}core-profile-{key}",
            "expiration_month": 1 + key % 12,
            "expiration_year": 2027,
            "masked_number": f"************{4240 + key}",
            "name_on_card": "Poplar Ridge Networks",
            "token": f"{SECRET_MARK}core-card-{key}",
        }
        draft.add("core_credit_cards", key, AS_OF - timedelta(days=400), values)


def core_invoices(draft: Draft) -> None:
    """Write the bills of Sonar, all paid."""
    left = draft.left("core_invoices")
    count = USUAL if left is None else left
    for key in range(1, count + 1):
        made = AS_OF - timedelta(days=30 * (count - key) + 3)
        day = made.date().isoformat()
        values: dict[str, Any] = {
            "account_id": ACCOUNT,
            "auto_pay_attempts": 1,
            "child_invoice_remaining_due": 0,
            "company_id": "1",
            "date": day,
            "delinquent": False,
            "due_date": day,
            "end_date": day,
            "frozen": False,
            "late_fee_applied": False,
            "late_fee_only": False,
            "number_of_months": 1,
            "pending_email": False,
            "remaining_due": 0,
            "status": "COMPLETED",
            "tax_committed": False,
            "total_debits": MONTHLY,
            "total_taxes": 0,
            "void": False,
        }
        draft.add("core_invoices", key, made, values)


def core_transactions(draft: Draft) -> None:
    """Write the ledger of the operator at Sonar: a debit and a payment in turn."""
    left = draft.left("core_transactions")
    count = 2 * USUAL if left is None else left
    for key in range(1, count + 1):
        made = stamp(AS_OF - timedelta(days=15 * (count - key) + 3))
        paid = key % 2 == 0
        row = {
            "id": str(key),
            "account_id": ACCOUNT,
            "sonar_unique_id": f"core-{key:06d}",
            "created_at": made,
            "updated_at": made,
            "amount": MONTHLY,
            "datetime": made,
            "running_balance": 0 if paid else MONTHLY,
            "type": "PAYMENT" if paid else "DEBIT",
            "tax_total": 0,
            "successful": True,
        }
        draft.rows["core_transactions"].append(row)
