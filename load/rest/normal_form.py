"""Whether Splynx holds what was sent: both sides in one form, so that only content counts. Pure.

Splynx answers ids and flags as numbers or texts, decimals with four places or as JSON numbers,
nothing as null, an empty text, a zero date or 0 for a reference; what was sent as a list of ids may
come back as a list of objects.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from load.rest.bodies import Body
from load.rest.shapes import VALUES, Part, Shape

_NUMBERS = frozenset({"integer", "decimal", "boolean"})
_MOMENTS = frozenset({"date", "moment"})
_NO_TIME = " 00:00:00"


def differing(body: Body, found: Mapping[str, Any]) -> list[str]:
    """Return the attributes in which a record that was read back is not as it should be."""
    shape = body.draft.shape
    families = shape.families
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


def fits(
    shape: Shape, main: Mapping[str, Any], additional: Mapping[str, Any], found: Mapping[str, Any]
) -> bool:
    """Tell whether a record has all these main and additional attributes.

    Also what the row has nothing of is compared, which is no condition of the search.
    """
    if not main and not additional:
        return False
    families, held = shape.families, found.get(VALUES)
    fields = held if isinstance(held, Mapping) else {}
    return all(
        bool(value) and _same(value, fields.get(name), "text") for name, value in additional.items()
    ) and all(_same(value, found.get(name), families[name]) for name, value in main.items())


def content(
    shape: Shape, name: str, value: object, fields: Collection[str] | None = None
) -> object:
    """Return the normal form of an attribute, as JSON has it.

    Of additional fields, what holds nothing counts as absent, and only `fields` are looked at.
    """
    part = next((part for part in shape.parts if part.attribute == name), None)
    if part is None:
        return _plain(_normal(value, shape.families[name]))
    if part.holds == "values":
        held = value if isinstance(value, Mapping) else {}
        texts = {one: _plain(_normal(of_it, "text")) for one, of_it in held.items()}
        return sorted(
            [one, of_it] for one, of_it in texts.items() if of_it and (not fields or one in fields)
        )
    if part.holds == "links":
        return sorted(str(_link(entry)) for entry in _listed(value))
    families = part.shape.families
    sent = [part.shape.attributes[column] for column in part.columns]
    return [
        [_plain(_normal(held.get(one), families[one])) for one in sent]
        for held in _listed(value)
        if isinstance(held, Mapping)
    ]


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


def _plain(value: object) -> object:
    """Return a text for each number, the same one for equal numbers."""
    return f"{value.normalize() + 0:f}" if isinstance(value, Decimal) else value


def _flag(text: str) -> str:
    return "1" if text.strip() == "true" else "0"


def _same_part(part: Part, sent: Any, found: object) -> bool:  # noqa: ANN401 - JSON
    if part.holds == "values":
        held = found if isinstance(found, Mapping) else {}
        return all(_same(value, held.get(name), "text") for name, value in sent.items())
    listed = _listed(found)
    if part.holds == "links":
        return sorted(sent) == sorted(str(_link(entry)) for entry in listed)
    families = part.shape.families
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
