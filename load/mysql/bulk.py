"""Parcels into MySQL or MariaDB: one transaction each, without Python per row.

New rows go straight into their table. Rows to update go into a temporary table with the hash that
the plan saw; under a lock only those that still have it are changed, the others are staff's and are
kept. A LOCAL load is lenient even in strict mode (it cuts, clamps and skips with a warning) and
takes a short file for a whole one: a warning, or another count than expected, refuses the parcel.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from pymysql.cursors import Cursor, SSCursor
from pymysql.err import MySQLError
from sqlalchemy import Engine

from load.mysql.offering import NAME, Offering
from load.mysql.quarantine import REFUSAL_CODES, Refused
from load.mysql.session import LOCKED, error_code, pin_clock
from load.mysql.ways import NO_LOCAL, Ways, staging_table
from load.planning.row_hash import my_name, quick_hash_of_target, quick_text, target_texts
from load.target.facts import ColumnFact, TableFacts
from load.writing.parcels import Parcel, Rows, columns_of, fields_of
from load.writing.pre_images import Images, NotPlain
from runtime.manifest import Mart

_TRIES = 3
_BETWEEN_IMAGES = "'\x1e'"
_FORMAT = (
    "character set utf8mb4 fields terminated by ',' optionally enclosed by '\"' escaped by ''"
    " lines terminated by '\\n'"
)
_IMAGES = 200  # documents a result row: fewer rows to fetch; a chunk that is cut short is noticed
_PAGE = 2000  # plain images a statement
_LONGEST_CHARACTER = 4  # bytes: what is cut short may end so much earlier

logger = logging.getLogger(__name__)


class BulkWriter:
    """Writes parcels into one Splynx database."""

    def __init__(
        self, engine: Engine, tables: Mapping[str, TableFacts], ways: Ways, images: Images
    ) -> None:
        self._tables = tables
        self._ways = ways
        self._images = images
        self._staged: dict[str, str] = {}
        self._session = engine.connect()
        pin_clock(self._session)
        self._session.rollback()
        driver: Any = self._session.connection.dbapi_connection
        self._connection: Offering = driver

    def close(self) -> None:
        """Close the session; the server rolls back what is open and drops temporary tables."""
        self._session.detach()
        self._session.close()

    def write(self, parcel: Parcel, batch: int) -> list[int]:
        """Write a parcel in one transaction; return `n` of rows left as staff changed them.

        Its images are kept under `batch`. A deadlock or lock time-out is tried again from the start
        of the transaction.

        Raises:
            Refused: the server refuses rows, or stored them with a warning; nothing is in the
                target, and the same clusters are to be written by single rows, which finds them.
            MySQLError: any other error; whether the call committed is for the intents to settle.
        """
        for attempt in range(_TRIES):
            try:
                return self._write_once(parcel, batch)
            except MySQLError as exc:
                code = error_code(exc)
                if code in LOCKED and attempt < _TRIES - 1:
                    self._connection.rollback()
                    self._images.drop(batch)
                    continue
                if code in REFUSAL_CODES | NO_LOCAL:
                    self._connection.rollback()
                    raise Refused(code, "") from None
                raise
        raise AssertionError

    def _write_once(self, parcel: Parcel, batch: int) -> list[int]:
        kept: list[int] = []
        for _, old in parcel.tables:
            if old.count:
                self._prepare_staging(old.mart)
        with self._connection.cursor() as cursor:
            for new, old in parcel.tables:
                if new.count:
                    self._fill(cursor, my_name(new.mart.name).replace("%%", "%"), new, "")
                if old.count:
                    kept += self._update(cursor, old, batch)
            self._connection.commit()
        return kept

    def _fill(self, cursor: Cursor, table: str, rows: Rows, leading: str) -> None:
        columns = leading + ", ".join(columns_of(rows.mart))
        if rows.csv is not None:
            self._connection.offer(rows.csv)
            fields, changes = fields_of(rows.mart)
            cursor.execute(
                f"load data local infile '{NAME}' into table {table} {_FORMAT}"
                f" ({leading}{', '.join(fields)}){changes}"
            )
            stored = cursor.rowcount
            if cursor.warning_count:
                cursor.execute("show warnings")
                codes = sorted({int(warning[1]) for warning in cursor.fetchall()})
                logger.warning("event=bulk_refused table=%s warnings=%s", rows.mart.name, codes)
                self._refuse(codes[0] if codes else 0)
        else:
            stored = sum(
                int(cursor.execute(f"insert into {table} ({columns}) values {values}"))
                for values in rows.lists
            )
        if stored != rows.count:
            logger.warning(
                "event=bulk_refused table=%s stored=%d expected=%d",
                rows.mart.name, stored, rows.count,
            )  # fmt: skip
            self._refuse(0)

    def _refuse(self, code: int) -> None:
        self._connection.rollback()
        raise Refused(code, "")

    def _prepare_staging(self, mart: Mart) -> None:
        """Make the mart's temporary table, or empty it; both outside of a transaction."""
        with self._connection.cursor() as cursor:
            if mart.name in self._staged:
                cursor.execute(f"truncate table {self._staged[mart.name]}")
                return
            name = f"sonar_load_{len(self._staged)}"
            columns = ", " + ", ".join(columns_of(mart))
            cursor.execute(staging_table(columns, my_name(mart.name).replace("%%", "%"), name))
            self._staged[mart.name] = name

    def _update(self, cursor: Cursor, rows: Rows, batch: int) -> list[int]:
        mart, stage = rows.mart, self._staged[rows.mart.name]
        self._fill(cursor, stage, rows, "_seq, _old, ")
        both, facts = _both(mart, stage), self._tables[mart.name].columns
        same = (
            f"convert({quick_hash_of_target(mart, facts, 'live')} using utf8mb4)"
            " collate utf8mb4_bin = stage._old"
        )
        kept: list[int] = []
        if self._take_images(mart, both, same, batch) != rows.count:
            # a locking read: what is there now, not what an older snapshot shows
            unchanged_rows = f"select stage._seq from {both} where {same} for update"
            cursor.execute(unchanged_rows.replace("%%", "%"))
            unchanged = {int(row[0]) for row in cursor.fetchall()}
            cursor.execute(f"select _seq from {stage}")
            kept = [int(row[0]) for row in cursor.fetchall() if int(row[0]) not in unchanged]
            for n in kept:
                cursor.execute(f"delete from {stage} where _seq = {n:d}")
        change = _change(mart, stage, is_primary=self._is_primary(mart))
        cursor.execute(change.replace("%%", "%"))
        return kept

    def _is_primary(self, mart: Mart) -> bool:
        return set(self._tables[mart.name].primary_key) == set(mart.key)

    def _take_images(self, mart: Mart, both: str, same: str, batch: int) -> int:
        """Lock the rows that are as the plan saw them and keep their images; return how many."""
        with suppress(_CutShort, NotPlain):
            return self._images.keep_pages(mart, batch, self._image_pages(mart, both, same))
        for chunk in (_IMAGES, 1):
            with suppress(_CutShort):
                lines = self._image_lines(_image_document(mart), both, same, chunk)
                return self._images.keep_lines(mart, lines)
        self._refuse(0)
        return 0

    def _image_pages(self, mart: Mart, both: str, same: str) -> Iterator[tuple[int, bytes]]:
        """Lock and yield the images of some rows at a time, and how many they are.

        By ranges of the stage's key, because the server would sort the images to group them.
        """
        longest = self._ways.packet // 2
        image = _plain_image(mart, self._tables[mart.name].columns)
        with self._connection.cursor() as cursor:
            cursor.execute(f"set session group_concat_max_len = {longest:d}")
            cursor.execute(f"select min(_seq), max(_seq) from {self._staged[mart.name]}")
            first, last = cursor.fetchone() or (0, 0)
            for start in range(int(first), int(last) + 1, _PAGE):
                cursor.execute(
                    f"select count(*), group_concat({image} separator {_BETWEEN_IMAGES})"
                    f" from {both} where stage._seq between {start:d} and {start + _PAGE - 1:d}"
                    f" and {same} for update".replace("%%", "%")
                )
                count, found = cursor.fetchone() or (0, None)
                if found is None:
                    continue
                images = found if isinstance(found, bytes) else str(found).encode()
                if len(images) > longest - _LONGEST_CHARACTER:
                    raise _CutShort
                yield int(count), images

    def _image_lines(self, image: str, both: str, same: str, chunk: int) -> Iterator[bytes]:
        longest = self._ways.packet // 2
        statement = (
            f"select group_concat({image} separator '\\n') from {both} where {same}"
            f" group by stage._seq div {chunk:d} for update"
        )
        with self._connection.cursor() as cursor:
            cursor.execute(f"set session group_concat_max_len = {longest:d}")
        with self._connection.cursor(SSCursor) as cursor:
            cursor.execute(statement.replace("%%", "%"))
            for (found,) in cursor:
                lines = str(found).encode()
                if len(lines) >= longest:
                    raise _CutShort
                yield lines


