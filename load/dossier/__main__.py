"""`python -m load.dossier seal|verify`: the archive that is signed, and its check years later.

0  sealed, or the archive is as it was sealed
2  no report to seal, or no such file
3  the report is stale: nothing was sealed
4  the archive is not as it was sealed; each changed, missing or added member is named
"""

from __future__ import annotations

from pathlib import Path

import click

from load.dossier.archive import sealed, verified
from load.dossier.contents import members
from runtime.cli import main
from runtime.errors import ConfigError, ReconcileMismatch
from runtime.log import redact
from runtime.manifest import read_manifest
from runtime.run_ledger import stage
from runtime.settings import BUILD, shown


@click.group()
def commands() -> None:
    """Seal a migration in one archive, or verify such an archive."""


@commands.command("seal")
@click.option(
    "--out",
    "path",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Archive to write (default: build/dossier.zip).",
)
def seal_command(*, path: Path | None) -> None:
    """Seal verdicts, reconciliation, decisions, seeds and the report; print the root hash."""
    path = path or BUILD / "dossier.zip"
    with stage("dossier", exclusive=False) as run:
        with run.engine.connect() as connection:
            found = members(connection, read_manifest(), BUILD / "report")
        archive, seal = sealed({name: _clean(content) for name, content in found.items()})
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(archive)
        except OSError as exc:
            raise ConfigError(f"{path} cannot be written ({exc.strerror})") from None
        run.note(seal=seal, members=len(found), bytes=len(archive))
    click.echo(f"{shown(path)}: {len(found)} members, {len(archive):,} bytes")
    click.echo(f"seal {seal}")


def _clean(content: bytes) -> bytes:
    """Mask what this process knows to be secret, should a file have been edited to hold it."""
    return redact(content.decode()).encode()


@commands.command("verify")
@click.argument("path", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--seal", help="The root hash of the sign-off, to compare with.")
def verify_command(*, path: Path, seal: str | None) -> None:
    """Check an archive, without a network and without a database."""
    try:
        content = path.read_bytes()
    except OSError as exc:
        raise ConfigError(f"{path} cannot be read ({exc.strerror})") from None
    problems, found = verified(content, seal)
    for problem in problems:
        click.echo(problem)
    if problems:
        raise ReconcileMismatch(
            f"{path} is not as it was sealed: {problems[0]}", {"problems": problems}
        )
    click.echo(f"{path} is as it was sealed")
    click.echo(f"seal {found}" + ("" if seal else ": compare it with that of the sign-off"))


if __name__ == "__main__":
    main(commands, "load.dossier")
