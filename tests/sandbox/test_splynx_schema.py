"""The sandbox's tables are the recorded ones: columns, types, defaults, keys, references."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from sqlalchemy import text

from runtime.settings import ROOT
from tests.services import Splynx

pytestmark = pytest.mark.mysql

_REFERENCE = ROOT.parent / "shared" / "reference" / "splynx" / "mysql.json"
_OBSERVED = (
    "roles",
    "admins",
    "billing_transactions_categories",
    "customers",
    "customer_info",
    "customer_cap",
)
_INFERRED = (
    "partners",
    "locations",
    "tax",
    "payments_types",
    "customer_billing",
    "tariffs_internet",
    "services_internet",
)
# Known by name only, because observed foreign keys lead to them.
_BARE = ("accounting_categories", "einvoicing_categories", "einvoicing_types")


@pytest.fixture(scope="module")
def reference() -> Mapping[str, Any]:
    if not _REFERENCE.exists():
        pytest.skip(f"the recorded structure ({_REFERENCE.name}) is not kept beside this checkout")
    recorded: Mapping[str, Any] = json.loads(_REFERENCE.read_text(encoding="utf-8"))
    return recorded


def _type(column_type: str) -> str:
    """MariaDB shows display widths of integers, MySQL 8 does not."""
    return re.sub(r"\b(tinyint|smallint|mediumint|int|bigint)\(\d+\)", r"\1", column_type)


def _default(value: str | None) -> str | None:
    """MariaDB quotes defaults and writes functions with parentheses; MySQL 8 does neither."""
    if value is None or value.upper() == "NULL":
        return None
    if re.fullmatch(r"current_timestamp(\(\))?", value, re.IGNORECASE):
        return "current_timestamp"
    return value.removeprefix("'").removesuffix("'")


def _live_columns(splynx: Splynx, table: str) -> dict[str, tuple[object, ...]]:
    with splynx.engine.connect() as connection:
        rows: Sequence[Any] = connection.execute(
            text(
                "select column_name, column_type, is_nullable, column_default, column_key,"
                " extra like '%auto_increment%' from information_schema.columns"
                " where table_schema = database() and table_name = :table"
                " order by ordinal_position"
            ),
            {"table": table},
        ).all()
        return {
            name: (_type(kind), nullable == "YES", _default(default), key, bool(counted))
            for name, kind, nullable, default, key, counted in rows
        }


def _recorded_columns(table: Mapping[str, Any]) -> dict[str, tuple[object, ...]]:
    return {
        column["name"]: (
            column["type"],
            column["nullable"],
            _default(column["default"]),
            column["key"],
            "auto_increment" in column["extra"],
        )
        for column in table["columns"]
    }


@pytest.mark.parametrize("table", [*_OBSERVED, *_INFERRED])
def test_columns_are_the_recorded_ones(
    splynx: Splynx, reference: Mapping[str, Any], table: str
) -> None:
    live, recorded = _live_columns(splynx, table), _recorded_columns(reference[table])
    assert live == recorded
    assert list(live) == list(recorded)


def test_primary_and_foreign_keys_are_the_recorded_ones(
    splynx: Splynx, reference: Mapping[str, Any]
) -> None:
    primary: dict[str, list[str]] = defaultdict(list)
    foreign: set[tuple[str, str, str, str]] = set()
    with splynx.engine.connect() as connection:
        keys: Sequence[Any] = connection.execute(
            text(
                "select table_name, column_name, constraint_name, referenced_table_name,"
                " referenced_column_name from information_schema.key_column_usage"
                " where table_schema = database() order by table_name, ordinal_position"
            )
        ).all()
        for table, column, key, other, other_column in keys:
            if key == "PRIMARY":
                primary[table].append(column)
            elif other is not None:
                foreign.add((table, column, other, other_column))
    tables = (*_OBSERVED, *_INFERRED)
    assert {t: primary[t] for t in tables} == {t: reference[t]["primary_key"] for t in tables}
    assert foreign == {
        (table, relation["column"], relation["ref_table"], relation["ref_column"])
        for table in tables
        for relation in reference[table]["relations"]
        if relation["source"].startswith(("DB", "inferred ("))
    }


def test_each_table_says_whether_it_was_observed(reference: Mapping[str, Any]) -> None:
    schema = (ROOT / "sandbox" / "splynx" / "schema.sql").read_text(encoding="utf-8")
    pattern = r"^-- (observed|inferred)\b.*\ncreate table (\w+)"
    marks = {table: mark for mark, table in re.findall(pattern, schema, re.M)}
    assert marks == {
        **{table: reference[table]["confidence"] for table in (*_OBSERVED, *_INFERRED)},
        **dict.fromkeys(_BARE, "inferred"),
    }


def test_all_tables_are_innodb_and_utf8mb4(splynx: Splynx) -> None:
    with splynx.engine.connect() as connection:
        kinds = connection.execute(
            text(
                "select distinct engine, substring_index(table_collation, '_', 1)"
                " from information_schema.tables where table_schema = database()"
            )
        ).all()
    assert [tuple(kind) for kind in kinds] == [("InnoDB", "utf8mb4")]
