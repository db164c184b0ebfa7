"""Card numbers in what landed and in what would be loaded: found, and shown with four digits only.

A card number in a note or a custom field makes every system that it reaches one that must be
protected as a cash desk is. What counts as one: 13 to 19 digits together, or parted as on a card
(4-4-4-…, 4-6-5), with first digits and a length that an issuer uses and a check digit that is right
(Luhn). Of other numbers of such a form one in ten passes by chance: `map_not_card_numbers`.

Reads `raw_sonar`, the marts and that seed; writes `ops.card_scan`. Each row that landed is read
once: a landing is known by its run, and rows that had a number are read again. 1.7 million rows
took 26 s the first time (two busy cores) and 5 s afterwards, most of it for the marts' texts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection, text

from runtime.manifest import Manifest, Mart

RULES = 1  # another number: everything is read again
_SCHEMA = "raw_sonar"
# Asked of Postgres on a whole row; few rows without a card number pass.
_SUSPECT = "[0-9]{13}|[0-9]{4}[ .-][0-9]{4}[ .-][0-9]{4}|[0-9]{4}[ .-][0-9]{6}[ .-]"
_CANDIDATE = re.compile(
    r"(?<!\w)(?<!\d[.-])(?:[2-6]\d{12,18}"
    r"|[2-6]\d{3}([ .-])\d{4}\1\d{4}\1\d{1,7}"
    r"|3\d{3}([ .-])\d{6}\2\d{4,5})(?!\w|[.-]\d)"
)
# First digits and lengths of the issuers, as they publish them.
_ISSUERS = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})"  # Visa
    r"|(?:5[1-5]\d\d|222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}"  # Mastercard
    r"|3[47]\d{13}"  # American Express
    r"|(?:6011|64[4-9]\d|65\d\d)\d{12,15}"  # Discover
    r"|(?:30[0-5]|36\d|38\d|39\d)\d{11,16}"  # Diners Club
    r"|35(?:2[89]|[3-8]\d)\d{12,15}"  # JCB
    r"|62\d{14,17}"  # UnionPay
    r"|(?:50|5[6-9]|6[37])\d{11,17}"  # Maestro
)
_A_FEW_AT_A_TIME = {"yield_per": 1000}  # of a large tenant there are many, and few hold a number
_TEXT_TYPES = ("text", "varchar", "character varying")


@dataclass(frozen=True, slots=True)
class CardNumber:
    """One that was found: where, in which record, and what may be shown of it."""

    place: str
    key: str
    masked: str


def passes_luhn(digits: str) -> bool:
    """Return whether the last digit is the check digit of the others."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (1 + place % 2)
        total += doubled - 9 if doubled > 9 else doubled  # noqa: PLR2004  the rule itself
    return total % 10 == 0


def numbers_in(words: str) -> Iterator[str]:
    """Yield the card numbers in a text, masked."""
    for found in _CANDIDATE.finditer(words):
        digits = re.sub(r"\D", "", found.group())
        if _ISSUERS.fullmatch(digits) and len(set(digits)) > 1 and passes_luhn(digits):
            yield "*" * (len(digits) - 4) + digits[-4:]


def _leaves(value: Any, place: str) -> Iterator[tuple[str, str]]:  # noqa: ANN401  a JSON value
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _leaves(inner, f"{place}.{name}")
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner, place)
    elif value is not None and not isinstance(value, bool):
        yield place, str(value)


def _in_row(
    collection: str, key: str, payload: str, allowed: frozenset[str]
) -> Iterator[CardNumber]:
    for place, words in _leaves(orjson.loads(payload), collection):
        if place not in allowed:
            yield from (CardNumber(place, key, masked) for masked in numbers_in(words))


def _raw_tables(connection: Connection) -> list[str]:
    rows = connection.execute(
        text(
            "select table_name from information_schema.columns"
            " where table_schema = :schema and column_name in ('payload', '_run_id', '_sonar_key')"
            " group by table_name having count(*) = 3 order by table_name"
        ),
        {"schema": _SCHEMA},
    )
    return [str(row[0]) for row in rows]


