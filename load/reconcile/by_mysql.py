"""A mart against its table in Splynx's database, whichever route its rows took.

Columns that are Splynx's own in some rows (`load.reconcile.waivers`) are compared in a second look,
in the rows in which they are ours.

After a load of chosen customers, rows that it left to a later one are counted and not compared. Of
the choice alone (`load.reconcile.of_choice`), nothing else is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from load.reconcile import recorded
from load.reconcile.compare import Found, Key, compare
from load.reconcile.normal_form import quoted_mysql, quoted_postgres
from load.reconcile.of_choice import SCHEMA, ChosenRows
from load.reconcile.results import Explained
from load.reconcile.sides import MartSide, Table, TargetSide
from load.reconcile.splynx import dangling, table_of
from load.reconcile.table_check import Compared, Row, TableCheck
from load.reconcile.totals import Figure, Sides, Values, totals_of
from load.reconcile.translation import Translation
from load.reconcile.waivers import Waivers, waivers
from runtime.manifest import Mart, Total

_POSITION = "pos"
_PLACE = "_place"


@dataclass(frozen=True, slots=True)
class ByMySql:
    """Both sides, each in one snapshot."""

    warehouse: Connection
    splynx: Connection
    target: str
    translation: Translation
    chosen: ChosenRows | None = None

    def compare(self, mart: Mart, mart_rows: int) -> Compared:
        """Return what a mart's rows came to."""
        table = table_of(self.splynx, mart)
        waived = waivers(self.warehouse, mart, self.target)
        pair, left_aside = self._pair(mart, table), 0
        if self.chosen is None and recorded.is_of_choice(self.warehouse, self.target):
            expected = recorded.chosen_or_known(pair.relation, table, self.target)
            pair = replace(pair, relation=expected)
            left_aside = mart_rows - pair.ours().rows()
        owner = _owner_of_items(mart)
        if waived.by_api and owner is not None:
            pair = pair.by_place(owner)
        found = pair.found(waived)
        with ThreadPoolExecutor(1, "target") as lane:
            beside = _Beside(lane, pair, waived)
            # ids of items are not known: what they lead to has been compared with their columns
            has_ids = pair.table.key == table.key
            leading = lane.submit(
                lambda: [*dangling(self.splynx, mart, pair.held)] if has_ids else []
            )
            seen = pair.names - waived.columns
            sides = beside.sides(mart, seen)
            check = TableCheck(
                self.warehouse,
                self.target,
                pair.table,
                pair.ours(),
                beside.rows,
                beside.removed,
                pair.relation if left_aside else None,
            )
            compared = check.sort(mart_rows, found, _explained(waived), left_aside=left_aside)
            lost = [*check.lost(leading.result())]
            totals, differing = totals_of(mart, seen, sides, compared.apart, compared.differing)
        return replace(
            compared, differences=(*compared.differences, *lost, *differing), totals=totals
        )

    def _pair(self, mart: Mart, table: Table) -> _Pair:
        """Return both sides: of all rows, or of the chosen ones."""
        if self.chosen is None:
            relation = self.translation.relation(mart)
            return _Pair(self.warehouse, self.splynx, relation, table)
        held = self.chosen.theirs(self.splynx, mart, table)
        table = replace(table, schema=SCHEMA, part=self.chosen.part(mart))
        relation = self.chosen.relation(mart)
        return _Pair(self.warehouse, self.splynx, relation, table, f"{held} as held", held)


@dataclass(frozen=True, slots=True)
class _Beside:
    """What the target is asked of a table while the warehouse answers: one thread, in turn."""

    lane: Executor
    pair: _Pair
    waived: Waivers

    def sides(self, mart: Mart, seen: frozenset[str]) -> Sides:
        """Return how totals are read; the target begins with those of all its rows at once."""
        sides = self.pair.sides(self.waived)
        begun = {
            total: self.lane.submit(sides.target, total, None)
            for total in mart.totals
            if total.columns <= seen
        }

        def theirs(total: Total, keys: Sequence[Key] | None) -> Mapping[Values, Figure]:
            asked = begun[total] if keys is None else self.lane.submit(sides.target, total, keys)
            return asked.result()

        return Sides(sides.mart, theirs)

    def rows(self, key: Key) -> tuple[Row, Row]:
        """Return both rows of a key."""
        return self.lane.submit(self.pair.rows, key, self.waived).result()

    def removed(self, keys: Sequence[Key]) -> set[Key]:
        """Return those of `keys` whose row has the mark of removed rows."""
        return self.lane.submit(self.pair.theirs().removed, keys).result()


