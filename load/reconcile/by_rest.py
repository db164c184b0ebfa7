"""A mart against what Splynx shows over its API, for who cannot read its database.

Tables are listed by id, rows that travel inside others are taken out of them, and rows that Splynx
makes beside a customer are read by that customer. What differs is read once more by itself, because
a list may tell less. What no list shows is not compared, and said so.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Coroutine, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from sqlalchemy import Connection, text

from load.reconcile import recorded
from load.reconcile.api_form import Place, filled, normal, place_of, table_of
from load.reconcile.compare import Found, Key
from load.reconcile.normal_form import postgres_value, quoted_postgres
from load.reconcile.results import NOT_IN_THE_API, Explained, TargetCounts, load_difference
from load.reconcile.sides import MartSide, Table
from load.reconcile.table_check import Compared, Row, TableCheck
from load.reconcile.totals import MONTH, Apart, Figure, Sides, Values, added_up, totals_of
from load.reconcile.translation import Translation
from load.reconcile.waivers import led_nowhere, sent_over_the_api
from load.rest.client import Record, Splynx
from load.rest.failures import MethodNotAllowed, ModuleOff, NotFound
from runtime.manifest import Manifest, Mart, Total
from runtime.settings import SplynxApi

_PAGE = 1000  # rows of one answer
_TOGETHER = 200  # single records asked for side by side
Content = Mapping[str, Any]


@dataclass(slots=True)
class _Look:
    """One table: what the mart wants, what Splynx holds, and how to read one row again."""

    place: Place
    table: Table
    wanted: dict[Key, Row]
    held: dict[Key, Content]
    again: Callable[[Key], str] | None
    said: Mapping[str, Any]

    def differing(self, key: Key, held: Content) -> list[str]:
        """Return the columns in which a row is not as the mart's."""
        row = self.wanted[key]
        return [
            column.name
            for column in self.table.columns
            if (attribute := (self.place.attributes or {}).get(column.name)) is not None
            and normal(self._sent(column.name, row[column.name]), column.form)
            != normal(held.get(attribute), column.form)
        ]

    def shown(self, key: Key) -> tuple[Row, Row]:
        """Return both rows, of the columns that differ."""
        held = self.held.get(key, {})
        names = self.differing(key, held)
        theirs = {n: held.get((self.place.attributes or {})[n]) for n in names}
        return (
            {name: self.wanted[key][name] for name in names},
            {name: None if value is None else str(value) for name, value in theirs.items()},
        )

    @property
    def seen(self) -> frozenset[str]:
        """The columns that the API shows."""
        return frozenset(self.place.attributes or {}) & {c.name for c in self.table.columns}

    def without_hidden(self, apart: Apart) -> Apart:
        """Return the same with the rows that no list shows."""
        hidden = [k for k, row in self.wanted.items() if k not in self.held and self.is_hidden(row)]
        return replace(apart, ours=tuple(dict.fromkeys((*apart.ours, *hidden))))

    def wanted_figures(self, total: Total, keys: Sequence[Key] | None) -> dict[Values, Figure]:
        """Return the figures of the mart's rows, of all or of those under `keys`."""
        return self._figures(total, self.wanted if keys is None else keys, self._ours)

    def held_figures(self, total: Total, keys: Sequence[Key] | None) -> dict[Values, Figure]:
        """Return the figures of the rows that Splynx shows, of all or of those under `keys`."""
        return self._figures(total, self.held if keys is None else keys, self._theirs)

    def _ours(self, key: Key, column: str) -> object:
        return self._sent(column, self.wanted[key][column])

    def _theirs(self, key: Key, column: str) -> object:
        return self.held[key].get((self.place.attributes or {})[column])

    def _figures(
        self, total: Total, keys: Iterable[Key], value: Callable[[Key, str], object]
    ) -> dict[Values, Figure]:
        forms = {column.name: column.form for column in self.table.columns}

        def text_of(key: Key, column: str) -> str:
            return normal(value(key, column), forms[column])

        def rows() -> Iterator[tuple[Values, str | None]]:
            for key in keys:
                group = [text_of(key, column) for column in total.by]
                if total.month is not None:
                    group.append(text_of(key, total.month)[:MONTH])
                amount = None if total.amount is None else text_of(key, total.amount)
                yield tuple(group), amount

        return added_up(rows())

    def _sent(self, column: str, value: str | None) -> str | None:
        instead: Mapping[str, Mapping[str, str]] = self.said.get("instead", {})
        return instead.get(column, {}).get(value or "", value)

    def is_hidden(self, row: Row) -> bool:
        """Tell whether a row is marked as removed: no list shows it then."""
        marks: Mapping[str, object] = self.said.get("gone_when", {})
        return any(row[column] == str(value) for column, value in marks.items())