class _CutShort(Exception):  # noqa: N818 - no fault, a reason to take fewer at once
    """Images did not fit into what the server returns as one text."""


def _both(mart: Mart, stage: str) -> str:
    on = " and ".join(f"live.{my_name(k)} = stage.{my_name(k)}" for k in mart.key)
    return f"{stage} as stage straight_join {my_name(mart.name)} as live on {on}"


def _change(mart: Mart, stage: str, *, is_primary: bool) -> str:
    """Return the statement that gives locked rows the values of the stage.

    By primary key it is an upsert that finds every row: half of the work of an UPDATE with a join,
    which collects all new rows before it writes the first.
    """
    names = [my_name(column.name) for column in mart.columns]
    others = [my_name(column.name) for column in mart.columns if column.name not in mart.key]
    if not is_primary:
        changes = ", ".join(f"live.{name} = stage.{name}" for name in others)
        return f"update {_both(mart, stage)} set {changes}"
    changes = ", ".join(f"{name} = values({name})" for name in others)
    return (
        f"insert into {my_name(mart.name)} ({', '.join(names)}) select {', '.join(names)}"
        f" from {stage} order by _seq on duplicate key update {changes}"
    )


def _plain_image(mart: Mart, facts: Mapping[str, ColumnFact]) -> str:
    """Return the MySQL expression of an image as texts, see `Images.keep_pages`.

    A fourth of the work of `_image_document`, which is for rows with a separator in their texts.
    """
    names = [column.name for column in mart.columns]
    nulls = ", ".join(f"isnull(live.{my_name(name)})" for name in names)
    texts = (quick_text(name, facts[name], "live") for name in names)
    parts = ", ".join(f"coalesce({text}, '')" for text in texts)
    return f"concat_ws(char(31 using utf8mb4), concat({nulls}), {parts})"


def _image_document(mart: Mart) -> str:
    """Return the MySQL expression of a line for COPY: key and image as JSON, in hexadecimal digits.

    Escaping by replace() instead takes MariaDB 10 s for a text of 1 MB with many backslashes.
    """
    texts = dict(zip((c.name for c in mart.columns), target_texts(mart, "live"), strict=True))

    def document(names: Iterable[str]) -> str:
        parts = ", ".join(f"{_text(name)}, {texts[name]}" for name in names)
        return f"hex(json_object({parts}))"

    return f"concat({document(mart.key)}, '\\t', {document(texts)})"


def _text(name: str) -> str:
    return "'" + name.replace("'", "''").replace("%", "%%") + "'"
