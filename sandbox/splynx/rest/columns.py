"""The columns of the database as they are, and how JSON values become stored ones and back.

The session is strict, so everything that the server would refuse is refused here first, as 422.
A column that must not be null gets an empty value of its type, as the application writes it.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, TypeAlias

from sqlalchemy.engine import Connection

Value: TypeAlias = Any  # what JSON, a form or a column can hold

NO_DATE = "0000-00-00"
NO_DATETIME = "0000-00-00 00:00:00"
_INTEGERS = {"tinyint": 7, "smallint": 15, "mediumint": 23, "int": 31, "bigint": 63}
_TEXTS = ("varchar", "char", "text", "mediumtext", "longtext", "longblob")
_FLAGS = {"true": "1", "false": "0", "1": "1", "0": "0"}


@dataclass(frozen=True, slots=True)
class Column:
    """One column; `members` of an enum, `length` of a varchar, digits of a decimal."""

    name: str
    kind: str
    nullable: bool
    has_default: bool
    unsigned: bool
    length: int | None
    members: tuple[str, ...]
    precision: int
    scale: int

    @property
    def empty(self) -> Value:
        """The value of a column that was given none and must not be null."""
        if self.kind in _INTEGERS or self.kind == "decimal":
            return 0
        if self.kind == "date":
            return NO_DATE
        if self.kind == "datetime":
            return NO_DATETIME
        if self.kind == "time":
            return "00:00:00"
        return self.members[0] if self.members else ""


Tables: TypeAlias = Mapping[str, Mapping[str, Column]]


def read_tables(connection: Connection) -> Tables:
    """Return every table of the connection's database with its columns."""
    rows = connection.exec_driver_sql(
        "select table_name, column_name, data_type, is_nullable, column_default, column_type,"
        " character_maximum_length, numeric_precision, numeric_scale, extra"
        " from information_schema.columns where table_schema = database()"
        " order by table_name, ordinal_position"
    )
    tables: dict[str, dict[str, Column]] = {}
    found: Sequence[Sequence[Any]] = rows.all()
    for table, name, kind, nullable, default, full, length, precision, scale, extra in found:
        tables.setdefault(table, {})[name] = Column(
            name=name,
            kind=kind,
            nullable=nullable == "YES",
            has_default=default is not None or "auto_increment" in extra,
            unsigned="unsigned" in full,
            length=None if length is None else int(length),
            members=tuple(re.findall(r"'([^']*)'", full)) if kind == "enum" else (),
            precision=int(precision or 0),
            scale=int(scale or 0),
        )
    return tables


class UnfitError(ValueError):
    """A value that the column does not take."""


def to_stored(value: Value, column: Column) -> Value:
    """Return the stored form of a JSON or form value.

    Raises:
        UnfitError: the column cannot hold it.
    """
    if value is None or (value == "" and column.kind not in _TEXTS):
        return None if column.nullable else column.empty
    if isinstance(value, (list, dict)):
        raise UnfitError("must be a single value!")
    if column.kind == "enum":
        return _member(value, column)
    text = ("1" if value else "0") if isinstance(value, bool) else str(value)
    if column.kind in _INTEGERS:
        return _integer(text, column)
    if column.kind == "decimal":
        return _decimal(text, column)
    if column.kind in {"date", "datetime", "time"}:
        return _moment(text, column.kind)
    if column.kind == "varchar" and column.length is not None and len(text) > column.length:
        raise UnfitError(f"should contain at most {column.length} characters!")
    return text


def from_stored(value: Value, column: Column, *, as_flag: bool, as_number: bool) -> Value:
    """Return the JSON form of a stored value."""
    if value is None:
        return None
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if as_number:
        return float(value)
    if as_flag and column.kind == "tinyint":
        return str(value)
    return value


def _member(value: Value, column: Column) -> str:
    text = str(value)
    if set(column.members) == {"0", "1"}:
        text = _FLAGS.get(text.lower(), text)
    if text not in column.members:
        raise UnfitError("is invalid!")
    return text


def _integer(text: str, column: Column) -> int:
    text = _FLAGS.get(text.lower(), text)
    if not re.fullmatch(r"[+-]?\d{1,19}", text):
        raise UnfitError("must be an integer!")
    number = int(text)
    bits = _INTEGERS[column.kind]
    low, high = (0, 2 ** (bits + 1)) if column.unsigned else (-(2**bits), 2**bits)
    if not low <= number < high:
        raise UnfitError("is out of range!")
    return number


def _decimal(text: str, column: Column) -> Decimal:
    try:
        number = Decimal(text).quantize(Decimal(1).scaleb(-column.scale))
    except InvalidOperation:
        raise UnfitError("must be a number!") from None
    if not number.is_finite() or number.adjusted() >= column.precision - column.scale:
        raise UnfitError("is out of range!")
    return number


def _moment(text: str, kind: str) -> str:
    if text in {NO_DATE, NO_DATETIME}:
        return NO_DATE if kind == "date" else NO_DATETIME
    try:
        if kind == "time":
            return dt.time.fromisoformat(text).strftime("%H:%M:%S")
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        raise UnfitError("has a wrong format!") from None
    return moment.strftime("%Y-%m-%d" if kind == "date" else "%Y-%m-%d %H:%M:%S")
