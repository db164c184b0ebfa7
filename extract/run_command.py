"""`python -m extract run`: options in, one extraction, the table of what became of it."""

from __future__ import annotations

import asyncio
from typing import Any

import click

from extract.files.fetching import MEGABYTE, Limits
from extract.reading.reader import DEFAULT_PAGE, Extent
from extract.run import Outcome, Request, extract
from extract.sonar.client import Manners
from extract.status import ledger_table
from runtime.errors import Unfinished
from runtime.run_ledger import stage
from runtime.settings import sonar_api

_UNFINISHED = {"incomplete", "denied", "failed", "running"}


def _names(value: str) -> tuple[str, ...]:
    return tuple(name for name in value.replace(",", " ").split() if name)


@click.command("run")
@click.option("--include", default="", help="Only these collections (comma or blank between).")
@click.option("--exclude", default="", help="All but these collections.")
@click.option("--sample", type=click.IntRange(min=1), help="At most this many rows a collection.")
@click.option("--full", is_flag=True, help="Read every row again, whatever is known.")
@click.option(
    "--page-size",
    type=click.IntRange(1, 10_000),
    default=DEFAULT_PAGE,
    show_default=True,
    help="Rows a page at most; less where answers are slow or refused.",
)
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
@click.option(
    "--requests-per-minute",
    type=click.IntRange(min=1),
    help="Never more than this; without it the limit is learned from Sonar's own answers.",
)
@click.option("--skip-files", is_flag=True, help="Leave the bytes of files where they are.")
@click.option("--max-file-mb", type=click.FloatRange(min=0), default=100.0, show_default=True)
@click.option("--verify-files", is_flag=True, help="Read stored bytes again and compare.")
def command(**options: Any) -> None:  # noqa: ANN401 - click's options by name
    """Extract into `raw_sonar` and prove it, collection by collection."""
    sample = options["sample"]
    megabytes = int(options["max_file_mb"] * MEGABYTE)
    request = Request(
        include=_names(options["include"]),
        exclude=_names(options["exclude"]),
        full=options["full"],
        files=None
        if options["skip_files"] or sample
        else Limits(megabytes, verify=options["verify_files"]),
        extent=Extent(options["page_size"], sample, options["max_depth"]),
        manners=Manners(
            workers=options["workers"],
            timeout=options["request_timeout"],
            delay=options["rate_limit_delay"],
            retries=options["rate_limit_retries"],
            requests_per_minute=options["requests_per_minute"],
        ),
    )
    api = sonar_api()
    with stage("extract") as current:
        outcome = asyncio.run(extract(current, api, request))
        click.echo(ledger_table(current.engine))
        _end(outcome, sample=sample)


def _end(outcome: Outcome, *, sample: int | None) -> None:
    entries, files = outcome.entries, outcome.files
    items = [
        f"{name}: {entry.verdict.state}, {entry.verdict.reason}"
        for name, entry in entries.items()
        if entry.verdict.state in _UNFINISHED and entry.verdict.grade != "sample"
    ]
    items += [
        f"{name}: Sonar refused the fields {', '.join(entry.dropped)}"
        for name, entry in entries.items()
        if entry.dropped
    ]
    if files is not None:
        click.echo(files.line())
        items += files.items
    if items:
        raise Unfinished(f"not everything of {len(entries)} collections is here", items)
    if sample:
        click.echo(f"{len(entries)} collections, a sample of {sample} rows each.")
        return
    click.echo(f"{len(entries)} collections, complete and proven as far as possible.")
    click.echo(
        f"Nothing moved in the last pass: consistent as of {outcome.rest.as_of}."
        if outcome.rest.consistent
        else "Sonar kept changing while it was read: not frozen. Run again when it rests."
    )
