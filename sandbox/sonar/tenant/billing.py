"""account_billing_parameters: one row per account, with the exceptions that traps ask for."""

from __future__ import annotations

from random import Random
from typing import Any

from sandbox.sonar.tenant.draft import OPENED, Draft, ids, moment


def plan(draft: Draft) -> None:
    """Draw the billing settings of the accounts, before their next bill date is known."""
    random = draft.random("account_billing_parameters")
    numbers = ids(random)
    for account in draft.accounts:
        if "missing_billing_parameters" in account.traps:
            continue
        values = {"account_id": account.key, **_settings(random)}
        if "null_bill_day" in account.traps:
            values |= {"bill_day": None, "bill_day_mode": "ANNIVERSARY_BILL_DAY"}
        if "bill_day_29_to_31" in account.traps:
            values["bill_day"] = 29 + account.id % 3
        if "several_months_to_bill" not in account.traps:
            values["months_to_bill"] = 1
        draft.terms[account.id] = (next(numbers), values)
    draft.orphan_terms = [
        (next(numbers), _settings(random), moment(random, OPENED))
        for _ in range(draft.wanted["orphan_billing_parameters"])
    ]


def account_billing_parameters(draft: Draft) -> None:
    """Write the billing settings of accounts and of some that no longer exist."""
    for account in draft.accounts:
        if account.id in draft.terms:
            key, values = draft.terms[account.id]
            draft.add("account_billing_parameters", key, account.created, values)
    for index, (key, values, created) in enumerate(draft.orphan_terms):
        missing = draft.missing_accounts[index % len(draft.missing_accounts)]
        owner = {"account_id": str(missing)}
        draft.add("account_billing_parameters", key, created, {**owner, **values})
        draft.plant("orphan_billing_parameters", "account_billing_parameters", str(key))


def billing_defaults(draft: Draft) -> None:
    """Write the two sets of settings that accounts start from."""
    random = draft.random("billing_defaults")
    kinds = (("Residential", "1"), ("Business", "2"))
    for key, (name, kind) in enumerate(kinds, start=1):
        values = _settings(random)
        del values["billing_default_id"]
        values |= {"name": name, "default": key == 1, "account_type_id": kind}
        values |= {"fixed_bill_day": True, "bill_day": 1, "months_to_bill": 1}
        draft.add("billing_defaults", key, OPENED, values)


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
        "months_to_bill": random.choices((3, 12))[0],
        "print_invoice": random.random() < 0.2,  # noqa: PLR2004
        "switch_status_after_delinquency": False,
        "tax_exempt": random.random() < 0.05,  # noqa: PLR2004
    }
