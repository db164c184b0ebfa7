"""Is what landed what Sonar has? Figures of either side, and the judgement over them.

Sonar's side is its own `total_count` and its own SUM, MIN and MAX of id and of every Int field that
is landed; ours is computed by the warehouse over the live rows that are stored there, not from what
was counted while reading. Figures are exact: whole numbers stay whole, whatever their spelling.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, TypeAlias

from graphql import GraphQLInt, GraphQLSchema, get_nullable_type, is_interface_type, is_object_type
from sqlalchemy import Connection as Session
from sqlalchemy import text

from extract.catalogue.discovery import Collection, Kind
from extract.catalogue.selection import Selection
from extract.reading.rows import Connection

FUNCTIONS = ("sum", "min", "max")
ID_FIGURES = tuple(f"{function}(id)" for function in FUNCTIONS)

# Searches answered by Elasticsearch stop counting here unless they are told not to.
CAPPED_COUNT = 10_000

_SHOWN = 6

Total: TypeAlias = int | Decimal | None


@dataclass(frozen=True, slots=True)
class Figures:
    """Count and control totals of one side.

    `sums` is keyed as the ledger keeps it: `sum(id)`, `min(id)`, `max(amount)`. A key that is
    missing was not told; a minimum or maximum that is None is one of no values.
    """

    count: int | None
    sums: Mapping[str, Total] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """State and grade for the ledger; `reason` says what does not agree, or what was not told."""

    state: str
    grade: str | None
    reason: str | None = None

    @property
    def agrees(self) -> bool:
        """Whether the collection is complete."""
        return self.state == "complete"


def exact(value: Any) -> Total:  # noqa: ANN401 - foreign JSON or a database's number
    """Return a total as a number, whole where it is whole; None for null.

    Raises:
        ValueError: it is no number.
    """
    if value is None:
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise ValueError("a total that is no number") from None
    if not number.is_finite():
        raise ValueError("a total that is no number")
    return int(number) if number == number.to_integral_value() else number


def int_leaves(
    schema: GraphQLSchema, collection: Collection, selection: Selection
) -> tuple[str, ...]:
    """Return the Int fields of a row that are asked for, in the order of the selection."""
    entity = schema.type_map[collection.entity]
    if not (is_object_type(entity) or is_interface_type(entity)):
        return ()
    return tuple(
        name
        for name in selection.leaves
        if name != "id" and get_nullable_type(entity.fields[name].type) is GraphQLInt
    )


def server_figures(answer: Connection) -> Figures:
    """Return Sonar's figures from an answer with page_info and, where asked for, aggregations."""
    sums: dict[str, Total] = {}
    for total in answer.aggregations or []:
        function = total.aggregation_function.lower()
        try:
            value = exact(total.value)
        except ValueError:
            continue  # not told
        sums[f"{function}({total.field})"] = _nothing_is_zero(function, value)
    return Figures(answer.total, sums)


def landed_figures(session: Session, collection: Collection, leaves: Sequence[str] = ()) -> Figures:
    """Return the warehouse's figures over the rows of `collection` that are not marked deleted.

    Rows are counted by distinct id of the payload, not by key: a payload under a wrong key must not
    pass. One scan, whatever the number of `leaves`.
    """
    table = f'raw_sonar."{collection.name}"'
    if not collection.has_id:
        count: int = session.execute(
            text(f"select count(*) from {table} where _deleted_at is null")
        ).scalar_one()
        return Figures(count)
    names = ("id", *leaves)
    asked = [(function, name) for name in names for function in FUNCTIONS]
    totals = ", ".join(f'{function}("{name}")' for function, name in asked)
    source = live_numbers(collection, leaves)
    row = session.execute(text(f"select count(distinct id), {totals} from {source}")).one()
    sums = {
        f"{function}({name})": _nothing_is_zero(function, exact(value))
        for (function, name), value in zip(asked, row[1:], strict=True)
    }
    return Figures(row[0], sums)


