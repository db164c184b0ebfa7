"""What reconciliation says: differences with keys, one result per entity, its verdict. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from load.reconcile.findings import UNEXPLAINED, Kind, Layer, Name, Owner, finding

Cause = Literal["handed_over", "made_by_splynx", "not_in_the_api", "sent_otherwise"]
Verdict = Literal["agrees", "differs", "not_compared"]

HANDED_OVER: Cause = "handed_over"
MADE_BY_SPLYNX: Cause = "made_by_splynx"
NOT_IN_THE_API: Cause = "not_in_the_api"
SENT_OTHERWISE: Cause = "sent_otherwise"

MAX_KEYS = 20


@dataclass(frozen=True, slots=True)
class Difference:
    """One kind of difference in one layer, with the keys of the rows it concerns.

    `difference` makes them, with what the list of findings says. `details` name columns and
    describe values without showing them; those of totals show figures of groups.
    """

    layer: Layer
    kind: Kind
    cause: str
    owner: Owner
    what: str
    count: int
    keys: tuple[str, ...] = ()
    details: tuple[str, ...] = ()

    @property
    def is_explained(self) -> bool:
        """Whether something recorded says why."""
        return self.cause != UNEXPLAINED

    def as_dict(self) -> dict[str, Any]:
        """Return the difference as `ops.reconciliation` keeps it, with keys and details capped."""
        return {
            **asdict(self),
            "keys": list(self.keys[:MAX_KEYS]),
            "details": list(self.details[:MAX_KEYS]),
        }


def difference(
    name: Name,
    what: str,
    count: int,
    *,
    keys: Sequence[str] = (),
    details: Sequence[str] = (),
) -> Difference:
    """Return a difference of that entry in the list of findings."""
    found = finding(name)
    return Difference(
        layer=found.layer,
        kind=found.kind,
        cause=found.cause,
        owner=found.owner,
        what=what,
        count=count,
        keys=tuple(keys),
        details=tuple(details),
    )


@dataclass(frozen=True, slots=True)
class Explained:
    """Columns of so many rows that were not compared, and why: what Splynx holds there is its own.

    The causes are a closed list; whatever has none of them is a difference.
    """

    cause: Cause
    rows: int
    columns: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return it as `ops.reconciliation` keeps it."""
        return {"cause": self.cause, "rows": self.rows, "columns": list(self.columns)}

    def __str__(self) -> str:
        """Say how many rows, and which columns."""
        return f"{self.cause.replace('_', ' ')}: {self.rows} ({', '.join(self.columns)})"


@dataclass(frozen=True, slots=True)
class Group:
    """One group of a total, with both sides' figures; amounts are exact texts."""

    values: tuple[str | None, ...]
    mart_rows: int
    target_rows: int
    mart_amount: str | None = None
    target_amount: str | None = None

    @property
    def agrees(self) -> bool:
        """Whether both sides have the same figures."""
        return (self.mart_rows, self.mart_amount) == (self.target_rows, self.target_amount)

    def __str__(self) -> str:
        """Name the group with both figures."""
        name = ", ".join("null" if value is None else value or "empty" for value in self.values)
        mart, target = (
            f"{rows} rows" + (f" of {amount}" if amount is not None else "")
            for rows, amount in (
                (self.mart_rows, self.mart_amount),
                (self.target_rows, self.target_amount),
            )
        )
        return f"{name}: {mart} in the mart, {target} in the target"


@dataclass(frozen=True, slots=True)
class Totals:
    """One total of a mart and its table, group by group; `amount` is the column that is summed."""

    by: str
    amount: str | None
    groups: tuple[Group, ...]

    @property
    def agrees(self) -> bool:
        """Whether all groups agree."""
        return all(group.agrees for group in self.groups)

    def as_dict(self) -> dict[str, Any]:
        """Return it as `ops.reconciliation` keeps it."""
        return {
            "by": self.by,
            "amount": self.amount,
            "agrees": self.agrees,
            "groups": [{**asdict(group), "agrees": group.agrees} for group in self.groups],
        }


@dataclass(frozen=True, slots=True)
class SourceCounts:
    """What became of the source records behind an entity, as the audits account for them."""

    source: int = 0
    merged: int = 0
    excluded: int = 0
    rejected: int = 0