@dataclass(slots=True)
class ByRest:
    """The warehouse in one snapshot, and an open conversation with Splynx."""

    warehouse: Connection
    target: str
    manifest: Manifest
    translation: Translation
    splynx: Splynx
    wait: asyncio.Runner
    _records: dict[str, dict[str, Record]] = field(default_factory=dict)

    @classmethod
    @contextmanager
    def at(
        cls,
        api: SplynxApi,
        warehouse: Connection,
        target: str,
        manifest: Manifest,
        translation: Translation,
    ) -> Iterator[ByRest]:
        """Open the conversation; it ends with the block."""
        with asyncio.Runner() as runner:
            splynx = runner.run(_opened(api))
            try:
                yield cls(warehouse, target, manifest, translation, splynx, runner)
            finally:
                runner.run(splynx.__aexit__(None, None, None))

    def compare(self, mart: Mart, mart_rows: int) -> Compared:
        """Return what a mart's rows came to."""
        place = place_of(mart, self.manifest)
        table = replace(table_of(mart), is_ranged=mart.key == ("id",) and place.way != "inside")
        ours = MartSide(self.warehouse, table, self.translation.relation(mart))
        look = _Look(place, table, {}, {}, None, mart.rest)
        why = place.why
        without: Mapping[str, Collection[str]] = {}
        if not why:
            without = self._without(mart)
            look.wanted = self._wanted(mart, table, without)
            try:
                self._read(mart, look)
            except (ModuleOff, MethodNotAllowed) as exc:
                why = str(exc)
        if why:
            return self._unseen(mart, table, mart_rows, why)
        check = TableCheck(self.warehouse, self.target, table, ours, look.shown)
        explained = _explained(place, mart_rows, without)
        compared = check.sort(mart_rows, self._found(look), explained)
        totals, differing = totals_of(
            mart,
            look.seen,
            Sides(look.wanted_figures, look.held_figures),
            look.without_hidden(compared.apart),
            look.without_hidden(compared.differing),
        )
        return replace(compared, differences=(*compared.differences, *differing), totals=totals)

    def _unseen(self, mart: Mart, table: Table, mart_rows: int, why: str) -> Compared:
        refused = recorded.refused(self.warehouse, table, self.target)
        counts = TargetCounts(
            loaded=recorded.counts(self.warehouse, table, self.target).written,
            quarantined=sum(key in refused for key in self._sonar_keys(mart)),
        )
        unloaded = load_difference(mart_rows, counts)
        explained = Explained(NOT_IN_THE_API, mart_rows, ())
        return Compared(
            counts,
            () if unloaded is None else (unloaded,),
            (explained,) if mart_rows else (),
            unseen=why if mart_rows else None,
        )

    def _sonar_keys(self, mart: Mart) -> list[str]:
        relation = self.translation.relation(mart)
        found = self.warehouse.execute(text(f"select _sonar_key from {relation}"))
        return [str(row[0]) for row in found]

    def _without(self, mart: Mart) -> Mapping[str, Collection[str]]:
        """Return the columns in which records hold nothing, as what they lead to is not there."""
        led = led_nowhere(self.warehouse, mart, self.target)
        sent = sent_over_the_api(self.warehouse, mart, self.target) if led else frozenset()
        return {column: rows & sent for column, rows in led.items() if rows & sent}

    def _wanted(
        self, mart: Mart, table: Table, without: Mapping[str, Collection[str]]
    ) -> dict[Key, Row]:
        """Return the mart's rows in normal form, by the key that Splynx has them under.

        `without` are the records that hold nothing in a column.
        """
        texts = [postgres_value(column) for column in table.columns]
        order = "pos, " if any(column.name == "pos" for column in mart.columns) else ""
        keys = [quoted_postgres(name) for name in table.key]
        found = self.warehouse.execute(
            text(
                f"select _sonar_key, {', '.join([*keys, *texts])} from (select * from"
                f" {self.translation.relation(mart)} order by {order}_sonar_key) as mart"
            )
        )
        names = [column.name for column in table.columns]
        many = len(keys)
        wanted: dict[Key, Row] = {}
        for record, *parts in found:
            row: dict[str, Any] = dict(zip(names, parts[many:], strict=True))
            row.update((name, None) for name, records in without.items() if record in records)
            wanted[_key(parts[:many])] = row
        return wanted

    def _read(self, mart: Mart, look: _Look) -> None:
        place = look.place
        if place.way == "inside":
            whole = self._whole(place, look)
            _INSIDE[place.holds](look, whole)
        elif place.way == "single":
            paths = {key: filled(place.item, row) for key, row in look.wanted.items()}
            look.held = self._singly(paths)
        else:
            self._list(mart, look)

    def _list(self, mart: Mart, look: _Look) -> None:
        place = look.place
        paths = {
            filled(place.path, {n: row[n] for n in place.listed_by}) for row in look.wanted.values()
        } or ({place.path} if not place.listed_by else set())
        has_id = mart.key == ("id",)
        by_key: dict[Key, Content] = {}
        for path in sorted(filled(path, {}) for path in paths):
            records = self.wait.run(self._walk(path) if has_id else self._whole_list(path))
            for record in records:
                by_key[_key_of(record, mart, place, path)] = record
        look.held = by_key
        if place.item and "?" not in place.item:
            look.again = lambda key: filled(
                place.item, {**look.wanted[key], **({"id": str(key[0])} if has_id else {})}
            )
        if has_id and not place.listed_by and self._is_whole(mart):
            self._records[mart.name] = {str(key[0]): dict(r) for key, r in by_key.items()}

    def _is_whole(self, mart: Mart) -> bool:
        return any(other.rest.get("in") == mart.name for other in self.manifest.marts)

    def _whole(self, place: Place, look: _Look) -> dict[str, Record]:
        """Return the records that hold rows of a part, by id."""
        if place.whole not in self._records:
            whole = self.manifest.mart(place.whole)
            self.compare(whole, 0)
        held = self._records.get(place.whole, {})
        if any(place.within not in record for record in held.values()):
            owners = {str(row[place.owner]) for row in look.wanted.values()}
            asked: dict[Key, str] = {
                (owner,): filled(place.item, {"id": owner, **held[owner]})
                for owner in owners & held.keys()
            }
            for key, record in self._singly(asked).items():
                held[str(key[0])] = dict(record)
        return held

    async def _walk(self, path: str) -> list[Record]:
        """Return all rows of a list, by id; it ends when nothing new comes."""
        found: dict[int, Record] = {}
        while True:
            rows = await self.splynx.search(
                path,
                main_attributes={"id": (">", max(found, default=0))},
                order={"id": "ASC"},
                limit=_PAGE,
            )
            before = len(found)
            found.update({int(row["id"]): row for row in rows})
            if len(found) == before:
                return list(found.values())

    async def _whole_list(self, path: str) -> list[Record]:
        try:
            return await self.splynx.search(path)
        except NotFound:
            return []

    def _singly(self, paths: Mapping[Key, str]) -> dict[Key, Content]:
        """Return the records at these paths, without those that are not there."""
        found: dict[Key, Content] = {}
        waiting = iter(paths.items())
        while page := list(islice(waiting, _TOGETHER)):
            answers = self.wait.run(_all([self._one(path) for _, path in page]))
            for (key, _), answer in zip(page, answers, strict=True):
                if answer is not None:
                    found[key] = answer
        return found

    async def _one(self, path: str) -> Record | None:
        try:
            return await self.splynx.get(path)
        except NotFound:
            return None

    def _found(self, look: _Look) -> Found:
        both = look.wanted.keys() & look.held.keys()
        suspects = [key for key in look.wanted if key in both]
        suspects = [key for key in suspects if look.differing(key, look.held[key])]
        if look.again is not None:
            alone = self._singly({key: look.again(key) for key in suspects})
            look.held.update(alone)
            suspects = [key for key in suspects if look.differing(key, look.held[key])]
        hidden = {key for key, row in look.wanted.items() if look.is_hidden(row)} - both
        return Found(
            identical=len(both) - len(suspects) + len(hidden),
            modified=tuple(suspects),
            missing=tuple(k for k in look.wanted if k not in look.held and k not in hidden),
            surplus=tuple(key for key in look.held if key not in look.wanted),
        )


