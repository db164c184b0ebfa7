"""What the target holds now of an account's rows: its MySQL, or its REST API where that is all.

Our ids are planned before a row is written; by REST the server gives others. Both are translated by
`ops.id_map`, so that a row is found under its own id and its references compare.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy import Connection, text

from load.explain.facts import Cell, Row
from load.mysql.session import answering
from load.planning.row_hash import key_text_of_target, target_texts
from load.rest.bodies import filled
from load.rest.client import Splynx
from load.rest.failures import Failure, NotFound
from load.rest.shape_meta import read_shapes
from load.rest.shapes import Shape
from load.target.targets import Target
from runtime.manifest import Manifest, Mart
from runtime.settings import SplynxApi, SplynxDb

_BETWEEN = "\x1f"
PRESENT, ABSENT = "present", "absent"
Ids = Mapping[tuple[str, str], str]
"""Ids of the target by (table, planned id)."""


def ids_of(warehouse: Connection, target: Target, rows: Iterable[Row], manifest: Manifest) -> Ids:
    """Return the target's ids of all planned ids that the rows hold."""
    wanted: dict[str, set[int]] = defaultdict(set)
    for row in rows:
        for cell in row.cells:
            for table in _tables(manifest.mart(row.table), cell.column):
                if cell.value is not None and cell.value.isdecimal():
                    wanted[table].add(int(cell.value))
    found = {}
    for table, planned in wanted.items():
        mapped = warehouse.execute(
            text(
                "select planned_id, target_id from ops.id_map where target = :target"
                " and entity = :table and planned_id = any(:ids)"
            ),
            {"target": target.name, "table": table, "ids": sorted(planned)},
        )
        found.update({(table, str(row[0])): str(row[1]) for row in mapped})
    return found


def _tables(mart: Mart, column: str) -> list[str]:
    """Return the tables whose ids a column holds: its own, or those that it leads to."""
    led_to = [r.to_mart for r in mart.references if r.column == column]
    return led_to or ([mart.name] if mart.key == (column,) else [])


def expected(mart: Mart, cell: Cell, ids: Ids) -> str | None:
    """Return the text that the target should hold of a cell. Pure."""
    if cell.value is None:
        return None
    found = (ids.get((table, cell.value)) for table in _tables(mart, cell.column))
    return next((value for value in found if value is not None), cell.value)


def _compared(row: Row, mart: Mart, ids: Ids, held: Mapping[str, str | None]) -> Row:
    cells = tuple(
        replace(
            cell,
            target_value=held.get(cell.column),
            is_same=_same(expected(mart, cell, ids), held[cell.column])
            if cell.column in held
            else None,
        )
        for cell in row.cells
    )
    return replace(row, cells=cells, held=PRESENT)


def _same(ours: str | None, theirs: str | None) -> bool:
    if ours == theirs:
        return True
    try:
        return ours is not None and theirs is not None and Decimal(ours) == Decimal(theirs)
    except InvalidOperation:
        return False


def by_mysql(db: SplynxDb, manifest: Manifest, rows: Sequence[Row], ids: Ids) -> list[Row]:
    """Return the rows with what the target's database holds.

    Raises:
        ConfigError, TargetError: as `load.mysql.session.answering`.
    """
    by_table: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_table[row.table].append(row)
    held: dict[tuple[str, str], Mapping[str, str | None]] = {}
    with answering(db) as engine, engine.connect() as splynx:
        for table, found in by_table.items():
            mart = manifest.mart(table)
            keys = [_key(mart, row, ids) for row in found]
            names = [column.name for column in mart.columns]
            result = splynx.exec_driver_sql(
                f"select {key_text_of_target(mart)}, {', '.join(target_texts(mart))}"
                f" from `{table}` where {key_text_of_target(mart)}"
                f" in ({', '.join(['%s'] * len(keys))})",
                tuple(keys),
            )
            for line in result:
                held[(table, line[0])] = dict(zip(names, line[1:], strict=True))
    done = []
    for row in rows:
        mart = manifest.mart(row.table)
        values = held.get((row.table, _key(mart, row, ids)))
        done.append(
            replace(row, held=ABSENT) if values is None else _compared(row, mart, ids, values)
        )
    return done


def _key(mart: Mart, row: Row, ids: Ids) -> str:
    cells = {cell.column: cell for cell in row.cells}
    return _BETWEEN.join(expected(mart, cells[name], ids) or "" for name in mart.key)


def by_rest(api: SplynxApi, manifest: Manifest, rows: Sequence[Row], ids: Ids) -> list[Row]:
    """Return the rows with what the target's API answers about each that has a path of its own.

    Raises:
        ConfigError, TargetError: the credentials, or the way to Splynx.
    """
    return asyncio.run(_by_rest(api, manifest, rows, ids))


async def _by_rest(api: SplynxApi, manifest: Manifest, rows: Sequence[Row], ids: Ids) -> list[Row]:
    shapes = {shape.name: shape for shape in read_shapes(manifest)}
    async with Splynx(api) as splynx:
        return [await _read(splynx, shapes[row.table], row, ids) for row in rows]


async def _read(splynx: Splynx, shape: Shape, row: Row, ids: Ids) -> Row:
    target_id = row.written.target_id if row.written is not None else None
    if shape.kind != "record" or not shape.item or target_id is None:
        return row
    cells = {cell.column: cell for cell in row.cells}
    places = {"id": str(target_id)}
    for name, cell in cells.items():
        places.setdefault(name, expected(shape.mart, cell, ids) or "")
    try:
        record: Mapping[str, Any] = await splynx.get(filled(shape.item, places))
    except NotFound:
        return replace(row, held=ABSENT)
    except Failure:
        return row
    held = {
        column: None if record[attribute] is None else str(record[attribute])
        for column, attribute in shape.attributes.items()
        if attribute in record and not isinstance(record[attribute], (list, dict))
    }
    return _compared(row, shape.mart, ids, held)