@dataclass(frozen=True, slots=True)
class TargetCounts:
    """What the load recorded and what the target was found to hold."""

    quarantined: int = 0
    not_selected: int = 0
    loaded: int = 0
    in_target: int = 0
    identical: int = 0
    modified: int = 0
    missing: int = 0
    extra: int = 0


@dataclass(frozen=True, slots=True)
class EntityResult:
    """One line of the result; `is_loaded` is False for records without a table of their own.

    `unseen` says why the rows in the target could not be compared.
    """

    entity: str
    counts: SourceCounts
    mart: int
    target: TargetCounts = field(default_factory=TargetCounts)
    differences: tuple[Difference, ...] = ()
    is_loaded: bool = True
    explained: tuple[Explained, ...] = ()
    unseen: str | None = None
    totals: tuple[Totals, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """Whether all layers agree; what cannot be seen does not."""
        if self.differences:
            return "differs"
        return "agrees" if self.unseen is None else "not_compared"


def masked(value: str | None) -> str:
    """Describe a value without showing it: reports may not hold personal data."""
    if value is None:
        return "null"
    if value == "":
        return "empty"
    kind = "number" if value.lstrip("-").replace(".", "", 1).isdigit() else "text"
    return f"{kind} of {len(value)} characters"


def changed_columns(key: str, ours: dict[str, str | None], theirs: dict[str, str | None]) -> str:
    """Return which columns of one row differ, values masked."""
    parts = [
        f"{name} ({masked(value)} in the mart, {masked(theirs.get(name))} in the target)"
        for name, value in ours.items()
        if value != theirs.get(name)
    ]
    return f"{key}: {', '.join(parts)}"


def load_difference(
    mart: int,
    counts: TargetCounts,
    keys: Callable[[], Sequence[str]] = tuple,
    cause: Callable[[int], Name] = lambda _: "load_not_recorded",
) -> Difference | None:
    """Return the difference between what should have been loaded and what the load recorded.

    `keys` finds the records of it and `cause` tells why so many rows have no record of a write;
    they are asked only where there are such rows.
    """
    unloaded = mart - counts.loaded - counts.quarantined - counts.not_selected
    if unloaded == 0:
        return None
    what = (
        f"mart has {mart} rows, the load recorded {counts.loaded} as written and "
        f"{counts.quarantined} as refused"
        + (f", {counts.not_selected} were not selected" if counts.not_selected else "")
    )
    if unloaded < 0:
        return difference("load_recorded_more", what, -unloaded)
    return difference(cause(unloaded), what, unloaded, keys=keys())


def by_cause(results: Sequence[EntityResult]) -> list[tuple[str, str, int]]:
    """Return how many differences have which cause and owner; the unexplained ones come first."""
    found = Counter((d.cause, d.owner) for result in results for d in result.differences)
    ordered = sorted(found.items(), key=lambda entry: (entry[0][0] != UNEXPLAINED, entry[0]))
    return [(cause, owner, count) for (cause, owner), count in ordered]


def table(results: Sequence[EntityResult]) -> str:
    """Return the results as the table that `make reconcile` ends with."""
    is_partial = any(result.target.not_selected for result in results)
    head: tuple[str, ...] = (
        "entity", "source", "mart", "merged", "excluded", "rejected",
        *(("not selected",) if is_partial else ()), "loaded", "in target", "verdict",
    )  # fmt: skip
    rows = [head]
    for result in results:
        counts, target = result.counts, result.target
        of_target = (str(target.loaded), str(target.in_target)) if result.is_loaded else ("-", "-")
        rows.append(
            (
                result.entity,
                str(counts.source),
                str(result.mart),
                str(counts.merged),
                str(counts.excluded),
                str(counts.rejected),
                *((str(target.not_selected),) if is_partial else ()),
                *of_target,
                result.verdict.replace("_", " "),
            )
        )
    widths = [max(len(row[n]) for row in rows) for n in range(len(head))]
    lines = []
    for row in rows:
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:-1], widths[1:-1], strict=True)]
        lines.append("  ".join([*cells, row[-1]]))
    return "\n".join(lines)
