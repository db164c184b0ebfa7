"""Do the marts fit the live target? Every problem at once, before the first write. Pure.

What a declared type proves needs no look at the data: varchar(64) fits varchar(64). What it leaves
open (text without length, integers that Postgres has no unsigned type for, enum members, NULLs) is
decided by an `Extent`: what the mart's values actually reach, measured by `load.checks.extents`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from load.checks.mart_types import MartType, mart_type
from load.target.facts import (
    BYTES,
    CHARACTERS,
    INTEGERS,
    MOMENTS,
    TEXTS,
    ColumnFact,
    TableFacts,
)
from runtime.manifest import Manifest, Mart, MartColumn

_NAMED_VALUES = 5
_FITTING: Mapping[str, frozenset[str]] = {
    "text": CHARACTERS | TEXTS | {"enum"},
    "integer": frozenset(INTEGERS) | CHARACTERS | TEXTS | {"decimal", "enum", "year"},
    "decimal": frozenset({"decimal"}) | CHARACTERS | TEXTS | frozenset(INTEGERS),
    "boolean": frozenset(INTEGERS) | {"enum"},
    "date": frozenset({"date"}) | MOMENTS,
    "moment": MOMENTS,
    "time": frozenset({"time"}),
    "bytes": BYTES,
}


@dataclass(frozen=True, slots=True)
class Extent:
    """What a mart column's values reach. `values` only where the target has an enum.

    `shortest_bytes` only of bytes.
    """

    nulls: int = 0
    longest: int = 0
    longest_bytes: int = 0
    shortest_bytes: int | None = None
    smallest: Decimal | None = None
    largest: Decimal | None = None
    values: frozenset[str] = frozenset()


Extents = Mapping[tuple[str, str], Extent]


def _text_problems(kind: MartType, fact: ColumnFact, extent: Extent) -> Iterator[str]:
    if fact.data_type == "enum":
        missing = sorted(extent.values - set(fact.enum_values or ()))
        if missing:
            named = ", ".join(missing[:_NAMED_VALUES])
            yield f"the target's enum lacks {len(missing)} of the mart's values: {named}"
        return
    if fact.max_length is None:
        return
    if fact.data_type in CHARACTERS:
        declared = kind.length if kind.family == "text" else None
        needed = declared if declared is not None else extent.longest
        says = "declares" if declared is not None else "holds"
        if needed > fact.max_length:
            yield f"the mart {says} {needed} characters, the target takes {fact.max_length}"
    elif extent.longest_bytes > fact.max_length:
        yield f"the mart holds {extent.longest_bytes} bytes, the target takes {fact.max_length}"


def _number_problems(kind: MartType, fact: ColumnFact, extent: Extent) -> Iterator[str]:
    if kind.family == "boolean":
        return
    if fact.data_type == "decimal":
        scale, digits = fact.numeric_scale or 0, fact.numeric_precision or 0
        if kind.scale is not None and kind.digits is not None:
            if kind.scale > scale or kind.digits - kind.scale > digits - scale:
                yield (
                    f"the mart declares numeric({kind.digits},{kind.scale}), "
                    f"the target is {fact.column_type}"
                )
        elif kind.family == "decimal":
            yield "the mart's numeric has no declared scale: declare numeric(digits,scale)"
        limit = Decimal(10) ** (digits - scale)
        low, high = (Decimal(0) if fact.is_unsigned else -limit), limit
        if extent.largest is not None and extent.largest >= high:
            yield f"the mart reaches {extent.largest}, the target is {fact.column_type}"
    else:
        if kind.family == "decimal" and kind.scale != 0:
            yield f"the mart's decimals would be rounded: the target is {fact.column_type}"
        low, high = (Decimal(bound) for bound in fact.integer_range)
        if extent.largest is not None and extent.largest > high:
            yield f"the mart reaches {extent.largest}, the target takes at most {high}"
    if extent.smallest is not None and extent.smallest < low:
        yield f"the mart goes down to {extent.smallest}, the target is {fact.column_type}"


def _bytes_problems(column: MartColumn, fact: ColumnFact, extent: Extent) -> Iterator[str]:
    if extent.longest_bytes > (fact.max_length or 0):
        yield f"the mart holds {extent.longest_bytes} bytes, the target takes {fact.max_length}"
    short = extent.shortest_bytes
    if fact.data_type == "binary" and short is not None and short < (fact.max_length or 0):
        yield f"the mart holds {short} bytes, which {fact.column_type} would fill up with zeros"
    if column.none:
        yield "the `none` of bytes can only be empty"


def _column_problems(column: MartColumn, fact: ColumnFact, extent: Extent) -> Iterator[str]:
    kind = mart_type(column.data_type)
    if kind.family is None or fact.data_type not in _FITTING[kind.family]:
        yield (
            f"the mart's {column.data_type} cannot be stored exactly in the target's "
            f"{fact.column_type}"
        )
        return
    if "zerofill" in fact.column_type:
        yield "the target pads with zeros (zerofill), so values would not compare"
    if not fact.is_nullable and extent.nulls and column.none is None:
        yield f"{extent.nulls} values are NULL, the target takes none: give the column a `none`"
    if fact.data_type in CHARACTERS | TEXTS | {"enum"}:
        yield from _text_problems(kind, fact, extent)
    elif fact.data_type in INTEGERS or fact.data_type == "decimal":
        yield from _number_problems(kind, fact, extent)
    elif fact.data_type in BYTES:
        yield from _bytes_problems(column, fact, extent)
    if fact.data_type in CHARACTERS | TEXTS and fact.charset != "utf8mb4":
        yield f"the target's character set is {fact.charset}, which cannot hold every character"


def _key_problems(mart: Mart, table: TableFacts) -> Iterator[str]:
    if not table.primary_key and set(mart.key) != {column.name for column in mart.columns}:
        yield "the target's table has no primary key: the mart's key must be all of its columns"
    elif table.primary_key and table.primary_key != mart.key:
        yield (
            f"the mart's key is {', '.join(mart.key)}, "
            f"the target's primary key: {', '.join(table.primary_key)}"
        )
    for column in mart.columns:
        if column.name in mart.key and mart_type(column.data_type).family == "bytes":
            yield f"the mart's key {column.name} is bytes: rows are told apart by texts and numbers"


def _mart_problems(mart: Mart, table: TableFacts, extents: Extents) -> Iterator[tuple[str, str]]:
    for problem in _key_problems(mart, table):
        yield mart.name, problem + _table_guess(mart)
    given = {column.name for column in mart.columns}
    for name, fact in table.columns.items():
        if fact.must_be_given and name not in given:
            yield (
                f"{mart.name}.{name}",
                "the target needs a value (NOT NULL, no default), the mart has none"
                + _table_guess(mart),
            )
    for column in mart.columns:
        where, guess = f"{mart.name}.{column.name}", _column_guess(mart, column)
        found_fact = table.columns.get(column.name)
        if found_fact is None:
            yield where, "the target has no such column" + guess
            continue
        extent = extents.get((mart.name, column.name), Extent())
        for problem in _column_problems(column, found_fact, extent):
            yield where, problem + guess


def _table_guess(mart: Mart) -> str:
    return " (this table is our guess)" if mart.confidence == "inferred" else ""


def _column_guess(mart: Mart, column: MartColumn) -> str:
    confidence = column.meta.get("confidence", mart.confidence)
    return " (this column is our guess)" if confidence == "inferred" else ""


def problems(manifest: Manifest, tables: Mapping[str, TableFacts], extents: Extents) -> list[str]:
    """Return all reasons why the marts do not fit the target, one line each, in load order.

    A line says where the mapping guessed: there Splynx may be right and the mart wrong.
    """
    found: list[str] = []
    for mart in manifest.marts:
        table = tables.get(mart.name)
        if table is None:
            found.append(f"{mart.name}: the target has no such table{_table_guess(mart)}")
            continue
        found.extend(f"{where}: {what}" for where, what in _mart_problems(mart, table, extents))
    return found
