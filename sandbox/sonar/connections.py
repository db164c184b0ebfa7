"""A connection: the rows that the arguments ask for, paged, counted and aggregated on demand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from sandbox.sonar.aggregation import aggregate
from sandbox.sonar.schema import Attribute
from sandbox.sonar.search import (
    InvalidArgumentError,
    Test,
    contains_anywhere,
    equals,
    instant,
    known,
    matches,
)
from sandbox.sonar.store import Row

MAXIMUM_PAGE = 1000
DEFAULT_PAGE = 100  # inferred: what clients that send no paginator see

_INTEGERS = frozenset({"Int", "Int64Bit"})


class Connection:
    """What a connection field resolves to; its methods are the fields of the connection type."""

    def __init__(
        self,
        attributes: Mapping[str, Attribute],
        rows: Sequence[Row],
        arguments: Mapping[str, Any],
        *,
        error_in_total: int = 0,
    ) -> None:
        self._attributes = attributes
        self._arguments = arguments
        self._rows = rows
        self._error_in_total = error_in_total
        paginator = arguments.get("paginator") or {"page": 1, "records_per_page": DEFAULT_PAGE}
        self._page: int = paginator["page"]
        self._size: int = paginator["records_per_page"]
        if self._page < 1:
            raise InvalidArgumentError("paginator", "The page must be at least 1.")
        if not 1 <= self._size <= MAXIMUM_PAGE:
            raise InvalidArgumentError(
                "paginator", f"The records per page must be between 1 and {MAXIMUM_PAGE}."
            )

    @cached_property
    def found(self) -> Sequence[Row]:
        """Every row that passes the filters, in the order asked for."""
        rows = select(self._attributes, self._rows, self._arguments)
        return ordered(self._attributes, rows, self._arguments.get("sorter") or ())

    def entities(self) -> Sequence[Row]:
        """Return the rows of the page; past the last page there are none."""
        start = (self._page - 1) * self._size
        return self.found[start : start + self._size]

    def page_info(self) -> Row:
        """Return the counts that belong to the filtered rows."""
        total = max(0, len(self.found) + self._error_in_total)
        return {
            "page": self._page,
            "total_pages": -(-total // self._size),
            "total_count": total,
            "records_per_page": self._size,
        }

    def aggregations(self) -> list[Row]:
        """Return the aggregates over all filtered rows, whatever the page."""
        aggregators = self._arguments.get("aggregation") or ()
        return aggregate(self._attributes, self.found, aggregators)


def select(
    attributes: Mapping[str, Attribute], rows: Sequence[Row], arguments: Mapping[str, Any]
) -> Sequence[Row]:
    """Return the rows that pass the equality shortcuts, `search` and `general_search`."""
    tests = _tests(attributes, arguments)
    if not tests:
        return rows
    return [row for row in rows if all(test(row) for test in tests)]


def _tests(attributes: Mapping[str, Attribute], arguments: Mapping[str, Any]) -> list[Test]:
    if arguments.get("reverse_relation_filters"):
        raise InvalidArgumentError(
            "reverse_relation_filters", "reverse_relation_filters is not modelled by this sandbox"
        )
    tests = [
        equals(attributes[name], value)
        for name, value in arguments.items()
        if value is not None and name in attributes
    ]
    searched = matches(attributes, arguments.get("search") or ())
    if searched is not None:
        tests.append(searched)
    if arguments.get("general_search"):
        tests.append(contains_anywhere(attributes, arguments["general_search"]))
    if "archived_at" in attributes and not arguments.get("include_archived"):
        tests.append(lambda row: row.get("archived_at") is None)
    return tests


def ordered(
    attributes: Mapping[str, Attribute], rows: Sequence[Row], sorters: Sequence[Mapping[str, Any]]
) -> Sequence[Row]:
    """Return `rows` in the order of `sorters`, the first one being the most significant.

    Rows lie in id order already. Null sorts before every value.
    """
    if [dict(sorter) for sorter in sorters] == [{"attribute": "id", "direction": "ASC"}]:
        return rows
    result = list(rows)
    for sorter in reversed(sorters):
        attribute = known(attributes, sorter["attribute"], "sorter")
        result.sort(
            key=lambda row, attribute=attribute: _sort_key(attribute, row),  # type: ignore[misc]
            reverse=sorter["direction"] == "DESC",
        )
    return result


def _sort_key(attribute: Attribute, row: Row) -> tuple[bool, Any]:
    value = row.get(attribute.name)
    if value is None:
        return False, 0
    if attribute.scalar in _INTEGERS:
        return True, int(value)
    if attribute.scalar == "Datetime":
        return True, instant(value)
    return True, value
