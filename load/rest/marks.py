"""A mark of each attribute's value: what was sent before can be told from what Splynx holds now.

Kept in place of values (`ops.row_state.base`). Taken of the normal form, so that a mark of what was
sent equals one of what Splynx answers. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any
from zlib import crc32

import orjson

from load.rest.bodies import Body
from load.rest.normal_form import content
from load.rest.shapes import Shape

_HALF = 2**31  # a mark fits into the signed integers of Postgres


def marks(body: Body) -> list[int]:
    """Return a mark of each attribute that is sent, in the order of their names."""
    shape = body.draft.shape
    return [_mark(content(shape, name, body.whole.get(name))) for name in shape.sent]


def found_marks(shape: Shape, record: Mapping[str, Any], fields: Collection[str]) -> dict[str, int]:
    """Return a mark of each attribute as a record shows it; of additional `fields` of ours only."""
    return {name: _mark(content(shape, name, record.get(name), fields)) for name in shape.sent}


def by_name(shape: Shape, base: object) -> dict[str, int]:
    """Return kept marks by attribute; none where they are of other attributes than today's."""
    named = shape.sent
    if not isinstance(base, list) or len(base) != len(named):
        return {}
    return dict(zip(named, base, strict=True))


def _mark(value: object) -> int:
    return crc32(orjson.dumps(value)) - _HALF
