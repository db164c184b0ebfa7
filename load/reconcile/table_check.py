"""What the rows of one table say, sorted by what the load wrote down of them.

The sides are compared elsewhere (`load.reconcile.by_mysql`, `load.reconcile.by_rest`); here every
row that is not the same on both gets its place: refused, left out by choice, changed by staff,
written by a load and gone since, or a difference.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from load.reconcile import recorded
from load.reconcile.compare import Found, Key
from load.reconcile.findings import Name
from load.reconcile.results import (
    MAX_KEYS,
    Difference,
    Explained,
    TargetCounts,
    Totals,
    changed_columns,
    difference,
    load_difference,
)
from load.reconcile.sides import MartSide, Table
from load.reconcile.totals import Apart

Row = dict[str, str | None]


@dataclass(frozen=True, slots=True)
class Compared:
    """What one table came to; `unseen` says why its rows could not be compared.

    `apart` are rows that are no difference although they are not the same on both sides, or not on
    both; `differing` are those and the rows that differ.
    """

    counts: TargetCounts
    differences: tuple[Difference, ...] = ()
    explained: tuple[Explained, ...] = ()
    unseen: str | None = None
    totals: tuple[Totals, ...] = ()
    apart: Apart = field(default_factory=Apart)
    differing: Apart = field(default_factory=Apart)


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
    expected: str | None = None

    def sort(
        self,
        mart_rows: int,
        found: Found,
        explained: Sequence[Explained] = (),
        *,
        left_aside: int = 0,
    ) -> Compared:
        """Return what the rows came to.

        `left_aside` are rows of the mart that were not compared, because no load was to bring them
        yet; `expected` is then what the others are selected from.
        """
        refused = recorded.refused(self.warehouse, self.table, self.target)
        left = recorded.not_selected(self.warehouse, self.table, self.target)
        absent = dict(zip(found.missing, self.ours.sonar_keys(found.missing), strict=True))
        known = recorded.counts(self.warehouse, self.table, self.target)
        held = set[str]()
        if known.intended:
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
            not_selected=left_aside + len(absent) - refused_absent - len(missing),
            loaded=known.written,
            in_target=found.identical + len(found.modified) + len(gone) + len(unexplained),
            identical=found.identical,
            modified=len(found.modified),
            missing=len(missing),
            extra=len(gone) + len(unexplained),
        )
        unloaded = load_difference(
            mart_rows,
            counts,
            lambda: recorded.unwritten(
                self.warehouse, self.table, self.target, {*left, *refused}, self.expected
            ),
            lambda unloaded: self._why_unloaded(missing.values(), unloaded),
        )
        return Compared(
            counts,
            (
                *([unloaded] if unloaded else []),
                *(self._ids_differ() if known.wrong_ids else []),
                *(self._rows_nowhere(found.surplus) if known.orphans else []),
                *self._rows_differ(changed, missing, gone, unexplained),
            ),
            tuple(explained),
            apart=_apart(found, {*missing, *changed, *gone, *unexplained}),
            differing=_apart(found, set()),
        )

    def lost(self, references: Iterable[tuple[str, Sequence[Key]]]) -> Iterator[Difference]:
        """Yield the references of rows of ours that lead nowhere in the target."""
        for reference, keys in references:
            ours = self.ours.holds(keys)
            if ours:
                yield difference(
                    "leads_nowhere",
                    f"{self.table.name}: {reference} leads nowhere in the target (ids)",
                    len(ours),
                    keys=_texts(ours),
                )

    def _ids_differ(self) -> Iterator[Difference]:
        """Yield written rows whose id the map does not know, or knows otherwise than the record."""
        forgotten, other = recorded.wrong_ids(self.warehouse, self.table, self.target)
        if forgotten:
            yield difference(
                "id_not_in_map",
                f"written rows of {self.table.name} have no id in the map (keys of Sonar)",
                len(forgotten),
                keys=forgotten[:MAX_KEYS],
            )
        if other:
            yield difference(
                "id_otherwise_in_map",
                f"the map has another id than was written for rows of {self.table.name}"
                " (keys of Sonar)",
                len(other),
                keys=other[:MAX_KEYS],
            )

    def _rows_nowhere(self, surplus: Sequence[Key]) -> Iterator[Difference]:
        """Yield rows that are recorded as written and are neither in the mart nor in the target."""
        written = recorded.orphans(self.warehouse, self.table, self.target)
        for key in surplus:
            written.pop(tuple(map(str, key)), None)
        by_staff = recorded.edited_by_staff(self.warehouse, self.table, self.target, list(written))
        removed = [written.pop(tuple(map(str, key))) for key in by_staff]
        sorted_out: Sequence[tuple[Name, Sequence[str]]] = (
            ("written_and_nowhere", list(written.values())),
            ("gone_and_removed_by_staff", removed),
        )
        for entry, keys in sorted_out:
            if keys:
                yield difference(
                    entry,
                    f"rows of {self.table.name} are recorded as written and are neither in the mart"
                    " nor in the target (keys of Sonar)",
                    len(keys),
                    keys=keys[:MAX_KEYS],
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
        yield from self._rows_missing(missing)
        name = self.table.name
        theirs = recorded.edited_by_staff(self.warehouse, self.table, self.target, changed)
        known = set(theirs)
        others = [key for key in changed if key not in known]
        older = set(recorded.outside_choice(self.warehouse, self.table, self.target, others))
        others = [key for key in others if key not in older]
        modified: Sequence[tuple[Name, Sequence[Key], str]] = (
            ("row_modified", others, f"rows of {name} differ from the mart (ids of the target)"),
            (
                "row_outside_choice",
                sorted(older, key=str),
                f"rows of {name} differ from the mart, which was built again since they were"
                " written, and the last load was of others (ids of the target)",
            ),
            (
                "row_edited_by_staff",
                theirs,
                f"rows of {name} hold what staff changed after a load (ids of the target)",
            ),
        )
        for entry, keys, what in modified:
            if keys:
                shown = keys[:MAX_KEYS]
                yield difference(
                    entry,
                    what,
                    len(keys),
                    keys=_texts(shown),
                    details=[changed_columns("/".join(map(str, k)), *self.rows(k)) for k in shown],
                )
        if gone:
            yield difference(
                "row_gone_from_mart",
                f"rows of {name} were written by a load and are in the mart no more (ids)",
                len(gone),
                keys=_texts(gone),
            )
        if unexplained:
            yield difference(
                "row_of_nobody",
                f"rows of {name} appeared since the inspection, and no load wrote them (ids)",
                len(unexplained),
                keys=_texts(unexplained),
            )

    def _rows_missing(self, missing: dict[Key, str]) -> Iterator[Difference]:
        """Yield the rows that are not in the target, by what is recorded of them."""
        if not missing:
            return
        name = self.table.name
        removed = {
            missing[key]
            for key in recorded.edited_by_staff(
                self.warehouse, self.table, self.target, list(missing)
            )
        }
        known = recorded.written_among(self.warehouse, self.table, self.target, missing.values())
        rest = [key for key in missing.values() if key not in removed]
        sorted_out: Sequence[tuple[Name, Sequence[str], str]] = (
            (
                "row_missing",
                [key for key in rest if key in known],
                f"rows of {name} are not in the target (keys of Sonar)",
            ),
            (
                "row_not_loaded",
                [key for key in rest if key not in known],
                f"rows of {name} are not in the target, and no load wrote them (keys of Sonar)",
            ),
            (
                "row_removed_by_staff",
                sorted(removed),
                f"rows of {name} were removed by staff after a load (keys of Sonar)",
            ),
        )
        for entry, keys, what in sorted_out:
            if keys:
                yield difference(entry, what, len(keys), keys=keys[:MAX_KEYS])

    def _why_unloaded(self, missing: Collection[str], unloaded: int) -> Name:
        """Return why rows have no record of a write; each of them must have the one cause."""
        known = recorded.written_among(self.warehouse, self.table, self.target, missing)
        if unloaded == sum(key not in known for key in missing):
            return "load_not_done"
        if unloaded == recorded.intended(self.warehouse, self.table, self.target):
            return "load_interrupted"
        return "load_not_recorded"


def _apart(found: Found, kept: set[Key]) -> Apart:
    """Return the rows that are not identical on both sides, without those that are kept."""
    return Apart(
        tuple(key for key in (*found.missing, *found.modified) if key not in kept),
        tuple(key for key in (*found.surplus, *found.modified) if key not in kept),
    )


def _texts(keys: Sequence[Key]) -> tuple[str, ...]:
    return tuple("/".join(str(part) for part in key) for key in keys[:MAX_KEYS])
