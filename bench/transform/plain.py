"""`python -m bench.transform.plain MANIFEST`: the SQL that dbt compiled, in one session, no dbt."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping, Sequence
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import click
import psycopg2
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class, named as in the docs


def models(manifest: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Return the models, each after those that it reads."""
    nodes = {
        name: node
        for name, node in manifest["nodes"].items()
        if node["resource_type"] == "model" and node["config"]["enabled"]
    }
    graph = {
        name: {parent for parent in node["depends_on"]["nodes"] if parent in nodes}
        for name, node in sorted(nodes.items())
    }
    return [nodes[name] for name in TopologicalSorter(graph).static_order()]


def relation(model: Mapping[str, Any]) -> str:
    """Return the table of a model as SQL names it."""
    return f'"{model["schema"]}"."{model["alias"]}"'


def remembers(model: Mapping[str, Any]) -> bool:
    """Tell whether the table of a model is part of its own input: planned ids stay planned."""
    return bool(model["config"]["materialized"] == "incremental")


def build(cursor: Cursor, ordered: Sequence[Mapping[str, Any]]) -> None:
    """Create and analyze the tables of models, in this order."""
    for model in ordered:
        cursor.execute(f"create table {relation(model)} as {model['compiled_code']}")
        cursor.execute(f"analyze {relation(model)}")


@click.command()
@click.argument("manifest", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def main(manifest: Path) -> None:
    """Create the tables of all models of MANIFEST in the warehouse that BENCH_DSN names."""
    ordered = models(json.loads(manifest.read_text(encoding="utf-8")))
    connection = psycopg2.connect(os.environ["BENCH_DSN"])
    connection.autocommit = True
    with connection.cursor() as cursor:
        started = time.monotonic()
        build(cursor, ordered)
        click.echo(f"work {time.monotonic() - started}")
    connection.close()


if __name__ == "__main__":
    main()
