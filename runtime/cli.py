"""The edge of every command: exceptions become one clear line and a documented exit code."""

from __future__ import annotations

import logging
import sys
import traceback
from typing import NoReturn

import click

from runtime.errors import MEANINGS, MigrationError, Unfinished
from runtime.log import redact

_SHOWN_ITEMS = 20


def _say(text: str) -> None:
    click.echo(redact(text), err=True)


def _run(command: click.Command, name: str) -> int:
    try:
        command.main(prog_name=f"python -m {name}", standalone_mode=False)
    except click.ClickException as exc:
        exc.show()
        return 2
    except (click.Abort, KeyboardInterrupt):
        return 130
    except MigrationError as exc:
        _say(f"{name}: {exc}")
        if isinstance(exc, Unfinished):
            for item in exc.items[:_SHOWN_ITEMS]:
                _say(f"  - {item}")
            if len(exc.items) > _SHOWN_ITEMS:
                _say(f"  … and {len(exc.items) - _SHOWN_ITEMS} more")
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
