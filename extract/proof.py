"""Is what landed what Sonar has? Figures of either side, and the judgement over them.

Sonar's side is its own `total_count` and its own SUM, MIN and MAX of id; ours is computed by the
warehouse over the live rows that are stored there, not from what was counted while reading.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy import Connection as Session
from sqlalchemy import text

from extract.discovery import Collection, Kind
from extract.rows import Connection


@dataclass(frozen=True, slots=True)
class Figures:
    """Count and control totals of one side; `sums` maps sum, min and max of id to whole numbers."""

    count: int | None
    sums: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """State and grade for the ledger; `reason` says what does not agree."""

    state: str
    grade: str | None
    reason: str | None = None

    @property
    def agrees(self) -> bool:
        """Whether the collection is complete."""
        return self.state == "complete"


def server_figures(answer: Connection) -> Figures:
    """Return Sonar's figures from an answer with page_info and, where asked for, aggregations."""
    sums = {}
    for total in answer.aggregations or []:
        if total.field == "id" and total.value is not None:
            try:
                value = Decimal(str(total.value))
            except InvalidOperation:
                continue
            sums[total.aggregation_function.lower()] = int(value)
    return Figures(answer.total, sums)


def landed_figures(session: Session, collection: Collection) -> Figures:
    """Return the warehouse's figures over the rows of `collection` that are not marked deleted."""
    table = f'raw_sonar."{collection.name}"'
    if not collection.has_id:
        count: int = session.execute(
            text(f"select count(*) from {table} where _deleted_at is null")
        ).scalar_one()
        return Figures(count)
    # The id of the payload, not the key: a payload under a wrong key must not pass.
    row = session.execute(
        text(
            "select count(distinct id), sum(id), min(id), max(id)"
            f" from (select (payload->>'id')::numeric as id from {table}"
            " where _deleted_at is null) as live"
        )
    ).one()
    names = ("sum", "min", "max")
    sums = {n: int(v) for n, v in zip(names, row[1:], strict=True) if v is not None}
    return Figures(row[0], sums)


def rows_with_gaps(session: Session, collection: Collection, links: Sequence[str]) -> int:
    """Count the live rows in which a link holds fewer or more ids than Sonar says it has."""
    if not links:
        return 0
    differs = " or ".join(
        f"jsonb_array_length(payload->'{name}'->'entities')"
        f" <> (payload->'{name}'->'page_info'->>'total_count')::bigint"
        for name in links
    )
    gaps: int = session.execute(
        text(
            f'select count(*) from raw_sonar."{collection.name}"'
            f" where _deleted_at is null and ({differs})"
        )
    ).scalar_one()
    return gaps


def judge(
    collection: Collection, server: Figures, landed: Figures, *, gaps: int, sample: bool
) -> Verdict:
    """Compare the two sides and return the best grade that holds."""
    if sample:
        return Verdict("incomplete", "sample", "only a sample was asked for")
    problems = list(_differences(server, landed))
    if gaps:
        problems.append(f"{gaps} rows whose links are not complete")
    if problems:
        return Verdict("incomplete", "incomplete", "; ".join(problems))
    if collection.kind in {Kind.LIST, Kind.SINGLETON}:
        return Verdict("complete", "whole")
    if server.count is None:
        return Verdict("incomplete", "incomplete", "Sonar does not count this collection")
    # Of no rows there are no sums to compare: the count says all.
    compared = server.count == 0 or set(server.sums) == {"sum", "min", "max"}
    proven = compared and collection.best_grade == "proven"
    return Verdict("complete", "proven" if proven else "counted")


def _differences(server: Figures, landed: Figures) -> Sequence[str]:
    found = []
    if server.count is not None and server.count != landed.count:
        found.append(f"Sonar counts {server.count} rows, {landed.count} landed")
    for name, value in server.sums.items():
        if landed.sums and landed.sums.get(name) != value:
            found.append(f"Sonar's {name} of id is {value}, ours {landed.sums.get(name)}")
    return found


def as_json(figures: Figures) -> dict[str, Any]:
    """Return the control totals as the ledger keeps them: exact, as text."""
    return {f"{name}(id)": str(value) for name, value in figures.sums.items()}
