"""One text for one value on both sides: SQL that brings a column to its normal form. Pure.

The target's column type chooses the form. Numbers lose trailing zeros but are never rounded, so a
digit that the target could not keep is a difference; moments are written to the microsecond for the
same reason. Texts are compared as they are. SQL NULL differs from '', and where the target spells
"none" in its own way (`none` of the mart column), that spelling is what it must hold.

A row is the concatenation of its columns, which no two different rows share: `length:value` of what
may hold any character (lengths are in bytes of UTF-8, '-' is NULL), `value|` of numbers and times,
which hold no such bar and are not worked out twice ('-|' is NULL). Its MD5 is the row's digest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Literal

from runtime.manifest import MartColumn

Form = Literal["number", "date", "moment", "time", "binary", "text"]

_EMPTY = "''"
_BARRED: frozenset[Form] = frozenset({"number", "date", "moment", "time"})  # no bar in any value
_FORMS: Mapping[str, Form] = {
    **dict.fromkeys(("tinyint", "smallint", "mediumint", "int", "bigint", "year"), "number"),
    **dict.fromkeys(("decimal", "numeric"), "number"),
    "date": "date",
    **dict.fromkeys(("datetime", "timestamp"), "moment"),
    "time": "time",
    **dict.fromkeys(("binary", "varbinary"), "binary"),
    **dict.fromkeys(("tinyblob", "blob", "mediumblob", "longblob"), "binary"),
}


@dataclass(frozen=True, slots=True)
class Compared:
    """A column as it is compared: its form, the target's scale, the spelling of "none".

    `mart_type` is what the mart's contract says, without a length. With `any_none`, all spellings
    of nothing are one: the API has no word for which is meant.
    """

    name: str
    form: Form
    scale: int
    none: str | None
    any_none: bool = False
    mart_type: str = ""


def plain_number(text: str) -> str:
    """Return a number without trailing zeros, never rounded."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        return text  # a spelling that is no number can only differ, and should be seen to
    plain = f"{value:f}"
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def _normal_none(none: str, form: Form) -> str:
    if form == "number":
        return plain_number(none)
    if form == "moment" and "." not in none:
        return f"{none if ' ' in none else none + ' 00:00:00'}.000000"
    return none


def compared(column: MartColumn, data_type: str, scale: int | None) -> Compared:
    """Return how `column` is compared with a target column of `data_type` (lower case)."""
    form = _FORMS.get(data_type, "text")
    none = None if column.none is None else _normal_none(column.none, form)
    mart_type = column.data_type.lower().split("(")[0].strip()
    return Compared(column.name, form, scale or 0, none, mart_type=mart_type)


def quoted_postgres(name: str) -> str:
    """Return `name` as an identifier of Postgres."""
    return '"' + name.replace('"', '""') + '"'


def quoted_mysql(name: str) -> str:
    """Return `name` as an identifier of MySQL."""
    return "`" + name.replace("`", "``") + "`"


def literal(text: str) -> str:
    """Return `text` as a literal of Postgres."""
    return "'" + text.replace("'", "''") + "'"


def postgres_value(column: Compared) -> str:
    """Return the expression of a mart column's normal form."""
    name = quoted_postgres(column.name)
    value = {
        "number": _postgres_number(name, column.mart_type),
        "date": f"to_char({name}::timestamp, 'YYYY-MM-DD')",
        "moment": f"to_char({name}::timestamp, 'YYYY-MM-DD HH24:MI:SS.US')",
        "time": f"to_char({name}::time, 'HH24:MI:SS')",
        "binary": f"encode({name}, 'hex')",
        "text": f"{name}::text",
    }[column.form]
    if column.none is not None:
        value = f"coalesce({value}, {literal(column.none)})"
    return _any_none(value, column.form) if column.any_none else value


def _postgres_number(name: str, mart_type: str) -> str:
    """Return the expression of a number; where the contract says its type, without detours."""
    if mart_type in {"smallint", "integer", "bigint"}:
        return f"{name}::text"
    if mart_type == "numeric":
        return f"trim_scale({name})::text"
    # A boolean has no cast to numeric; the target holds 1 and 0 for it.
    return (
        f"trim_scale(case {name}::text when 'true' then '1' when 'false' then '0'"
        f" else {name}::text end::numeric)::text"
    )


def mysql_value(column: Compared) -> str:
    """Return the expression of a target column's normal form."""
    value = _mysql_value(column)
    return _any_none(value, column.form) if column.any_none else value


def _any_none(value: str, form: Form) -> str:
    """Return the expression in which nothing is spelled in one way; of either database."""
    spelt: Mapping[Form, str] = {
        "number": "'0'",
        "date": "'0000-00-00'",
        "moment": "'0000-00-00 00:00:00.000000'",
    }
    return f"coalesce({value}, {spelt.get(form, _EMPTY)})"


def _mysql_value(column: Compared) -> str:
    name = quoted_mysql(column.name)
    as_text = f"cast({name} as char character set utf8mb4)"
    if column.form == "number" and column.scale:
        return f"trim(trailing '.' from trim(trailing '0' from {as_text}))"
    return {
        "number": as_text,
        "date": as_text,
        "moment": f"date_format({name}, '%Y-%m-%d %H:%i:%s.%f')",
        "time": f"time_format({name}, '%H:%i:%s')",
        "binary": f"lower(hex({name}))",
        "text": as_text,
    }[column.form]


def postgres_digest(columns: Sequence[Compared]) -> str:
    """Return the expression of a mart row's digest: 32 hexadecimal digits."""
    parts = (
        f"coalesce({value}, '-') || '|'"
        if column.form in _BARRED
        else f"coalesce(octet_length({value}) || ':' || {value}, '-')"
        for column, value in ((column, postgres_value(column)) for column in columns)
    )
    return f"md5({' || '.join(parts)})"


def mysql_digest(columns: Sequence[Compared]) -> str:
    """Return the expression of a target row's digest: 32 hexadecimal digits."""
    parts = (
        f"coalesce({value}, '-'), '|'"
        if column.form in _BARRED
        else f"coalesce(concat(length({value}), ':', {value}), '-')"
        for column, value in ((column, mysql_value(column)) for column in columns)
    )
    return f"md5(concat({', '.join(parts)}))"
