"""What a target accepts, as values: tables, columns and keys of a live Splynx database. Pure.

Facts come from `information_schema` and are brought to one spelling, because MySQL 8 and MariaDB
differ: MariaDB prints display widths (`int(10) unsigned`), quotes defaults (`'0'`, `NULL`) and
writes `current_timestamp()`, MySQL 8 does none of it; older servers of both call utf8mb3 `utf8`.
Stored in `ops.target_column` and `ops.target_key`; compared as a load starts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

INTEGERS: Mapping[str, tuple[int, int]] = {  # signed range; unsigned ends at twice the upper + 1
    "tinyint": (-(2**7), 2**7 - 1),
    "smallint": (-(2**15), 2**15 - 1),
    "mediumint": (-(2**23), 2**23 - 1),
    "int": (-(2**31), 2**31 - 1),
    "bigint": (-(2**63), 2**63 - 1),
}
CHARACTERS = frozenset({"char", "varchar"})  # max_length counts characters
TEXTS = frozenset({"tinytext", "text", "mediumtext", "longtext"})  # max_length counts bytes
BYTES = frozenset({"binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"})
MOMENTS = frozenset({"datetime", "timestamp"})

_DISPLAY_WIDTH = re.compile(r"^((?:tiny|small|medium|big)?int|year)\(\d+\)")
_MEMBER = re.compile(r"'((?:[^']|'')*)'")
_CURRENT = re.compile(r"^(?:current_timestamp|now)\((\d?)\)$", re.IGNORECASE)
_OLD_UTF8 = re.compile(r"^utf8(_|$)")
_FRACTION = re.compile(r"^(?:datetime|timestamp|time)\((\d)\)")


@dataclass(frozen=True, slots=True)
class ColumnFact:
    """One column of the target. Lengths as the server counts them (see CHARACTERS, TEXTS)."""

    name: str
    position: int
    data_type: str
    column_type: str
    max_length: int | None
    numeric_precision: int | None
    numeric_scale: int | None
    is_unsigned: bool
    is_nullable: bool
    has_default: bool
    is_auto_increment: bool
    charset: str | None
    enum_values: tuple[str, ...] | None
    default: str | None = None
    collation: str | None = None

    @property
    def must_be_given(self) -> bool:
        """Whether an INSERT in strict mode fails without this column."""
        return not (self.is_nullable or self.has_default or self.is_auto_increment)

    @property
    def fraction_digits(self) -> int:
        """Digits after the second that a moment keeps."""
        found = _FRACTION.match(self.column_type)
        return int(found[1]) if found else 0

    @property
    def integer_range(self) -> tuple[int, int]:
        """Smallest and largest value of an integer column."""
        low, high = INTEGERS[self.data_type]
        return (0, 2 * high + 1) if self.is_unsigned else (low, high)


@dataclass(frozen=True, slots=True)
class KeyFact:
    """A primary, unique or foreign key; columns in key order."""

    name: str
    kind: str
    columns: tuple[str, ...]
    ref_table: str | None = None
    ref_columns: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class TableFacts:
    """One table of the target."""

    name: str
    engine: str | None
    charset: str | None
    columns: Mapping[str, ColumnFact]
    keys: tuple[KeyFact, ...]

    @property
    def primary_key(self) -> tuple[str, ...]:
        """Columns of the primary key; empty when the table has none."""
        return next((key.columns for key in self.keys if key.kind == "primary"), ())

    @property
    def id_column(self) -> str | None:
        """The primary key when it is one integer column."""
        if len(self.primary_key) != 1:
            return None
        column = self.columns.get(self.primary_key[0])
        return column.name if column and column.data_type in INTEGERS else None


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """The server itself, as the session of the migration sees it before it sets its own modes."""

    dialect: str
    version: str
    sql_mode: str
    charset: str
    local_infile: bool


def column_type(raw: str) -> str:
    """Return the column type without display width, in the one spelling that MySQL 8 uses."""
    return _DISPLAY_WIDTH.sub(r"\1", raw.strip())


def enum_values(raw: str) -> tuple[str, ...] | None:
    """Return the members of an enum or set type in their order, else None."""
    if not raw.lower().startswith(("enum(", "set(")):
        return None
    return tuple(member.replace("''", "'") for member in _MEMBER.findall(raw))


def default_value(default: str | None, dialect: str) -> str | None:
    """Return a column's default as MySQL 8 prints it; None: there is none, or it is NULL."""
    if default is None or (dialect == "mariadb" and default.upper() == "NULL"):
        return None
    text = default.strip()
    if dialect == "mariadb" and text.startswith("'") and text.endswith("'"):
        return text[1:-1].replace("''", "'")
    found = _CURRENT.match(text)
    if found:
        return f"CURRENT_TIMESTAMP({found[1]})" if found[1] else "CURRENT_TIMESTAMP"
    return text.upper() if text.upper().startswith("CURRENT_TIMESTAMP") else text


def utf8_name(name: str | None) -> str | None:
    """Return a character set or collation under its present name: `utf8` was always utf8mb3."""
    return None if name is None else _OLD_UTF8.sub(r"utf8mb3\1", name)


def has_default(default: str | None, extra: str) -> bool:
    """Return whether the server fills the column by itself when an INSERT leaves it out."""
    generated = "GENERATED" in extra.upper()  # DEFAULT_GENERATED, STORED GENERATED, …
    return generated or (default is not None and default.upper() != "NULL")


def dialect_of(version: str) -> str:
    """Return `mariadb` or `mysql` for a server's version text."""
    return "mariadb" if "mariadb" in version.lower() else "mysql"
