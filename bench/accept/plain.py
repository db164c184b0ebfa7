"""The floor: the same checks as one aggregate query a table, by psycopg2 alone, without keys."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import click
import psycopg2
from sqlalchemy import create_engine

from bench.accept.checks import read_manifest, rules, target_tables
from expectations.counting import counting
from runtime.settings import warehouse_url


@click.command()
@click.argument("manifest", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
def main(*, manifest: Path, folder: Path) -> None:
    """Count what breaks the rules; print the seconds from the first query on."""
    marts = read_manifest(manifest)
    checks = rules(marts, target_tables(create_engine(warehouse_url())))
    counts: dict[str, int] = {}
    connection = psycopg2.connect(os.environ["BENCH_DSN"])
    connection.autocommit = True
    with connection.cursor() as cursor:
        started = time.monotonic()
        for mart in marts.marts:
            cursor.execute(counting(checks[mart.name], mart.relation))
            found = cursor.fetchone() or ()
            for rule, count in zip(checks[mart.name], found[1:], strict=True):
                counts[f"{mart.name}: {rule.description}"] = int(count)
        seconds = time.monotonic() - started
    connection.close()
    (folder / "plain.json").write_text(json.dumps(counts), encoding="utf-8")
    click.echo(f"work {seconds:.3f}")


if __name__ == "__main__":
    main()
