"""Money in the marts, against what the generator says and against damage done to a cent of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.dbt.project import ROOT, Built, Dbt

pytestmark = pytest.mark.postgres

_DEPOSITS = "select _sonar_key, (deposit * 100)::bigint from splynx_staging.customer_billing"
_MARTS = (
    "invoices",
    "invoices_items",
    "billing_transactions",
    "payments",
    "credit_notes",
    "credit_notes_items",
    "credit_notes_to_invoices",
    "invoice_payers",
    "customer_billing",
)
_IDENTITIES = (
    "assert_credit_notes_equal_items",
    "assert_deposits_are_credits_minus_debits",
    "assert_dues_are_totals_minus_payers",
    "assert_nothing_pays_more_than_it_has",
    "assert_open_amounts_are_the_balance",
    "assert_payers_lead_somewhere",
    "assert_payments_and_transactions_name_each_other",
    "assert_transactions_add_up",
)


def _balances(built: Built) -> dict[str, int]:
    """Return what the generator says that each loaded customer owes, in cents."""
    positions = built.tenant.truth["money"]["positions"]
    return {key: positions.get(key, {"balance": 0})["balance"] for key, _ in built.rows(_DEPOSITS)}


def test_every_deposit_is_the_generators_to_the_cent(built: Built) -> None:
    owed = _balances(built)

    assert {key: -cents for key, cents in built.rows(_DEPOSITS)} == owed
    assert sum(1 for cents in owed.values() if cents) > 50


def test_opening_balances_come_to_the_same_and_say_what_is_lost(
    built: Built, tmp_path: Path
) -> None:
    history = built.rows(_DEPOSITS)
    profile = (ROOT / "profiles.yml.example").read_text(encoding="utf-8")
    (tmp_path / "profiles.yml").write_text(profile, encoding="utf-8")
    dbt = Dbt(built.engine.url, tmp_path)  # its own manifest: another method is parsed anew

    ended = dbt(
        "build",
        "--vars",
        "{money_method: opening_balance}",
        "--indirect-selection",
        "empty",
        "--exclude-resource-type",
        "unit_test",
        "--select",
        "intermediate.money",
        "int_crosswalk__candidates",
        "int_crosswalk",
        *_MARTS,
        *_IDENTITIES,
    )

    assert ended.code == 0, ended.output
    assert sorted(built.rows(_DEPOSITS)) == sorted(history)
    for mart in (*_MARTS[3:8], "invoices", "invoices_items"):
        assert built.rows(f"select count(*) from splynx_staging.{mart}") == [(0,)], mart
    kinds = built.rows(
        "select distinct split_part(_sonar_key, ':', 1) from splynx_staging.billing_transactions"
        " where to_invoice = '0'"
    )
    assert kinds == [("opening",)]
    for collection, records in built.rows(
        "select collection, records from audit.audit_opening_balance_losses where records > 0"
    ):
        words = f"money_method opening_balance leaves behind {records} {collection},"
        assert words in ended.output


# What is damaged, and the identity that must fail.
_DAMAGES = (
    (
        "update splynx_staging.customer_billing set deposit = deposit + 0.01"
        " where customer_id = (select min(customer_id) from splynx_staging.customer_billing)",
        "assert_deposits_are_credits_minus_debits",
    ),
    (
        "update splynx_staging.billing_transactions set type = 'debit' where id ="
        " (select min(id) from splynx_staging.billing_transactions where category = 2)",
        "assert_transactions_add_up",
    ),
    (
        "update splynx_staging.invoices set due = due + 0.01 where id ="
        " (select min(id) from splynx_staging.invoices where status = 'paid')",
        "assert_dues_are_totals_minus_payers",
    ),
    (
        "update splynx_staging.invoice_payers set amount = amount + 0.01 where id ="
        " (select max(id) from splynx_staging.invoice_payers where type = 'payment')",
        "assert_nothing_pays_more_than_it_has",
    ),
    (
        "update splynx_staging.payments set transaction_id = transaction_id + 1 where id ="
        " (select min(id) from splynx_staging.payments)",
        "assert_payments_and_transactions_name_each_other",
    ),
    (
        "update splynx_staging.invoice_payers set type = 'credit_note' where id ="
        " (select min(id) from splynx_staging.invoice_payers where type = 'payment')",
        "assert_payers_lead_somewhere",
    ),
    (
        "update splynx_staging.credit_notes_items set price = price - 0.01 where id ="
        " (select min(id) from splynx_staging.credit_notes_items)",
        "assert_credit_notes_equal_items",
    ),
    (
        "update splynx_staging.payments set receipt_number = 'SAME' where id in"
        " (select id from splynx_staging.payments order by id desc limit 2)",
        "unique_ignoring_case_payments_receipt_number",
    ),
    (
        "delete from splynx_staging.billing_transactions where id ="
        " (select max(id) from splynx_staging.billing_transactions where category = 1)",
        "assert_money_is_sonars_cents",
    ),
    (
        "update splynx_staging.billing_transactions set remind_amount = remind_amount + 0.01"
        " where id = (select min(id) from splynx_staging.billing_transactions"
        " where _sonar_key like 'payment:%')",
        "assert_open_amounts_are_the_balance",
    ),
)


def test_a_wrong_cent_fails_the_identity_that_is_about_it(built: Built) -> None:
    built.execute(*(damage for damage, _ in _DAMAGES))

    ended = built.dbt("test", "--select", *(test for _, test in _DAMAGES))

    assert ended.code == 1, ended.output
    failed = {name for name, result in ended.results.items() if result["status"] == "fail"}
    assert failed == {test for _, test in _DAMAGES}, ended.output
