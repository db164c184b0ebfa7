"""What an explanation is made of, as plain values. They are also its JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Record:
    """A record of Sonar that belongs to the account, and what became of it.

    `outcome` is None where no model decides about its collection. `decisions` are the numbered
    decisions that name the reason.
    """

    collection: str
    key: str
    entity: str | None
    outcome: str | None
    reason: str | None
    payload: Mapping[str, Any] | None
    run_id: str | None
    decisions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cell:
    """A column of a mart's row: the text to be sent, whence and by which rule, what the target has.

    `is_same` is None where the target's row was not read.
    """

    column: str
    value: str | None
    sources: tuple[str, ...]
    default: str | None
    seed: str | None
    decision: str | None
    rule: str | None = None
    target_value: str | None = None
    is_same: bool | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """What the loads wrote down about a row."""

    state: str
    run_id: str
    inserted_by: str | None
    changed_at: str
    target_id: int | None


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a mart; `held` says what was found in the target: present, absent, not read."""

    table: str
    key: str
    cells: tuple[Cell, ...]
    written: Written | None
    refusals: tuple[str, ...] = ()
    staff_edits: tuple[str, ...] = ()
    held: str = "not read"


@dataclass(frozen=True, slots=True)
class Gate:
    """The latest acceptance, and what it found about rows of this account."""

    verdict: str
    run_id: str
    decided_at: str
    findings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """All that is known about one account.

    `statement` is its money, in the currency's smallest units: the position of both systems, and
    each cause of a difference.
    """

    account: str
    target: str | None
    summary: str
    records: tuple[Record, ...]
    rows: tuple[Row, ...]
    gate: Gate | None
    findings: tuple[str, ...]
    statement: Mapping[str, Any] = field(default_factory=dict)
    target_read: str = "not read"


def described(value: object) -> object:
    """Describe a value without showing it; the structure around it stays. Pure."""
    if isinstance(value, Mapping):
        return {name: described(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [described(inner) for inner in value]
    if value is None or isinstance(value, bool):
        return value
    return f"({len(str(value))} characters)"


def _hidden(row: Row) -> Iterator[Cell]:
    for cell in row.cells:
        yield replace(
            cell,
            value=None if cell.value is None else str(described(cell.value)),
            target_value=None if cell.target_value is None else str(described(cell.target_value)),
        )


def masked(explanation: Explanation) -> Explanation:
    """Return the explanation without personal values: keys, rules, days of runs and money stay."""
    records: list[Record] = []
    for record in explanation.records:
        shown: Any = described(record.payload)
        records.append(replace(record, payload=shown))
    rows = tuple(replace(row, cells=tuple(_hidden(row))) for row in explanation.rows)
    return replace(explanation, records=tuple(records), rows=rows)
