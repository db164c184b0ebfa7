"""Plans and services of every kind, credit notes and payment accounts, seen in the database."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from tests.sandbox.splynx_process import SplynxProcess, fresh
from tests.services import Splynxes

pytestmark = pytest.mark.mysql

CUSTOMERS = "admin/customers/customer"
TARIFFS = "admin/tariffs"
CREDIT_NOTES = "admin/finance/credit-notes"
INVOICES = "admin/finance/invoices"
ACCOUNTS = "admin/customers/customer-payment-accounts"
ACCOUNT_DATA = "admin/customers/customer-payment-account-data"
PLAN: dict[str, Any] = {
    "title": "Plan",
    "partners_ids": [1],
    "available_for_locations": [1],
    "billing_types": ["recurring"],
    "customer_categories": ["person", "company"],
    "price": "12.5",
}
SPECIAL: dict[str, dict[str, Any]] = {
    "internet": {"speed_download": 1, "speed_upload": 1},
    "voice": {"type": "voip"},
    "recurring": {"with_vat": False, "hide_on_admin_portal": False},
    "one-time": {},
    "bundle": {},
}
SERVICE = {
    "status": "active",
    "description": "Line",
    "quantity": 1,
    "start_date": "2026-01-01",
    "end_date": "0000-00-00",
}


@pytest.fixture(scope="module")
def splynx(splynxes: Splynxes, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SplynxProcess]:
    yield from fresh(splynxes, tmp_path_factory.mktemp("rest"))


def plan(splynx: SplynxProcess, kind: str, **values: Any) -> int:
    return splynx.create(f"{TARIFFS}/{kind}", {**PLAN, **SPECIAL[kind], **values})


@pytest.mark.parametrize("kind", SPECIAL)
def test_a_plan_reads_back_as_it_was_sent(splynx: SplynxProcess, kind: str) -> None:
    read = splynx.get(f"{TARIFFS}/{kind}/{plan(splynx, kind)}")
    assert (read["title"], read["price"]) == ("Plan", "12.5000")
    assert (read["partners_ids"], read["available_for_locations"]) == ([1], [1])
    assert read["customer_categories"] == ["person", "company"]
    assert read.get("billing_types", ["recurring"]) == ["recurring"]
    assert splynx.call("POST", f"{TARIFFS}/{kind}", json={}).fields[0] == "title"


@pytest.mark.parametrize(
    ("kind", "more", "table"),
    [("voice", {"phone": "15550100"}, "services_voice"), ("recurring", {}, "services_custom")],
)
def test_services_of_other_kinds(
    splynx: SplynxProcess, kind: str, more: dict[str, str], table: str
) -> None:
    customer, tariff = splynx.customer(), plan(splynx, kind)
    path = f"{CUSTOMERS}/{customer}/{kind}-services"
    body = {**SERVICE, **more, "tariff_id": tariff, "period": "3"}
    key = splynx.create(path, body)
    row = splynx.row(f"select * from {table} where id = :i", i=key)
    assert (row.customer_id, row.tariff_id, row.status, row.period) == (
        customer,
        tariff,
        "active",
        "3",
    )
    item = f"{path}--{key}"
    assert splynx.get(item)["type"] == table.removeprefix("services_")
    assert splynx.call("PUT", item, params={"action": "stop"}).status == 202
    assert splynx.get(item)["status"] == "stopped"
    assert splynx.call("POST", path, json={**body, "tariff_id": 999}).fields == ["tariff_id"]
    assert splynx.call("GET", f"{CUSTOMERS}/{customer + 1}/{kind}-services--{key}").status == 404
    assert splynx.call("DELETE", item).status == 204
    assert splynx.get(path) == []


def test_a_bundle_service_brings_its_members(splynx: SplynxProcess) -> None:
    customer = splynx.customer()
    members = {kind: plan(splynx, kind) for kind in ("internet", "voice", "recurring")}
    bundle = plan(
        splynx,
        "bundle",
        internet_tariffs=[members["internet"]],
        voice_tariffs=[members["voice"]],
        custom_tariffs=[members["recurring"]],
    )
    assert splynx.get(f"{TARIFFS}/bundle/{bundle}")["voice_tariffs"] == [members["voice"]]
    path = f"{CUSTOMERS}/{customer}/bundle-services"
    head = {name: SERVICE[name] for name in SERVICE if name != "quantity"}
    line = {**SERVICE, "tariff_id": members["internet"], "login": "bundled"}
    key = splynx.create(path, {**head, "bundle_id": bundle, "services_internet": [line]})
    made = splynx.row("select * from services_internet where bundle_service_id = :k", k=key)
    assert (made.customer_id, made.login) == (customer, "bundled")
    before = splynx.scalar("select count(*) from services_bundle")
    wrong = splynx.call(
        "POST", path, json={**head, "bundle_id": bundle, "services_internet": [line]}
    )
    assert wrong.fields == ["login"]
    assert splynx.scalar("select count(*) from services_bundle") == before


def test_a_credit_note_credits_its_items_and_settles_invoices(splynx: SplynxProcess) -> None:
    customer = splynx.customer()
    line = {"description": "Line", "quantity": 1, "unit": "", "price": "10.00", "tax": "20"}
    owed = splynx.create(INVOICES, {"customer_id": customer, "status": "not_paid", "items": [line]})
    body = {
        "customer_id": customer,
        "status": "not_refunded",
        "number": "C7",
        "date_created": "2026-02-03",
        "items": [{**line, "price": "5.00"}, {**line, "price": "7.50", "tax": 0}],
        "invoicesId": [owed],
    }
    key = splynx.create(CREDIT_NOTES, body)
    read = splynx.get(f"{CREDIT_NOTES}/{key}")
    assert (read["total"], read["remind_amount"], read["number"]) == (13.5, "1.5000", "C7")
    assert [(i["pos"], i["price"]) for i in read["items"]] == [(1, "5.0000"), (2, "7.5000")]
    credits = "select sum(total), min(type), max(type) from billing_transactions"
    made = splynx.row(f"{credits} where credit_note_id = :k and deleted = '0'", k=key)
    assert tuple(made) == (Decimal("13.5"), "credit", "credit")
    deposit = "select deposit from customer_billing where customer_id = :c"
    assert splynx.scalar(deposit, c=customer) == Decimal("1.5")
    paid = splynx.get(f"{INVOICES}/{owed}")
    assert (paid["status"], paid["due"], paid["date_payment"]) == ("paid", 0.0, "2026-02-03")
    payer = splynx.row("select * from invoice_payers where invoice_id = :i", i=owed)
    assert (payer.type, payer.payer_id, payer.amount) == ("credit_note", key, 12)
    rest = {"remind_amount": "0.5", "total": 99}
    assert splynx.call("PUT", f"{CREDIT_NOTES}/{key}", json=rest).status == 202
    read = splynx.get(f"{CREDIT_NOTES}/{key}")
    assert (read["remind_amount"], read["total"]) == ("0.5000", 13.5)
    assert splynx.call("DELETE", f"{CREDIT_NOTES}/{key}").status == 204
    assert splynx.scalar(deposit, c=customer) == -12
    refused = splynx.call("POST", CREDIT_NOTES, json={**body, "status": "closed"})
    assert refused.fields == ["status"]


def test_a_payment_account_keeps_ten_fields_for_a_customer(splynx: SplynxProcess) -> None:
    splynx.execute("insert into payment_account (title, field_1) values ('Cards', 'Profile')")
    customer = splynx.customer()
    account = splynx.get(ACCOUNTS)[0]
    assert (account["title"], account["field_1"]) == ("Cards", "Profile")
    where = {"id": f"{customer}--{account['id']}"}
    assert splynx.get(ACCOUNTS, params={"id": str(customer)}) == []
    for body in ({"field_1": "P-7", "field_2": "XXXX1111"}, {"field_2": "XXXX2222"}):
        assert splynx.call("PUT", ACCOUNTS, params=where, json=body).status == 202
    row = splynx.get(ACCOUNTS, params=where)[0]
    assert (row["field_1"], row["field_2"], row["field_3"]) == ("P-7", "XXXX2222", "")
    listed = splynx.get(ACCOUNT_DATA, params={"main_attributes[customer_id]": str(customer)})
    assert [row["account_id"] for row in listed] == [account["id"]]
    too_long = {"field_3": "x" * 513}
    assert splynx.call("PUT", ACCOUNTS, params=where, json=too_long).fields == ["field_3"]
    assert splynx.call("PUT", ACCOUNTS, params={"id": f"{customer}--99"}, json={}).status == 404
    assert splynx.call("PUT", ACCOUNTS, params={"id": str(customer)}, json={}).status == 400
    assert splynx.call("PUT", ACCOUNTS, json={}).status == 400
    assert splynx.call("DELETE", ACCOUNTS, params=where).status == 204
    assert splynx.call("DELETE", ACCOUNTS, params=where).status == 404
