"""Sonar's `aggregation` argument over rows.

Numbers, dates and instants can be aggregated by MIN and MAX, numbers by SUM and AVG too, texts by
COUNT. Every value is answered as text. Inferred: the sum of no rows is "0", the others are null.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.sonar.columns import Column, takes
from sandbox.sonar.criteria import known
from sandbox.sonar.schema import Attribute
from sandbox.sonar.store import Row, View
from sandbox.sonar.values import INTEGERS, InvalidArgumentError, instant

_NUMBERS = INTEGERS | {"Float"}
_ENDS = ("MIN", "MAX")


def aggregate(
    attributes: Mapping[str, Attribute],
    rows: Sequence[Row],
    aggregators: Sequence[Mapping[str, Any]],
) -> list[Row]:
    """Return one Aggregation object per aggregator."""
    if isinstance(rows, View):  # what they need is read out of the rows in one go
        named = (attributes.get(one["field_name"]) for one in aggregators)
        rows.collection.columns([one for one in named if one is not None and takes(one)])
    return [_aggregate(attributes, rows, aggregator) for aggregator in aggregators]


def _aggregate(
    attributes: Mapping[str, Attribute], rows: Sequence[Row], aggregator: Mapping[str, Any]
) -> Row:
    attribute = known(attributes, aggregator["field_name"], "aggregation")
    function = aggregator["aggregation_function"]
    answer: Row = {"field": attribute.name, "aggregation_function": function}
    if function == "COUNT":
        if attribute.scalar in _NUMBERS:
            raise InvalidArgumentError("aggregation", "COUNT works on text attributes only.")
        inner = aggregator.get("sub_aggregators") or ()
        return {**answer, "counts": _buckets(attributes, rows, attribute.name, inner)}
    return {**answer, "value": _value(attribute, rows, function)}


def _buckets(
    attributes: Mapping[str, Attribute],
    rows: Sequence[Row],
    name: str,
    inner: Sequence[Mapping[str, Any]],
) -> list[Row]:
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row.get(name) is not None:
            groups[_text(row[name])].append(row)
    return [
        {
            "value": value,
            "count": str(len(group)),
            "sub_aggregator_results": aggregate(attributes, group, inner),
        }
        for value, group in sorted(groups.items())
    ]


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _value(attribute: Attribute, rows: Sequence[Row], function: str) -> str | None:
    if isinstance(rows, View):
        column = _column(attribute, rows, function)
        if column is not None:
            return _of_column(attribute, rows, column, function)
    held = [row[attribute.name] for row in rows if row.get(attribute.name) is not None]
    return _of_values(attribute, held, function)


def _column(attribute: Attribute, rows: View, function: str) -> Column | None:
    """Return the column that an aggregate can be taken from, None when there is none."""
    if not takes(attribute) or (attribute.scalar == "Datetime" and function not in _ENDS):
        return None
    columns = rows.collection.columns([attribute])
    return None if columns is None else columns[0]


def _of_values(attribute: Attribute, values: Sequence[Any], function: str) -> str | None:
    if function in ("SUM", "AVG"):
        if attribute.scalar not in _NUMBERS:
            raise InvalidArgumentError("aggregation", f"{function} works on numbers only.")
        numbers = [_number(attribute, value) for value in values]
        if function == "SUM":
            return str(sum(numbers))
        return str(sum(numbers) / len(numbers)) if numbers else None
    if not values:
        return None
    chosen = max if function == "MAX" else min
    if attribute.scalar in _NUMBERS:
        return str(chosen(_number(attribute, value) for value in values))
    if attribute.scalar == "Datetime":
        return str(chosen(values, key=instant))
    if attribute.scalar == "Date":
        return str(chosen(values))
    raise InvalidArgumentError("aggregation", f"{function} works on numbers and dates only.")


def _of_column(attribute: Attribute, rows: View, column: Column, function: str) -> str | None:
    total = column.total(rows.places)
    if function == "SUM":
        return str(total.sum)
    if not total.count:
        return None
    if function == "AVG":
        return str(total.sum / total.count)
    chosen = total.highest if function == "MAX" else total.lowest
    if attribute.scalar in INTEGERS:
        return str(chosen)
    held = map(column.numbers.__getitem__, rows.places)
    first = next(place for place, value in enumerate(held) if value == chosen)
    return str(rows[first][attribute.name])  # as the row writes it


def _number(attribute: Attribute, value: str | float) -> int | float:
    return int(value) if attribute.scalar in INTEGERS else float(value)
