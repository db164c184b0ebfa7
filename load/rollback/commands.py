"""`python -m load rollback --run ID`."""

from __future__ import annotations

from collections.abc import Sequence

import click

from load.planning.routes import REST
from load.rest import rollback as rest
from load.rollback.run import Undone, roll_back
from load.rollback.words import route_of
from runtime.manifest import read_manifest
from runtime.run_ledger import Run, stage
from runtime.settings import environment, splynx_api, splynx_db


@click.command("rollback")
@click.option("--run", "run_id", required=True, help="The run to take back.")
def rollback_command(*, run_id: str) -> None:
    """Take back what a run wrote; what staff did since stays and is listed."""
    with stage("rollback") as run:
        with run.engine.connect() as warehouse:
            route = route_of(warehouse, run_id)
        said = _by_rest(run, run_id) if route == REST else _by_mysql(run, run_id)
    click.echo(f"run {run_id}: {said}")


def _by_mysql(run: Run, run_id: str) -> str:
    api = splynx_api() if "SPLYNX_URL" in environment() else None
    done = roll_back(run, splynx_db(), read_manifest(), run_id, api)
    back = f", {done.restored} that it had deleted are back" if done.restored else ""
    return (
        f"{done.deleted} rows deleted, {done.put_back} put back{back}\n"
        f"{_of_files(done)}"
        f"{_over_api(done.over_api)}"
        f"everything else is unchanged: {done.checked} tables have the checksums of before"
    )


def _of_files(done: Undone) -> str:
    said = ""
    if done.files:
        said += f"{done.files} files have no row any more: their bytes stay on Splynx's disk\n"
    if done.bytes_left:
        said += f"{done.bytes_left} documents that stay keep the bytes that the run uploaded\n"
    return said


def _by_rest(run: Run, run_id: str) -> str:
    done = rest.roll_back(run, splynx_api(), read_manifest(), run_id)
    files = f"{done.files} files deleted\n" if done.files else ""
    return (
        f"{done.deleted} rows deleted, {done.put_back} put back\n"
        f"{files}"
        f"{done.flagged} of the deleted ones stay in Splynx's database, marked as deleted\n"
        f"{done.hidden} rows went with those that they belong to"
        f"{_not_looked(done.not_looked)}"
    )


def _over_api(done: rest.Undone | None) -> str:
    """Say what went over the API before; its deleted rows are counted by MySQL too."""
    if done is None:
        return ""
    return (
        f"of these, {done.deleted} were deleted over the API first, whose marks went by MySQL;"
        f" {done.put_back} more were put back over the API\n"
    )


def _not_looked(tables: Sequence[str]) -> str:
    if not tables:
        return ""
    return (
        "\nnot looked at, because the API lists no row of them by what it leads to: "
        f"{', '.join(tables)}; what staff led there to deleted rows leads nowhere now"
    )
