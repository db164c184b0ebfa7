"""The command line's words for a choice: `--accounts --limit --status --skip-tables`."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from load.planning.scope import Scope, listed

_OPTIONS = (
    click.option("--accounts", help="Only these Sonar accounts and what belongs to them: 1,2,7."),
    click.option("--limit", type=click.IntRange(min=1), help="Only the first so many customers."),
    click.option("--status", help="Only customers of this status of Splynx: active,blocked."),
    click.option("--skip-tables", help="Leave these tables out: customer_notes,monitoring."),
)


def scope_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of a choice; it gets `chosen`."""

    @wraps(command)
    def taking(
        accounts: str | None,
        limit: int | None,
        status: str | None,
        skip_tables: str | None,
        **others: Any,  # noqa: ANN401 - the command's own options
    ) -> None:
        chosen = Scope(listed(accounts), limit, listed(status), listed(skip_tables))
        command(chosen=chosen, **others)

    wrapped: Callable[..., None] = taking
    for option in reversed(_OPTIONS):
        wrapped = option(wrapped)
    return wrapped
