"""One text and one hash for a row, made by SQL on either side. Pure: returns SQL expressions.

The canonical text of a value is what the target's `cast(column as char)` prints once the value is
stored: a decimal has the target's scale, a moment the target's fraction digits, "none" its spelling
in the target. The mart side produces that text and it is also what is sent, so both hashes are over
the same characters. NULL, where the target keeps it, is chr(30); columns are joined by chr(31).
Bytes decide, not collations: 'a' and 'a ' differ. A column of bytes has hexadecimal digits for its
text. A hash ends with the shape of its row (a digest
of the column names), so that a hash of other columns is never taken for one of other values.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation

from load.checks.mart_types import mart_type
from load.target.facts import BYTES, INTEGERS, MOMENTS, ColumnFact
from runtime.manifest import Mart, MartColumn

_ARGUMENTS = 50  # Postgres takes at most 100 arguments a call; joins of joins give the same text
_INEXACT = frozenset({"float", "double", "bit", "json"})
_LENGTH_OF_DATE = len("0000-00-00")


def pg_name(name: str) -> str:
    """Return a quoted Postgres identifier, safe beside psycopg2 parameters."""
    return '"' + name.replace('"', '""').replace("%", "%%") + '"'


def my_name(name: str) -> str:
    """Return a quoted MySQL identifier, safe beside PyMySQL parameters."""
    return "`" + name.replace("`", "``").replace("%", "%%") + "`"


def pg_relation(mart: Mart) -> str:
    """Return the quoted relation of a mart."""
    return ".".join(pg_name(part) for part in mart.relation.split("."))


def pg_text(text: str) -> str:
    """Return a Postgres literal, safe beside psycopg2 parameters."""
    return "'" + text.replace("'", "''").replace("%", "%%") + "'"


def _fraction(fact: ColumnFact) -> str:
    digits = fact.fraction_digits
    return "." + "0" * digits if digits else ""


def none_text(none: str, fact: ColumnFact) -> str:
    """Return how the target prints a "none" that the mart's YAML spells `none`."""
    if fact.data_type == "decimal":
        try:
            return f"{Decimal(none):.{fact.numeric_scale or 0}f}"
        except InvalidOperation:
            return none  # the server will say so
    if fact.data_type in MOMENTS:
        whole = f"{none} 00:00:00" if len(none) == _LENGTH_OF_DATE else none
        return whole if "." in whole else whole + _fraction(fact)
    return none


def _moment_text(name: str, fact: ColumnFact) -> str:
    value = f"{name}::timestamp"
    digits = fact.fraction_digits
    if not digits:
        return f"date_trunc('second', {value})::text"
    form = f"left(to_char({value}, 'YYYY-MM-DD HH24:MI:SS.US'), {20 + digits})"
    # to_char has no form for infinity or years before 1: their plain text makes the server refuse.
    plain = f"isfinite({value}) and {value} >= '0001-01-01'"
    return f"case when {plain} then {form} else {value}::text end"


def mart_text(column: MartColumn, fact: ColumnFact) -> str:
    """Return the Postgres expression of the text to send for `column`; NULL stays NULL."""
    name = pg_name(column.name)
    family = mart_type(column.data_type).family
    if family == "boolean":
        text = f"{name}::integer::text"
    elif fact.data_type == "decimal":
        text = f"round({name}::numeric, {fact.numeric_scale or 0})::text"
    elif fact.data_type in MOMENTS:
        text = _moment_text(name, fact)
    elif family == "bytes":
        text = f"upper(encode({name}, 'hex'))"
    elif fact.data_type == "char":
        text = f"rtrim({name}::text, ' ')"  # CHAR forgets trailing blanks
    else:
        text = f"{name}::text"
    if column.none is None:
        return text
    return f"coalesce({text}, {pg_text(none_text(column.none, fact))})"


def mart_texts(mart: Mart, facts: Mapping[str, ColumnFact]) -> list[str]:
    """Return the text expression of each loaded column, in the mart's order."""
    return [mart_text(column, facts[column.name]) for column in mart.columns]


def shape(columns: Iterable[str]) -> str:
    """Return the shape of a row: a digest of its column names in their order."""
    names = "\x1f".join(columns)
    return hashlib.md5(names.encode(), usedforsecurity=False).hexdigest()[:8]


def line(texts: Sequence[str]) -> str:
    """Return the Postgres expression of what is hashed: all text expressions as one text."""
    parts = [f"coalesce({text}, chr(30))" for text in texts]
    while len(parts) > 1:
        chunks = [parts[i : i + _ARGUMENTS] for i in range(0, len(parts), _ARGUMENTS)]
        parts = [f"concat_ws(chr(31), {', '.join(chunk)})" for chunk in chunks]
    return parts[0]


def digest(texts: Sequence[str]) -> str:
    """Return the Postgres expression of the digest of text expressions."""
    return f"md5({line(texts)})"


def hash_of_line(mart: Mart, hashed: str) -> str:
    """Return the Postgres expression of a row's hash, given that of its line."""
    return f"md5({hashed}) || ':{shape(c.name for c in mart.columns)}'"