async def _opened(api: SplynxApi) -> Splynx:
    return await Splynx(api).__aenter__()


async def _all(asked: Sequence[Coroutine[Any, Any, Record | None]]) -> list[Record | None]:
    return await asyncio.gather(*asked)


def _explained(
    place: Place, mart_rows: int, without: Mapping[str, Collection[str]]
) -> list[Explained]:
    found = [Explained(NOT_IN_THE_API, len(rows), (name,)) for name, rows in without.items()]
    if not place.unshown or not mart_rows:
        return found
    return [Explained(NOT_IN_THE_API, mart_rows, place.unshown), *found]


def _key(parts: Sequence[Any]) -> Key:
    """Return a key that equals its like from the other side."""
    texts = [str(part) for part in parts]
    return tuple(int(part) if part.isdecimal() else part for part in texts)


def _key_of(record: Content, mart: Mart, place: Place, path: str) -> Key:
    """Return the key of a listed record; what stands in the path is not told again by each."""
    named = place.attributes or {}
    last = path.rsplit("/", 1)[-1]
    parts = [
        record.get(named.get(name, name), last if name in place.listed_by else None)
        for name in mart.key
    ]
    return _key(parts)


def _values(look: _Look, whole: Mapping[str, Record]) -> None:
    """Additional fields: one row for each that holds something."""
    names = {str(row["name"]) for row in look.wanted.values()}
    for owner, record in whole.items():
        values = record.get(look.place.within)
        for name, value in values.items() if isinstance(values, Mapping) else ():
            if name in names and value not in (None, ""):
                look.held[_ordered(look, owner, name)] = {
                    look.place.owner: owner, "name": name, "value": value
                }  # fmt: skip


