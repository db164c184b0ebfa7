"""Columns of single rows that are Splynx's own, and are not held against the mart.

There are four causes, and no other: Splynx made the value itself when the API created the row
(`server_made.yml` lists those columns), the API does not list the mart's text and got another
(`instead` of the mart's YAML), the column leads to a row that is not in Splynx and may go without
(`late` there), or the handover of secrets wrote it after the load (`ops.handover`).
All other columns of such rows are compared as any.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import Connection, text

from load.reconcile.normal_form import literal, quoted_postgres
from load.reconcile.results import (
    HANDED_OVER,
    MADE_BY_SPLYNX,
    NOT_IN_THE_API,
    SENT_OTHERWISE,
    Cause,
)
from load.reconcile.translation import Lead, leads
from runtime.manifest import Mart

LIST = Path(__file__).with_name("server_made.yml")


@dataclass(frozen=True, slots=True)
class Waiver:
    """Why some columns of some rows are not compared; `rows` are records of Sonar."""

    cause: Cause
    columns: frozenset[str]
    rows: frozenset[str]


@dataclass(frozen=True, slots=True)
class Waivers:
    """All waivers of one mart; `by_api` are the records whose rows were sent over the API."""

    all: Sequence[Waiver] = field(default_factory=tuple)
    by_api: frozenset[str] = frozenset()

    @property
    def columns(self) -> frozenset[str]:
        """Columns that are not compared in every row."""
        return frozenset().union(*(waiver.columns for waiver in self.all))

    def of(self, sonar_key: str) -> frozenset[str]:
        """Return the columns that are not compared in this row."""
        return frozenset().union(*(w.columns for w in self.all if sonar_key in w.rows))


@cache
def server_made(path: Path = LIST) -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    """Return the list: by table and column, when and why."""
    found: Mapping[str, Mapping[str, Mapping[str, str]]] = yaml.safe_load(
        path.read_text(encoding="utf-8")
    )
    return found


def waivers(warehouse: Connection, mart: Mart, target: str) -> Waivers:
    """Return what is not compared in which rows of a mart."""
    listed = listed_columns(mart)
    held = {column.name for column in mart.columns}
    named = {"target": target, "mart": mart.name}
    found = []
    by_api = sent_over_the_api(warehouse, mart, target)
    if made := held & listed.keys():
        found.append(Waiver(MADE_BY_SPLYNX, frozenset(made), by_api))
    for column, texts in mart.rest.get("instead", {}).items() if by_api else ():
        rows = _keys(
            warehouse,
            f"select _sonar_key from {quoted_postgres(mart.schema)}.{quoted_postgres(mart.name)}"
            f" where {quoted_postgres(column)}::text = any(:texts)",
            {"texts": list(texts)},
        )
        found.append(Waiver(SENT_OTHERWISE, frozenset({column}), rows & by_api))
    for column, rows in (led_nowhere(warehouse, mart, target) if by_api else {}).items():
        found.append(Waiver(NOT_IN_THE_API, frozenset({column}), rows & by_api))
    changed = {column for column, said in listed.items() if said["when"] == "change"}
    given = _keys(
        warehouse,
        "select distinct attribute from ops.handover where target = :target and table_name = :mart",
        named,
    )
    for column in held:
        if (attribute := _attribute(mart, column)) not in given:
            continue
        rows = _keys(warehouse, _handed_over(mart), {**named, "attribute": attribute})
        if rows:
            found.append(Waiver(HANDED_OVER, frozenset({column, *(changed & held)}), rows))
    return Waivers(tuple(waiver for waiver in found if waiver.rows), by_api)


def sent_over_the_api(warehouse: Connection, mart: Mart, target: str) -> frozenset[str]:
    """Return the records of a mart whose rows were sent over the API."""
    return _keys(
        warehouse,
        "select _sonar_key from ops.row_state"
        " where target = :target and table_name = :mart and by_api",
        {"target": target, "mart": mart.name},
    )


def led_nowhere(warehouse: Connection, mart: Mart, target: str) -> Mapping[str, frozenset[str]]:
    """Return the records whose row leads to one that is not there, by column that may go without.

    Sent over the API, such a row has nothing there until the other one has come.
    """
    found: dict[str, frozenset[str]] = {}
    for lead in leads(mart):
        if _attribute(mart, lead.column) in mart.rest.get("late", {}):
            named = {"target": target, "to": lead.to_mart}
            rows = _keys(warehouse, _leads_nowhere(mart, lead), named)
            if rows:
                found[lead.column] = found.get(lead.column, frozenset()) | rows
    return found


def listed_columns(mart: Mart) -> Mapping[str, Mapping[str, str]]:
    """Return what the list says of a table; a name in it may be a pattern."""
    found: dict[str, Mapping[str, str]] = {}
    for pattern, columns in server_made().items():
        if fnmatchcase(mart.name, pattern):
            found.update(columns)
    return found


def _keys(warehouse: Connection, query: str, named: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(warehouse.execute(text(query), named).scalars())


def _attribute(mart: Mart, column: str) -> str:
    """Return what the API calls a column."""
    return str(mart.rest.get("rename", {}).get(column, column))


def _leads_nowhere(mart: Mart, lead: Lead) -> str:
    """Return the query of the rows that lead to a row of ours which the target does not have."""
    schema, only = quoted_postgres(mart.schema), ""
    if lead.when is not None:
        column, value = lead.when
        only = f" and mart.{quoted_postgres(column)}::text = {literal(value)}"
    return (
        f"select mart._sonar_key from {schema}.{quoted_postgres(mart.name)} as mart"
        f" join {schema}.{quoted_postgres(lead.to_mart)} as led"
        f" on led.id = mart.{quoted_postgres(lead.column)}{only}"
        " where not exists (select from ops.id_map as ids where ids.target = :target"
        " and ids.entity = :to and ids._sonar_key = led._sonar_key)"
    )


def _handed_over(mart: Mart) -> str:
    """Return the query of the rows that have a secret since they were loaded for the last time."""
    loaded = " and ids.loaded_at > given.changed_at" if mart.key == ("id",) else " and false"
    return (
        "select given._sonar_key from ops.handover as given where given.target = :target"
        " and given.table_name = :mart and given.attribute = :attribute"
        " and given.state = 'handed_over' and not exists (select from ops.id_map as ids"
        " where ids.target = given.target and ids.entity = given.table_name"
        f" and ids._sonar_key = given._sonar_key{loaded})"
    )
