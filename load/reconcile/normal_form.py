"""One text for one value on both sides: SQL that brings a column to its normal form. Pure.

The target's column type chooses the form. Numbers lose trailing zeros but are never rounded, so a
digit that the target could not keep is a difference; moments are written to the microsecond for the
same reason. Texts are compared as they are. SQL NULL differs from '', and where the target spells
"none" in its own way (`none` of the mart column), that spelling is what it must hold.

A row is the concatenation of `length:value` of each column ('-' for NULL), which no two different
rows share; lengths are in bytes of UTF-8. Its MD5 is the row's digest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Literal

from runtime.manifest import MartColumn

Form = Literal["number", "date", "moment", "time", "binary", "text"]

_EMPTY = "''"
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

    With `any_none`, all spellings of nothing are one: the API has no word for which is meant.
    """

    name: str
    form: Form
    scale: int
    none: str | None
    any_none: bool = False


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
    return Compared(name=column.name, form=form, scale=scale or 0, none=none)


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
        # A boolean has no cast to numeric; the target holds 1 and 0 for it.
        "number": f"trim_scale(case {name}::text when 'true' then '1' when 'false' then '0'"
        f" else {name}::text end::numeric)::text",
        "date": f"to_char({name}::timestamp, 'YYYY-MM-DD')",
        "moment": f"to_char({name}::timestamp, 'YYYY-MM-DD HH24:MI:SS.US')",
        "time": f"to_char({name}::time, 'HH24:MI:SS')",
        "binary": f"encode({name}, 'hex')",
        "text": f"{name}::text",
    }[column.form]
    if column.none is not None:
        value = f"coalesce({value}, {literal(column.none)})"
    return _any_none(value, column.form) if column.any_none else value


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
        f"coalesce(octet_length({v}) || ':' || {v}, '-')" for v in map(postgres_value, columns)
    )
    return f"md5({' || '.join(parts)})"


def mysql_digest(columns: Sequence[Compared]) -> str:
    """Return the expression of a target row's digest: 32 hexadecimal digits."""
    parts = (f"coalesce(concat(length({v}), ':', {v}), '-')" for v in map(mysql_value, columns))
    return f"md5(concat({', '.join(parts)}))"
