"""Files behind the commands that load over the API, and what they say of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from load.files.step import bring_files, unfinished, wait_for_the_api
from load.planning.scope import Scope
from runtime.errors import Unfinished
from runtime.manifest import Manifest, read_manifest
from runtime.run_ledger import Run
from runtime.settings import splynx_api


@contextmanager
def followed_by_files(run: Run, chosen: Scope, *, make_rows: bool, skip: bool) -> Iterator[None]:
    """Upload files after the block, though rows were left undone in it.

    Raises:
        MigrationError: as the block and `bring_files`; Unfinished with what both left undone.
    """
    left: list[Unfinished] = []
    with _kept(left):
        yield
    if not skip:
        only_some = not chosen.is_everything
        outcome = bring_files(
            run, splynx_api(), read_manifest(), only_some=only_some, make_rows=make_rows
        )
        if outcome.touched:
            click.echo(outcome.line())
        if more := unfinished(outcome):
            left.append(more)
    _say(left)


@contextmanager
def left_to_the_api(run: Run, address: str, manifest: Manifest, *, skip: bool) -> Iterator[None]:
    """Say after a load by MySQL that it brought no files.

    Raises:
        MigrationError: as the block; Unfinished where files wait.
    """
    left: list[Unfinished] = []
    with _kept(left):
        yield
    if not skip and (more := wait_for_the_api(run, address, manifest)):
        left.append(more)
    _say(left)


@contextmanager
def _kept(left: list[Unfinished]) -> Iterator[None]:
    try:
        yield
    except Unfinished as exc:
        left.append(exc)


def _say(left: list[Unfinished]) -> None:
    if left:
        items = [item for one in left for item in one.items]
        raise Unfinished("; ".join(str(one) for one in left), items)
