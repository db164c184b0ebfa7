"""What answers about order, filters and totals mean to a walk by id (pure)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from typing import Any

from extract.probing.traits import NO, UNKNOWN, YES, Finding

FEWEST_ROWS = 3  # to tell AND from OR
_RULES: Mapping[str, str] = {
    "ids_sorted": "sorter on id honoured",
    "id_filter": "search id > n honoured",
    "bounds_and": "two bounds on one field: both hold",
    "criteria_and": "criteria on two fields: both hold",
    "updated_at": "search updated_at >= t honoured",
    "exact_sums": "totals of id are exact",
}
_WALKED = "collections are walked by id, page after page"
_UNWALKED = "a walk by id may miss rows; the proof finds that and ends with code 6"


def too_few(rows: int) -> list[Finding]:
    """Say what cannot be told from so few rows."""
    evidence = f"the largest collection gave {rows} rows: too few to tell"
    return [
        Finding(name, asks, UNKNOWN, evidence, "taken as documented")
        for name, asks in _RULES.items()
    ]


def sorted_ids(ascending: Sequence[int], descending: Sequence[int]) -> Finding:
    """Judge the order of ids."""
    if not descending:
        return _rule("ids_sorted", None, "no answer", _UNWALKED)
    up = all(a < b for a, b in pairwise(ascending))
    down = descending[0] >= max(ascending) and descending == sorted(descending, reverse=True)
    evidence = f"{len(ascending):,} ids, both ways" if up and down else "ids came in another order"
    return _rule("ids_sorted", up and down, evidence, _WALKED if up and down else _UNWALKED)


def filters(found: Mapping[str, int | None], *, low: int, high: int) -> list[Finding]:
    """Judge the filters by the counts that they leave.

    `after` asked for ids above the one at place `low`, `between` also for ids below the one at
    place `high`; `future` and `past` for changes since then, `both` for `after` and `future`.
    """
    everything, after, between = found["all"], found["after"], found["between"]
    expected = None if everything is None else everything - low - 1
    by_id = None if after is None or expected is None else after == expected
    by_time = _both(found["future"], 0, found["past"], everything)
    together = by_id and by_time and found["both"] is not None
    both = found["both"] == 0 if together else None
    bounds = _bounds(between, everything, low, high)
    return [
        _rule(
            "id_filter", by_id, f"{_n(after)} of {_n(everything)}", _WALKED if by_id else _UNWALKED
        ),
        _rule(
            "bounds_and",
            bounds == "both",
            f"of two bounds, {bounds} held" if bounds else "no answer",
            "ranges of ids are read up to their end on our side, whatever the answer",
            is_known=bounds is not None,
            matters=False,
        ),
        _rule(
            "criteria_and",
            both,
            f"{_n(found['both'])} rows for two criteria that exclude each other",
            "changes are read page by page in one search" if both else _UNWALKED,
        ),
        _rule(
            "updated_at",
            by_time,
            f"{_n(found['future'])} changed in the future, {_n(found['past'])} since 1970",
            "later runs ask for changes only"
            if by_time
            else "use --full: changes cannot be asked for",
        ),
    ]


def totals(
    found: Mapping[str, Any] | None,
    of_nothing: Mapping[str, Any] | None,
    ids: Sequence[int],
    everything: int | None,
) -> Finding:
    """Judge SUM, MIN and MAX of id: their form, and against the rows where all are known."""
    values = _values(found)
    if set(values) != {"SUM", "MIN", "MAX"}:
        evidence = f"{len(values)} of 3 came"
        return _rule("exact_sums", None, evidence, "collections are counted, not proven")
    numbers = {name: _whole(value) for name, value in values.items()}
    kind = "text" if all(isinstance(value, str) for value in values.values()) else "numbers"
    empty = _values(of_nothing, with_null=True)
    of_none = ", ".join(f"{name} {empty[name]}" for name in sorted(empty))
    if None in numbers.values():
        effect = "totals are rounded by Sonar: large collections end incomplete"
        return _rule("exact_sums", False, f"came as {kind}, not whole", effect)  # noqa: FBT003
    if everything == len(ids):
        agrees = numbers == {"SUM": sum(ids), "MIN": min(ids), "MAX": max(ids)}
        evidence = f"as {kind}; {'agree' if agrees else 'do not agree'} with {len(ids):,} ids"
    else:
        agrees = numbers["MIN"] == min(ids)
        evidence = f"as {kind}; MIN {'agrees' if agrees else 'does not agree'} with the first id"
    evidence += f"; of no rows: {of_none or 'none'}"
    effect = "totals prove collections" if agrees else "collections end incomplete (code 6)"
    return _rule("exact_sums", agrees, evidence, effect)


def _rule(  # noqa: PLR0913
    question: str,
    holds: bool | None,  # noqa: FBT001
    evidence: str,
    effect: str,
    *,
    is_known: bool = True,
    matters: bool = True,
) -> Finding:
    known = is_known and holds is not None
    answer = (YES if holds else NO) if known else UNKNOWN
    ok = bool(holds) if matters else True
    return Finding(question, _RULES[question], answer, evidence, effect, ok=ok)


def _n(count: int | None) -> str:
    return "no answer" if count is None else f"{count:,}"


def _both(
    first: int | None, first_expected: int, second: int | None, second_expected: int | None
) -> bool | None:
    if None in {first, second, second_expected}:
        return None
    return first == first_expected and second == second_expected


def _bounds(found: int | None, everything: int | None, low: int, high: int) -> str | None:
    """Return which of two bounds held: id above the one at `low`, id below the one at `high`."""
    if found is None or everything is None:
        return None
    outcomes = {
        high - low - 1: "both",
        everything: "either",
        everything - low - 1: "the first",
        high: "the second",
    }
    return outcomes.get(found, "neither")


def _values(found: Mapping[str, Any] | None, *, with_null: bool = False) -> dict[str, Any]:
    totals = (found or {}).get("aggregations") or []
    return {
        total["aggregation_function"]: total.get("value")
        for total in totals
        if with_null or total.get("value") is not None
    }


def _whole(value: Any) -> int | None:  # noqa: ANN401 - foreign JSON
    """Return a total as a whole number, None where it is rounded or none at all."""
    text = str(value)
    if "e" in text.lower():
        return None
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return int(number) if number == number.to_integral_value() else None
