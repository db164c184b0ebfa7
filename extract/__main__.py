"""`python -m extract …`: the commands of the extractor.

A command lives in a module of its own as `command` and is imported when it is asked for: only some
need dlt, which takes a second to import.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

import click

from runtime.cli import main

_MODULES: Mapping[str, str] = {
    "clean": "extract.clean",
    "discover": "extract.discover",
    "docs": "extract.source_docs.command",
    "doctor": "extract.doctor",
    "run": "extract.run_command",
    "status": "extract.status",
}


class _Commands(click.Group):
    """The group whose commands are found by `_MODULES`."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return sorted(_MODULES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _MODULES:
            return None
        command: click.Command = import_module(_MODULES[cmd_name]).command
        return command


@click.group(cls=_Commands)
def cli() -> None:
    """Read a Sonar instance into the warehouse, and prove that nothing is missing."""


if __name__ == "__main__":
    main(cli, "extract")
