"""Tables of Splynx's database as entries of the page, from `information_schema`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlalchemy import Connection, text

from load.mysql import read_facts
from load.target.facts import ColumnFact, TableFacts
from load.target_docs.facts import Entry, Line
from runtime.manifest import Manifest

KIND = "table"
_NAMES = text(
    "select table_name from information_schema.tables where table_schema = database()"
    " and table_type = 'BASE TABLE' order by table_name"
)


def read(splynx: Connection, manifest: Manifest) -> list[Entry]:
    """Return every table that the account may see, by name."""
    names: list[str] = list(splynx.execute(_NAMES).scalars())
    return entries(read_facts.table_facts(splynx, names), manifest)


def entries(tables: Mapping[str, TableFacts], manifest: Manifest) -> list[Entry]:
    """Return the tables with their keys, and what of them is loaded. Pure."""
    marts = {mart.name: mart for mart in manifest.marts}
    leading: dict[str, list[str]] = {}
    for table in tables.values():
        for key in table.keys:
            if key.ref_table:
                leading.setdefault(key.ref_table, []).append(f"{table.name}.{key.columns[0]}")
    found = []
    for name, table in sorted(tables.items()):
        mart = marts.get(name)
        decisions = {c.name: str(c.meta.get("decision", "")) for c in mart.columns} if mart else {}
        lines = [
            Line(
                column.name,
                column.column_type,
                "; ".join(_notes(table, column)),
                loaded=column.name in decisions,
                decision=decisions.get(column.name, ""),
            )
            for column in table.columns.values()
        ]
        says = [f"{table.engine}, {table.charset}"]
        if name in leading:
            says.append(f"referred to by {', '.join(sorted(leading[name]))}")
        found.append(Entry(name, KIND, "; ".join(says), lines))
    return found


def _notes(table: TableFacts, column: ColumnFact) -> Iterator[str]:
    if column.name in table.primary_key:
        yield "primary key"
    if column.is_auto_increment:
        yield "counts up by itself"
    for key in table.keys:
        if column.name not in key.columns:
            continue
        if key.kind == "unique":
            yield f"unique ({', '.join(key.columns)})"
        elif key.ref_table and key.ref_columns:
            yield f"leads to {key.ref_table}.{key.ref_columns[key.columns.index(column.name)]}"
    if column.must_be_given:
        yield "must be given"
    elif column.is_nullable:
        yield "may be null"
    if column.default is not None:
        yield f"default '{column.default}'"
