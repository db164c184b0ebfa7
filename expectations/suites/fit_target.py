"""Rules that nobody writes by hand: what the contract and the inspected target demand of a mart.

The writers send `coalesce(column::text, none)`, so a column with a spelling for "none" may be null
here although the target's may not. Texts that the target measures in bytes (text, blob, json) are
left to the server; its refusal quarantines the row.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal

from expectations.suites.rules import (
    Rule,
    between,
    leads_to,
    no_longer_than,
    not_null,
    one_of,
    quoted,
    unique,
)
from expectations.target import TargetColumn, TargetTable
from runtime.manifest import Mart, MartColumn, Reference

CROSSWALK = "intermediate.int_crosswalk"
_BITS = {"tinyint": 8, "smallint": 16, "mediumint": 24, "int": 32, "bigint": 64}
FIRST_DATE, LAST_DATE = date(1000, 1, 1), date(9999, 12, 31)  # the supported range of MySQL's dates


def _reference(parent: Mart, reference: Reference) -> Rule:
    words = f"{reference.column} leads to a row of {parent.name}"
    places = [
        f"select {quoted(reference.to_column)} from {quoted(parent.schema)}.{quoted(parent.name)}"
    ]
    if reference.or_matched:
        words += " or of the target"
        places.append(
            f"select planned_id from {CROSSWALK} where origin = 'matched'"
            f" and entity = '{parent.name}'"
            " and target = coalesce((select target from ops.current_target), 'uninspected')"
        )
    return leads_to(words, reference.column, *places)


def keys_and_references(mart: Mart, marts: Sequence[Mart]) -> list[Rule]:
    """Return the rules that follow from the mart's own contract: its key and its references."""
    by_name = {other.name: other for other in marts}
    rules = [not_null("_sonar_key"), *(not_null(column) for column in mart.key), unique(mart.key)]
    rules += [_reference(by_name[reference.to_mart], reference) for reference in mart.references]
    return rules


def _is_numeric(column: MartColumn) -> bool:
    words = ("int", "numeric", "decimal", "real", "double")
    return any(word in column.data_type.lower() for word in words)


def _bounds(target: TargetColumn) -> tuple[int | Decimal, int | Decimal] | None:
    """Return the smallest and largest number that the column takes."""
    if target.data_type in _BITS:
        bits = _BITS[target.data_type]
        return (0, 2**bits - 1) if target.is_unsigned else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    if target.data_type in {"decimal", "numeric"} and target.precision is not None:
        scale = target.scale or 0
        largest = Decimal(10**target.precision - 1).scaleb(-scale)
        return (Decimal(0) if target.is_unsigned else -largest, largest)
    return None


def _members(column: MartColumn, values: Sequence[str]) -> list[object]:
    """Return the enum's members in the mart column's own type, so that both can be compared."""
    if _is_numeric(column):
        return [int(value) for value in values if value.lstrip("-").isdigit()]
    return list(values)


def _column_rules(column: MartColumn, target: TargetColumn) -> Iterator[Rule]:
    if not target.is_nullable and column.none is None:
        yield not_null(column.name)
    if target.enum_values is not None:
        yield one_of(column.name, _members(column, target.enum_values))
    elif target.data_type in {"varchar", "char"} and target.max_length is not None:
        if "char" in column.data_type.lower() or column.data_type.lower() == "text":
            yield no_longer_than(column.name, target.max_length)
    elif target.data_type in {"date", "datetime", "timestamp"}:
        yield between(column.name, FIRST_DATE, LAST_DATE)
    elif _is_numeric(column) and (bounds := _bounds(target)) is not None:
        yield between(column.name, *bounds)


def columns(mart: Mart, table: TargetTable) -> list[Rule]:
    """Return the rules that the target's columns and unique keys demand of the mart."""
    rules: list[Rule] = []
    listed = {column.name for column in mart.columns}
    for column in mart.columns:
        target = table.columns.get(column.name)
        if target is not None:  # a column that the target lacks is refused by load's contract check
            rules.extend(_column_rules(column, target))
    for key in table.unique_keys:
        if key != mart.key and listed.issuperset(key):
            rules.append(unique(key))
    return rules
