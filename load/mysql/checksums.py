"""What tables hold, as figures that add up: rows, and the sum of a digest of each row.

A sum can be taken of all rows and of some, so "everything but these rows" needs no list of the
rest. Digests are over all columns, those included that no mart writes; columns of bytes as hex.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from load.planning.row_hash import my_name, target_text

_BYTES = frozenset(
    {"binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob", "bit", "geometry"}
)
_DIGITS = 15  # hex digits of a digest that are summed: exact in the server's 64-bit integers
_PART = 40  # arguments of one concat_ws; some servers refuse very long lists


@dataclass(frozen=True, slots=True)
class Sum:
    """Rows of a table, and the sum of their digests."""

    rows: int = 0
    digest: int = 0

    def __add__(self, other: Sum) -> Sum:
        return Sum(self.rows + other.rows, self.digest + other.digest)

    def __sub__(self, other: Sum) -> Sum:
        return Sum(self.rows - other.rows, self.digest - other.digest)

    @property
    def checksum(self) -> str:
        """The digest in hexadecimal."""
        return f"{self.digest:x}"


def columns_of(connection: Connection) -> dict[str, list[tuple[str, str]]]:
    """Return (column, type) of every table of the database, in their order."""
    found: dict[str, list[tuple[str, str]]] = {}
    rows = connection.exec_driver_sql(
        "select c.table_name, c.column_name, lower(c.data_type)"
        " from information_schema.columns as c join information_schema.tables as t"
        " on t.table_schema = c.table_schema and t.table_name = c.table_name"
        " where c.table_schema = database() and t.table_type = 'BASE TABLE'"
        " order by c.table_name, c.ordinal_position"
    )
    for table, column, kind in rows:
        found.setdefault(str(table), []).append((str(column), str(kind)))
    return found


def _row_digest(columns: Sequence[tuple[str, str]]) -> str:
    texts = [
        f"coalesce({f'hex({my_name(name)})' if kind in _BYTES else target_text(name)},"
        " char(30 using utf8mb4))"
        for name, kind in columns
    ]
    while len(texts) > 1 or not texts[0].startswith("concat_ws"):
        parts = (texts[at : at + _PART] for at in range(0, len(texts), _PART))
        texts = [f"concat_ws(char(31 using utf8mb4), {', '.join(part)})" for part in parts]
    return f"cast(conv(left(md5({texts[0]}), {_DIGITS}), 16, 10) as unsigned)"


def table_sum(
    connection: Connection,
    table: str,
    columns: Sequence[tuple[str, str]],
    *,
    key: Sequence[str] = (),
    keys: Sequence[Sequence[int | str]] | None = None,
) -> Sum:
    """Return the sum of a table; with `keys`, of the rows whose `key` columns are among them."""
    where, values = "", tuple[int | str, ...]()
    if keys is not None:
        if not keys:
            return Sum()
        one = "(" + ", ".join(["%s"] * len(key)) + ")"
        names = ", ".join(my_name(name) for name in key)
        where = f" where ({names}) in ({', '.join([one] * len(keys))})"
        values = tuple(value for row in keys for value in row)
    found = connection.exec_driver_sql(
        f"select count(*), coalesce(sum({_row_digest(columns)}), 0) from {my_name(table)}{where}",
        values,
    ).one()
    return Sum(int(found[0]), int(found[1]))
