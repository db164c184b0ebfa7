"""Side effects of writes to credit notes: total, items, their credits, what they settle.

Published is that a credit follows; everything else goes as it does for an invoice (inferred).
"""

from __future__ import annotations

from decimal import Decimal

from sandbox.splynx.rest.effects import Change, after, before
from sandbox.splynx.rest.errors import invalid
from sandbox.splynx.rest.money_effects import (
    REFUND,
    add_transaction,
    gross,
    read_item,
    remove_transaction,
    settle,
)
from sandbox.splynx.rest.parameters import as_list
from sandbox.splynx.rest.scene import Scene, is_unset

_ITEMS = "credit_notes_items"


@before
def stamp_credit_note(scene: Scene, change: Change) -> None:
    """Read the items; set total, what is left of it, dates and author."""
    items = [read_item(scene, _ITEMS, item) for item in as_list(change.body["items"])]
    total = sum((gross(i["price"], i["quantity"], i["tax"]) for i in items), Decimal(0))
    if total < 0:
        raise invalid("items", "The total must not be negative!")
    values = change.values
    if is_unset(values.get("date_created")):
        values["date_created"] = scene.today
    if is_unset(values.get("date_updated")):
        values["date_updated"] = values["date_created"]
    values |= {
        "total": total,
        "remind_amount": total if values["status"] == "not_refunded" else 0,
        "real_create_datetime": scene.stamp,
        "added_by": scene.actor.kind,
        "added_by_id": scene.actor.id,
    }


@after
def create_credit_note_items(scene: Scene, change: Change) -> None:
    """Insert the items with a credit for each; number the note where no number was sent."""
    values = change.values
    for position, sent in enumerate(as_list(change.body["items"]), start=1):
        item = read_item(scene, _ITEMS, sent)
        total = gross(item["price"], item["quantity"], item["tax"])
        credit = {
            "customer_id": values["customer_id"],
            "sub_account_id": item.get("sub_account_id"),
            "type": "credit",
            "quantity": item["quantity"],
            "unit": item["unit"],
            "price": item["price"],
            "total": total,
            "remind_amount": total,
            "tax_percent": item["tax"],
            "tax_id": item["tax_id"],
            "date": values["date_created"],
            "category": REFUND,
            "description": item["description"][:255],
            "credit_note_id": change.key,
            "source": "auto",
        }
        places = {
            "credit_note_id": change.key,
            "pos": position,
            "transaction_id": add_transaction(scene, credit),
        }
        scene.insert(_ITEMS, {**item, **places})
    if is_unset(values.get("number")):
        number = f"{scene.now.year}{change.key:06d}"
        scene.update("credit_notes", "id", change.key, {"number": number})


@after
def use_credit_note(scene: Scene, change: Change) -> None:
    """Settle the invoices that `invoicesId` names, in its order, as far as the note goes."""
    rest = Decimal(change.values["remind_amount"])
    for invoice in as_list(change.body.get("invoicesId")):
        used = settle(
            scene,
            invoice,
            rest,
            {
                "customer_id": change.values["customer_id"],
                "payer_id": change.key,
                "type": "credit_note",
            },
            change.values["date_created"],
        )
        if used:
            note = {"credit_note_id": change.key, "invoice_id": invoice, "amount": used}
            scene.insert("credit_notes_to_invoices", note)
            rest -= used
    scene.update("credit_notes", "id", change.key, {"remind_amount": rest})


@after
def withdraw_credit_note(scene: Scene, change: Change) -> None:
    """Take the credits of a deleted note out of the balance."""
    gone = change.operation == "delete" or (
        change.values.get("status") == "deleted" and change.before["status"] != "deleted"
    )
    if not gone:
        return
    for row in scene.rows(
        "select id from billing_transactions"
        " where credit_note_id = %s and source = 'auto' and deleted = '0'",
        [change.key],
    ):
        remove_transaction(scene, row["id"])
    scene.update("credit_notes", "id", change.key, {"status": "deleted"})
