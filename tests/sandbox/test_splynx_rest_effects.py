"""What the Splynx sandbox does besides a write, seen in its database."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from tests.sandbox.splynx_process import SplynxProcess, fresh
from tests.services import Splynxes

pytestmark = pytest.mark.mysql

CUSTOMERS = "admin/customers/customer"
PAYMENTS = "admin/finance/payments"
INVOICES = "admin/finance/invoices"
TRANSACTIONS = "admin/finance/transactions"
TICKETS = "admin/support/tickets"
MESSAGES = "admin/support/ticket-messages"


@pytest.fixture(scope="module")
def splynx(splynxes: Splynxes, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SplynxProcess]:
    yield from fresh(splynxes, tmp_path_factory.mktemp("rest"))


def deposit(splynx: SplynxProcess, customer: int) -> Decimal:
    sql = "select deposit from customer_billing where customer_id = :id"
    return Decimal(splynx.scalar(sql, id=customer))


def year_of(splynx: SplynxProcess, table: str, key: int) -> int:
    """Return the year in which a row was made: just now, but New Year may have come since."""
    sql = f"select real_create_datetime from {table} where id = :id"
    made: dt.datetime = splynx.scalar(sql, id=key).replace(tzinfo=dt.UTC)
    assert dt.timedelta(0) <= dt.datetime.now(dt.UTC) - made < dt.timedelta(hours=1)
    return made.year


def assert_books_agree(splynx: SplynxProcess, customer: int) -> None:
    sql = (
        "select coalesce(sum(if(type = 'credit', total, -total)), 0) from billing_transactions"
        " where customer_id = :id and deleted = '0'"
    )
    assert deposit(splynx, customer) == splynx.scalar(sql, id=customer)


def invoice(customer: int, **values: Any) -> dict[str, Any]:
    items = [
        {"description": "Line", "quantity": 2, "unit": "pc", "price": "10.00", "tax": "10"},
        {
            "description": "Credit",
            "quantity": 1,
            "unit": "",
            "price": "-2.00",
            "categoryIdForTransaction": 2,
        },
    ]
    return {"customer_id": customer, "status": "not_paid", "items": items, **values}


def test_a_customer_gets_its_rows_a_login_and_an_author(splynx: SplynxProcess) -> None:
    key = splynx.customer()
    for table in ("customer_info", "customer_billing", "customer_cap"):
        assert splynx.scalar(f"select count(*) from {table} where customer_id = :id", id=key) == 1
    row = splynx.row(
        "select login, added_by, added_by_id, status from customers where id=:i", i=key
    )
    assert tuple(row) == (f"{key:06d}", "api", splynx.scalar("select id from api"), "new")
    info = f"admin/customers/customer-info/{key}"
    assert splynx.call("PUT", info, json={"vat_id": "V1"}).status == 202
    assert splynx.get(info)["vat_id"] == "V1"


def test_a_generated_login_is_handed_out_again(splynx: SplynxProcess) -> None:
    first = splynx.customer()
    login = splynx.scalar("select login from customers where id = :id", id=first)
    assert splynx.call("DELETE", f"{CUSTOMERS}/{first}").status == 204
    row = splynx.row("select login, deleted from customers where id = :id", id=first)
    assert tuple(row) == (login, "1")
    second = splynx.customer()
    assert second != first
    assert splynx.scalar("select login from customers where id = :id", id=second) == login


def test_a_login_belongs_to_one_live_customer(splynx: SplynxProcess) -> None:
    key = splynx.customer(login="taken")
    body = {"name": "B", "partner_id": 1, "location_id": 1, "category": "person", "login": "taken"}
    assert splynx.call("POST", CUSTOMERS, json=body).fields == ["login"]
    assert splynx.call("PUT", f"{CUSTOMERS}/{key}", json={"login": "taken"}).status == 202
    splynx.call("DELETE", f"{CUSTOMERS}/{key}")
    splynx.create(CUSTOMERS, body)


def test_passwords_are_stored_sealed_and_read_one_by_one(splynx: SplynxProcess) -> None:
    key = splynx.customer(password="open sesame")
    assert "sesame" not in splynx.scalar("select password from customers where id = :i", i=key)
    assert splynx.get(f"{CUSTOMERS}/{key}")["password"] == "open sesame"
    assert all("password" not in row for row in splynx.get(CUSTOMERS))


def test_a_payment_makes_its_credit_and_moves_the_balance(splynx: SplynxProcess) -> None:
    customer = splynx.customer()
    body = {"customer_id": customer, "payment_type": 2, "amount": "25.50", "date": "2026-02-03"}
    key = splynx.create(PAYMENTS, body)
    paid = splynx.row("select * from payments where id = :id", id=key)
    made = splynx.row("select * from billing_transactions where payment_id = :id", id=key)
    assert paid.transaction_id == made.id
    assert paid.receipt_number == f"{year_of(splynx, 'payments', key)}-02-{key:05d}"
    assert paid.remind_amount == Decimal("25.5")
    assert (made.type, made.total, made.category, str(made.date)) == (
        "credit",
        Decimal("25.5"),
        3,
        "2026-02-03",
    )
    assert deposit(splynx, customer) == Decimal("25.5")
    assert splynx.call("PUT", f"{PAYMENTS}/{key}", json={"amount": 30}).status == 202
    assert deposit(splynx, customer) == 30
    refund = splynx.create(PAYMENTS, {**body, "amount": "-5"})
    assert deposit(splynx, customer) == 25
    sql = "select type from billing_transactions where payment_id = :id"
    assert splynx.scalar(sql, id=refund) == "debit"
    assert splynx.call("DELETE", f"{PAYMENTS}/{key}").status == 204
    assert deposit(splynx, customer) == -5
    assert_books_agree(splynx, customer)


def test_a_payment_of_nothing_or_for_nobody_is_refused(splynx: SplynxProcess) -> None:
    customer = splynx.customer()
    before = splynx.scalar("select count(*) from billing_transactions")
    answer = splynx.call("POST", PAYMENTS, json={"customer_id": customer, "amount": 0})
    assert answer.fields == ["amount"]
    answer = splynx.call("POST", PAYMENTS, json={"customer_id": 99_999, "amount": 1})
    assert answer.fields == ["customer_id"]
    assert splynx.scalar("select count(*) from billing_transactions") == before


def test_an_invoice_charges_its_items(splynx: SplynxProcess) -> None:
    customer = splynx.customer()
    key = splynx.create(INVOICES, invoice(customer))
    read = splynx.get(f"{INVOICES}/{key}")
    assert (read["total"], read["due"], read["status"]) == (20.0, 20.0, "not_paid")
    assert read["number"] == f"{year_of(splynx, 'invoices', key)}01{key:06d}"
    assert [(i["pos"], i["price"], i["tax_amount"]) for i in read["items"]] == [
        (1, "10.0000", "2.0000"),
        (2, "-2.0000", "0.0000"),
    ]
    assert [item["categoryIdForTransaction"] for item in read["items"]] == [1, 2]
    for item in read["items"]:
        row = splynx.row(
            "select * from billing_transactions where id = :i", i=item["transaction_id"]
        )
        assert (row.type, row.invoice_id, row.invoiced_by_id) == ("debit", key, key)
    assert deposit(splynx, customer) == -20
    assert splynx.call("DELETE", f"{INVOICES}/{key}").status == 204
    assert splynx.scalar("select status from invoices where id = :id", id=key) == "deleted"
    assert deposit(splynx, customer) == 0
    assert_books_agree(splynx, customer)


def test_an_invoice_without_transactions_leaves_the_balance(splynx: SplynxProcess) -> None:
    customer = splynx.customer()
    key = splynx.create(INVOICES, invoice(customer, use_transactions="0", number="N-1"))
    assert splynx.get(f"{INVOICES}/{key}")["number"] == "N-1"
    assert deposit(splynx, customer) == 0
    negative = [{"description": "Less", "quantity": 1, "unit": "", "price": -1}]
    answer = splynx.call("POST", INVOICES, json=invoice(customer, items=negative))
    assert answer.fields == ["items"]
    assert splynx.call("POST", INVOICES, json=invoice(customer, items=[])).fields == ["items"]


def test_a_payment_settles_the_invoice_it_names(splynx: SplynxProcess) -> None:
    customer = splynx.customer()
    key = splynx.create(INVOICES, invoice(customer))
    body = {"customer_id": customer, "invoice_id": key, "payment_type": 1}
    splynx.create(PAYMENTS, {**body, "amount": 5})
    assert splynx.get(f"{INVOICES}/{key}")["due"] == 15.0
    last = splynx.create(PAYMENTS, {**body, "amount": 16, "date": "2026-03-04"})
    read = splynx.get(f"{INVOICES}/{key}")
    assert (read["status"], read["due"], read["payment_id"]) == ("paid", 0.0, last)
    assert read["date_payment"] == "2026-03-04"
    assert splynx.get(f"{PAYMENTS}/{last}")["remind_amount"] == "1.0000"
    relations = splynx.get(
        "admin/finance/invoice-relations", params={"main_attributes[invoice_id]": str(key)}
    )
    assert [row["amount"] for row in relations] == ["5.0000", "15.0000"]
    splynx.call("DELETE", f"{PAYMENTS}/{last}")
    assert splynx.get(f"{INVOICES}/{key}")["due"] == 15.0
    assert splynx.get(f"{INVOICES}/{key}")["status"] == "not_paid"
    assert_books_agree(splynx, customer)


def test_a_transaction_moves_the_balance_unless_it_waits(splynx: SplynxProcess) -> None:
    customer = splynx.customer()
    body = {"customer_id": customer, "description": "Fee", "price": "10", "quantity": 3}
    key = splynx.create(TRANSACTIONS, {**body, "tax_percent": "20", "type": "debit"})
    assert splynx.get(f"{TRANSACTIONS}/{key}")["total"] == "36.0000"
    assert deposit(splynx, customer) == -36
    splynx.create(TRANSACTIONS, {**body, "to_invoice": True})
    assert deposit(splynx, customer) == -36
    assert splynx.call("PUT", f"{TRANSACTIONS}/{key}", json={"type": "credit"}).status == 202
    assert deposit(splynx, customer) == 36
    assert splynx.call("DELETE", f"{TRANSACTIONS}/{key}").status == 204
    assert deposit(splynx, customer) == 0


def test_the_balance_cannot_be_written(splynx: SplynxProcess) -> None:
    customer = splynx.customer()
    path = f"admin/customers/customer-billing/{customer}"
    assert splynx.call("PUT", path, json={"deposit": 99, "billing_due": 7}).status == 202
    read = splynx.get(path)
    assert (read["deposit"], read["billing_due"]) == ("0.0000", 7)


def test_base_categories_stay(splynx: SplynxProcess) -> None:
    path = "admin/finance/transaction-categories"
    assert splynx.call("DELETE", f"{path}/1").status == 422
    own = splynx.create(path, {"name": "Own"})
    assert splynx.call("DELETE", f"{path}/{own}").status == 204


def test_services_start_stop_and_keep_their_logins(splynx: SplynxProcess) -> None:
    customer = splynx.customer()
    plan = splynx.create(
        "admin/tariffs/internet",
        {
            "title": "P",
            "speed_download": 1,
            "speed_upload": 1,
            "partners_ids": [1],
            "available_for_locations": "1",
            "billing_types": ["recurring", "prepaid"],
            "customer_categories": ["person"],
        },
    )
    read = splynx.get(f"admin/tariffs/internet/{plan}")
    assert read["billing_types"] == ["recurring", "prepaid"]
    assert read["available_for_locations"] == [1]
    path = f"{CUSTOMERS}/{customer}/internet-services"
    body = {
        "tariff_id": plan,
        "status": "active",
        "description": "P",
        "quantity": 1,
        "start_date": "2026-01-01",
        "login": "wire",
    }
    key = splynx.create(path, body)
    assert splynx.call("POST", path, json=body).fields == ["login"]
    assert splynx.call("POST", path, json={**body, "status": "blocked"}).fields == ["status"]
    item = f"{path}--{key}"
    assert splynx.call("PUT", item, params={"action": "stop"}).status == 202
    assert splynx.get(item)["status"] == "stopped"
    splynx.create(path, body)
    assert splynx.call("PUT", item, params={"action": "start"}).fields == ["login"]
    assert splynx.get(item)["end_date"] == "0000-00-00"


def test_notes_keep_their_date(splynx: SplynxProcess) -> None:
    customer = splynx.customer()
    path = "admin/customers/customer-notes"
    body = {"customer_id": customer, "comment": "Called", "datetime": "2020-01-02 03:04:05"}
    key = splynx.create(path, body)
    read = splynx.get(f"{path}/{customer}--{key}")
    assert (read["datetime"], read["class"]) == ("2020-01-02 03:04:05", "default")
    assert splynx.call("GET", f"{path}/{customer + 1}--{key}").status == 404


def test_a_ticket_opens_with_its_message(splynx: SplynxProcess) -> None:
    label = splynx.create("admin/config/labels", {"module": "ticket", "label": "Hot"})
    body = {
        "customer_id": splynx.customer(),
        "subject": "No signal",
        "priority": "high",
        "type_id": 1,
        "created_at": "2020-01-02 03:04:05",
        "message": {"message": "<p>Dead</p>", "hide_for_customer": True},
        "moduleLabels": [label],
    }
    key = splynx.create(TICKETS, body)
    read = splynx.get(f"{TICKETS}/{key}")
    assert (read["status_id"], read["created_at"]) == (1, "2020-01-02 03:04:05")
    assert (read["moduleLabels"], read["source"]) == ([label], "api")
    splynx.execute("update ticket set updated_at = '2020-01-01' where id = :id", id=key)
    splynx.create(MESSAGES, {"ticket_id": key, "message": "Still", "date": "2020-02-02"})
    messages = splynx.get(MESSAGES, params={"main_attributes[ticket_id]": str(key)})
    assert [(m["message"], m["hide_for_customer"]) for m in messages] == [
        ("<p>Dead</p>", "1"),
        ("Still", "0"),
    ]
    assert messages[1]["date"] == "2020-02-02"
    assert splynx.get(f"{TICKETS}/{key}")["updated_at"] > "2020-01-01"
    wrong = splynx.call("POST", TICKETS, json={**body, "group_id": 99, "priority": "soon"})
    assert wrong.fields == ["group_id", "priority"]


def test_a_new_network_gets_its_addresses(splynx: SplynxProcess) -> None:
    networks, sites = "admin/networking/ipv4", "admin/networking/network-sites"
    network = {"network": "198.51.100.64", "mask": 28, "title": "Farms", "location_id": 1}
    key = splynx.create(networks, {**network, "network_category": 1})
    bare = splynx.create(networks, {**network, "network_category": 1, "needCreateIps": "0"})
    wide = splynx.create(networks, {**network, "network_category": 1, "network_type": "rootnet"})
    count = "select count(*) from ipv4_networks_ip where ipv4_networks_id = :id"
    assert [splynx.scalar(count, id=one) for one in (key, bare, wide)] == [14, 0, 0]
    listed = splynx.get(f"admin/networking/ipv4-ip/{key}")
    first = listed[0]
    assert (first["ip"], len(listed)) == ("198.51.100.65", 14)
    item = f"admin/networking/ipv4-ip/{key}--{first['id']}"
    assert splynx.call("PUT", item, json={"is_used": 1, "title": "Barn"}).status == 202
    assert splynx.scalar("select title from ipv4_networks_ip where is_used = '1'") == "Barn"
    site = splynx.create(sites, {"title": "Ridge", "location_id": 1, "partners_ids": [1]})
    assert splynx.scalar("select network_site_id from network_sites_to_partners") == site


def test_addresses_of_routers_and_barcodes_are_unique(splynx: SplynxProcess) -> None:
    routers, items = "admin/networking/routers", "admin/inventory/items"
    router = {"title": "Core", "ip": "172.31.0.1", "nas_type": 1, "location_id": 1}
    splynx.create(routers, {**router, "radius_secret": "quiet"})
    assert splynx.call("POST", routers, json=router).fields == ["ip"]
    vendor = splynx.create("admin/inventory/vendors", {"name": "Cobalt Wireless"})
    product = {"name": "CR-5", "vendor_id": vendor, "category_id": 1}
    made = splynx.create("admin/inventory/products", product)
    item = {"product_id": made, "barcode": "02:5A:00:00:00:01", "stock_id": 1}
    splynx.create(items, item)
    assert splynx.call("POST", items, json=item).fields == ["barcode"]
    lost = {**item, "barcode": "", "product_id": 900}
    assert splynx.call("POST", items, json=lost).fields == ["product_id"]
