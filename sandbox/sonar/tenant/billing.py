"""account_billing_parameters: one row per account, with the exceptions that traps ask for."""

from __future__ import annotations

from random import Random
from typing import Any

from sandbox.sonar.tenant.draft import OPENED, Draft, ids, moment


def account_billing_parameters(draft: Draft) -> None:
    """Write the billing settings of accounts and of some that no longer exist."""
    random = draft.random("account_billing_parameters")
    numbers = ids(random)
    for account in draft.accounts:
        if "missing_billing_parameters" in account.traps:
            continue
        values = {"account_id": account.key, **_settings(random)}
        if "null_bill_day" in account.traps:
            values |= {"bill_day": None, "bill_day_mode": "ANNIVERSARY_BILL_DAY"}
        draft.add("account_billing_parameters", next(numbers), account.created, values)
    for index in range(draft.wanted["orphan_billing_parameters"]):
        missing = draft.missing_accounts[index % len(draft.missing_accounts)]
        key = next(numbers)
        values = {"account_id": str(missing), **_settings(random)}
        draft.add("account_billing_parameters", key, moment(random, OPENED), values)
        draft.plant("orphan_billing_parameters", "account_billing_parameters", str(key))


def _settings(random: Random) -> dict[str, Any]:
    return {
        "aggregate_invoice_taxes": False,
        "aggregate_linked_debits": False,
        "auto_pay_day": "BILL_DAY",
        "auto_pay_days": 0,
        "bill_day": random.choice((1, 1, 1, 10, 15, 20, 28)),
        "bill_day_mode": "FIXED",
        "bill_mode": random.choice(("INVOICE", "INVOICE", "STATEMENT")),
        "billing_default_id": "1",
        "default_for": "ACCOUNT_TYPE",
        "due_days": random.choice((0, 10, 15, 20)),
        "due_days_day": "BILL_DAY",
        "grace_days": random.choice((0, 5, 10)),
        "lifeline": False,
        "months_to_bill": random.choices((1, 3, 12), (94, 3, 3))[0],
        "print_invoice": random.random() < 0.2,  # noqa: PLR2004
        "switch_status_after_delinquency": False,
        "tax_exempt": random.random() < 0.05,  # noqa: PLR2004
    }
