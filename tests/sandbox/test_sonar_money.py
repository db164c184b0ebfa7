"""The money of a generated tenant: every identity holds, and the truth is what the records say."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import pytest

from sandbox.sonar.engine import Engine
from sandbox.sonar.resolve import Scene
from sandbox.sonar.schema import load_schema
from sandbox.sonar.tenant import Tenant, generate
from sandbox.sonar.tenant.draft import AS_OF, stamp
from sandbox.sonar.tenant.network import SECRET_MARK

SIZES = [("tiny", 2, 1.0), ("demo", 1, 1.0), ("demo", 9, 0.3), ("reference", 4, 0.02)]
TAKEN_BACK = ("reversed_payments", "refunded_payments", "voided_payments")


@pytest.fixture(scope="module", params=SIZES, ids=lambda size: "-".join(map(str, size)))
def tenant(request: pytest.FixtureRequest) -> Tenant:
    size, seed, factor = request.param
    return generate(load_schema(), size, seed, factor)


@pytest.fixture(scope="module")
def demo() -> Tenant:
    return generate(load_schema(), "demo", 1)


def keys(tenant: Tenant, trap: str) -> set[str]:
    return set(tenant.truth["traps"][trap]["keys"])


def by_id(tenant: Tenant, collection: str) -> Mapping[str, Mapping[str, Any]]:
    return {row["id"]: row for row in tenant.rows[collection]}


def taxes(tenant: Tenant) -> Counter[tuple[str, str]]:
    sums: Counter[tuple[str, str]] = Counter()
    for row in tenant.rows["tax_transactions"]:
        sums[row["taxtransactionable_type"], row["taxtransactionable_id"]] += row["amount"]
    return sums


def applied(tenant: Tenant) -> tuple[Counter[str], Counter[tuple[str, str]]]:
    """Return what credits pay of invoices, and out of payers."""
    invoices, payers = Counter[str](), Counter[tuple[str, str]]()
    for row in tenant.rows["credits"]:
        if not row["void"]:
            invoices[row["invoice_id"]] += row["amount"]
            payers[row["creditable_type"], row["creditable_id"]] += row["amount"]
    return invoices, payers


def taken_back(tenant: Tenant) -> Counter[str]:
    """Return what was taken back: for each payment and amount, as often as one table tells it."""
    told: Mapping[tuple[str, int], Counter[bool]] = defaultdict(Counter)
    for name in TAKEN_BACK:
        for row in tenant.rows[name]:
            told[row["payment_id"], row["amount"]][name == TAKEN_BACK[0]] += 1
    sums: Counter[str] = Counter()
    for (payment, amount), times in told.items():
        sums[payment] += amount * max(times.values())
    return sums


def test_invoices_state_what_their_lines_and_credits_come_to(tenant: Tenant) -> None:
    tax, (paid, _) = taxes(tenant), applied(tenant)
    lines, taxed = Counter[str](), Counter[str]()
    for row in tenant.rows["debits"]:
        if "invoice_id" in row:
            lines[row["invoice_id"]] += row["amount"]
            taxed[row["invoice_id"]] += tax["Debit", row["id"]]
    assert lines.keys() == by_id(tenant, "invoices").keys()
    for row in tenant.rows["invoices"]:
        key = row["id"]
        stated = (row["total_debits"], row["total_taxes"], row["remaining_due"])
        if row["void"]:
            assert (*stated, paid[key]) == (0, 0, 0, 0)
        else:
            assert stated == (lines[key], taxed[key], lines[key] + taxed[key] - paid[key])
            assert row["remaining_due"] >= 0


def test_payers_state_what_is_left_of_them(tenant: Tenant) -> None:
    tax, (_, paid), taken = taxes(tenant), applied(tenant), taken_back(tenant)
    for row in tenant.rows["payments"]:
        left = row["amount"] - paid["Payment", row["id"]] - taken[row["id"]]
        assert row["amount_remaining"] == left >= 0 < row["amount"]
    for row in tenant.rows["discounts"]:
        usable = row["amount"] + tax["Discount", row["id"]]
        left = 0 if row["reversed"] else usable - paid["Discount", row["id"]]
        assert row["amount_remaining"] == left >= 0


def test_ledgers_end_where_the_positions_are(tenant: Tenant) -> None:
    tax = taxes(tenant)
    owed, ends = Counter[str](), dict[str, int]()
    for row in tenant.rows["invoices"]:
        owed[row["account_id"]] += row["remaining_due"]
    for row in tenant.rows["payments"]:
        owed[row["account_id"]] -= row["amount_remaining"] * row["successful"]
    for row in tenant.rows["discounts"]:
        owed[row["account_id"]] -= row["amount_remaining"]
    balances = dict(owed)
    for row in tenant.rows["debits"]:
        if "invoice_id" not in row and not row["reversed"]:
            owed[row["account_id"]] += row["amount"] + tax["Debit", row["id"]]
    last: dict[str, tuple[str, int]] = {}
    for row in tenant.rows["transactions"]:
        account, effect = row["account_id"], row["amount"] + row["tax_total"]
        sign = {"DEBIT": 1, "DISCOUNT": -1, "PAYMENT": -1 if row["successful"] else 0}[row["type"]]
        assert row["running_balance"] == ends.get(account, 0) + sign * effect
        ends[account] = row["running_balance"]
        assert last.get(account, ("", 0)) < (row["datetime"], int(row["id"]))
        last[account] = (row["datetime"], int(row["id"]))
    positions = tenant.truth["money"]["positions"]
    accounts = by_id(tenant, "accounts").keys()
    assert {key for key in owed if key in accounts} == positions.keys() != set()
    for key, told in positions.items():
        assert told["balance"] == balances.get(key, 0)
        assert told["balance"] + told["pending"] == owed[key] == told["ledger"] == ends[key]


def test_totals_are_those_of_the_stated_amounts(tenant: Tenant) -> None:
    told, rows = tenant.truth["money"]["totals"], tenant.rows
    accounts = by_id(tenant, "accounts").keys()
    paid = [r for r in rows["payments"] if r["successful"]]
    due = sum(r["remaining_due"] for r in rows["invoices"])
    assert sum(told["ageing"]) == due
    own = [r for r in paid if r["account_id"] in accounts]
    assert told["unapplied_payments"] == sum(r["amount_remaining"] for r in own)
    assert told["unapplied_discounts"] == sum(r["amount_remaining"] for r in rows["discounts"])
    assert told["payments"] == sum(r["amount"] for r in paid)
    assert told["invoiced"] == sum(r["total_debits"] + r["total_taxes"] for r in rows["invoices"])
    assert told["taken_back"] == sum(taken_back(tenant).values())
    daily = {
        row["key"]: row["value"] for row in rows["daily_aggregate_values"] if _is_today(row["date"])
    }
    assert daily["BALANCE_DUE"] == due


def _is_today(day: str) -> bool:
    return day == AS_OF.date().isoformat()


def test_nothing_happens_after_the_tenants_day_or_before_its_cause(tenant: Tenant) -> None:
    accounts, invoices = by_id(tenant, "accounts"), by_id(tenant, "invoices")
    terms = {row["account_id"]: row for row in tenant.rows["account_billing_parameters"]}
    for row in tenant.rows["invoices"]:
        began = accounts[row["account_id"]]["created_at"]
        assert began < row["created_at"] <= stamp(AS_OF)
        day, due = date.fromisoformat(row["date"]), date.fromisoformat(row["due_date"])
        if row["account_id"] in terms:
            assert due - day == timedelta(days=terms[row["account_id"]]["due_days"])
        following = accounts[row["account_id"]]["next_bill_date"]
        assert following is None or row["date"] < following
    for row in tenant.rows["credits"]:
        if row["invoice_id"] in invoices:
            assert invoices[row["invoice_id"]]["created_at"] <= row["created_at"]
    for name in ("debits", "payments", "discounts", "credits", *TAKEN_BACK, "credit_cards"):
        assert max((r["created_at"] for r in tenant.rows[name]), default="") <= stamp(AS_OF)


def test_special_cases_show_in_the_rows(demo: Tenant) -> None:
    rows = demo.rows
    assert {r["id"] for r in rows["invoices"] if r["void"]} == keys(demo, "void_invoice")
    assert {r["id"] for r in rows["invoices"] if r["late_fee_only"]} == keys(demo, "late_fee_only")
    mirrored = {r["debit_id"] for r in rows["discounts"] if "debit_id" in r}
    undone = keys(demo, "reversed_debit")
    assert mirrored == undone
    reversed_ = {r["id"] for r in rows["debits"] if r["reversed"]}
    assert reversed_ == undone | keys(demo, "reversed_uninvoiced_debit")
    linked = {r["id"] for r in rows["debits"] if r.get("linked_debit_id")}
    assert linked == keys(demo, "linked_debit")
    pending = {r["id"] for r in rows["debits"] if "invoice_id" not in r and not r["reversed"]}
    assert pending == keys(demo, "uninvoiced_debit") | keys(demo, "orphan_debit")
    status = {r["id"]: r.get("status") for r in rows["payments"] if not r["successful"]}
    assert {k for k, v in status.items() if v == "PENDING"} == keys(demo, "pending_payment")
    assert {k for k, v in status.items() if v == "FAILED"} == keys(demo, "failed_payment")
    several = Counter(
        (r["taxtransactionable_type"], r["taxtransactionable_id"]) for r in rows["tax_transactions"]
    )
    assert {k for (_, k), n in several.items() if n > 1} == keys(demo, "several_taxes_on_debit")
    owners = {r["id"]: r["account_id"] for r in rows["invoices"]}
    parents = {r["id"]: r["parent_account_id"] for r in rows["accounts"]}
    for row in rows["credits"]:
        if row["id"] in keys(demo, "parent_pays_child"):
            assert parents[owners[row["invoice_id"]]] == row["account_id"]
    cards = {r["id"] for r in rows["credit_cards"] if r["auto"]}
    assert cards == keys(demo, "autopay_card")
    expired = {
        r["id"]
        for r in rows["credit_cards"]
        if (r["expiration_year"], r["expiration_month"]) < (AS_OF.year, AS_OF.month)
    }
    assert expired == keys(demo, "expired_card")


def test_rules_come_to_the_planted_counts(demo: Tenant) -> None:
    found, traps = demo.truth["outcomes"], demo.truth["traps"]
    for trap, collection, kind, rule in (
        ("reversed_uninvoiced_debit", "debits", "excluded", "reversed_before_invoice"),
        ("reversed_discount", "discounts", "excluded", "discount_reversed"),
        ("failed_payment", "payments", "excluded", "payment_not_successful"),
        ("pending_payment", "payments", "excluded", "payment_pending"),
        ("zero_tax", "tax_transactions", "excluded", "tax_of_nothing"),
        ("orphan_debit", "debits", "rejected", "account_missing"),
        ("orphan_payment", "payments", "rejected", "account_missing"),
        ("orphan_credit", "credits", "rejected", "payer_missing"),
    ):
        assert found[collection][kind][rule] == traps[trap]["count"] > 0
    refunds = traps["refunded_payment"]["count"] + traps["partial_refund"]["count"]
    assert found["refunded_payments"]["merged"] == refunds
    assert found["voided_payments"]["merged"] == traps["voided_payment"]["count"] // 2


def test_a_handful_of_active_customers_is_blocked_in_the_first_week(demo: Tenant) -> None:
    blocked = demo.truth["money"]["first_week_blocks"]
    assert 3 <= len(blocked) <= 25
    invoices = [r for r in demo.rows["invoices"] if r["account_id"] in blocked]
    assert {r["account_id"] for r in invoices if r["remaining_due"]} == set(blocked)


def test_numbers_are_masked_and_secrets_marked(tenant: Tenant) -> None:
    for row in (*tenant.rows["credit_cards"], *tenant.rows["core_credit_cards"]):
        assert re.fullmatch(r"\*{12}\d{4}", row["masked_number"])
        assert row["token"].startswith(SECRET_MARK)
        assert row["customer_profile_id"].startswith(SECRET_MARK)
    for row in tenant.rows["bank_accounts"]:
        assert re.fullmatch(r"\*+\d{4}", row["masked_account_number"])
        for name in ("token", "customer_profile_id", "routing_number"):
            assert row[name].startswith(SECRET_MARK)
    tokens = [r["creation_token"] for r in tenant.rows["payments"] if "creation_token" in r]
    assert tokens
    assert all(token.startswith(SECRET_MARK) for token in tokens)


def test_parts_come_to_the_whole(tenant: Tenant) -> None:
    for parts, wholes, column in (
        ("fractional_debits", "debits", "debit_id"),
        ("fractional_tax_transactions", "tax_transactions", "tax_transaction_id"),
    ):
        sums, whole = Counter[str](), by_id(tenant, wholes)
        for row in tenant.rows[parts]:
            sums[row[column]] += row["amount"]
        assert sums
        assert {key: whole[key]["amount"] for key in sums} == sums


def test_the_ledger_is_served_by_account_and_sums_without_rows() -> None:
    schema = load_schema()
    tenant = generate(schema, "reference", 1, 0.02)
    scene = Scene(schema, tenant.store(schema))

    def ask(query: str) -> Any:
        engine = Engine(schema)
        result = engine.execute(scene, engine.read(query))
        assert not result.errors
        return result.data

    account = tenant.rows["transactions"][5]["account_id"]
    own = [r["id"] for r in tenant.rows["transactions"] if r["account_id"] == account]
    page = "paginator: {page: 1, records_per_page: 1000}"
    found = ask(f"{{transactions(account_id: {account}, {page}) {{entities {{id}}}}}}")
    assert [row["id"] for row in found["transactions"]["entities"]] == own
    found = ask("{transactions {page_info {total_count}} core_invoices {page_info {total_count}}}")
    assert found["transactions"]["page_info"]["total_count"] == len(tenant.rows["transactions"])
    one = "{{field_name: {0}, aggregation_function: {1}}}".format
    wanted = ", ".join(one(f'"{n}"', f) for n, f in (("amount", "SUM"), ("id", "MAX")))
    found = ask(f"{{debits(aggregation: [{wanted}]) {{aggregations {{value}}}}}}")
    sums = tenant.truth["sums"]["debits"]
    last = tenant.rows["debits"][-1]["id"]
    assert [r["value"] for r in found["debits"]["aggregations"]] == [str(sums["amount"]), last]
