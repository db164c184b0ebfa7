"""The edge of every command: exceptions become one clear line and a documented exit code."""

from __future__ import annotations

import logging
import os
import sys
import traceback
from collections.abc import Sequence
from typing import NoReturn

import click

from runtime.errors import MEANINGS, GateFailed, MigrationError, Unfinished
from runtime.log import redact

_SHOWN_ITEMS = 20
_SHOWN_FINDINGS = 200
_IN_THE_MESSAGE = 5  # findings that a refusal's own line has room for


def _say(text: str) -> None:
    click.echo(redact(text), err=True)


def _list(items: Sequence[str], most: int) -> None:
    for item in items[:most]:
        _say(f"  - {item}")
    if len(items) > most:
        _say(f"  … and {len(items) - most} more")


def _findings(refused: GateFailed) -> list[str]:
    """Return what a check found and its message could not hold: all of it."""
    lists = [found for found in refused.report.values() if isinstance(found, list)]
    findings = [item for found in lists for item in found if isinstance(item, str)]
    return findings if len(findings) > _IN_THE_MESSAGE else []


def _run(command: click.Command, name: str) -> int:
    try:
        command.main(prog_name=f"python -m {name}", standalone_mode=False)
    except click.ClickException as exc:
        exc.show()
        if isinstance(exc, click.UsageError) and "MAKELEVEL" in os.environ:
            _say("With make, options are variables, as RUN= for --run: see `make help`.")
        return 2
    except (click.Abort, KeyboardInterrupt):
        return 130
    except MigrationError as exc:
        _say(f"{name}: {exc}")
        if isinstance(exc, Unfinished):
            _list(exc.items, _SHOWN_ITEMS)
        if isinstance(exc, GateFailed):
            _list(_findings(exc), _SHOWN_FINDINGS)
        return exc.exit_code
    except Exception:  # noqa: BLE001 - the last edge: whatever is left is a bug and must say so
        _say(traceback.format_exc().rstrip())
        return 1
    return 0


def main(command: click.Command, name: str) -> NoReturn:
    """Run a click command as `python -m <name>` and end the process.

    The last line on stderr is the exit code and its meaning, because make replaces every failing
    code by 2. Output for machines stays alone on stdout.
    """
    logging.captureWarnings(capture=True)
    code = _run(command, name)
    if not {"--help", "-h"} & set(sys.argv):
        _say(f"{name}: {code} {MEANINGS[code]}")
    sys.exit(code)
