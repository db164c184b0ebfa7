"""`python -m load backup | restore`."""

from __future__ import annotations

from pathlib import Path

import click

from load.backup import restore as backup_restore
from load.backup import save as backup
from load.backup.metadata import MISMATCH, VERIFIED
from runtime.run_ledger import stage
from runtime.settings import shown, splynx_admin_db, splynx_db

_MEGABYTE = 1_000_000


@click.command("backup")
@click.option(
    "--to",
    "parent",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder to make the backup's folder in (default: .local/backups).",
)
@click.option(
    "--declare-outside-backup",
    "words",
    metavar="TEXT",
    help="Make none; record that you have one, which, and where.",
)
def backup_command(*, parent: Path | None, words: str | None) -> None:
    """Dump the whole Splynx database, with metadata to verify it by."""
    if words is not None:
        db = splynx_db()
        with stage("backup-splynx") as run:
            backup.declare(run, db, words)
        click.echo(f"recorded: {db.address} has a backup made by other means")
        return
    db = splynx_admin_db()
    with stage("backup-splynx") as run:
        made = backup.back_up(run, db, parent)
    counts = made.metadata.counts
    click.echo(f"target {made.metadata.target}")
    click.echo(f"{len(counts)} tables, {sum(counts.values())} rows, {_size(made.bytes)}")
    click.echo(f"sha256 {made.metadata.sha256}")
    click.echo("uploaded files lie on the disk of the Splynx server and are not in it")
    click.echo(f"backup {shown(made.folder)}")


@click.command("restore")
@click.option(
    "--from",
    "folder",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    required=True,
    help="Folder of the backup.",
)
@click.option("--yes", is_flag=True, help="Replace everything that the database holds now.")
@click.option("--despite-mismatch", is_flag=True, help="Restore what its metadata do not fit.")
def restore_command(*, folder: Path, yes: bool, despite_mismatch: bool) -> None:
    """Verify a backup and put it back; without --yes, verify only."""
    db = splynx_admin_db()
    if not yes:
        _verify_only(db.address, folder)
        return
    with stage("restore-splynx") as run:
        done = backup_restore.restore(run, db, folder, despite_mismatch=despite_mismatch)
    click.echo(done.verdict)
    for problem in done.problems:
        click.echo(f"  {problem}")
    counts = done.metadata.counts
    click.echo(f"{len(counts)} tables, {sum(counts.values())} rows restored and counted")
    click.echo(f"foreign key violations: {sum(found.rows for found in done.violations)}")
    for found in done.violations:
        click.echo(f"  {found}")
    click.echo(f"target {done.target.name}: go on with `make inspect transform accept`")


def _verify_only(address: str, folder: Path) -> None:
    _, problems = backup_restore.verify(folder, address)
    click.echo(MISMATCH if problems else VERIFIED)
    for problem in problems:
        click.echo(f"  {problem}")
    click.echo(f"nothing was changed; to replace everything in {address}, say --yes (YES=1)")


def _size(count: int) -> str:
    return f"{count / _MEGABYTE:.1f} MB" if count >= _MEGABYTE else f"{count // 1000} kB"
