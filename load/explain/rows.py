"""The mart rows of an account, where each value comes from, and what the loads wrote of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, text

from load.checks.mart_types import mart_type
from load.explain.facts import Cell, Row, Written
from load.explain.records import exists
from load.planning.row_hash import mart_text, pg_name, pg_relation, pg_text
from load.target.facts import ColumnFact
from load.target.targets import Target, stored_facts
from runtime.manifest import Manifest, Mart, MartColumn

_CUSTOMER = "_customer_key"
Rules = Mapping[tuple[str, str], str]
"""What a column is, in words, by (table, column)."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The account, the tables whose rows are wanted (none named: all), and words for columns."""

    account: str
    tables: tuple[str, ...] = ()
    rules: Rules = field(default_factory=dict)


def has_customers(warehouse: Connection, mart: Mart) -> bool:
    """Return whether rows of the mart say which customer they belong to."""
    found = text(
        "select exists (select from information_schema.columns where table_schema = :schema"
        " and table_name = :name and column_name = :column)"
    )
    named = {"schema": mart.schema, "name": mart.name, "column": _CUSTOMER}
    return bool(warehouse.execute(found, named).scalar_one())


def _text(column: MartColumn, facts: Mapping[str, ColumnFact]) -> str:
    """Return the expression of the text that is sent, as far as the target's column is known."""
    if column.name in facts:
        return mart_text(column, facts[column.name])
    name = pg_name(column.name)
    is_bytes = mart_type(column.data_type).family == "bytes"
    plain = f"upper(encode({name}, 'hex'))" if is_bytes else f"{name}::text"
    return plain if column.none is None else f"coalesce({plain}, {pg_text(column.none)})"


def rules_of(document: Mapping[str, Any]) -> Rules:
    """Return what the project says about each column of each model. Pure."""
    return {
        (node["name"], name): " ".join(column["description"].split())
        for node in document["nodes"].values()
        if node["resource_type"] == "model"
        for name, column in node["columns"].items()
    }


def _cell(column: MartColumn, value: str | None, rule: str | None) -> Cell:
    said = column.meta
    default, seed, decision = (said.get(name) for name in ("default", "seed", "decision"))
    return Cell(
        column=column.name,
        value=value,
        sources=column.sources,
        default=None if default is None else str(default),
        seed=None if seed is None else str(seed),
        decision=None if decision is None else str(decision),
        rule=rule,
    )


def _written(
    warehouse: Connection, target: Target, keys: Mapping[str, Sequence[str]]
) -> dict[tuple[str, str], Written]:
    """Return the records of loads by (table, key of Sonar)."""
    found: dict[tuple[str, str], Written] = {}
    for table, names in keys.items():
        rows = warehouse.execute(
            text(
                "select state._sonar_key, coalesce(state.removed, state.state) as state,"
                " state.run_id, state.inserted_by, state.changed_at, map.target_id"
                " from ops.row_state as state left join ops.id_map as map"
                " on map.target = state.target and map.entity = state.table_name"
                " and map._sonar_key = state._sonar_key"
                " where state.target = :target and state.table_name = :table"
                " and state._sonar_key = any(:keys)"
            ),
            {"target": target.name, "table": table, "keys": list(names)},
        )
        for row in rows:
            found[(table, row[0])] = Written(row[1], row[2], row[3], row[4].isoformat(), row[5])
    return found


def _said(
    warehouse: Connection, query: str, target: Target, account: str
) -> dict[tuple[str, str], list[str]]:
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in warehouse.execute(text(query), {"target": target.name, "account": account}):
        found[(row[0], row[1])].append(row[2])
    return found


# The server's own message may quote a value of another customer, so it is left out.
_REFUSALS = """
    select table_name, _sonar_key, cause || coalesce(', error ' || error_code, '')
        || coalesce(', column ' || column_name, '') || ', run ' || run_id
        || ', ' || to_char(refused_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS') || ' UTC'
    from ops.refusal where target = :target and _customer_key = :account order by refused_at
"""
_STAFF = """
    select edit.table_name, edit._sonar_key,
        edit.kind || ': ' || array_to_string(edit.column_names, ', ')
    from ops.staff_edit as edit join ops.row_state as state
        on state.target = edit.target and state.table_name = edit.table_name
        and state._sonar_key = edit._sonar_key
    where edit.target = :target and state._customer_key = :account
"""


def rows_of(
    warehouse: Connection,
    manifest: Manifest,
    target: Target | None,
    asked: Asked,
) -> list[Row]:
    """Return the mart rows of an account in load order; only of the tables that are asked for."""
    account, rules = asked.account, asked.rules
    wanted = set(asked.tables) or {mart.name for mart in manifest.marts}
    facts = stored_facts(warehouse, target) if target is not None else {}
    values: list[tuple[Mart, str, list[str | None]]] = []
    for mart in manifest.marts:
        if mart.name not in wanted or not exists(warehouse, mart.relation):
            continue
        if not has_customers(warehouse, mart):
            continue
        columns = facts[mart.name].columns if mart.name in facts else {}
        texts = ", ".join(_text(column, columns) for column in mart.columns)
        found = warehouse.exec_driver_sql(
            f"select _sonar_key, {texts} from {pg_relation(mart)}"
            f" where {_CUSTOMER} = %(account)s order by length(_sonar_key), 1",
            {"account": account},
        )
        values += [(mart, row[0], list(row[1:])) for row in found]
    if target is None:
        return [_row(mart, key, texts, rules) for mart, key, texts in values]
    keys: dict[str, list[str]] = defaultdict(list)
    for mart, key, _ in values:
        keys[mart.name].append(key)
    written = _written(warehouse, target, keys)
    refused = _said(warehouse, _REFUSALS, target, account)
    edited = _said(warehouse, _STAFF, target, account)
    return [
        _row(
            mart,
            key,
            texts,
            rules,
            written.get((mart.name, key)),
            refused.get((mart.name, key), ()),
            edited.get((mart.name, key), ()),
        )
        for mart, key, texts in values
    ]


def _row(  # noqa: PLR0913, PLR0917 - all that is known of a row
    mart: Mart,
    key: str,
    texts: Sequence[str | None],
    rules: Rules,
    written: Written | None = None,
    refusals: Sequence[str] = (),
    edits: Sequence[str] = (),
) -> Row:
    cells = (
        _cell(column, value, rules.get((mart.name, column.name)))
        for column, value in zip(mart.columns, texts, strict=True)
    )
    return Row(mart.name, key, tuple(cells), written, tuple(refusals), tuple(edits))
