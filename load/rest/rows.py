"""Drafts out of the marts, streamed in the order of `load_plan`; parts are merged in.

The canonical text of a value needs no facts of the target here: a decimal has the scale that the
mart declares, a moment whole seconds, nothing the spelling of the mart's YAML.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import Connection

from load.checks.mart_types import mart_type
from load.planning.row_hash import pg_name, pg_relation, pg_text
from load.rest.bodies import Draft, Row
from load.rest.shapes import Made, Part, Shape, Shapes
from runtime.manifest import Mart, MartColumn

_PAGE = 1000
_UNSET = frozenset({None, "", "0"})
_POSITION = "pos"  # by which the items of a document are ordered
_CHOSEN = (
    "plan.table_name = %(mart)s and plan.mart_hash is not null"
    " and (plan.class = any(%(classes)s::text[]) or cardinality(%(classes)s::text[]) = 0)"
)


class Known(NamedTuple):
    """What `ops.row_state` says of a row; without `target_id`, it may or may not exist."""

    state: str
    hash: str
    target_id: int | None


class Item(NamedTuple):
    """A row with what is known of it; None: it was never announced."""

    draft: Draft
    known: Known | None


def drafts(
    warehouse: Connection, shapes: Shapes, shape: Shape, classes: Sequence[str] = ()
) -> Iterator[Item]:
    """Yield the rows of a mart that `load_plan` has in one of `classes` (none: in any), in order.

    `warehouse` is the connection that made the plan, and must not end its transaction meanwhile.
    """
    bound = {"mart": shape.name, "classes": list(classes)}
    inside = {
        part.shape.name: _Merged(part.shape.mart, _stream(warehouse, _part_sql(shape, part), bound))
        for part in shape.parts
    }
    placed = [made for made in shape.made if made.part]
    for row in _stream(warehouse, _sql(shapes, shape, placed), bound):
        number, sonar_key, customer_key, cluster, state, recorded, target_id, *rest = row
        places = {made.part: place for made, place in zip(placed, rest, strict=False)}
        values = _values(shape.mart, rest[len(placed) :])
        made = _made(shape, values, places)
        draft = Draft(
            shape=shape,
            row=Row(sonar_key, values),
            customer_key=customer_key,
            cluster=cluster,
            parts={name: rows for name, merged in inside.items() if (rows := merged.of(number))},
            made=made,
            place=places.get(made.part) if made else None,
        )
        yield Item(draft, Known(state, recorded, target_id) if state else None)


def clusters(
    warehouse: Connection, shapes: Shapes, group: str, classes: Sequence[str] = ()
) -> Iterator[list[Item]]:
    """Yield the rows of each cluster of a group of marts together, parents before children."""
    streams = [
        drafts(warehouse, shapes, shape, classes)
        for shape in shapes.sent
        if shape.mart.group == group
    ]
    merged = heapq.merge(*streams, key=_cluster)  # stable: keeps the order of the marts
    for _, items in groupby(merged, key=_cluster):
        yield list(items)


def canonical(column: MartColumn) -> str:
    """Return the Postgres expression of the canonical text of a column; NULL stays NULL."""
    name = f"mart.{pg_name(column.name)}"
    kind = mart_type(column.data_type)
    if kind.family == "boolean":
        text = f"{name}::integer::text"
    elif kind.family == "decimal" and kind.scale is not None:
        text = f"round({name}, {kind.scale})::text"
    elif kind.family == "moment":
        text = f"to_char({name}, 'YYYY-MM-DD HH24:MI:SS')"
    elif kind.family == "bytes":
        text = f"convert_from({name}, 'UTF8')"  # JSON holds texts
    else:
        text = f"{name}::text"
    return text if column.none is None else f"coalesce({text}, {pg_text(column.none)})"


class _Merged:
    """The rows of a part, handed out as the rows that they belong to come by."""

    def __init__(self, mart: Mart, rows: Iterator[Sequence[Any]]) -> None:
        self._mart = mart
        self._groups = groupby(rows, itemgetter(0))
        self._next = next(self._groups, None)

    def of(self, number: int) -> list[Row]:
        """Return the rows of the row with this number; numbers only grow."""
        if self._next is None or self._next[0] != number:
            return []
        found = [Row(row[1], _values(self._mart, row[2:])) for row in self._next[1]]
        self._next = next(self._groups, None)
        return found


def _cluster(item: Item) -> str:
    return item.draft.cluster


def _values(mart: Mart, texts: Sequence[str | None]) -> dict[str, str | None]:
    return {column.name: text for column, text in zip(mart.columns, texts, strict=True)}


def _made(
    shape: Shape, values: Mapping[str, str | None], places: Mapping[str | None, int | None]
) -> Made | None:
    """Return how Splynx makes a row; an item's transaction only where there is the item."""
    return next(
        (
            made
            for made in shape.made
            if values[made.column] not in _UNSET
            and (made.part is None or places[made.part] is not None)
        ),
        None,
    )


def _stream(warehouse: Connection, sql: str, bound: Mapping[str, Any]) -> Iterator[Sequence[Any]]:
    options = {"stream_results": True, "max_row_buffer": _PAGE}
    result = warehouse.exec_driver_sql(sql, dict(bound), execution_options=options)
    for page in result.partitions(_PAGE):
        yield from page


def _texts(mart: Mart) -> str:
    return ", ".join(canonical(column) for column in mart.columns)


def _sql(shapes: Shapes, shape: Shape, placed: Sequence[Made]) -> str:
    places = "".join(f"place_{number}.place, " for number in range(len(placed)))
    joins = "".join(_place_sql(shapes, made, number) for number, made in enumerate(placed))
    return (
        "select plan.n, plan._sonar_key, plan._customer_key, plan.cluster, plan.state,"
        f" plan.written_hash, plan.target_id, {places}{_texts(shape.mart)}"
        f" from load_plan as plan join {pg_relation(shape.mart)} as mart"
        f" on mart._sonar_key = plan._sonar_key{joins} where {_CHOSEN} order by plan.n"
    )


def _place_sql(shapes: Shapes, made: Made, number: int) -> str:
    """Return the join that tells where a made row is among the objects of a part."""
    part = next(part for part in shapes[made.by].parts if part.shape.name == made.part)
    return (
        f" left join (select {pg_name(made.attribute or '')} as id,"
        f" row_number() over (partition by {pg_name(part.owner)} order by {_order(part)}) - 1"
        f" as place from {pg_relation(part.shape.mart)} as mart) as place_{number}"
        f" on place_{number}.id = mart.id"
    )


def _part_sql(shape: Shape, part: Part) -> str:
    mart = part.shape.mart
    leads = next(r for r in mart.references if r.column == part.owner and r.to_mart == shape.name)
    return (
        f"select plan.n, mart._sonar_key, {_texts(mart)} from load_plan as plan"
        f" join {pg_relation(shape.mart)} as whole on whole._sonar_key = plan._sonar_key"
        f" join {pg_relation(mart)} as mart"
        f" on mart.{pg_name(part.owner)} = whole.{pg_name(leads.to_column)}"
        f" where {_CHOSEN} order by plan.n, {_order(part)}"
    )


def _order(part: Part) -> str:
    names = {column.name for column in part.shape.mart.columns}
    return "mart.pos, mart._sonar_key" if _POSITION in names else "mart._sonar_key"
