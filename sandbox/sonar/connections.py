"""A connection: the rows that the arguments ask for, paged, counted and aggregated on demand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sandbox.sonar.aggregation import aggregate
from sandbox.sonar.criteria import Test, equals, known
from sandbox.sonar.flaws import Flaw
from sandbox.sonar.narrowing import in_order, narrowed
from sandbox.sonar.schema import Attribute
from sandbox.sonar.search import general, matches, related, visible
from sandbox.sonar.store import Row, View
from sandbox.sonar.subject import Subject
from sandbox.sonar.values import InvalidArgumentError, reader_of_rows

MAXIMUM_PAGE = 1000
DEFAULT_PAGE = 100  # inferred: what clients that send no paginator see


@dataclass(frozen=True, slots=True)
class Limits:
    """The largest page that is served, and what is done to the total before it is told."""

    page: int = MAXIMUM_PAGE
    total_off_by: int = 0
    total_cap: int | None = None

    def told(self, total: int) -> int:
        """Return the total as the server states it."""
        stated = max(0, total + self.total_off_by)
        return stated if self.total_cap is None else min(stated, self.total_cap)


HONEST = Limits()


class Connection:
    """What a connection field resolves to; its methods are the fields of the connection type."""

    def __init__(
        self,
        subject: Subject,
        rows: Sequence[Row],
        arguments: Mapping[str, Any],
        limits: Limits = HONEST,
        flaws: Sequence[Flaw] = (),
    ) -> None:
        self._subject = subject
        self._arguments = arguments
        self._rows = rows
        self._limits = limits
        self._flaws = flaws
        size = min(DEFAULT_PAGE, limits.page)
        paginator = arguments.get("paginator") or {"page": 1, "records_per_page": size}
        self._page: int = paginator["page"]
        self._size: int = paginator["records_per_page"]
        if self._page < 1:
            raise InvalidArgumentError("paginator", "The page must be at least 1.")
        if not 1 <= self._size <= limits.page:
            raise InvalidArgumentError(
                "paginator", f"The records per page must be between 1 and {limits.page}."
            )

    @cached_property
    def found(self) -> Sequence[Row]:
        """Every row that passes the filters, in the order asked for."""
        rows, arguments = self._rows, self._arguments
        if isinstance(rows, View):
            rows, arguments = narrowed(rows, self._subject.attributes, arguments)
        rows = select(self._subject, rows, arguments)
        return ordered(self._subject.attributes, rows, arguments.get("sorter") or ())

    def entities(self) -> Sequence[Row]:
        """Return the rows of the page; past the last page there are none."""
        start = (self._page - 1) * self._size
        return self.found[start : start + self._size]

    def page(self, asked: AbstractSet[str]) -> Sequence[Row]:
        """Return the rows of the page, unless showing these fields of them fails."""
        rows = self.entities()
        for flaw in self._flaws:
            flaw.check(rows, asked)
        return rows

    def page_info(self) -> Row:
        """Return the counts that belong to the filtered rows."""
        total = self._limits.told(len(self.found))
        return {
            "page": self._page,
            "total_pages": -(-total // self._size),
            "total_count": total,
            "records_per_page": self._size,
        }

    def aggregations(self) -> list[Row]:
        """Return the aggregates over all filtered rows, whatever the page."""
        aggregators = self._arguments.get("aggregation") or ()
        return aggregate(self._subject.attributes, self.found, aggregators)


def select(subject: Subject, rows: Sequence[Row], arguments: Mapping[str, Any]) -> Sequence[Row]:
    """Return the rows that pass the equality shortcuts and every filter argument."""
    tests = _tests(subject, arguments)
    if not tests:
        return rows
    return [row for row in rows if all(test(row) for test in tests)]


def _tests(subject: Subject, arguments: Mapping[str, Any]) -> list[Test]:
    attributes = subject.attributes
    tests = [
        equals(attributes[name], value)
        for name, value in arguments.items()
        if value is not None and name in attributes
    ]
    if "archived_at" in attributes and not arguments.get("include_archived"):
        tests.append(visible)
    searched = matches(subject, arguments.get("search") or ())
    if searched is not None:
        tests.append(searched)
    if arguments.get("general_search"):
        mode = arguments.get("general_search_mode") or "ROOT"
        tests.append(general(subject, arguments["general_search"], mode))
    if arguments.get("reverse_relation_filters"):
        tests.append(related(subject, arguments["reverse_relation_filters"]))
    return tests


def ordered(
    attributes: Mapping[str, Attribute], rows: Sequence[Row], sorters: Sequence[Mapping[str, Any]]
) -> Sequence[Row]:
    """Return `rows` in the order of `sorters`, the first one being the most significant.

    Rows lie in id order already. Null sorts before every value.
    """
    if not sorters or [dict(one) for one in sorters] == [{"attribute": "id", "direction": "ASC"}]:
        return rows
    if isinstance(rows, View):
        view = in_order(rows, attributes, sorters)
        if view is not None:
            return view
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
    return (False, 0) if value is None else (True, reader_of_rows(attribute.scalar)(value))
