"""From an answer's bytes to rows: split, keyed, links looked at (pure).

Only what is needed is decoded: the id, and the ids inside links. Everything else stays the bytes
that Sonar sent.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from extract.catalogue.deny import SecretInSomeRows
from extract.reading.paging import Row
from runtime.errors import FatalSourceError


class _PageInfo(msgspec.Struct):
    total_count: int


class _Aggregation(msgspec.Struct):
    field: str
    aggregation_function: str
    value: str | int | float | None = None


class Connection(msgspec.Struct):
    """A connection as Sonar answers it. `entities` may hold nulls."""

    entities: list[msgspec.Raw] | None = None
    page_info: _PageInfo | None = None
    aggregations: list[_Aggregation] | None = None

    @property
    def present(self) -> list[msgspec.Raw]:
        """The entities without the nulls."""
        return [raw for raw in self.entities or [] if raw != _NULL]

    @property
    def total(self) -> int | None:
        """The server's own count, when it gave one."""
        return None if self.page_info is None else self.page_info.total_count


class _WithId(msgspec.Struct):
    id: str | int


_ID = msgspec.json.Decoder(_WithId)
_CONNECTION = msgspec.json.Decoder(Connection)
_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
_TOLD = msgspec.json.Decoder(dict[str, str | None] | None)
_NULL = msgspec.Raw(b"null")  # compared with as it is: as bytes, a page would be copied


def connection(raw: msgspec.Raw | None) -> Connection:
    """Decode a connection.

    Raises:
        FatalSourceError: null, or another shape than the schema says.
    """
    if raw is None or raw == _NULL:
        raise FatalSourceError("Sonar gave null instead of rows")
    try:
        return _CONNECTION.decode(raw)
    except msgspec.ValidationError as exc:
        raise FatalSourceError(f"Sonar's answer has an unexpected shape: {exc}") from None


def _canonical(payload: bytes) -> str:
    # Numbers keep their spelling: as floats, two long decimals could look alike.
    loaded = json.loads(payload, parse_float=_spelt, parse_int=_spelt)
    return json.dumps(loaded, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _spelt(number: str) -> dict[str, str]:
    return {"": number}


def key_of(payload: msgspec.Raw | bytes, *, has_id: bool) -> str:
    """Return the id as text, or the SHA-256 of the canonical payload where there is no id."""
    if has_id:
        try:
            return str(_ID.decode(payload).id)
        except msgspec.ValidationError:
            raise FatalSourceError("Sonar gave a row without an id") from None
    return hashlib.sha256(_canonical(bytes(payload)).encode()).hexdigest()


def keyed(entities: Sequence[msgspec.Raw], *, has_id: bool) -> list[Row]:
    """Return rows in the order of the answer."""
    return [Row(key_of(raw, has_id=has_id), bytes(raw)) for raw in entities]


def objects(raw: msgspec.Raw | None) -> list[msgspec.Raw]:
    """Return the objects of an answer that is a list, an object or null."""
    if raw is None or raw == _NULL:
        return []
    text = bytes(raw)
    if text.lstrip()[:1] != b"[":
        return [raw]
    entries = msgspec.json.decode(text, type=list[msgspec.Raw])
    return [entry for entry in entries if entry != _NULL]


def without_secrets(
    entities: Sequence[msgspec.Raw], hidden: SecretInSomeRows
) -> tuple[list[msgspec.Raw], int]:
    """Return the entities with each secret emptied, and how many there were.

    The bytes of an entity that holds none stay as they are.

    Raises:
        FatalSourceError: the relation has another shape than the schema says.
    """
    kept: list[msgspec.Raw] = []
    emptied = 0
    for entity in entities:
        fields = _OBJECT.decode(entity)
        if _is_hidden(fields, hidden):
            emptied += 1
            fields[hidden.field] = _NULL
            kept.append(msgspec.Raw(msgspec.json.encode(fields)))
        else:
            kept.append(entity)
    return kept, emptied


def _is_hidden(fields: Mapping[str, msgspec.Raw], hidden: SecretInSomeRows) -> bool:
    try:
        told = _TOLD.decode(fields.get(hidden.relation, _NULL))
    except msgspec.ValidationError:
        raise FatalSourceError(f"Sonar's {hidden.relation} has an unexpected shape") from None
    return hidden.field in fields and hidden.hides(told)


def links(row: Row, names: Sequence[str]) -> Iterator[tuple[str, Connection]]:
    """Yield the links of a row, decoded one level deep."""
    fields = _OBJECT.decode(row.payload)
    for name in names:
        if (raw := fields.get(name)) is not None:
            yield name, connection(raw)


def with_links(row: Row, completed: Mapping[str, Sequence[msgspec.Raw]]) -> Row:
    """Return the row with the entities of some links replaced; all other bytes stay."""
    fields: dict[str, Any] = _OBJECT.decode(row.payload)
    for name, entities in completed.items():
        inner = _OBJECT.decode(fields[name])
        fields[name] = {**inner, "entities": list(entities)}
    return Row(row.key, msgspec.json.encode(fields))
