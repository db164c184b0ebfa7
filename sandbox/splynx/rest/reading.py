"""Rows as the API shows them: junction values, embedded records and additional fields included."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sandbox.splynx.rest import fields
from sandbox.splynx.rest.catalogue import Attribute, Entity
from sandbox.splynx.rest.columns import Value, from_stored
from sandbox.splynx.rest.scene import Row, Scene

ByOwner = Mapping[Any, list[Any]]


def shown(scene: Scene, entity: Entity, rows: Sequence[Row], *, single: bool) -> list[Row]:
    """Return stored rows in the shape of the API; secrets only when one record is read."""
    keys = [row[entity.key] for row in rows]
    attached = {name: reader(scene, keys) for name, reader in _readers(entity).items()}
    additional = fields.values_of(scene, entity.fields, keys) if entity.fields else None
    result = []
    for row in rows:
        out: Row = {}
        for name, attribute in entity.attributes.items():
            if name in attached:
                out[name] = attached[name].get(row[entity.key], [])
            elif attribute.constant is not None:
                out[name] = attribute.constant
            elif attribute.column is not None and (single or not attribute.secret):
                out[name] = _value(scene, entity, attribute, row[attribute.column])
        if additional is not None:
            out["additional_attributes"] = additional[row[entity.key]]
        result.append(out)
    return result


def _value(scene: Scene, entity: Entity, attribute: Attribute, stored: Value) -> Value:
    if attribute.secret:
        return scene.vault.open(stored)
    if attribute.is_list:
        return [part for part in str(stored or "").split(",") if part]
    column = scene.columns(entity.table)[attribute.column or attribute.name]
    flag = attribute.type == "boolean"
    return from_stored(stored, column, as_flag=flag, as_number=attribute.as_number)


def _readers(entity: Entity) -> dict[str, Callable[[Scene, Sequence[Any]], ByOwner]]:
    readers: dict[str, Callable[[Scene, Sequence[Any]], ByOwner]] = {
        name: _junction_reader(attribute)
        for name, attribute in entity.attributes.items()
        if attribute.junction is not None
    }
    if entity.name == "invoices":
        readers["items"] = _item_reader("invoices_items", "invoice_id")
    if entity.name == "credit_notes":
        readers["items"] = _item_reader("credit_notes_items", "credit_note_id")
    if entity.name == "ticket_messages":
        readers["files"] = _message_files
    return readers


def _junction_reader(attribute: Attribute) -> Callable[[Scene, Sequence[Any]], ByOwner]:
    junction = attribute.junction
    assert junction is not None  # noqa: S101  only called for those

    def read(scene: Scene, keys: Sequence[Any]) -> ByOwner:
        sql = f"select `{junction.owner}` as owner, `{junction.value}` as value"
        rows = _of(scene, f"{sql} from `{junction.table}`", junction.owner, keys)
        return _grouped(rows, lambda row: row["value"])

    return read


def _item_reader(table: str, owner: str) -> Callable[[Scene, Sequence[Any]], ByOwner]:
    def read(scene: Scene, keys: Sequence[Any]) -> ByOwner:
        sql = (
            f"select i.*, i.{owner} as owner, x.category as categoryIdForTransaction"
            f" from {table} i left join billing_transactions x on x.id = i.transaction_id"
        )
        rows = _of(scene, sql, f"i.{owner}", keys, " and i.deleted = '0' order by i.pos, i.id")
        return _grouped(rows, _item)

    return read


def _item(row: Row) -> Row:
    net = Decimal(row["price"]) * row["quantity"]
    tax = (net * Decimal(row["tax"]) / 100).quantize(Decimal("0.0001"), ROUND_HALF_UP)
    hidden = {"owner", "invoice_id", "credit_note_id", "deleted"}
    return {**{n: v for n, v in row.items() if n not in hidden}, "tax_amount": str(tax + 0)}


def _message_files(scene: Scene, keys: Sequence[Any]) -> ByOwner:
    sql = (
        "select f.id, f.filename_original, f.filename_uploaded, j.message_id as owner"
        " from ticket_messages_to_files_upload j join files_upload f on f.id = j.file_id"
    )
    rows = _of(scene, sql, "j.message_id", keys, " and f.deleted = '0' order by f.id")
    return _grouped(rows, lambda row: {n: v for n, v in row.items() if n != "owner"})


def _of(scene: Scene, sql: str, owner: str, keys: Sequence[Any], rest: str = "") -> list[Row]:
    if not keys:
        return []
    marks = ", ".join("%s" for _ in keys)
    name = owner if "." in owner else f"`{owner}`"
    return scene.rows(f"{sql} where {name} in ({marks}){rest}", keys)


def _grouped(rows: Sequence[Row], shape: Callable[[Row], Any]) -> ByOwner:
    grouped: dict[Any, list[Any]] = {}
    for row in rows:
        grouped.setdefault(row["owner"], []).append(shape(row))
    return grouped
