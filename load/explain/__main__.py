"""`python -m load.explain ACCOUNT`: one account through every layer.

0  shown whole
2  no such account or table, nothing transformed, or a file that cannot be written
6  shown, but what the target holds now could not be read
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import click
import orjson

from load.explain.command import explained
from load.explain.facts import masked
from load.explain.render import as_json, as_text
from load.explain.rows import Asked, rules_of
from runtime.cli import main
from runtime.dbt import MANIFEST
from runtime.errors import ConfigError, Unfinished
from runtime.manifest import read_manifest
from runtime.run_ledger import stage
from runtime.settings import shown

_PRIVATE = 0o600


def _write(path: Path, content: str) -> None:
    """Write personal data where only their owner can read them."""
    try:
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE), "w") as file:
            file.write(content)
    except OSError as exc:
        raise ConfigError(f"{path} cannot be written ({exc.strerror})") from None


@click.command()
@click.argument("account")
@click.option("--table", "tables", multiple=True, help="Only rows of this table; repeatable.")
@click.option(
    "--raw",
    is_flag=True,
    help="With what Sonar sent, and each rule in words (JSON always has both).",
)
@click.option("--json", "is_json", is_flag=True, help="For machines.")
@click.option(
    "--out",
    "path",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write it to this file instead, readable by its owner only.",
)
def cli(
    *, account: str, tables: tuple[str, ...], raw: bool, is_json: bool, path: Path | None
) -> None:
    """Tell what Sonar had of ACCOUNT, what became of it and why, and what Splynx holds now.

    Personal values are shown on a terminal, or written to --out; output that goes anywhere else
    (a pipe, a log) has keys, rules and money only.
    """
    with stage("explain", exclusive=False) as run:
        manifest = read_manifest()
        asked = Asked(account.strip(), tables, rules_of(orjson.loads(MANIFEST.read_bytes())))
        with run.engine.connect() as warehouse:
            found = explained(warehouse, manifest, asked)
        run.note(account=found.account, records=len(found.records), rows=len(found.rows))
        is_private = path is not None or sys.stdout.isatty()
        told = found if is_private else masked(found)
        width = shutil.get_terminal_size().columns if path is None and is_private else None
        content = as_json(told) if is_json else as_text(told, raw=raw, width=width)
        if path is None:
            click.echo(content.rstrip("\n"))
        else:
            _write(path, content)
            click.echo(f"{found.summary}\nexplain: {shown(path)}")
        if found.target_read.startswith("not read"):
            raise Unfinished("what the target holds now is not shown", [found.target_read])


if __name__ == "__main__":
    main(cli, "load.explain")
