"""The pre-filled Splynx: counted rows, the clashes it promises, books that balance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from sandbox.sonar.schema import load_schema
from sandbox.sonar.tenant import generate
from sandbox.splynx.prefilled import COUNTS, edit_by_staff, prefill
from tests.services import Splynx

pytestmark = pytest.mark.mysql


def _counts(connection: Connection) -> dict[str, int]:
    tables: Sequence[str] = connection.execute(text("show tables")).scalars().all()
    return {
        table: connection.execute(text(f"select count(*) from `{table}`")).scalar_one()
        for table in tables
    }


def _rows(splynx: Splynx, statement: str) -> list[tuple[Any, ...]]:
    with splynx.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(statement))]


def test_it_adds_what_it_says_and_nothing_else(splynx: Splynx) -> None:
    with splynx.engine.connect() as connection:
        before = _counts(connection)
    prefill(splynx.engine)
    with splynx.engine.connect() as connection:
        after = _counts(connection)
    assert {t: after[t] - before[t] for t in after if after[t] != before[t]} == COUNTS


def test_it_collides_with_the_demo_tenant(splynx: Splynx) -> None:
    prefill(splynx.engine)
    rows = generate(load_schema(), "demo", 1).rows

    def ids(collection: str) -> set[int]:
        return {int(row["id"]) for row in rows[collection]}

    def taken(table: str) -> set[int]:
        return {key for (key,) in _rows(splynx, f"select id from {table}")}

    assert ids("accounts") & taken("customers") >= {1, 2, 3, 4, 12, 18, 20}
    assert ids("services") & taken("tariffs_internet") >= {1, 2, 3}
    assert ids("account_services") & taken("services_internet") >= {1, 2, 3, 12}

    logins = dict(_rows(splynx, "select id, login from customers"))
    named = [
        int(row["contactable_id"]) for row in rows["contacts"] if row.get("username") == logins[3]
    ]
    assert named == [2]
    assert int(logins[4]) in ids("accounts") - {4}
    titles = {row["name"]: int(row["id"]) for row in rows["services"]}
    assert titles[_rows(splynx, "select title from tariffs_internet where id = 2")[0][0]] == 1

    def clashes(collection: str, column: str, statement: str) -> bool:
        taken = {row[0] for row in _rows(splynx, statement)}
        return bool(taken & {row[column] for row in rows[collection]})

    assert clashes("subnets", "subnet", "select concat(network, '/', mask) from ipv4_networks")
    assert clashes("inline_devices", "ip_address", "select ip from routers")
    assert clashes("inventory_model_field_data", "value", "select barcode from inventory_items")
    assert clashes("manufacturers", "name", "select name from inventory_vendors")
    assert clashes("vehicles", "name", "select name from inventory_stocks")


def test_the_login_and_the_title_are_the_callers_to_choose(splynx: Splynx) -> None:
    prefill(splynx.engine, login="someone:else", title="50% off")
    assert _rows(splynx, "select login from customers where id = 3") == [("someone:else",)]
    chosen = _rows(splynx, "select title, service_name from tariffs_internet where id = 2")
    assert chosen == [("50% off", "50% off")]


def test_times_of_day_survive(splynx: Splynx) -> None:
    prefill(splynx.engine)
    found = _rows(splynx, "select cast(last_update as char) from customers where id = 1")
    assert found == [("2026-02-03 10:00:00",)]


def test_the_books_balance(splynx: Splynx) -> None:
    prefill(splynx.engine)
    wrong_deposit = _rows(
        splynx,
        "select b.customer_id from customer_billing b where b.deposit <>"
        " (select coalesce(sum(if(t.type = 'credit', t.total, -t.total)), 0)"
        " from billing_transactions t where t.customer_id = b.customer_id)",
    )
    assert wrong_deposit == []
    owing = _rows(splynx, "select customer_id, deposit from customer_billing where deposit <> 0")
    assert sorted((key, float(owed)) for key, owed in owing) == [(2, -38.5), (20, -33.0)]
    wrong_due = _rows(
        splynx,
        "select i.id from invoices i where i.due <> i.total -"
        " (select coalesce(sum(p.amount), 0) from invoice_payers p where p.invoice_id = i.id)"
        " or (i.status = 'paid') <> (i.due = 0)"
        " or abs(i.total - (select sum(quantity * price * (1 + tax / 100)) from invoices_items"
        " where invoice_id = i.id)) > 0.005",
    )
    assert wrong_due == []
    unlinked = _rows(
        splynx,
        "select p.id from payments p left join billing_transactions t on t.id = p.transaction_id"
        " and t.payment_id = p.id and t.total = p.amount and t.type = 'credit' where t.id is null",
    )
    assert unlinked == []


def test_a_database_in_use_is_refused_and_keeps_what_it_has(splynx: Splynx) -> None:
    with splynx.engine.begin() as connection:
        connection.execute(
            text(
                "insert into ticket_messages (id, ticket_id, date, time, message)"
                " values (3, 1, '2026-01-01', '08:00:00', 'in the way of the last statement')"
            )
        )
        before = _counts(connection)
    with pytest.raises(IntegrityError):
        prefill(splynx.engine)
    with splynx.engine.connect() as connection:
        assert _counts(connection) == before


def test_staff_edit_the_customers_they_are_told_to(splynx: Splynx) -> None:
    prefill(splynx.engine)
    edit_by_staff(splynx.engine, [3, 20])
    edited = _rows(
        splynx,
        "select c.id, c.status, c.phone, b.billing_due from customers c"
        " join customer_billing b on b.customer_id = c.id where c.last_update > '2026-05-01'"
        " order by c.id",
    )
    assert edited == [(3, "blocked", "+1 555 0199", 20), (20, "blocked", "+1 555 0199", 20)]
