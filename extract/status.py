"""`python -m extract status`: what the last run landed, what it did not, and why."""

from __future__ import annotations

import click
from sqlalchemy import Engine

from extract.files.links import file_status
from extract.ledger import last_run
from extract.tables import table
from runtime.warehouse import connect, ensure_ops

_COLUMNS = {
    "collection": "collection",
    "mode": "mode",
    "state": "state",
    "grade": "grade",
    "sonar": "server_count",
    "landed": "landed_count",
    "changed": "changed_rows",
    "deleted": "deleted_rows",
    "witness": "witness",
    "reason": "reason",
}
_BLANK_WHEN_ZERO = {"changed_rows", "deleted_rows"}


def ledger_table(engine: Engine) -> str:
    """Return the ledger of the last run as a table."""
    entries = last_run(engine)
    if not entries:
        return "nothing has been extracted yet: run `make extract`"
    lines = [
        [entry[name] or None if name in _BLANK_WHEN_ZERO else entry[name] for name in columns]
        for columns in [list(_COLUMNS.values())]
        for entry in entries
    ]
    return f"run {entries[0]['run_id']} of {entries[0]['source']}\n{table(list(_COLUMNS), lines)}"


def files_line(engine: Engine) -> str | None:
    """Return what became of the files of the last run's source in one line; None without any."""
    entries = last_run(engine)
    if not entries:
        return None
    status = file_status(engine, entries[0]["source"])
    if not status.states:
        return None
    states = ", ".join(f"{count:,} {state}" for state, count in status.states.items())
    orphans = f"; {len(status.orphans):,} that no record links" if status.orphans else ""
    return f"files: {states}; {status.bytes / 1_000_000:,.1f} MB{orphans}"


@click.command("status")
def command() -> None:
    """Show what the last run landed, what it did not, and why."""
    engine = connect()
    try:
        ensure_ops(engine)
        click.echo(ledger_table(engine))
        if line := files_line(engine):
            click.echo(line)
    finally:
        engine.dispose()
