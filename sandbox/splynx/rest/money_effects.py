"""Side effects of transactions, payments and invoices: totals, numbers, allocation, balance.

The balance moves by the difference that a write makes; it is never recalculated from all
transactions, so a balance that was written by other means stays the starting point.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from sandbox.splynx.rest.columns import NO_DATE, UnfitError, Value, to_stored
from sandbox.splynx.rest.effects import Change, after, before
from sandbox.splynx.rest.errors import invalid
from sandbox.splynx.rest.parameters import as_list
from sandbox.splynx.rest.scene import Row, Scene, is_unset

SERVICE, PAYMENT, REFUND = 1, 3, 4
_CENT = Decimal("0.01")
_ITEMS = "invoices_items"
_NOT_SENT = {"id", "invoice_id", "credit_note_id", "pos", "transaction_id", "deleted"}


def gross(price: Value, quantity: Value, percent: Value) -> Decimal:
    """Return quantity times net price with tax, to the cent."""
    net = Decimal(str(price)) * Decimal(str(quantity))
    return (net * (1 + Decimal(str(percent)) / 100)).quantize(_CENT, ROUND_HALF_UP)


def weight(transaction: Mapping[str, Any]) -> Decimal:
    """Return what a transaction adds to the balance; a future item adds nothing yet."""
    waits = transaction.get("to_invoice") == "1" and is_unset(transaction.get("invoice_id"))
    if not transaction or transaction.get("deleted") == "1" or waits:
        return Decimal(0)
    total = Decimal(str(transaction["total"]))
    return total if transaction["type"] == "credit" else -total


def move(scene: Scene, customer: Value, difference: Decimal) -> None:
    """Move a customer's balance."""
    if difference:
        scene.execute(
            "update customer_billing set deposit = deposit + %s where customer_id = %s",
            [difference, customer],
        )


def stored_transaction(scene: Scene, key: Value) -> Row:
    """Return a transaction, or nothing where there is none."""
    return scene.row("select * from billing_transactions where id = %s", [key]) or {}


def add_transaction(scene: Scene, values: Row) -> int:
    """Insert a transaction that Splynx makes itself, and move the balance."""
    row = {"service_type": "internet", "date": scene.today, **values}
    move(scene, row["customer_id"], weight(row))
    return scene.insert("billing_transactions", row)


def remove_transaction(scene: Scene, key: Value) -> None:
    """Mark a transaction as deleted and take it out of the balance."""
    row = stored_transaction(scene, key)
    if row:
        move(scene, row["customer_id"], -weight(row))
        scene.update("billing_transactions", "id", key, {"deleted": "1"})


@before
def total_transaction(_scene: Scene, change: Change) -> None:
    """Compute the total of a transaction where a price is known."""
    values = change.values
    if change.operation == "create" or {"price", "quantity", "tax_percent"} & set(values):
        price = change.get("price")
        if price is not None and "total" not in values:
            values["total"] = gross(
                price, change.get("quantity") or 1, change.get("tax_percent") or 0
            )
    if change.operation == "create" and "remind_amount" not in values:
        values["remind_amount"] = values.get("total", 0)


@after
def move_balance(scene: Scene, change: Change) -> None:
    """Let the balance follow a transaction."""
    now = stored_transaction(scene, change.key)
    move(scene, now["customer_id"], weight(now) - weight(change.before))


@before
def keep_base_rows(_scene: Scene, change: Change) -> None:
    """Refuse to delete what came with the installation."""
    if change.before["is_base"] == "1":
        raise invalid("id", "This category cannot be deleted!")


@before
def stamp_payment(scene: Scene, change: Change) -> None:
    """Refuse nothing paid; set date, author and open amount."""
    values = change.values
    if not values.get("amount"):
        raise invalid("amount", "Amount must not be 0!")
    if is_unset(values.get("date")):
        values["date"] = scene.today
    values.setdefault("remind_amount", values["amount"])
    values |= {
        "real_create_datetime": scene.stamp,
        "added_by": scene.actor.kind,
        "added_by_id": scene.actor.id,
    }


