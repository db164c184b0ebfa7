"""`python -m extract discover|run|status|clean`: the commands of the extractor."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Mapping
from typing import Any

import click
import orjson
from graphql import GraphQLSchema
from sqlalchemy import Engine, text

from extract.client import Manners
from extract.discovery import Collection
from extract.landing import DATASET, working_folder
from extract.ledger import Entry, last_run
from extract.reader import Extent
from extract.run import Request, extract, plan
from extract.selection import select
from extract.tables import table
from runtime.cli import main
from runtime.errors import Unfinished
from runtime.run_ledger import stage
from runtime.settings import sonar_api
from runtime.warehouse import connect, ensure_ops

_UNFINISHED = {"incomplete", "denied", "failed", "running"}


@click.group()
def cli() -> None:
    """Read a Sonar instance into the warehouse, and prove that nothing is missing."""


def _names(value: str) -> tuple[str, ...]:
    return tuple(name for name in value.replace(",", " ").split() if name)


def _described(schema: GraphQLSchema, collection: Collection, max_depth: int) -> dict[str, Any]:
    """Return the plan for one root query, ready for JSON."""
    selection = select(schema, collection, max_depth=max_depth)
    reads = collection.skipped is None
    return {
        "collection": collection.name,
        "kind": collection.kind.value,
        "key": "id" if collection.has_id else "hash",
        "walk": collection.walk,
        "fields": list(selection.leaves) if reads else [],
        "links": [link.name for link in selection.links] if reads else [],
        "secrets_left_out": list(selection.secrets) if reads else [],
        "best_grade": collection.best_grade,
        "state": _planned_state(collection),
        "reason": collection.skipped,
    }


def _planned_state(collection: Collection) -> str:
    if collection.excluded:
        return "excluded"
    return "skipped" if collection.skipped else "extract"


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.option("--max-depth", type=click.IntRange(0, 5), default=2, show_default=True)
def discover(*, as_json: bool, max_depth: int) -> None:
    """Show what the instance has and what `run` would do with it."""
    schema, collections = asyncio.run(plan(sonar_api(), Manners()))
    described = [_described(schema, collection, max_depth) for collection in collections]
    if as_json:
        click.echo(orjson.dumps(described, option=orjson.OPT_INDENT_2).decode())
        return
    lines = [
        (
            one["collection"],
            one["kind"],
            one["key"],
            one["walk"],
            len(one["fields"]) or None,
            " ".join(one["links"]),
            one["best_grade"],
            one["reason"],
        )
        for one in described
    ]
    heads = (
        "collection",
        "kind",
        "key",
        "walk",
        "fields",
        "links",
        "best grade",
        "not read because",
    )
    click.echo(table(heads, lines))
    read = sum(one["state"] == "extract" for one in described)
    click.echo(f"\n{len(described)} root queries, {read} are read.")


@cli.command()
@click.option("--include", default="", help="Only these collections (comma or blank between).")
@click.option("--exclude", default="", help="All but these collections.")
@click.option("--sample", type=click.IntRange(min=1), help="At most this many rows a collection.")
@click.option("--full", is_flag=True, help="Read everything again. So far every run does.")
@click.option("--page-size", type=click.IntRange(1, 1000), default=500, show_default=True)
@click.option("--max-depth", type=click.IntRange(0, 5), default=2, show_default=True)
@click.option("--request-timeout", type=click.FloatRange(min=0.1), default=60.0, show_default=True)
@click.option(
    "--rate-limit-delay",
    type=click.FloatRange(min=0),
    default=1.0,
    show_default=True,
    help="Seconds before the first retry, doubled each time; Retry-After wins.",
)
@click.option("--rate-limit-retries", type=click.IntRange(min=0), default=5, show_default=True)
@click.option("--workers", type=click.IntRange(1, 32), default=4, show_default=True)
def run(**options: Any) -> None:  # noqa: ANN401 - click's options by name
    """Extract into `raw_sonar` and prove it, collection by collection."""
    request = Request(
        include=_names(options["include"]),
        exclude=_names(options["exclude"]),
        extent=Extent(options["page_size"], options["sample"], options["max_depth"]),
        manners=Manners(
            workers=options["workers"],
            timeout=options["request_timeout"],
            delay=options["rate_limit_delay"],
            retries=options["rate_limit_retries"],
        ),
    )
    api = sonar_api()
    with stage("extract") as current:
        outcome = asyncio.run(extract(current, api, request))
        current.note(
            collections=len(outcome),
            changed_rows=sum(entry.changed for entry in outcome.values()),
            deleted_rows=sum(entry.deleted for entry in outcome.values()),
            states=_states(outcome),
        )
        click.echo(_ledger_table(current.engine))
        _end(outcome, sample=request.extent.sample)


def _states(outcome: Mapping[str, Entry]) -> dict[str, int]:
    states = [entry.verdict.state for entry in outcome.values()]
    return {state: states.count(state) for state in sorted(set(states))}


def _end(outcome: Mapping[str, Entry], *, sample: int | None) -> None:
    items = [
        f"{name}: {entry.verdict.state}, {entry.verdict.reason}"
        for name, entry in outcome.items()
        if entry.verdict.state in _UNFINISHED and entry.verdict.grade != "sample"
    ]
    items += [
        f"{name}: Sonar refused the fields {', '.join(entry.dropped)}"
        for name, entry in outcome.items()
        if entry.dropped
    ]
    if items:
        raise Unfinished(f"{len(items)} of {len(outcome)} collections are not whole", items)
    kind = f"a sample of {sample} rows each" if sample else "complete and proven as far as possible"
    click.echo(f"{len(outcome)} collections, {kind}.")


def _ledger_table(engine: Engine) -> str:
    entries = last_run(engine)
    if not entries:
        return "nothing has been extracted yet: run `make extract`"
    heads = (
        "collection",
        "walk",
        "state",
        "grade",
        "sonar",
        "landed",
        "changed",
        "deleted",
        "reason",
    )
    lines = [
        (
            entry["collection"],
            entry["walk"],
            entry["state"],
            entry["grade"],
            entry["server_count"],
            entry["landed_count"],
            entry["changed_rows"] or None,
            entry["deleted_rows"] or None,
            entry["reason"],
        )
        for entry in entries
    ]
    return f"run {entries[0]['run_id']} of {entries[0]['source']}\n{table(heads, lines)}"


@cli.command()
def status() -> None:
    """Show what the last run landed, what it did not, and why."""
    engine = connect()
    try:
        ensure_ops(engine)
        click.echo(_ledger_table(engine))
    finally:
        engine.dispose()


@cli.command()
@click.option("--yes", is_flag=True, help="Do it; without this nothing is dropped.")
def clean(*, yes: bool) -> None:
    """Drop everything that was extracted from this source, and its ledger."""
    host = sonar_api().host
    if not yes:
        raise click.UsageError(
            f"this drops all that was extracted from {host} out of the warehouse; say --yes"
        )
    with stage("extract-clean") as current:
        with current.engine.begin() as connection:
            connection.exec_driver_sql(f"drop schema if exists {DATASET}_staging cascade")
            connection.exec_driver_sql(f"drop schema if exists {DATASET} cascade")
            connection.exec_driver_sql(f"create schema {DATASET}")
            connection.execute(
                text("delete from ops.extract_ledger where source = :source"), {"source": host}
            )
        shutil.rmtree(working_folder(current.engine.url), ignore_errors=True)
    click.echo(f"the extraction of {host} has been dropped")


if __name__ == "__main__":
    main(cli, "extract")
