"""Files as the last step of a load: after the rows, whatever else was left undone."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from load.files.ledger import FileLedger
from load.files.upload import Uploaded, upload_files
from load.files.uploads import read_uploads
from load.handover.marks import Marks
from load.mysql.session import answering
from load.target.targets import Target, current
from runtime.errors import Unfinished
from runtime.manifest import Manifest
from runtime.run_ledger import Run
from runtime.settings import SplynxApi, environment, rest_target_address, splynx_db


def bring_files(
    run: Run, api: SplynxApi, manifest: Manifest, *, only_some: bool, make_rows: bool
) -> Uploaded:
    """Upload the files whose rows are in Splynx, and note what became of them.

    With `make_rows` nothing else brings documents. With `only_some` the operator chose what is
    loaded: that other files wait is no news.

    Raises:
        ConfigError, GateFailed: as for a load. TargetError: Splynx failed; run again to go on.
    """
    with run.engine.connect() as warehouse:
        target = current(warehouse, rest_target_address())
    ledger = FileLedger(run.engine, target.name, run.run_id, read_uploads(manifest))
    with _marks(run, target, manifest) as marks:
        user = ledger.default_user()
        work = upload_files(api, ledger, user, marks=marks, make_rows=make_rows)
        outcome = asyncio.run(work)
    if only_some:
        outcome.without_row = 0
    run.note(files=outcome.as_json())
    return outcome


def wait_for_the_api(run: Run, address: str, manifest: Manifest) -> Unfinished | None:
    """Return what a load by MySQL leaves undone: documents whose bytes only the API can place."""
    with run.engine.connect() as warehouse:
        target = current(warehouse, address)
    uploads = read_uploads(manifest)
    files = FileLedger(run.engine, target.name, run.run_id, uploads).files(user_id=0)
    waiting = sum(one.upload.is_own and not one.is_done for one in files.wanted)
    if not waiting:
        return None
    run.note(files={"parked": waiting})
    line = f"files: {waiting:,} documents have no bytes: only the API can place them (ROUTE=hybrid)"
    return Unfinished("files wait for a load with ROUTE=hybrid", [line])


def unfinished(outcome: Uploaded) -> Unfinished | None:
    """Return what is left to do, as an error; None where nothing is."""
    if not outcome.items:
        return None
    return Unfinished(f"{outcome.line()}; others are not there yet", outcome.items)


@contextmanager
def _marks(run: Run, target: Target, manifest: Manifest) -> Iterator[Marks | None]:
    """Yield what reads Splynx's database, where it is configured."""
    if "SPLYNX_MYSQL_URL" not in environment():
        yield None
        return
    with answering(splynx_db()) as splynx:
        yield Marks(run, target, splynx, manifest)