def live_numbers(collection: Collection, leaves: Sequence[str]) -> str:
    """Return the subquery of the live rows' id and leaves as numbers.

    `->>` would unpack a payload once for every field, `jsonb_to_record` unpacks it once: for
    357,000 rows with ten leaves that is 2 s instead of 11 s, and 9 s instead of 59 s where payloads
    are so long that Postgres compresses them.
    """
    columns = ", ".join(["id bigint", *(f'"{leaf}" numeric' for leaf in leaves)])
    return (
        f'(select numbers.* from raw_sonar."{collection.name}" as held,'
        f" jsonb_to_record(held.payload) as numbers ({columns})"
        " where held._deleted_at is null) as live"
    )


def judge(
    collection: Collection, server: Figures, landed: Figures, *, gaps: int, sample: bool
) -> Verdict:
    """Compare the two sides and return the best grade that holds.

    Totals of fields that Sonar did not tell are named in the reason; those of id must all be there
    for `proven`.
    """
    if sample:
        return Verdict("incomplete", "sample", "only a sample was asked for")
    capped = count_is_capped(server, landed)
    problems = list(_differences(server, landed, capped=capped))
    if gaps:
        problems.append(f"{gaps} rows whose links are not complete")
    if problems:
        return Verdict("incomplete", "incomplete", _listed(problems))
    if collection.kind in {Kind.LIST, Kind.SINGLETON}:
        return Verdict("complete", "whole")
    if server.count is None:
        return Verdict("incomplete", "incomplete", "Sonar does not count this collection")
    return _agreeing(collection, server, landed, capped=capped)


def _agreeing(collection: Collection, server: Figures, landed: Figures, *, capped: bool) -> Verdict:
    if capped:
        reason = (
            f"Sonar's count stops at {server.count}, {landed.count} rows landed; "
            "all totals that Sonar gives agree"
        )
        return Verdict("complete", "counted", reason)
    # Of no rows there are no totals to compare: the count says all.
    compared = server.count == 0 or server.sums.keys() >= set(ID_FIGURES)
    if not compared or collection.best_grade != "proven":
        return Verdict("complete", "counted")
    untold = _fields(landed.sums.keys() - server.sums.keys()) if server.count else set()
    missing = f"Sonar gives no totals of {', '.join(sorted(untold))}" if untold else None
    return Verdict("complete", "proven", missing)


def differing_leaves(server: Figures, landed: Figures) -> tuple[str, ...]:
    """Return the fields other than id of which some total differs."""
    return tuple(sorted(_fields(_differing(server, landed)) - {"id"}))


def count_is_capped(server: Figures, landed: Figures) -> bool:
    """Tell whether Sonar stopped counting: more landed, and by its own totals of id rightly so."""
    return (
        server.count == CAPPED_COUNT
        and (landed.count or 0) > CAPPED_COUNT
        and server.sums.keys() >= set(ID_FIGURES)
        and not _differing(server, landed)
    )


def as_json(figures: Figures) -> dict[str, str | None]:
    """Return the control totals as the ledger keeps them: exact, as text."""
    return {
        name: None if value is None else str(value) for name, value in sorted(figures.sums.items())
    }


def _nothing_is_zero(function: str, value: Total) -> Total:
    """Sonar says that the sum of nothing is 0, Postgres says null."""
    return 0 if function == "sum" and value is None else value


def _differing(server: Figures, landed: Figures) -> list[str]:
    """Return the keys of the totals that both sides tell and that differ."""
    both = sorted(server.sums.keys() & landed.sums.keys())
    return [key for key in both if server.sums[key] != landed.sums[key]]


def _fields(keys: Iterable[str]) -> set[str]:
    return {key.partition("(")[2].removesuffix(")") for key in keys}


def _differences(server: Figures, landed: Figures, *, capped: bool) -> Iterable[str]:
    if server.count is not None and server.count != landed.count and not capped:
        yield f"Sonar counts {server.count} rows, {landed.count} landed"
    for key in _differing(server, landed):
        function, _, name = key.removesuffix(")").partition("(")
        theirs, ours = (_shown(side.sums[key]) for side in (server, landed))
        yield f"Sonar's {function} of {name} is {theirs}, ours {ours}"


def _shown(value: Total) -> str:
    return "none" if value is None else str(value)


def _listed(problems: Sequence[str]) -> str:
    more = len(problems) - _SHOWN
    rest = [f"and {more} more differences"] if more > 0 else []
    return "; ".join([*problems[:_SHOWN], *rest])
