"""`python -m load docs`: write the page about the target and print where it is."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from load.mysql import read_facts
from load.mysql.session import answering
from load.rest.needs import endpoints
from load.rest.shape_meta import read_shapes
from load.target_docs import attributes, tables
from load.target_docs.facts import Entry, Facts
from load.target_docs.page import FOLDER, write
from runtime.manifest import read_manifest
from runtime.settings import environment, shown, splynx_api, splynx_db


@click.command("docs")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), default=FOLDER)
def docs_command(*, out: Path) -> None:
    """Write what Splynx has, its database and its API, as a page to search in offline."""
    given = environment()
    unread = [name for name in ("SPLYNX_MYSQL_URL", "SPLYNX_URL") if name not in given]
    if len(unread) > 1:
        click.echo(f"without the target: neither {' nor '.join(unread)} is set")
        return
    manifest = read_manifest()
    found: list[Entry] = []
    names, server = [], ""
    if "SPLYNX_MYSQL_URL" in given:
        db = splynx_db()
        names.append(db.address)
        with answering(db) as engine, read_facts.snapshot(engine) as splynx:
            facts = read_facts.server_facts(splynx)
            server = f"{facts.dialect} {facts.version}"
            found += tables.read(splynx, manifest)
    if "SPLYNX_URL" in given:
        api = splynx_api()
        names.append(api.address)
        found += attributes.read(api, endpoints(read_shapes(manifest)))
    target = " and ".join(names)
    page = write(Facts(target, server, datetime.now(UTC), found, unread), out)
    click.echo(f"target documentation: {shown(page)}")
