"""The page of the field mapping: what each loaded column holds, whence, and by which decision.

All of it stands in the dbt manifest and in docs/mapping-decisions.md. With counts of a warehouse
the page also says how many rows have a value; the page in docs/ goes without, because the same
project would then make another page for every tenant and every day.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from runtime.manifest import Mart, MartColumn, marts_of

_HEADING = re.compile(r"^### (?P<title>(?P<number>D-\d{3}) .+)$", re.MULTILINE)
_CONFIDENCE = re.compile(r"\*\*Confidence\*\*:\s+(?P<word>\w+)")
_LITERAL = r"""^\s+(?P<value>'[^'{{}}]*'|null|-?\d+(?:\.\d+)?)(?:::[\w(), ]+?)? as "?{name}"?,?$"""
_FILLED_TESTS = {"is_filled", "is_key", "not_null"}
_HEADS = (
    "column",
    "type",
    "from Sonar, or why constant",
    "what",
    "decision",
    "confidence",
    "without a value",
)
_INTRODUCTION = """# Field mapping

Written by `make docs` from the marts and their decisions; do not edit. Each table of Splynx that
is loaded, in the order of the load, with every column that is written. What a column is made from
is a `collection.field` of Sonar, or a constant and its reason. *Without a value*: what Splynx is
sent then; *never* where a test wants a value in each row. *Confidence* is that of the decision;
that of a table says whether its columns were seen in a Splynx or follow from other tables. How
filled each column is says `build/docs/field-mapping.md`, where a warehouse is built.
"""

Counts = Mapping[str, Mapping[str, int]]
"""Rows with a value by mart and column; the name `*` counts all rows of the mart."""


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision as the page points to it."""

    anchor: str
    confidence: str
    title: str


@dataclass(frozen=True, slots=True)
class _Decisions:
    page: str
    by_number: Mapping[str, Decision]


def decisions_of(page: str) -> Mapping[str, Decision]:
    """Return the decisions of docs/mapping-decisions.md by number."""
    headings = list(_HEADING.finditer(page))
    ends = [heading.start() for heading in headings[1:]] + [len(page)]
    found = {}
    for heading, end in zip(headings, ends, strict=True):
        confidence = _CONFIDENCE.search(page, heading.end(), end)
        # A heading's anchor: lower case, no punctuation, hyphens for spaces.
        anchor = re.sub(r"[^\w\- ]", "", heading["title"].lower()).replace(" ", "-")
        found[heading["number"]] = Decision(
            anchor,
            confidence["word"] if confidence else "",
            heading["title"].removeprefix(f"{heading['number']} "),
        )
    return found


def counts_of(connection: Connection, marts: Iterable[Mart]) -> Counts:
    """Return how many rows of each mart have a value, by column."""
    counts: dict[str, dict[str, int]] = {}
    for mart in marts:
        names = [column.name for column in mart.columns]
        counted = ", ".join(f'count("{name}")' for name in names)
        query = f"select count(*), {counted} from {mart.schema}.{mart.name}"
        row: tuple[Any, ...] = tuple(connection.exec_driver_sql(query).one())
        counts[mart.name] = dict(zip(["*", *names], row, strict=True))
    return counts


def _always_filled(document: Mapping[str, Any], unique_id: str) -> set[str]:
    """Return the columns of a model that a test wants filled."""
    found: set[str] = set()
    for node in document["nodes"].values():
        test = node.get("test_metadata") or {}
        if node.get("attached_node") == unique_id and test.get("name") in _FILLED_TESTS:
            arguments = {**test["kwargs"], **test["kwargs"].get("arguments", {})}
            found |= set(arguments.get("columns") or [arguments["column_name"]])
    return found


def _origin(column: MartColumn, code: str) -> str:
    """Return the source fields, or the constant and why it is one."""
    if column.sources:
        words = ", ".join(f"`{source.removeprefix('sonar.')}`" for source in column.sources)
    else:
        literal = re.search(_LITERAL.format(name=re.escape(column.name)), code, re.MULTILINE)
        value = literal["value"] if literal else None
        shown = {None: "", "null": "none: "}.get(value, f"constant `{value}`: ")
        words = f"{shown}{column.meta['default']}"
    return f"{words}; seed `{column.meta['seed']}`" if "seed" in column.meta else words


def _share(filled: int, rows: int) -> str:
    """Return a share as whole percent in which only all is 100 and only nothing is 0."""
    if not rows:
        return "no rows"
    if filled in {0, rows}:
        return "100 %" if filled else "0 %"
    return f"{min(max(round(100 * filled / rows), 1), 99)} %"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _line(
    column: MartColumn, node: Mapping[str, Any], always: set[str], decisions: _Decisions
) -> list[str]:
    """Return the cells of a column under `_HEADS`."""
    number = column.meta["decision"]
    decision = decisions.by_number[number]
    none = "NULL" if column.none is None else f"`'{column.none}'`"
    return [
        f"`{column.name}`",
        column.data_type,
        _origin(column, node["raw_code"]),
        node["columns"][column.name]["description"],
        f"[{number}]({decisions.page}#{decision.anchor})",
        decision.confidence,
        "never" if column.name in always else none,
    ]


def _table(mart: Mart, lines: Iterable[list[str]], filled: Mapping[str, int] | None) -> str:
    """Return the table of a mart, with how filled each column is where that was counted."""
    heads = [*_HEADS, "filled"] if filled else _HEADS
    rows = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for column, cells in zip(mart.columns, lines, strict=True):
        share = [_share(filled[column.name], filled["*"])] if filled else []
        rows.append(f"| {' | '.join(_cell(cell) for cell in [*cells, *share])} |")
    return "\n".join(rows)


def field_mapping(
    document: Mapping[str, Any],
    decisions: str,
    decisions_page: str,
    counts: Counts | None = None,
) -> str:
    """Return the page in Markdown. Pure.

    Args:
        document: the parsed manifest.
        decisions: the text of docs/mapping-decisions.md.
        decisions_page: how a link leads there from the page.
        counts: what `counts_of` found, for the page that says how filled each column is.
    """
    nodes = {n["name"]: n for n in document["nodes"].values() if n["resource_type"] == "model"}
    numbered = _Decisions(decisions_page, decisions_of(decisions))
    marts = marts_of(document).marts
    columns = sum(len(mart.columns) for mart in marts)
    parts = [_INTRODUCTION, f"{len(marts)} tables, {columns} columns.\n"]
    for mart in marts:
        node = nodes[mart.name]
        filled = counts[mart.name] if counts else None
        size = f", {filled['*']} rows" if filled else ""
        always = _always_filled(document, node["unique_id"])
        lines = (_line(column, node, always, numbered) for column in mart.columns)
        parts.append(
            f"## {mart.name}\n\n{_cell(node['description'])}\n"
            f"Key `{', '.join(mart.key)}`, {mart.group}; {mart.confidence}{size}.\n\n"
            f"{_table(mart, lines, filled)}\n"
        )
    return "\n".join(parts)
