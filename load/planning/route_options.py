"""`--route` and `--rest-tables` of the commands that plan and load."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

import click

from load.planning.routes import MYSQL, ROUTES
from load.planning.scope import listed

_P = ParamSpec("_P")
_R = TypeVar("_R")


def route_options(command: Callable[_P, _R]) -> Callable[_P, _R]:
    """Add both options."""
    tables = click.option(
        "--rest-tables",
        callback=lambda _context, _parameter, value: listed(value),
        help="By hybrid: tables that go over the API although MySQL could take them.",
    )
    route = click.option(
        "--route", type=click.Choice(ROUTES), default=MYSQL, show_default=True,
        help="MySQL, the REST API, or each table its own (hybrid).",
    )  # fmt: skip
    return route(tables(command))
