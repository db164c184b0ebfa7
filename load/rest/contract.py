"""What a plan is about to send, held against what each endpoint says of itself, before any write.

OPTIONS tells the attributes of an endpoint, and which of them a new record must have. An endpoint
that does not answer it says nothing, and is not held against the plan. Lists inside a record and
secrets are left out of it where they can be sent all the same (seen so).
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from load.planning.row_hash import pg_relation
from load.rest.client import Options, Splynx
from load.rest.failures import Failure, NotFound
from load.rest.needs import endpoints
from load.rest.planning import TO_SEND
from load.rest.probing import CREATE, Probed, describe
from load.rest.results import Attribute
from load.rest.rows import canonical
from load.rest.shapes import Shape, Shapes
from runtime.errors import GateFailed

_NAMED = 5
_LISTS = ("values", "enum", "options", "select_values")  # how an attribute may list its values
_TRUE = (True, 1, "1", "true")


async def holds(
    splynx: Splynx, warehouse: Connection, shapes: Shapes, tables: Collection[str]
) -> None:
    """Ask every endpoint at which `tables` send rows; one request each, side by side.

    Raises:
        GateFailed: an endpoint would not take what is sent; the report has a line for each reason.
        Failure: Splynx is out of reach, or refuses the credentials.
    """
    sent = Shapes(tuple(shape for shape in shapes if shape.name in tables))
    asked = endpoints(sent)
    answers = await asyncio.gather(*(describe(splynx, endpoint.path) for endpoint in asked))
    found: list[str] = []
    for endpoint, answer in zip(asked, answers, strict=True):
        if isinstance(answer, Options):
            of_it = [shape for shape in sent if shape.name in endpoint.tables]
            probed = Probed(endpoint, answer, frozenset(), frozenset(), {})
            found += (f"{endpoint.path}: {said}" for said in _problems(probed, of_it, warehouse))
        elif _is_missing(answer):
            found.append(f"{endpoint.path}: this Splynx has no such endpoint")
    if found:
        more = f" … and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
        raise GateFailed(
            f"Splynx would not take what is to be sent, for {len(found)} reasons: "
            f"{'; '.join(found[:_NAMED])}{more}",
            report={"contract": found},
        )


def _is_missing(answer: Failure) -> bool:
    return isinstance(answer, NotFound) and answer.is_endpoint


def _problems(probed: Probed, shapes: Sequence[Shape], warehouse: Connection) -> Iterator[str]:
    if probed.options is None or not probed.options.attributes:
        return
    known = probed.options.attributes
    plain = {name for shape in shapes for name in (*shape.attributes.values(), *shape.also)}
    for name in probed.unknown:
        if name in plain:
            yield f"it has no {name}"
    for name in sorted(plain & known.keys()):
        if known[name].rest.get("readonly") in _TRUE:
            yield f"{name} is read-only there"
    if CREATE in probed.endpoint.operations:
        yield from (f"it demands {name}, which is never sent" for name in probed.demanded)
    for shape in shapes:
        yield from _strange_values(shape, known, warehouse)


def _strange_values(
    shape: Shape, known: Mapping[str, Attribute], warehouse: Connection
) -> Iterator[str]:
    """Yield attributes that list their values where the rows to send have others."""
    for column in shape.mart.columns:
        attribute = known.get(shape.attributes.get(column.name, ""))
        listed = _listed(attribute.rest) if attribute is not None else None
        if attribute is None or listed is None:
            continue
        rows = warehouse.exec_driver_sql(
            f"select distinct {canonical(column)} from load_plan as plan"
            f" join {pg_relation(shape.mart)} as mart on mart._sonar_key = plan._sonar_key"
            " where plan.table_name = %(table)s and plan.class = any(%(classes)s)",
            {"table": shape.name, "classes": list(TO_SEND)},
        )
        texts = {row[0] for row in rows} - {None, ""}
        replaced = shape.instead.get(column.name, {})
        if strange := {replaced.get(text, text) for text in texts} - listed:
            yield f"{attribute.name} does not take {', '.join(sorted(strange))}"


def _listed(told: Mapping[str, Any]) -> set[str] | None:
    """Return the values that an attribute lists: as a list, by key, or as one text with commas."""
    for name in _LISTS:
        values = told.get(name)
        if isinstance(values, str):
            values = [value.strip() for value in values.split(",")]
        if isinstance(values, list | Mapping) and values:
            return {str(value) for value in values}
    return None
