"""Whether Splynx holds what was sent: both sides in one form, so that only content counts. Pure.

Splynx answers ids and flags as numbers or texts, decimals with four places or as JSON numbers,
nothing as null, an empty text, a zero date or 0 for a reference; what was sent as a list of ids may
come back as a list of objects.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from load.mart_types import mart_type
from load.rest.bodies import Body
from load.rest.shapes import VALUES, Part, Shape

_NUMBERS = frozenset({"integer", "decimal", "boolean"})
_MOMENTS = frozenset({"date", "moment"})
_NO_TIME = " 00:00:00"


def differing(body: Body, found: Mapping[str, Any]) -> list[str]:
    """Return the attributes in which a record that was read back is not as it should be."""
    shape = body.draft.shape
    families = _families(shape)
    parts = {part.attribute: part for part in shape.parts}
    return sorted(
        name
        for name, value in body.expected.items()
        if not (
            _same_part(parts[name], value, found.get(name))
            if name in parts
            else _same(value, found.get(name), families[name])
        )
    )


def identified(body: Body, found: Mapping[str, Any]) -> bool:
    """Tell whether a record that a search gave is the row, by its identity.

    Also what the row has nothing of is compared, which is no condition of the search.
    """
    identity, families = body.draft.shape.identity, _families(body.draft.shape)
    if identity is None:
        return False
    if identity.field is not None:
        held, value = found.get(VALUES), body.whole.get(VALUES, {}).get(identity.field)
        return (
            bool(value)
            and isinstance(held, Mapping)
            and _same(value, held.get(identity.field), "text")
        )
    return all(_same(body.whole[n], found.get(n), families[n]) for n in identity.attributes)


def _families(shape: Shape) -> dict[str, str | None]:
    named = {**shape.attributes, **shape.computed}
    return {
        named[column.name]: mart_type(column.data_type).family
        for column in shape.mart.columns
        if column.name in named
    }


def _same(sent: object, found: object, family: str | None) -> bool:
    return _normal(sent, family) == _normal(found, family)


def _normal(value: object, family: str | None) -> object:
    if isinstance(value, bool):
        value = int(value)
    text = "" if value is None else str(value)
    if family in _NUMBERS:
        return _number(text)
    if family in _MOMENTS:
        return "" if text.startswith("0000-00-00") else text.removesuffix(_NO_TIME)
    return _flag(text) if text.strip() in {"true", "false"} else text


def _number(text: str) -> object:
    """Return a number; nothing is 0, because a reference to nothing is written either way."""
    try:
        return Decimal(text or 0)
    except InvalidOperation:
        return text


def _flag(text: str) -> str:
    return "1" if text.strip() == "true" else "0"


def _same_part(part: Part, sent: Any, found: object) -> bool:  # noqa: ANN401 - JSON
    if part.holds == "values":
        held = found if isinstance(found, Mapping) else {}
        return all(_same(value, held.get(name), "text") for name, value in sent.items())
    listed = _listed(found)
    if part.holds == "links":
        return sorted(sent) == sorted(str(_link(entry)) for entry in listed)
    families = _families(part.shape)
    return len(sent) == len(listed) and all(
        isinstance(held, Mapping)
        and all(_same(value, held.get(name), families[name]) for name, value in one.items())
        for one, held in zip(sent, listed, strict=True)
    )


def _listed(found: object) -> Sequence[Any]:
    """Return a list; PHP writes one with gaps as an object, and some lists as one text."""
    if isinstance(found, Mapping):
        return list(found.values())
    if isinstance(found, str):
        return [entry for entry in found.split(",") if entry]
    return found if isinstance(found, Sequence) else ()


def _link(entry: object) -> object:
    return entry.get("id") if isinstance(entry, Mapping) else entry
