"""`python -m extract discover`: what the instance has, and what `run` would do with it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import click
import orjson
from graphql import GraphQLSchema

from extract.catalogue.discovery import Collection, discover
from extract.catalogue.selection import select
from extract.sonar.client import Manners, Sonar
from extract.tables import table
from runtime.settings import SonarApi, sonar_api

_HEADS = (
    "collection",
    "kind",
    "key",
    "walk",
    "fields",
    "links",
    "best grade",
    "state",
    "not read because",
)


async def plan(api: SonarApi, manners: Manners) -> tuple[GraphQLSchema, tuple[Collection, ...]]:
    """Return the schema of the instance and all of its root queries, classified."""
    async with Sonar(api, manners) as sonar:
        schema = await sonar.schema()
    return schema, discover(schema)


def described(schema: GraphQLSchema, collection: Collection, max_depth: int) -> dict[str, Any]:
    """Return the plan for one root query, ready for JSON."""
    selection = select(schema, collection, max_depth=max_depth)
    reads = collection.skipped is None
    return {
        "collection": collection.name,
        "kind": collection.kind.value,
        "key": "id" if collection.has_id else "hash",
        "walk": collection.walk,
        "fields": list(selection.leaves) if reads else [],
        "embedded": list(selection.embedded) if reads else [],
        "links": [link.name for link in selection.links] if reads else [],
        "secrets_left_out": list(selection.secrets) if reads else [],
        "best_grade": collection.best_grade,
        "state": _state(collection),
        "reason": collection.skipped,
    }


def _state(collection: Collection) -> str:
    if collection.excluded:
        return "excluded"
    return "skipped" if collection.skipped else "extract"


@click.command("discover")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.option("--max-depth", type=click.IntRange(0, 5), default=2, show_default=True)
def command(*, as_json: bool, max_depth: int) -> None:
    """Show what the instance has and what `run` would do with it."""
    schema, collections = asyncio.run(plan(sonar_api(), Manners()))
    found = [described(schema, collection, max_depth) for collection in collections]
    if as_json:
        click.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode())
        return
    click.echo(table(_HEADS, [_line(one) for one in found]))
    states = [one["state"] for one in found]
    click.echo(
        f"\n{len(found)} root queries: {states.count('extract')} are read,"
        f" {states.count('excluded')} excluded, {states.count('skipped')} skipped."
    )


def _line(one: dict[str, Any]) -> Sequence[object]:
    return (
        one["collection"],
        one["kind"],
        one["key"],
        one["walk"],
        len(one["fields"]) or None,
        " ".join(one["links"]),
        one["best_grade"],
        one["state"],
        one["reason"],
    )
