"""`ops.file_upload` after a rollback: files without rows are uploaded again by the next load."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, text

from load.files.uploads import Upload, marts_of

_OF_KEYS = """
delete from ops.file_upload
where target = :target and _sonar_key = any(:keys) and place = any(:places)
returning state
"""
_OF_OWNERS = """
delete from ops.file_upload as upload
using ops.row_state as owner,
    unnest(cast(:tables as text[]), cast(:keys as text[]), cast(:places as text[]))
        as gone (table_name, _sonar_key, place)
where owner.target = :target and owner.table_name = gone.table_name
    and owner._sonar_key = gone._sonar_key and upload.target = owner.target
    and upload.place = gone.place and upload.owner_id::text = owner.row_key ->> 'id'
returning upload.state
"""


def forget_files(
    ledger: Connection, target: str, rows: Sequence[tuple[str, str]], uploads: Sequence[Upload]
) -> int:
    """Forget the files of deleted `rows` (table, key), which `ops.row_state` still has.

    Returns how many of them Splynx keeps on its disk.
    """
    attached = [upload for upload in uploads if upload.file is not None]
    of_files = {mart.name for upload in attached for mart in marts_of((upload,))}
    of_files -= {upload.owner.name for upload in attached}
    keys = [key for table, key in rows if table in of_files]
    owners = [
        (table, key, upload.place)
        for table, key in rows
        for upload in uploads
        if upload.owner.name == table
    ]
    states: list[str] = []
    if keys:
        found = ledger.execute(
            text(_OF_KEYS),
            {
                "target": target,
                "keys": keys,
                "places": [upload.place for upload in attached],
            },
        )
        states += [row[0] for row in found]
    if owners:
        found = ledger.execute(
            text(_OF_OWNERS),
            {
                "target": target,
                "tables": [table for table, _, _ in owners],
                "keys": [key for _, key, _ in owners],
                "places": [place for _, _, place in owners],
            },
        )
        states += [row[0] for row in found]
    return sum(state in {"stored", "differs"} for state in states)


def held_by(ledger: Connection, target: str, run_id: str, uploads: Sequence[Upload]) -> int:
    """Return how many rows of their own hold bytes that a run uploaded."""
    return int(
        ledger.execute(
            text(
                "select count(*) from ops.file_upload where target = :target and run_id = :run"
                " and place = any(:places) and state = 'stored'"
            ),
            {
                "target": target,
                "run": run_id,
                "places": [upload.place for upload in uploads if upload.is_own],
            },
        ).scalar_one()
    )
