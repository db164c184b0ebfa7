"""What differs from the last reconciliation of the same address: rehearsal against rehearsal.

Reads `ops.reconciliation` alone. A rehearsal may have had the target's database made anew, so the
address counts and not the target. The comparison itself is pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

_COUNTS = (
    "source", "mart", "merged", "excluded", "rejected", "quarantined", "not_selected", "loaded",
    "in_target", "identical", "modified", "missing", "extra",
)  # fmt: skip
_FIGURES = re.compile(r"\d+")
MOST_LINES = 10  # what a person reads below a table

Row = Mapping[str, Any]
_Known = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True)
class Change:
    """One entity whose verdict or counts are others than the last time."""

    entity: str
    before: str | None
    after: str | None
    counts: tuple[tuple[str, int, int], ...] = ()

    def __str__(self) -> str:
        """Say what changed, the counts by name with both figures."""
        if self.before is None:
            return f"{self.entity}: new, {_words(self.after)}"
        if self.after is None:
            return f"{self.entity}: no longer there, was {_words(self.before)}"
        verdict = ""
        if self.before != self.after:
            verdict = f"{_words(self.before)} → {_words(self.after)}"
        counts = (f"{_words(name)} {before} → {after}" for name, before, after in self.counts)
        return f"{self.entity}: {', '.join(part for part in (verdict, *counts) if part)}"


@dataclass(frozen=True, slots=True)
class Seen:
    """A difference in either reconciliation; 0 rows: it is not in this one."""

    entity: str
    layer: str
    kind: str
    cause: str
    what: str
    before: int
    after: int

    @property
    def fate(self) -> str:
        """Whether it is new, gone or still there."""
        if not self.before:
            return "new"
        return "still there" if self.after else "gone"

    def __str__(self) -> str:
        """Say what became of it."""
        rows = str(self.after or self.before)
        if self.fate == "still there" and self.before != self.after:
            rows = f"{self.before} → {self.after}"
        return f"{self.fate}: {self.entity} · {self.layer} · {self.kind}: {self.what} ({rows})"


@dataclass(frozen=True, slots=True)
class SinceLast:
    """The last reconciliation of the same address, and what is otherwise now."""

    run_id: str
    at: datetime
    target: str
    entities: tuple[Change, ...]
    differences: tuple[Seen, ...]

    def of_fate(self, fate: str) -> int:
        """Return how many differences are new, gone or still there."""
        return sum(seen.fate == fate for seen in self.differences)

    @property
    def head(self) -> str:
        """The change in one sentence."""
        return (
            f"since the reconciliation of {self.at:%Y-%m-%d %H:%M} UTC ({self.target}):"
            f" {self.of_fate('new')} differences are new, {self.of_fate('gone')} gone,"
            f" {self.of_fate('still there')} still there;"
            f" {len(self.entities)} entities have another verdict or other counts"
        )

    def lines(self) -> list[str]:
        """Return the change in at most ten lines, the news first."""
        order = {"new": 0, "gone": 1, "still there": 3}
        told = [(order[seen.fate], str(seen)) for seen in self.differences]
        told += [(2, str(change)) for change in self.entities]
        told.sort(key=lambda entry: entry[0])
        most = MOST_LINES - 1
        shown = [line for _, line in told]
        if len(shown) > most:
            shown = [*shown[: most - 1], f"… and {len(shown) - most + 1} more, in the report"]
        return [self.head, *(f"  {line}" for line in shown)]


def _words(name: str | None) -> str:
    return (name or "").replace("_", " ")


def changes(before: Sequence[Row], now: Sequence[Row]) -> tuple[list[Change], list[Seen]]:
    """Return which entities and differences are otherwise. Pure."""
    old = {row["entity"]: row for row in before}
    new = {row["entity"]: row for row in now}
    names = list(dict.fromkeys((*new, *old)))
    entities = [c for name in names if (c := _change(name, old.get(name), new.get(name)))]
    return entities, list(_seen(_differences(before), _differences(now)))


def _change(entity: str, before: Row | None, now: Row | None) -> Change | None:
    if before is None or now is None:
        was, is_now = (None if row is None else row["verdict"] for row in (before, now))
        return Change(entity, was, is_now)
    counts = tuple((name, before[name], now[name]) for name in _COUNTS if before[name] != now[name])
    if before["verdict"] == now["verdict"] and not counts:
        return None
    return Change(entity, before["verdict"], now["verdict"], counts)


def _differences(rows: Sequence[Row]) -> dict[_Known, Mapping[str, Any]]:
    """Return the differences by what tells them apart: figures in their words do not."""
    return {
        (row["entity"], found["layer"], found["kind"], _FIGURES.sub("#", found["what"])): found
        for row in rows
        for found in row["differences"]
    }


def _seen(
    before: Mapping[_Known, Mapping[str, Any]], now: Mapping[_Known, Mapping[str, Any]]
) -> Iterator[Seen]:
    for known in dict.fromkeys((*now, *before)):
        entity, layer, kind, _ = known
        last = now.get(known) or before[known]
        yield Seen(
            entity,
            layer,
            kind,
            last.get("cause", ""),
            last["what"],
            # a difference that counts no rows is one all the same
            before=max(1, before[known]["count"]) if known in before else 0,
            after=max(1, now[known]["count"]) if known in now else 0,
        )


def since_last(warehouse: Connection, target: str, run_id: str) -> SinceLast | None:
    """Return what differs from the last reconciliation of the target's address before `run_id`.

    None where there was none.
    """
    last = warehouse.execute(
        text(
            "select r.run_id, r.target, max(r.reconciled_at) as at from ops.reconciliation as r"
            " join ops.target as t on t.target = r.target"
            " where t.address = (select address from ops.target where target = :target)"
            " and r.scope is null and r.run_id <> :run"
            " and r.reconciled_at < (select min(reconciled_at)"
            "  from ops.reconciliation where run_id = :run and target = :target)"
            " group by r.run_id, r.target order by at desc limit 1"
        ),
        {"target": target, "run": run_id},
    ).first()
    if last is None:
        return None
    entities, differences = changes(
        _rows(warehouse, last.run_id, last.target), _rows(warehouse, run_id, target)
    )
    return SinceLast(last.run_id, last.at, last.target, tuple(entities), tuple(differences))


def _rows(warehouse: Connection, run_id: str, target: str) -> list[Row]:
    found = warehouse.execute(
        text(
            "select * from ops.reconciliation where run_id = :run and target = :target"
            " order by reconciled_at, entity"
        ),
        {"run": run_id, "target": target},
    )
    return [dict(row._mapping) for row in found]
