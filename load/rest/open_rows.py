"""Rows that may be in Splynx or not, and that no load will meet again: asked for and settled.

A run that ended between a request and its answer leaves such a row. The next load looks it up when
it comes to it; where its record has left the marks meanwhile, nobody comes to it. It is found here
by what the ledger kept of it, and then counts as written, so that the rule of its mart decides; or
it is not there, and is forgotten. What nobody can tell stays open and is named.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, text

from load.rest.bodies import filled
from load.rest.client import Splynx
from load.rest.failures import ModuleOff
from load.rest.intents import Entry, Ledger
from load.rest.lookups import Sought, Unclear, is_there
from load.rest.shapes import Shape, Shapes
from load.target.targets import Target
from runtime.errors import FatalTargetError

_OPEN = (
    "select table_name, _sonar_key, _customer_key, new_hash, api from ops.row_state as state"
    " where target = :target and state = 'intended' and api ? 'path'"
)
_GONE = (
    " and exists (select from load_plan as plan where plan.table_name = state.table_name"
    " and plan._sonar_key = state._sonar_key and plan.class = 'gone')"
)


def open_rows(warehouse: Connection, target: Target, *, only_gone: bool = False) -> list[Any]:
    """Return the rows in doubt; `only_gone`: those that the plan on this connection has as gone."""
    statement = text(_OPEN + (_GONE if only_gone else ""))
    return list(warehouse.execute(statement, {"target": target.name}).all())


async def settle(splynx: Splynx, ledger: Ledger, shapes: Shapes, rows: Sequence[Any]) -> list[str]:
    """Ask Splynx about rows in doubt; return a line for each that stays so.

    Raises:
        Failure: Splynx did not say.
    """
    sent = {shape.name: shape for shape in shapes.sent}
    known = [row for row in rows if row.table_name in sent]
    said = await asyncio.gather(*(_settle(splynx, ledger, sent[r.table_name], r) for r in known))
    return [line for line in said if line]


async def _settle(splynx: Splynx, ledger: Ledger, shape: Shape, row: Any) -> str | None:  # noqa: ANN401 - a SQLAlchemy row
    name = f"{shape.name} {row._sonar_key}"
    api: Mapping[str, Any] = row.api
    if not api["path"] or shape.kind == "made":
        there, key = False, None  # Splynx makes it: it is known by the row that it belongs to
    else:
        wanted = Sought(shape, row._sonar_key, api["path"], api["main"], api["additional"])
        try:
            there, key = await is_there(splynx, ledger, wanted)
        except (Unclear, FatalTargetError, ModuleOff) as exc:
            return f"{name}: may be in Splynx, and its record has left: {exc}"
    entry = Entry(shape.name, row._sonar_key, row._customer_key, {}, row.new_hash)
    if not there:
        await ledger.drop([entry])
        return None
    places = _places(shape, api)
    if key is not None:
        places["id"] = str(key)
    try:
        item = filled(shape.item, places)
    except KeyError:
        return f"{name}: is in Splynx, and its record has left: nothing says where"
    named = Entry(
        table=entry.table,
        sonar_key=entry.sonar_key,
        customer_key=entry.customer_key,
        key={"id": key} if shape.has_id else {c: places.get(c) for c in shape.mart.key},
        hash=entry.hash,
        planned=key,
        target=key,
        api={"item": item},
    )
    await ledger.name([named])
    await ledger.prove([named])
    return None


def _places(shape: Shape, api: Mapping[str, Any]) -> dict[str, str]:
    """Return the columns that stand in the path of a row, from its list's and its identity. Pure.

    `admin/customer/{customer_id}/services` and `admin/customer/7/services`: customer_id is 7.
    """
    pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(shape.path))
    found = re.fullmatch(pattern, api["path"])
    held = {c: api["main"].get(a) for c, a in shape.attributes.items() if api["main"].get(a)}
    return {**held, **(found.groupdict() if found else {})}