@after
def create_payment_transaction(scene: Scene, change: Change) -> None:
    """Make the credit (for a refund: the debit) of a payment, and its receipt number."""
    values, amount = change.values, Decimal(change.values["amount"])
    transaction = add_transaction(
        scene,
        {
            "customer_id": values["customer_id"],
            "type": "credit" if amount > 0 else "debit",
            "price": abs(amount),
            "total": abs(amount),
            "remind_amount": abs(amount),
            "date": values["date"],
            "category": PAYMENT if amount > 0 else REFUND,
            "description": values.get("comment", "")[:255] or "Payment",
            "payment_id": change.key,
            "source": "auto",
        },
    )
    changes: Row = {"transaction_id": transaction}
    if is_unset(values.get("receipt_number")):
        kind = int(values.get("payment_type") or 0)
        changes["receipt_number"] = f"{scene.now.year}-{kind:02d}-{change.key:05d}"
    scene.update("payments", "id", change.key, changes)


@after
def pay_invoice(scene: Scene, change: Change) -> None:
    """Settle the invoice that the payment names, as far as the amount goes."""
    values, amount = change.values, Decimal(change.values["amount"])
    payer = {"customer_id": values["customer_id"], "payer_id": change.key, "type": "payment"}
    paid = settle(scene, values.get("invoice_id"), amount, payer, values["date"])
    if paid:
        scene.update("payments", "id", change.key, {"remind_amount": amount - paid})


def settle(scene: Scene, key: Value, amount: Decimal, payer: Row, date: str) -> Decimal:
    """Pay an invoice from `amount`; return how much of it went there."""
    invoice = _invoice(scene, key)
    paid = min(amount, Decimal(invoice["due"])) if invoice else Decimal(0)
    if not invoice or paid <= 0:
        return Decimal(0)
    scene.insert("invoice_payers", {**payer, "invoice_id": invoice["id"], "amount": paid})
    due = Decimal(invoice["due"]) - paid
    changes: Row = {"due": due}
    if due == 0:
        changes |= {"status": "paid", "date_payment": date}
        if payer["type"] == "payment":
            changes["payment_id"] = payer["payer_id"]
    scene.update("invoices", "id", invoice["id"], changes)
    return paid


@after
def follow_payment(scene: Scene, change: Change) -> None:
    """Let transaction, balance and invoices follow a payment that changed or went."""
    transaction = change.before["transaction_id"]
    if change.operation == "delete":
        remove_transaction(scene, transaction)
        _reopen_invoices(scene, change.key)
    elif "amount" in change.values:
        old = stored_transaction(scene, transaction)
        amount = Decimal(change.values["amount"])
        changes: Row = {"total": abs(amount), "price": abs(amount)}
        changes["type"] = "credit" if amount > 0 else "debit"
        scene.update("billing_transactions", "id", transaction, changes)
        new = stored_transaction(scene, transaction)
        move(scene, change.before["customer_id"], weight(new) - weight(old))


def _reopen_invoices(scene: Scene, payment: int) -> None:
    where = "payer_id = %s and type = 'payment'"
    for row in scene.rows(f"select * from invoice_payers where {where}", [payment]):
        invoice = _invoice(scene, row["invoice_id"])
        if invoice:
            open_again = {"status": "not_paid", "payment_id": 0, "date_payment": NO_DATE}
            due = Decimal(invoice["due"]) + Decimal(row["amount"])
            scene.update("invoices", "id", invoice["id"], {"due": due, **open_again})
    scene.execute(f"delete from invoice_payers where {where}", [payment])


def _invoice(scene: Scene, key: Value) -> Row | None:
    if is_unset(key):
        return None
    return scene.row("select * from invoices where id = %s and deleted = '0' for update", [key])


