"""What the rows of one table say, sorted by what the load wrote down of them.

The sides are compared elsewhere (`load.reconcile.by_mysql`, `load.reconcile.by_rest`); here every
row that is not the same on both gets its place: refused, left out by choice, changed by staff,
written by a load and gone since, or a difference.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from load.reconcile import recorded
from load.reconcile.compare import Found, Key
from load.reconcile.results import (
    MAX_KEYS,
    Difference,
    Explained,
    TargetCounts,
    changed_columns,
    load_difference,
)
from load.reconcile.sides import MartSide, Table

Row = dict[str, str | None]


@dataclass(frozen=True, slots=True)
class Compared:
    """What one table came to; `unseen` says why its rows could not be compared."""

    counts: TargetCounts
    differences: tuple[Difference, ...] = ()
    explained: tuple[Explained, ...] = ()
    unseen: str | None = None


@dataclass(frozen=True, slots=True)
class TableCheck:
    """One table after its sides were compared; `rows` gives both rows of a key in normal form.

    `removed` says which rows bear the mark that Splynx removed them: it makes such rows itself, as
    transactions of a void invoice.
    """

    warehouse: Connection
    target: str
    table: Table
    ours: MartSide
    rows: Callable[[Key], tuple[Row, Row]]
    removed: Callable[[Sequence[Key]], set[Key]] = lambda _: set()

    def sort(self, mart_rows: int, found: Found, explained: Sequence[Explained] = ()) -> Compared:
        """Return what the rows came to."""
        refused = recorded.refused(self.warehouse, self.table, self.target)
        left = recorded.not_selected(self.warehouse, self.table, self.target)
        absent = dict(zip(found.missing, self.ours.sonar_keys(found.missing), strict=True))
        held = recorded.unfinished(self.warehouse, self.table, self.target)
        refused_absent = sum(name in refused for name in absent.values())
        quarantined = refused_absent + len(held - set(absent.values()))
        missing = {
            key: name
            for key, name in absent.items()
            if name not in refused and not left.get(name, False)
        }
        changed = self._changed(found.modified, {*left, *held})
        gone, unexplained = recorded.sort_surplus(
            self.warehouse, self.table, self.target, found.surplus
        )
        removed = self.removed(unexplained)
        unexplained = [key for key in unexplained if key not in removed]
        counts = TargetCounts(
            quarantined=quarantined,
            not_selected=len(absent) - refused_absent - len(missing),
            loaded=recorded.written(self.warehouse, self.table, self.target),
            in_target=found.identical + len(found.modified) + len(gone) + len(unexplained),
            identical=found.identical,
            modified=len(found.modified),
            missing=len(missing),
            extra=len(gone) + len(unexplained),
        )
        unloaded = load_difference(
            mart_rows,
            counts,
            lambda: recorded.unwritten(self.warehouse, self.table, self.target, {*left, *refused}),
        )
        return Compared(
            counts,
            (
                *([unloaded] if unloaded else []),
                *self._ids_differ(),
                *self._rows_differ(changed, missing, gone, unexplained),
            ),
            tuple(explained),
        )

    def lost(self, references: Iterable[tuple[str, Sequence[Key]]]) -> Iterator[Difference]:
        """Yield the references of rows of ours that lead nowhere in the target."""
        for reference, keys in references:
            ours = self.ours.holds(keys)
            if ours:
                yield Difference(
                    layer="target",
                    kind="reference",
                    what=f"{self.table.name}: {reference} leads nowhere in the target (ids)",
                    count=len(ours),
                    keys=_texts(ours),
                )

    def _ids_differ(self) -> Iterator[Difference]:
        """Yield written rows whose id the map does not know, or knows otherwise than the record."""
        forgotten, other = recorded.wrong_ids(self.warehouse, self.table, self.target)
        if forgotten:
            yield Difference(
                layer="load",
                kind="missing",
                what=f"written rows of {self.table.name} have no id in the map (keys of Sonar)",
                count=len(forgotten),
                keys=tuple(forgotten[:MAX_KEYS]),
            )
        if other:
            yield Difference(
                layer="load",
                kind="modified",
                what=f"the map has another id than was written for rows of {self.table.name}"
                " (keys of Sonar)",
                count=len(other),
                keys=tuple(other[:MAX_KEYS]),
            )

    def _changed(self, modified: Sequence[Key], left: Collection[str]) -> list[Key]:
        """Return the rows that differ although a load was to have them as they should be."""
        if not left:
            return list(modified)
        names = self.ours.sonar_keys(modified)
        return [key for key, name in zip(modified, names, strict=True) if name not in left]

    def _rows_differ(
        self,
        changed: Sequence[Key],
        missing: dict[Key, str],
        gone: Sequence[Key],
        unexplained: Sequence[Key],
    ) -> Iterator[Difference]:
        name = self.table.name
        if missing:
            yield Difference(
                layer="target",
                kind="missing",
                what=f"rows of {name} are not in the target (keys of Sonar)",
                count=len(missing),
                keys=tuple(missing.values())[:MAX_KEYS],
            )
        theirs = recorded.edited_by_staff(self.warehouse, self.table, self.target, changed)
        known = set(theirs)
        others = [key for key in changed if key not in known]
        for keys, what in (
            (others, f"rows of {name} differ from the mart (ids of the target)"),
            (theirs, f"rows of {name} hold what staff changed after a load (ids of the target)"),
        ):
            if keys:
                shown = keys[:MAX_KEYS]
                yield Difference(
                    layer="target",
                    kind="modified",
                    what=what,
                    count=len(keys),
                    keys=_texts(shown),
                    details=tuple(
                        changed_columns("/".join(map(str, k)), *self.rows(k)) for k in shown
                    ),
                )
        if gone:
            yield Difference(
                layer="target",
                kind="extra",
                what=f"rows of {name} were written by a load and are in the mart no more (ids)",
                count=len(gone),
                keys=_texts(gone),
            )
        if unexplained:
            yield Difference(
                layer="target",
                kind="extra",
                what=f"rows of {name} appeared since the inspection, and no load wrote them (ids)",
                count=len(unexplained),
                keys=_texts(unexplained),
            )


def _texts(keys: Sequence[Key]) -> tuple[str, ...]:
    return tuple("/".join(str(part) for part in key) for key in keys[:MAX_KEYS])
