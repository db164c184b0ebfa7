"""`python -m extract docs`: write the pages about the source and print where they are."""

from __future__ import annotations

from pathlib import Path

import click

from extract.source_docs.pages import FOLDER, write_docs
from runtime.settings import shown
from runtime.warehouse import connect, ensure_ops


@click.command("docs")
@click.option("--max-depth", type=click.IntRange(0, 5), default=2, show_default=True)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), default=FOLDER)
def command(*, max_depth: int, out: Path) -> None:
    """Write what Sonar has, how full it is and what has changed, as pages to read offline."""
    engine = connect()
    try:
        ensure_ops(engine)
        index = write_docs(engine, out, max_depth=max_depth)
    finally:
        engine.dispose()
    click.echo(f"source documentation: {shown(index)}")