@before
def stamp_invoice(scene: Scene, change: Change) -> None:
    """Read the items; set total, open amount, dates and author."""
    items = [read_item(scene, _ITEMS, item) for item in as_list(change.body["items"])]
    total = sum((gross(i["price"], i["quantity"], i["tax"]) for i in items), Decimal(0))
    if total < 0:
        raise invalid("items", "The total must not be negative!")
    values = change.values
    if is_unset(values.get("date_created")):
        values["date_created"] = scene.today
    for name in ("date_updated", "date_till"):
        if is_unset(values.get(name)):
            values[name] = values["date_created"]
    values |= {
        "total": total,
        "due": 0 if values["status"] == "paid" else total,
        "real_create_datetime": scene.stamp,
        "added_by": scene.actor.kind,
        "added_by_id": scene.actor.id,
    }


@after
def create_invoice_items(scene: Scene, change: Change) -> None:
    """Insert the items, with use_transactions a debit for each; number the invoice."""
    values = change.values
    for position, sent in enumerate(as_list(change.body["items"]), start=1):
        item = read_item(scene, _ITEMS, sent)
        transaction = None
        if values.get("use_transactions", "1") == "1":
            transaction = add_transaction(scene, _debit(change, item, sent))
        scene.insert(
            "invoices_items",
            {**item, "invoice_id": change.key, "pos": position, "transaction_id": transaction},
        )
    if is_unset(values.get("number")):
        partner = scene.row(
            "select partner_id from customers where id = %s", [values["customer_id"]]
        )
        number = f"{scene.now.year}{(partner or {'partner_id': 0})['partner_id']:02d}"
        scene.update("invoices", "id", change.key, {"number": f"{number}{change.key:06d}"})


def _debit(change: Change, item: Row, sent: Mapping[str, Any]) -> Row:
    total = gross(item["price"], item["quantity"], item["tax"])
    category = sent.get("categoryIdForTransaction")
    return {
        "customer_id": change.values["customer_id"],
        "sub_account_id": item.get("sub_account_id"),
        "type": "debit",
        "quantity": item["quantity"],
        "unit": item["unit"],
        "price": item["price"],
        "total": total,
        "remind_amount": change.values["due"] and total,
        "tax_percent": item["tax"],
        "tax_id": item["tax_id"],
        "date": change.values["date_created"],
        "category": SERVICE if is_unset(category) else category,
        "description": item["description"][:255],
        "period_from": item["period_from"],
        "period_to": item["period_to"],
        "invoice_id": change.key,
        "invoiced_by_id": change.key,
        "source": "auto",
    }


@after
def withdraw_invoice(scene: Scene, change: Change) -> None:
    """Take the automatic debits of a deleted invoice out of the balance."""
    gone = change.operation == "delete" or (
        change.values.get("status") == "deleted" and change.before["status"] != "deleted"
    )
    if not gone:
        return
    for row in scene.rows(
        "select id from billing_transactions"
        " where invoiced_by_id = %s and source = 'auto' and deleted = '0'",
        [change.key],
    ):
        remove_transaction(scene, row["id"])
    scene.update("invoices", "id", change.key, {"status": "deleted"})


def read_item(scene: Scene, table: str, sent: Value) -> Row:
    """Return an item of an invoice or a credit note as its table stores it, or refuse it."""
    if not isinstance(sent, Mapping) or is_unset(sent.get("description")):
        raise invalid("items", "Description is required!")
    given = {"quantity": 1, "unit": "", "price": 0, "tax": 0, "tax_id": 0, **sent}
    columns = scene.columns(table)
    kept = set(given) & set(columns) - _NOT_SENT
    try:
        row = {name: to_stored(given[name], columns[name]) for name in sorted(kept)}
    except (UnfitError, InvalidOperation) as exc:
        raise invalid("items", f"An item {exc}") from None
    periods = {"period_from", "period_to"} & set(columns)
    return {**dict.fromkeys(sorted(periods), NO_DATE), **row}
