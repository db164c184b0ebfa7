"""Generate a tenant and land it: `python -m bench.accept.land SIZE MANIFEST`, into BENCH_DSN.

In a process of its own, which ends: Linux counts what its parent held when it was made into the
peak of a process, and a tenant takes more memory than all that is measured.
"""

from __future__ import annotations

import json
import os
from contextlib import closing
from pathlib import Path

import click
import psycopg2

from bench.transform import landing
from sandbox.sonar.schema import load_schema
from sandbox.sonar.tenant import generate

_SEED = 1


@click.command()
@click.argument("size")
@click.argument("manifest", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def main(*, size: str, manifest: Path) -> None:
    """Land what the models of MANIFEST read, and print how many rows that is."""
    names = landing.collections(json.loads(manifest.read_text(encoding="utf-8")))
    tenant = generate(load_schema(), size, seed=_SEED)
    with closing(psycopg2.connect(os.environ["BENCH_DSN"])) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            click.echo(f"rows {landing.land(cursor, tenant, names)}")


if __name__ == "__main__":
    main()