@dataclass(frozen=True, slots=True)
class _Pair:
    """The two sides of one table, for any of its columns; `held`: not all rows of the target."""

    warehouse: Connection
    splynx: Connection
    relation: str
    table: Table
    theirs_from: str | None = None
    held: str | None = None

    def by_place(self, owner: str) -> _Pair:
        """Return the same by owner and place: Splynx alone knows the ids of items."""
        place = f"row_number() over (partition by {{owner}} order by pos, {{last}}) as {_PLACE}"
        ours = place.format(owner=quoted_postgres(owner), last="_sonar_key")
        theirs = place.format(owner=quoted_mysql(owner), last="id")
        table = replace(
            self.table,
            key=(owner, _PLACE),
            columns=tuple(c for c in self.table.columns if c.name not in self.table.key),
        )
        return _Pair(
            self.warehouse,
            self.splynx,
            f"(select mart.*, {ours} from (select * from {self.relation}) as mart) as mart",
            table,
            f"(select held.*, {theirs} from {self.held or quoted_mysql(self.table.name)} as held)"
            " as held",
            self.held,
        )

    def ours(self, columns: Iterable[str] | None = None, *, any_none: bool = False) -> MartSide:
        """Return the mart's side, of these columns."""
        return MartSide(self.warehouse, self._of(columns, any_none=any_none), self.relation)

    def theirs(self, columns: Iterable[str] | None = None, *, any_none: bool = False) -> TargetSide:
        """Return the target's side, of these columns."""
        return TargetSide(self.splynx, self._of(columns, any_none=any_none), self.theirs_from)

    @property
    def names(self) -> frozenset[str]:
        """The columns of the table."""
        return frozenset(column.name for column in self.table.columns)

    def sides(self, waived: Waivers) -> Sides:
        """Return how totals are read; nothing is spelt in one way where the API created rows."""
        some = bool(waived.by_api)
        return Sides(self.ours(any_none=some).figures, self.theirs(any_none=some).figures)

    def found(self, waived: Waivers) -> Found:
        """Compare what every row has to hold, then the rest, row by row of its kind.

        Nothing is spelt in one way where the API created rows; the others are looked at again.
        """
        if not waived.all and not waived.by_api:
            return compare(self.ours(), self.theirs())
        some = bool(waived.by_api)
        names = self.names
        common = names - waived.columns
        found = compare(self.ours(common, any_none=some), self.theirs(common, any_none=some))
        groups: dict[tuple[frozenset[str], bool], list[Key]] = {}
        for key, sonar_key in self.ours().names():
            is_exact = some and sonar_key not in waived.by_api
            wanted = (names if is_exact else waived.columns) - waived.of(sonar_key)
            groups.setdefault((frozenset(wanted), not is_exact and some), []).append(key)
        known = set(found.modified)
        more: list[Key] = []
        for (columns, any_none), keys in groups.items():
            if columns:
                ours = self.ours(columns, any_none=any_none).digests_of(keys)
                theirs = self.theirs(columns, any_none=any_none).digests_of(keys)
                both = ours.keys() & theirs.keys() - known
                more += [k for k in keys if k in both and ours[k] != theirs[k]]
        return replace(
            found, identical=found.identical - len(more), modified=(*found.modified, *more)
        )

    def rows(self, key: Key, waived: Waivers) -> tuple[Row, Row]:
        """Return both rows of a key, without the columns that are Splynx's own."""
        if not waived.all and not waived.by_api:  # to ask for the record is to go through the mart
            return self.ours().row(key), self.theirs().row(key)
        (sonar_key,) = self.ours().sonar_keys([key])
        left_out, any_none = waived.of(sonar_key), sonar_key in waived.by_api
        mine = self.ours(any_none=any_none).row(key)
        ours = {name: value for name, value in mine.items() if name not in left_out}
        return ours, self.theirs(any_none=any_none).row(key)

    def _of(self, names: Iterable[str] | None, *, any_none: bool) -> Table:
        chosen = None if names is None else set(names)
        return replace(
            self.table,
            columns=tuple(
                replace(column, any_none=any_none)
                for column in self.table.columns
                if chosen is None or column.name in chosen
            ),
        )


def _explained(waived: Waivers) -> list[Explained]:
    return [
        Explained(waiver.cause, len(waiver.rows), tuple(sorted(waiver.columns)))
        for waiver in waived.all
    ]


def _owner_of_items(mart: Mart) -> str | None:
    """Return the column that leads to the document, of items that travel inside it; else None."""
    if "in" not in mart.rest or mart.key != ("id",):
        return None
    if _POSITION not in {column.name for column in mart.columns}:
        return None
    return next(r.column for r in mart.references if r.to_mart == mart.rest["in"])