def mart_hash(mart: Mart, facts: Mapping[str, ColumnFact]) -> str:
    """Return the Postgres expression of the hash of a mart's row."""
    return hash_of_line(mart, line(mart_texts(mart, facts)))


def is_link(mart: Mart) -> bool:
    """Return whether a row of the mart is nothing but its key."""
    return set(mart.key) == {column.name for column in mart.columns}


def is_bytes(column: MartColumn) -> bool:
    """Return whether a column holds bytes: its canonical text is hexadecimal digits."""
    return mart_type(column.data_type).family == "bytes"


def target_text(name: str, of: str = "", *, as_hex: bool = False) -> str:
    """Return the MySQL expression of a column's canonical text; NULL stays NULL.

    `of` is the alias of its table, where a statement has several; `as_hex` is for bytes.
    """
    column = f"{of}.{my_name(name)}" if of else my_name(name)
    if as_hex:
        return f"convert(hex({column}) using utf8mb4)"
    return f"convert(cast({column} as char) using utf8mb4)"


def target_texts(mart: Mart, of: str = "") -> list[str]:
    """Return that expression of each loaded column, in the mart's order."""
    return [target_text(column.name, of, as_hex=is_bytes(column)) for column in mart.columns]


def fact_text(fact: ColumnFact, of: str = "") -> str:
    """Return the same, of a column that is known by the target's facts."""
    return target_text(fact.name, of, as_hex=fact.data_type in BYTES)


def target_hash(mart: Mart, of: str = "") -> str:
    """Return the MySQL expression of the hash of the target's row, over the mart's columns."""
    return _hash_of_texts(target_texts(mart, of), [column.name for column in mart.columns])


def target_hash_over(columns: Sequence[str], facts: Mapping[str, ColumnFact]) -> str:
    """Return the same over these columns, in their order."""
    return _hash_of_texts([fact_text(facts[name]) for name in columns], columns)


def _hash_of_texts(texts: Sequence[str], columns: Sequence[str]) -> str:
    parts = ", ".join(f"coalesce({text}, char(30 using utf8mb4))" for text in texts)
    hashed = f"md5(concat_ws(char(31 using utf8mb4), {parts}))"
    return f"concat({hashed}, ':{shape(columns)}')"


def mart_crc(hashed: str) -> str:
    """Return the Postgres expression (from version 18 on) of the CRC-32 of a row's line."""
    return f"crc32(convert_to({hashed}, 'UTF8'))"


def base_of(texts: Sequence[str]) -> str:
    """Return the Postgres expression of an array with a hash of each text expression."""
    hashes = (f"hashtext(coalesce({text}, chr(30)))" for text in texts)
    return f"array[{', '.join(hashes)}]"


def quick_text(name: str, fact: ColumnFact, of: str = "") -> str:
    """Return the same text as `target_text`, left to the server's own conversion where it can be.

    The casts are half of the work of a hash.
    """
    if fact.charset not in {None, "utf8mb4"} or fact.data_type in _INEXACT | BYTES:
        return fact_text(fact, of)
    return f"{of}.{my_name(name)}" if of else my_name(name)


def quick_line_of_target(mart: Mart, facts: Mapping[str, ColumnFact], of: str = "") -> str:
    """Return the MySQL expression of a row's line."""

    def part(name: str) -> str:
        text = quick_text(name, facts[name], of)
        return f"coalesce({text}, char(30 using utf8mb4))" if facts[name].is_nullable else text

    parts = ", ".join(part(column.name) for column in mart.columns)
    return f"concat_ws(char(31 using utf8mb4), {parts})"


def quick_hash_of_target(mart: Mart, facts: Mapping[str, ColumnFact], of: str = "") -> str:
    """Return the same hash as `target_hash`, for less work."""
    hashed = f"md5({quick_line_of_target(mart, facts, of)})"
    return f"concat({hashed}, ':{shape(column.name for column in mart.columns)}')"


def key_text_of_mart(mart: Mart) -> str:
    """Return the Postgres expression of a mart row's key as one text."""
    parts = ", ".join(f"{pg_name(name)}::text" for name in mart.key)
    return f"concat_ws(chr(31), {parts})"


def key_text_of_state(mart: Mart, of: str = "") -> str:
    """Return the same for `ops.row_state.row_key`; `of` is the alias of that table."""
    column = f"{of}.row_key" if of else "row_key"
    parts = ", ".join(f"{column} ->> {pg_text(name)}" for name in mart.key)
    return f"concat_ws(chr(31), {parts})"


def key_text_of_target(mart: Mart) -> str:
    """Return the same as a MySQL expression."""
    parts = ", ".join(target_text(name) for name in mart.key)
    return f"concat_ws(char(31 using utf8mb4), {parts})"


def key_value(value: str, fact: ColumnFact) -> int | str:
    """Return a key value as the driver should bind it: integers unquoted, so that indexes serve."""
    return int(value) if fact.data_type in INTEGERS else value


def placeholder(fact: ColumnFact) -> str:
    """Return what takes a canonical text in a statement that binds it."""
    return "unhex(%s)" if fact.data_type in BYTES else "%s"
