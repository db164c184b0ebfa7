"""An explanation as text for people (rich) and as JSON for machines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict

import orjson
from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.table import Table

from load.explain.facts import Cell, Explanation, Record, Row

_WIDTH = 140  # of a file, or of output that goes to no terminal


def as_json(explanation: Explanation) -> str:
    """Return the whole explanation as indented JSON."""
    return orjson.dumps(
        asdict(explanation), option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS, default=str
    ).decode()


def _grid(*heads: str) -> Table:
    table = Table(box=None, pad_edge=False, show_edge=False)
    for head in heads:
        table.add_column(head, overflow="fold")
    return table


def _records(records: tuple[Record, ...]) -> Iterator[RenderableType]:
    counts = Counter((r.collection, r.outcome or "not decided", r.reason or "") for r in records)
    table = _grid("collection", "what became of it", "reason", "decisions", "records", "keys")
    for (collection, outcome, reason), count in counts.items():
        same = [
            r
            for r in records
            if (r.collection, r.outcome or "not decided", r.reason or "")
            == (collection, outcome, reason)
        ]
        table.add_row(
            collection, outcome, reason, ", ".join(same[0].decisions), str(count),
            ", ".join(r.key for r in same),
        )  # fmt: skip
    yield "\n[bold]Records of Sonar[/]"
    yield table


def _payloads(records: tuple[Record, ...]) -> Iterator[RenderableType]:
    yield "\n[bold]What Sonar sent[/]"
    for record in records:
        shown = orjson.dumps(record.payload or {}).decode()
        yield escape(f"{record.collection} {record.key} (run {record.run_id}): {shown}")


def _origin(cell: Cell) -> str:
    origin = ", ".join(source.removeprefix("sonar.") for source in cell.sources)
    if not origin:
        origin = f"constant: {cell.default}"
    return f"{origin}; seed {cell.seed}" if cell.seed else origin


def _verdict(cell: Cell) -> str:
    if cell.is_same is None:
        return "-"
    return "same" if cell.is_same else "DIFFERS"


def _row(row: Row, *, with_rules: bool) -> Iterator[RenderableType]:
    written = row.written
    head = f"\n[bold]{row.table}[/] {escape(row.key)}: "
    if written is None:
        head += "never written"
    else:
        head += f"{written.state} by run {written.run_id} at {written.changed_at}"
        if written.inserted_by and written.inserted_by != written.run_id:
            head += f", inserted by run {written.inserted_by}"
        if written.target_id is not None:
            head += f", id {written.target_id}"
    yield f"{head}; in the target: {row.held}"
    for refusal in row.refusals:
        yield escape(f"  refused: {refusal}")
    for edit in row.staff_edits:
        yield escape(f"  by staff: {edit}")
    rules = ("rule",) if with_rules else ()
    table = _grid("column", "to send", "in the target", "", "from", "decision", *rules)
    for cell in row.cells:
        table.add_row(
            cell.column,
            "NULL" if cell.value is None else escape(cell.value),
            "-" if cell.target_value is None else escape(cell.target_value),
            _verdict(cell),
            escape(_origin(cell)),
            cell.decision or "",
            *([escape(cell.rule or "")] if with_rules else []),
        )
    yield table


def _money(explanation: Explanation) -> Iterator[RenderableType]:
    position = explanation.statement.get("position") or {}
    if not position:
        return
    yield "\n[bold]Money, in the currency's smallest unit[/]"
    table = _grid("total", "Sonar", "Splynx")
    for name, value in position.items():
        if name.startswith("sonar_"):
            what = name.removeprefix("sonar_")
            theirs = position.get(f"splynx_{what}")
            table.add_row(what.replace("_", " "), str(value), str(theirs))
    yield table
    yield f"difference {position['difference_cents']}, unexplained {position['unexplained_cents']}"
    for cause in explanation.statement["causes"]:
        reason = f" ({cause['reason']})" if cause["reason"] else ""
        yield escape(
            f"  {cause['cause']}{reason}: {cause['cents']} from {cause['records']} records"
        )


def _parts(explanation: Explanation, *, raw: bool) -> Iterator[RenderableType]:
    yield f"[bold]{escape(explanation.summary)}[/]"
    yield f"target {explanation.target or '-'}, {escape(explanation.target_read)}"
    yield from _records(explanation.records)
    if raw:
        yield from _payloads(explanation.records)
    for row in explanation.rows:
        yield from _row(row, with_rules=raw)
    gate = explanation.gate
    yield "\n[bold]Checks[/]"
    yield (
        "never accepted"
        if gate is None
        else (f"{gate.verdict} at {gate.decided_at}, run {gate.run_id}")
    )
    for finding in (*(gate.findings if gate is not None else ()), *explanation.findings):
        yield escape(f"  {finding}")
    yield from _money(explanation)


def as_text(explanation: Explanation, *, raw: bool, width: int | None = None) -> str:
    """Return the explanation as plain text, with the payloads of all records where `raw`."""
    console = Console(width=width or _WIDTH, color_system=None, highlight=False)
    with console.capture() as captured:
        console.print(Group(*_parts(explanation, raw=raw)))
    return captured.get()