def _unread(connection: Connection, table: str) -> dict[str, int]:
    """Return the runs whose rows were not read yet, each with its rows."""
    rows = connection.execute(
        text(
            f"select landed._run_id, landed.rows from (select _run_id, count(*) as rows from"
            f' {_SCHEMA}."{table}" where _deleted_at is null group by _run_id) as landed'
            " left join ops.card_scan as scanned on scanned.relation = :table"
            " and scanned.run_id = landed._run_id and scanned.rules = :rules"
            " where scanned.rows is null or scanned.rows < landed.rows"
        ),
        {"table": table, "rules": RULES},
    )
    return {str(row[0]): int(row[1]) for row in rows}


def _suspects(connection: Connection, table: str, runs: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the rows to look at: suspect ones of these runs, and those that had a number."""
    rows = connection.execute(
        text(
            f'select _sonar_key, payload::text from {_SCHEMA}."{table}"'
            " where _deleted_at is null and ("
            " (_run_id = any(:runs) and payload::text ~ :suspect)"
            " or _sonar_key in (select jsonb_array_elements_text(suspects) from ops.card_scan"
            " where relation = :table and rules = :rules))"
        ),
        {"runs": list(runs), "suspect": _SUSPECT, "table": table, "rules": RULES},
        execution_options=_A_FEW_AT_A_TIME,
    )
    for key, payload in rows:
        yield str(key), str(payload)


def _remember(
    connection: Connection, table: str, runs: Mapping[str, int], keys: Sequence[str]
) -> None:
    connection.execute(
        text("delete from ops.card_scan where relation = :table and rules <> :rules"),
        {"table": table, "rules": RULES},
    )
    for run_id, rows in runs.items():
        connection.execute(
            text(
                "insert into ops.card_scan (relation, run_id, rules, rows, suspects)"
                " values (:table, :run, :rules, :rows, cast(:keys as jsonb))"
                " on conflict (relation, run_id) do update set rules = excluded.rules,"
                " rows = excluded.rows, suspects = excluded.suspects,"
                " scanned_at = clock_timestamp()"
            ),
            {
                "table": table,
                "run": run_id,
                "rules": RULES,
                "rows": rows,
                "keys": orjson.dumps(list(keys)).decode(),
            },
        )


def _in_raw(connection: Connection, allowed: frozenset[str]) -> Iterator[CardNumber]:
    for table in _raw_tables(connection):
        unread = _unread(connection, table)
        holding: set[str] = set()
        for key, payload in _suspects(connection, table, list(unread)):
            # What a seed allows today it may not allow tomorrow: the key is kept all the same.
            if any(_in_row(table, key, payload, frozenset())):
                holding.add(key)
            yield from _in_row(table, key, payload, allowed)
        if unread:
            _remember(connection, table, unread, sorted(holding))


def _in_mart(connection: Connection, mart: Mart, allowed: frozenset[str]) -> Iterator[CardNumber]:
    columns = [
        column.name
        for column in mart.columns
        if column.data_type.lower().startswith(_TEXT_TYPES)
        and f"{mart.name}.{column.name}" not in allowed
    ]
    if not columns:
        return
    listed = ", ".join(f'"{name}"' for name in columns)
    rows = connection.execute(
        text(
            f'select _sonar_key, {listed} from "{mart.schema}"."{mart.name}"'
            f" where concat_ws(E'\\n', {listed}) ~ :suspect"
        ),
        {"suspect": _SUSPECT},
        execution_options=_A_FEW_AT_A_TIME,
    )
    for key, *texts in rows:
        for name, words in zip(columns, texts, strict=True):
            if words is not None:
                found = numbers_in(str(words))
                yield from (CardNumber(f"{mart.name}.{name}", str(key), m) for m in found)


def _allowed(connection: Connection) -> frozenset[str]:
    exists = text("select to_regclass('seeds.map_not_card_numbers') is not null")
    if not connection.execute(exists).scalar_one():
        return frozenset()
    rows = connection.execute(text("select place from seeds.map_not_card_numbers"))
    return frozenset(str(row[0]) for row in rows)


def scan(connection: Connection, manifest: Manifest) -> tuple[CardNumber, ...]:
    """Return the card numbers in all that landed and in all texts of the marts.

    Writes what was read to `ops.card_scan`; the caller's transaction decides whether that stays.
    """
    allowed = _allowed(connection)
    found = [*_in_raw(connection, allowed)]
    for mart in manifest.marts:
        found += _in_mart(connection, mart, allowed)
    return tuple(found)