def _links(look: _Look, whole: Mapping[str, Record]) -> None:
    """Links: one row for each entry of a list of ids."""
    (other,) = set(look.table.key) - {look.place.owner}
    for owner, record in whole.items():
        for entry in _entries(record.get(look.place.within)):
            value = entry.get("id") if isinstance(entry, Mapping) else entry
            look.held[_ordered(look, owner, value)] = {look.place.owner: owner, other: value}


def _objects(look: _Look, whole: Mapping[str, Record]) -> None:
    """Items of a document: the n-th of the mart is the n-th of the record."""
    taken: dict[str, int] = {}
    for key, row in look.wanted.items():
        owner = str(row[look.place.owner])
        entries = _entries(whole.get(owner, {}).get(look.place.within))
        place = taken.get(owner, 0)
        taken[owner] = place + 1
        if place < len(entries) and isinstance(entries[place], Mapping):
            look.held[key] = {**entries[place], look.place.owner: owner}
    for owner, used in taken.items():
        if used < len(_entries(whole.get(owner, {}).get(look.place.within))):
            last = [key for key, row in look.wanted.items() if str(row[look.place.owner]) == owner]
            look.held[last[-1]] = {}  # more follow that nobody knows


_INSIDE: Mapping[str, Callable[[_Look, Mapping[str, Record]], None]] = {
    "values": _values,
    "links": _links,
    "objects": _objects,
}


def _ordered(look: _Look, owner: object, other: object) -> Key:
    parts = {look.place.owner: owner}
    return _key([parts.get(name, other) for name in look.table.key])


def _entries(found: object) -> Sequence[Any]:
    """Return a list; PHP writes one with gaps as an object, and some lists as one text."""
    if isinstance(found, Mapping):
        return list(found.values())
    if isinstance(found, str):
        return [entry for entry in found.split(",") if entry]
    return found if isinstance(found, Sequence) else ()
