"""What of a question the id order and the columns of a collection answer, without decoding rows.

Bounds on ids, whole numbers and instants in a single Search, equality shortcuts of such attributes
and the hiding of archived rows are taken out of the arguments; what is left is for the tests on
rows (`sandbox.sonar.connections`), which also word every refusal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.sonar.columns import NOTHING, Places, number, takes
from sandbox.sonar.criteria import RANGES
from sandbox.sonar.schema import Attribute
from sandbox.sonar.store import View

Attributes = Mapping[str, Attribute]
_MEMBERS = ("integer_fields", "datetime_fields")


@dataclass(frozen=True, slots=True)
class Bound:
    """A condition on one attribute; `wanted` None compares with null."""

    attribute: Attribute
    condition: str
    wanted: int | None

    @property
    def is_end(self) -> bool:
        """Whether it is an end of a range of ids."""
        return self.attribute.name == "id" and self.condition != "NEQ"


def narrowed(
    view: View, attributes: Attributes, arguments: Mapping[str, Any]
) -> tuple[View, Mapping[str, Any]]:
    """Return the rows left, in the order of the collection, and what is still to be asked."""
    collection, places = view.collection, view.places
    if not collection.keyed:
        return view, arguments
    bounds, rest = _taken_out(attributes, arguments)
    others = bounds
    if isinstance(places, range):
        lowest, highest = _ends(bounds)
        found = collection.between(lowest, highest)
        start, stop = max(places.start, found.start), min(places.stop, found.stop)
        places = range(start, max(start, stop))
        others = [bound for bound in bounds if not bound.is_end]
    columns = collection.columns([bound.attribute for bound in others])
    if columns is None:
        return view, arguments
    for bound, column in zip(others, columns, strict=True):
        places = column.meeting(bound.condition, bound.wanted, places)
    return View(collection, places), rest


def _taken_out(
    attributes: Attributes, arguments: Mapping[str, Any]
) -> tuple[list[Bound], Mapping[str, Any]]:
    bounds: list[Bound] = []
    rest = dict(arguments)
    for name, value in arguments.items():
        if value is not None and name in attributes:
            bound = _bound(attributes, name, "EQ", value)
            if bound is not None:
                bounds.append(bound)
                del rest[name]
    archived = attributes.get("archived_at")
    if archived is not None and not arguments.get("include_archived"):
        bounds.append(Bound(archived, "EQ", None))
        rest["include_archived"] = True
    searches: Sequence[Mapping[str, Any]] = arguments.get("search") or ()
    if len(searches) == 1:
        found, left = _searched(attributes, searches[0])
        bounds += found
        rest["search"] = [left]
    return bounds, rest


def _searched(
    attributes: Attributes, search: Mapping[str, Any]
) -> tuple[list[Bound], Mapping[str, Any]]:
    bounds: list[Bound] = []
    left = dict(search)
    for member in _MEMBERS:
        others = []
        for item in search.get(member) or ():
            name, value = item["attribute"], item.get("search_value")
            bound = _bound(attributes, name, item["operator"], value)
            fits = bound is not None and bound.attribute.scalar in RANGES[member]
            if bound is None or not fits:
                others.append(item)
            else:
                bounds.append(bound)
        left[member] = others
    return bounds, left


def _bound(attributes: Attributes, name: str, condition: str, value: object) -> Bound | None:
    """Return the bound on a column; None where there is no such column or value."""
    attribute = attributes.get(name)
    if attribute is None or not takes(attribute):
        return None
    try:
        wanted = number(attribute.scalar, value)
    except ValueError:
        return None
    return Bound(attribute, condition, wanted) if abs(wanted) < -NOTHING else None


def _ends(bounds: Sequence[Bound]) -> tuple[int | None, int | None]:
    """Return the lowest and the highest id that the bounds allow."""
    lowest: list[int] = []
    highest: list[int] = []
    for bound in bounds:
        if not bound.is_end or bound.wanted is None:
            continue
        if bound.condition in ("GT", "GTE", "EQ"):
            lowest.append(bound.wanted + (bound.condition == "GT"))
        if bound.condition in ("LT", "LTE", "EQ"):
            highest.append(bound.wanted - (bound.condition == "LT"))
    return max(lowest, default=None), min(highest, default=None)


def in_order(
    view: View, attributes: Attributes, sorters: Sequence[Mapping[str, Any]]
) -> View | None:
    """Return the rows in the order of the sorters; None where columns cannot tell it.

    Null sorts before every value, as it does where rows are compared.
    """
    known = [attributes.get(sorter["attribute"]) for sorter in sorters]
    sortable = [attribute for attribute in known if attribute is not None and takes(attribute)]
    if len(sortable) < len(known):
        return None
    if [attribute.name for attribute in sortable] == ["id"] and view.collection.keyed:
        ascending = sorters[0]["direction"] == "ASC"
        return view if ascending else view[::-1]
    columns = view.collection.columns(sortable)
    if columns is None:
        return None
    places: Places = view.places
    for sorter, column in zip(reversed(sorters), reversed(columns), strict=True):
        places = sorted(
            places, key=column.numbers.__getitem__, reverse=sorter["direction"] == "DESC"
        )
    return View(view.collection, places)
