"""Rows of a run taken out of MySQL or MariaDB again: one transaction per call, children first.

A row is touched only while it still is as the run left it: it is locked, its hash compared, and
what does not fit ends the call with nothing done. Putting back is an UPDATE by key, never an
upsert: that would also write to another row that holds one of the unique values meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from load.mysql.quarantine import REFUSAL_CODES
from load.mysql.session import LOCKED, error_code, pin_clock
from load.mysql.violations import ForeignKey
from load.planning.row_hash import fact_text, key_value, my_name, placeholder, target_text
from load.target.facts import TableFacts
from load.writing.intents import found_hashes
from load.writing.pre_images import Images
from runtime.manifest import Mart

_STATEMENT_ROWS = 1000
_TRIES = 3
_HARMLESS = frozenset({"RESTRICT", "NO ACTION"})  # the server itself refuses; others would act

EDITED = "edited since"
DELETED = "deleted since"


@dataclass(frozen=True, slots=True)
class Written:
    """A row that a run wrote; without `image` it was inserted. `order`: its depth in its table."""

    number: int
    mart: Mart
    key: Mapping[str, str]
    written_hash: str
    image: Mapping[str, str | None] | None
    image_hash: str | None
    order: int

    @property
    def key_text(self) -> str:
        """The key as the hash queries print it."""
        return "\x1f".join(self.key[name] for name in self.mart.key)


class Stays(Exception):  # noqa: N818 - a verdict about one row, caught by the rollback
    """A row must stay as it is; nothing of the call was done."""

    def __init__(self, row: Written, reason: str) -> None:
        super().__init__(reason)
        self.row = row
        self.reason = reason


class RefusedAll(Exception):  # noqa: N818
    """The server refuses a statement for a reason that lies in its rows; nothing was done."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Undo:
    """Takes back rows of one Splynx database.

    With `images`, what is deleted is kept there before, with all columns of its table.
    """

    def __init__(
        self,
        engine: Engine,
        tables: Mapping[str, TableFacts],
        keys: Sequence[ForeignKey],
        images: Images | None = None,
    ) -> None:
        self._tables = tables
        self._images = images
        self._acting = [key for key in keys if key.on_delete not in _HARMLESS]
        self._connection: Connection = engine.connect()
        pin_clock(self._connection)
        self._connection.rollback()

    def close(self) -> None:
        """Close the session; an open transaction is rolled back by the server."""
        self._connection.close()

    def undo(self, rows: Sequence[Written]) -> None:
        """Take back `rows`, which come children first, all or none.

        Raises:
            Stays: a row is not as the run left it.
            RefusedAll: the server refuses what some row needs.
            DBAPIError: any other error.
        """
        for attempt in range(_TRIES):
            try:
                with self._connection.begin():
                    self._undo(rows)
            except DBAPIError as exc:
                code = error_code(exc)
                if code in REFUSAL_CODES:
                    raise RefusedAll(code) from None
                if code not in LOCKED or attempt == _TRIES - 1:
                    raise
            else:
                return

    def _undo(self, rows: Sequence[Written]) -> None:
        for _, group in groupby(rows, key=lambda row: row.mart.name):
            of_mart = list(group)
            shown = self._shown(of_mart)
            inserted = [r for r in of_mart if r.image is None and r.key_text in shown]
            if self._images is not None:
                self._images.keep(of_mart[0].mart, self._whole(inserted))
            for _, level in groupby(inserted, key=lambda row: row.order):
                self._delete(list(level))
            changed = [r for r in of_mart if r.image is not None]
            self._put_back([r for r in changed if shown.get(r.key_text) != r.image_hash])

    def _shown(self, rows: Sequence[Written]) -> dict[str, str]:
        """Lock rows and return their hashes; each must be as the run left it, or undone already."""
        mart = rows[0].mart
        shown = found_hashes(self._connection, mart, self._keys(rows), lock=True)
        for row in rows:
            found = shown.get(row.key_text)
            if row.image is None:
                if found not in (None, row.written_hash):
                    raise Stays(row, EDITED)
            elif found is None:
                raise Stays(row, DELETED)
            elif found not in (row.written_hash, row.image_hash):
                raise Stays(row, EDITED)
        return shown

    def restore(self, rows: Sequence[Written]) -> None:
        """Put deleted rows back as they were, in one transaction; those that are there stay.

        Raises:
            Stays: a row cannot be put back exactly, or another has its key.
            RefusedAll: the server refuses what some row needs.
            DBAPIError: any other error.
        """
        try:
            with self._connection.begin():
                for row in rows:
                    self._restore(row)
        except DBAPIError as exc:
            if error_code(exc) not in REFUSAL_CODES:
                raise
            raise RefusedAll(error_code(exc)) from None

    def _restore(self, row: Written) -> None:
        keys = self._keys([row])
        if found_hashes(self._connection, row.mart, keys, lock=True):
            return
        facts = self._tables[row.mart.name].columns
        image = {name: value for name, value in (row.image or {}).items() if name in facts}
        values = ", ".join(placeholder(facts[name]) for name in image)
        self._connection.exec_driver_sql(
            f"insert into {my_name(row.mart.name)} ({', '.join(map(my_name, image))})"
            f" values ({values})",
            tuple(image.values()),
        )
        if found_hashes(self._connection, row.mart, keys).get(row.key_text) != row.written_hash:
            raise Stays(row, "what it held before cannot be put back exactly")

    def _whole(
        self, rows: Sequence[Written]
    ) -> Iterator[tuple[Mapping[str, str], Mapping[str, str | None]]]:
        """Yield the images of rows that are locked, over all columns of their table."""
        if not rows:
            return
        mart = rows[0].mart
        facts = self._tables[mart.name].columns
        texts = ", ".join(fact_text(fact) for fact in facts.values())
        key = ", ".join(target_text(name) for name in mart.key)
        names = ", ".join(my_name(name) for name in mart.key)
        one = "(" + ", ".join(["%s"] * len(mart.key)) + ")"
        for part in _parts(rows):
            keys = self._keys(part)
            found = self._connection.exec_driver_sql(
                f"select {key}, {texts} from {my_name(mart.name)} where ({names}) in"
                f" ({', '.join([one] * len(keys))}) for update",
                tuple(value for of_row in keys for value in of_row),
            )
            width = len(mart.key)
            for row in found:
                shown = [None if value is None else str(value) for value in row]
                yield (
                    dict(zip(mart.key, map(str, row[:width]), strict=True)),
                    dict(zip(facts, shown[width:], strict=True)),
                )

    def _keys(self, rows: Sequence[Written]) -> list[tuple[int | str, ...]]:
        facts = self._tables[rows[0].mart.name].columns
        names = rows[0].mart.key
        return [tuple(key_value(row.key[name], facts[name]) for name in names) for row in rows]

    def _delete(self, rows: Sequence[Written]) -> None:
        mart = rows[0].mart
        names = ", ".join(my_name(name) for name in mart.key)
        one = "(" + ", ".join(["%s"] * len(mart.key)) + ")"
        for part in _parts(rows):
            keys = self._keys(part)
            self._guard(mart, part, keys)
            self._connection.exec_driver_sql(
                f"delete from {my_name(mart.name)} where ({names}) in"
                f" ({', '.join([one] * len(keys))})",
                tuple(value for key in keys for value in key),
            )

    def _guard(
        self, mart: Mart, rows: Sequence[Written], keys: Sequence[tuple[int | str, ...]]
    ) -> None:
        """Refuse rows whose deletion the server would carry on to others (cascade, set null)."""
        for foreign in self._acting:
            if foreign.to_table != mart.name or foreign.to_columns != mart.key:
                continue
            names = ", ".join(my_name(name) for name in foreign.columns)
            one = "(" + ", ".join(["%s"] * len(mart.key)) + ")"
            found = self._connection.exec_driver_sql(
                f"select {names} from {my_name(foreign.table)} where ({names}) in"
                f" ({', '.join([one] * len(keys))}) limit 1 for update",
                tuple(value for key in keys for value in key),
            ).first()
            if found is not None:
                led = "\x1f".join(str(value) for value in found)
                guilty = next((row for row in rows if row.key_text == led), rows[0])
                raise Stays(guilty, f"a row of {foreign.table} leads to it")

    def _put_back(self, rows: Sequence[Written]) -> None:
        if not rows:
            return
        mart = rows[0].mart
        facts = self._tables[mart.name].columns
        where = " and ".join(f"{my_name(name)} = %s" for name in mart.key)
        for row, key in zip(rows, self._keys(rows), strict=True):
            image = {n: v for n, v in (row.image or {}).items() if n in facts and n not in row.key}
            if not image:
                continue  # nothing but a key: it has nothing to go back to
            changes = ", ".join(f"{my_name(name)} = {placeholder(facts[name])}" for name in image)
            self._connection.exec_driver_sql(
                f"update {my_name(mart.name)} set {changes} where {where}",
                (*image.values(), *key),
            )
        shown = found_hashes(self._connection, mart, self._keys(rows))
        for row in rows:
            if row.image_hash is not None and shown.get(row.key_text) != row.image_hash:
                raise Stays(row, "what it held before cannot be put back exactly")


def _parts(rows: Sequence[Written]) -> Iterator[Sequence[Written]]:
    for start in range(0, len(rows), _STATEMENT_ROWS):
        yield rows[start : start + _STATEMENT_ROWS]
