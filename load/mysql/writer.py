"""Single rows into MySQL or MariaDB: parents first, one transaction per call.

For what `load.mysql.bulk` leaves: clusters among which a row was refused, rows too large for its
statements, updates on servers where nothing can be staged. Every value is sent as its canonical
text (load.row_hash), every integer key unquoted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from load.mysql.quarantine import REFUSAL_CODES, Refused
from load.mysql.session import LOCKED, error_code, pin_clock
from load.planning.clusters import Cluster, Row
from load.planning.row_hash import key_value, my_name, placeholder, target_texts
from load.target.facts import ColumnFact, TableFacts
from load.writing import intents
from load.writing.parcels import STATEMENT_ROWS
from load.writing.pre_images import Images
from runtime.manifest import Manifest, Mart

_TRIES = 3  # the server has waited and chosen a victim by itself; more would hide a real contender
_PACKET_SHARE = 2  # escaping can double a text
_TOO_LARGE = 1153  # the server's number for it; it would also drop the connection


def insert_statement(
    mart: Mart, facts: Mapping[str, ColumnFact], rows: int, *, update: bool
) -> str:
    """Return an INSERT of `rows` rows; with `update`, rows that exist get the new values.

    `VALUES(column)` is old style in MySQL 8 but the only form that MariaDB takes too.
    """
    columns = [my_name(column.name) for column in mart.columns]
    one = "(" + ", ".join(placeholder(facts[column.name]) for column in mart.columns) + ")"
    statement = (
        f"insert into {my_name(mart.name)} ({', '.join(columns)}) values {', '.join([one] * rows)}"
    )
    if update:
        keys = {my_name(name) for name in mart.key}
        changes = ", ".join(f"{c} = values({c})" for c in columns if c not in keys)
        statement += f" on duplicate key update {changes}"
    return statement


def _parts(rows: Sequence[Row], max_size: int) -> Iterator[list[Row]]:
    part: list[Row] = []
    size = 0
    for row in rows:
        if part and (len(part) == STATEMENT_ROWS or size + row.size > max_size):
            yield part
            part, size = [], 0
        part.append(row)
        size += row.size
    if part:
        yield part


class Writer:
    """Writes clusters of rows into one Splynx database."""

    def __init__(
        self,
        engine: Engine,
        manifest: Manifest,
        tables: Mapping[str, TableFacts],
        images: Images,
    ) -> None:
        self._order = {mart.name: position for position, mart in enumerate(manifest.marts)}
        self._tables = tables
        self._images = images
        self._connection: Connection = engine.connect()
        pin_clock(self._connection)
        packet = int(self._connection.exec_driver_sql("select @@max_allowed_packet").scalar_one())
        self._packet = packet
        self._max_size = packet // _PACKET_SHARE
        self._connection.rollback()

    def close(self) -> None:
        """Close the session; an open transaction is rolled back by the server."""
        self._connection.close()

    def write(self, clusters: Sequence[Cluster]) -> list[Row]:
        """Write all rows of `clusters` in one transaction; return rows left as staff changed them.

        A deadlock or lock time-out is tried again from the start of the transaction.

        Raises:
            Refused: the server refuses a row; nothing of the call is in the target.
            DBAPIError: any other error; whether the call committed is for the intents to settle.
        """
        for _ in range(_TRIES - 1):
            try:
                return self._write_once(clusters)
            except DBAPIError as exc:
                if error_code(exc) not in LOCKED:
                    raise
        return self._write_once(clusters)

    def locate(self, cluster: Cluster, refused: Refused) -> Refused:
        """Return the refusal with the row that causes it, found by writing one by one in vain."""
        transaction = self._connection.begin()
        try:
            for _, rows in self._by_mart([cluster]):
                for row in rows:
                    try:
                        self._send(row.mart, [row], update=row.old_hash is not None)
                    except Refused as found:
                        return Refused(found.code, found.message, row)
        finally:
            transaction.rollback()
        return refused  # only together are they refused

    def _write_once(self, clusters: Sequence[Cluster]) -> list[Row]:
        kept: list[Row] = []
        with self._connection.begin():
            for mart, rows in self._by_mart(clusters):
                self._send(mart, [row for row in rows if row.old_hash is None], update=False)
                changed = [row for row in rows if row.old_hash is not None]
                untouched = self._untouched(mart, changed)
                kept.extend(row for row in changed if row.sonar_key not in untouched)
                ours = [row for row in changed if row.sonar_key in untouched]
                self._images.keep(mart, self._held(mart, ours))
                self._send(mart, ours, update=True)
        return kept

    def _untouched(self, mart: Mart, rows: Sequence[Row]) -> set[str]:
        """Lock rows to update and return those that still are as we wrote them."""
        if not rows:
            return set()
        keys = {row.sonar_key: tuple(str(value) for value in row.key) for row in rows}
        found = intents.found_hashes(self._connection, mart, list(keys.values()), lock=True)
        return {
            row.sonar_key
            for row in rows
            if found.get("\x1f".join(keys[row.sonar_key])) == row.old_hash
        }

    def _held(
        self, mart: Mart, rows: Sequence[Row]
    ) -> Iterator[tuple[dict[str, str], dict[str, str | None]]]:
        """Yield the images of rows that are locked: (row key, text by column)."""
        names = [column.name for column in mart.columns]
        wanted = [row.key for row in rows]
        for start in range(0, len(wanted), STATEMENT_ROWS):
            part = wanted[start : start + STATEMENT_ROWS]
            one = "(" + ", ".join(["%s"] * len(mart.key)) + ")"
            found = self._connection.exec_driver_sql(
                f"select {', '.join(target_texts(mart))} from {my_name(mart.name)}"
                f" where ({', '.join(map(my_name, mart.key))}) in ({', '.join([one] * len(part))})"
                " for update",  # what is there now, not what an older snapshot shows
                tuple(value for key in part for value in key),
            )
            for row in found:
                texts: list[str | None] = [None if value is None else str(value) for value in row]
                image = dict(zip(names, texts, strict=True))
                yield {name: str(image[name]) for name in mart.key}, image

    def _send(self, mart: Mart, rows: Sequence[Row], *, update: bool) -> None:
        facts = self._tables[mart.name].columns
        keys = [(i, facts[c.name]) for i, c in enumerate(mart.columns) if c.name in mart.key]
        for part in _parts(rows, self._max_size):
            if part[0].size >= self._packet:
                raise Refused(_TOO_LARGE, "the row is larger than max_allowed_packet", part[0])
            values: list[int | str | None] = []
            for row in part:
                texts: list[int | str | None] = list(row.values)
                for position, fact in keys:
                    if row.values[position] is not None:
                        texts[position] = key_value(str(row.values[position]), fact)
                values.extend(texts)
            statement = insert_statement(mart, facts, len(part), update=update)
            try:
                self._connection.exec_driver_sql(statement, tuple(values))
            except DBAPIError as exc:
                if error_code(exc) not in REFUSAL_CODES or exc.orig is None:
                    raise
                message = str(exc.orig.args[1]) if len(exc.orig.args) > 1 else ""
                raise Refused(error_code(exc), message) from None

    def _by_mart(self, clusters: Sequence[Cluster]) -> Iterator[tuple[Mart, list[Row]]]:
        """Yield the rows of all clusters table by table, in load order."""
        rows = [row for cluster in clusters for row in cluster.rows]
        rows.sort(key=lambda row: self._order[row.mart.name])  # stable: parents stay first
        for _, group in groupby(rows, key=lambda row: row.mart.name):
            of_mart = list(group)
            yield of_mart[0].mart, of_mart
