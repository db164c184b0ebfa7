"""`python -m load handover`: secrets that Splynx needs, after a load by either route."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

from load.handover import invitations
from load.handover.allowed import FROM_SONAR, NETWORK, PAYMENTS, PORTAL, Allowed
from load.handover.marks import Marks
from load.handover.run import Result, Sides, hand_over
from load.mysql.session import answering
from load.target.targets import Target, current
from runtime.manifest import read_manifest
from runtime.run_ledger import Run, stage
from runtime.settings import (
    BUILD,
    environment,
    named_rest_target,
    rest_target_address,
    shown,
    sonar_api,
    splynx_api,
    splynx_db,
)

_KINDS = {"network": tuple(NETWORK), "payment": tuple(PAYMENTS), "portal": (PORTAL,)}


@click.command("handover")
@click.option(
    "--only",
    type=click.Choice(sorted(_KINDS)),
    help="Network passwords, tokens of payments, or portal passwords (default: all).",
)
@click.option(
    "--invitations",
    "path",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A list with names and e-mail addresses (default: keys only, below build).",
)
def handover_command(*, only: str | None, path: Path | None) -> None:
    """Give Splynx the passwords that the warehouse never holds."""
    kinds: Sequence[Allowed] = _KINDS[only] if only else [k for ks in _KINDS.values() for k in ks]
    named_rest_target()
    api, address = splynx_api(), rest_target_address()
    sonar = sonar_api() if any(kind in FROM_SONAR for kind in kinds) else None
    with stage("handover") as run:
        with run.engine.connect() as warehouse:
            target = current(warehouse, address)
        try:
            with _marks(run, target) as marks:
                result = hand_over(run, target, Sides(sonar, api, marks), kinds)
        finally:
            if PORTAL in kinds:
                _invite(run, target, path)
    _say(result)


@contextmanager
def _marks(run: Run, target: Target) -> Iterator[Marks | None]:
    """Yield what reads Splynx's database, where it is configured."""
    if "SPLYNX_MYSQL_URL" not in environment():
        yield None
        return
    with answering(splynx_db()) as splynx:
        yield Marks(run, target, splynx, read_manifest())


def _invite(run: Run, target: Target, path: Path | None) -> None:
    file = path or BUILD / "handover" / "invitations.csv"
    with run.engine.connect() as warehouse:
        count = invitations.write(warehouse, target, file, personal=path is not None)
    click.echo(f"{count} customers can be invited to the portal: {shown(file)}")


def _say(result: Result) -> None:
    for what, ends in result.ends.items():
        said = ", ".join(f"{count} {state.replace('_', ' ')}" for state, count in ends.items())
        click.echo(f"{what}: {said or 'nothing to do'}")
