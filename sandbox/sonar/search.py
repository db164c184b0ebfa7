"""Sonar's filters over rows: `search`, `general_search` and `reverse_relation_filters`.

Criteria inside one Search are ANDed, several Search objects are ORed; relation filters of one group
are ANDed, groups are ORed. Inferred, not published: several bounds on one attribute are ANDed, a
relation leads past archived accounts, `exists` and `unset_fields` take relations too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, partial
from typing import Any

from sandbox.sonar.criteria import (
    RANGES,
    Test,
    contains_anywhere,
    has_text,
    in_area,
    in_network,
    in_range,
)
from sandbox.sonar.schema import list_attributes
from sandbox.sonar.store import Row
from sandbox.sonar.subject import Subject
from sandbox.sonar.values import InvalidArgumentError

Search = Mapping[str, Any]


def matches(subject: Subject, searches: Sequence[Search]) -> Test | None:
    """Return the test for a list of Search objects; None when every row passes."""
    alternatives = [list(_criteria(subject, search)) for search in searches if search]
    if not alternatives or any(not criteria for criteria in alternatives):
        return None
    if len(alternatives) == 1:
        criteria = alternatives[0]
        return lambda row: all(test(row) for test in criteria)
    return lambda row: any(all(test(row) for test in group) for group in alternatives)


def general(subject: Subject, text: str, mode: str = "ROOT") -> Test:
    """Return the test of `general_search`: the row's own texts, or those one relation away too."""
    own = contains_anywhere(subject.attributes, text)
    if mode == "ROOT":
        return own
    names = sorted(subject.relations)
    tests = cache(lambda end: contains_anywhere(end.attributes, text))  # by subject

    def nearby(row: Row) -> bool:
        for name in names:
            end, rows = subject.follow(row, name)
            if end is not None and any(visible(other) and tests(end)(other) for other in rows):
                return True
        return False

    return lambda row: own(row) or nearby(row)


def related(subject: Subject, filters: Sequence[Mapping[str, Any]]) -> Test:
    """Return the test of `reverse_relation_filters`."""
    groups: dict[str, list[Test]] = defaultdict(list)
    for item in filters:
        groups[item.get("group") or "1"].append(_relation(subject, item))
    alternatives = list(groups.values())
    return lambda row: any(all(test(row) for test in group) for group in alternatives)


def visible(row: Row) -> bool:
    """Say whether a row is shown without `include_archived`."""
    return row.get("archived_at") is None


def _criteria(subject: Subject, search: Search) -> Iterable[Test]:
    attributes = subject.attributes
    for member in RANGES:
        for item in search.get(member) or ():
            yield in_range(attributes, member, item)
    for item in search.get("string_fields") or ():
        yield has_text(attributes, item)
    for item in search.get("ip_address_fields") or ():
        yield in_network(attributes, item)
    if search.get("geopoint_fields"):
        yield in_area(attributes, search["geopoint_fields"])
    for name in search.get("unset_fields") or ():
        yield _presence(subject, name, wanted=False)
    for name in search.get("exists") or ():
        yield _presence(subject, name, wanted=True)
    if search.get("reverse_relation_filters"):
        yield related(subject, search["reverse_relation_filters"])


def _presence(subject: Subject, name: str, *, wanted: bool) -> Test:
    if name in subject.relations:
        return _relation(subject, {"relation": name, "is_empty": not wanted})
    if name not in subject.attributes and name not in list_attributes(subject.kind):
        raise InvalidArgumentError("search", f"The attribute {name} does not exist.")
    return partial(_is_set, name) if wanted else partial(_is_null, name)


def _is_set(name: str, row: Row) -> bool:
    return row.get(name) not in (None, [])


def _is_null(name: str, row: Row) -> bool:
    return row.get(name) is None


def _relation(subject: Subject, item: Mapping[str, Any]) -> Test:
    steps: list[tuple[Subject, str]] = []
    end = subject
    for name in item["relation"].split("."):
        if name not in end.relations:
            message = f"The relation {name} does not exist."
            raise InvalidArgumentError("reverse_relation_filters", message)
        steps.append((end, name))
        end = end.end(name)
    tests: list[Test] = []
    searched = matches(end, item.get("search") or ())
    if searched is not None:
        tests.append(searched)
    if item.get("general_search"):
        tests.append(general(end, item["general_search"]))
    wanted = not item.get("is_empty")

    def test(row: Row) -> bool:
        rows: Sequence[Row] = (row,)
        for start, name in steps:
            rows = [other for one in rows for other in start.follow(one, name)[1] if visible(other)]
        return any(all(passes(other) for passes in tests) for other in rows) is wanted

    return test
