"""The requests that a load would make, one line each: attributes by name, values masked. Pure.

What is not known before the load shows as such: `{id}` is an id that Splynx will give.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from load.rest.bodies import Ids, body, filled
from load.rest.rows import Item

_MASK = "…"


class _Unknown(dict[str, str]):
    """What stands in a path; what is not known yet stands there by its name."""

    def __missing__(self, key: str) -> str:
        return f"{{{key}}}"


def requests(items: Iterable[Item], ids: Ids) -> Iterator[str]:
    """Yield what would be asked for each row: POST or PUT, then what is changed or deleted last."""
    for draft, known in items:
        sent = body(draft, ids)
        places = _Unknown(sent.places)
        if known is not None and known.target_id is not None:
            places["id"] = str(known.target_id)
        who = f"{draft.shape.name} {draft.sonar_key}"
        item = filled(draft.shape.item, places)
        if known is None and draft.made is None:
            yield f"{who}: POST {filled(draft.shape.path, places)} {_masked(sent.create)}"
            if sent.late:
                yield f"{who}: PUT {item} {_masked(sent.late)}"
        else:
            yield f"{who}: PUT {item} {_masked(sent.whole)}"
        if draft.is_gone:
            yield f"{who}: DELETE {item}"


def _masked(sent: Mapping[str, Any]) -> str:
    return "{" + ", ".join(f"{name}: {_mask(value)}" for name, value in sorted(sent.items())) + "}"


def _mask(value: object) -> str:
    """Return the form of a value: nothing, one, a list of so many, or an object's names."""
    if isinstance(value, Mapping):
        return _masked(value)
    if isinstance(value, list):
        return f"[{len(value)}]"
    return "nothing" if value is None or value == "" else _MASK
