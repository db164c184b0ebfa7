"""What the ledger says of rows that were taken back: forgotten, or as before the run again."""

from __future__ import annotations

from collections.abc import Sequence

import orjson
from sqlalchemy import Connection, text

from load.rest.standing import End, Standing
from load.target.targets import Target

_THESE = (
    "unnest(cast(:tables as text[]), cast(:keys as text[]), cast(:row_keys as text[]))"
    " as done (table_name, _sonar_key, row_key)"
)
_THIS = (
    "state.target = :target and state.table_name = done.table_name"
    " and state._sonar_key = done._sonar_key"
)
_INSIDE = (
    "state.target = :target"
    " and state.api -> 'in' = jsonb_build_array(done.table_name, done._sonar_key)"
)
_NO_IMAGE = (
    f"delete from ops.pre_image as image using {_THESE} where image.target = :target"
    " and image.run_id = :run and image.table_name = done.table_name"
    " and image.row_key = cast(done.row_key as jsonb)"
)
_FORGET_INSIDE = f"delete from ops.row_state as state using {_THESE} where {_INSIDE}"
_FORGET_REST = (
    f"delete from ops.id_map as known using {_THESE} where known.target = :target"
    " and known.entity = done.table_name and known._sonar_key = done._sonar_key",
    f"delete from ops.handover as known using {_THESE} where known.target = :target"
    " and known.table_name = done.table_name and known._sonar_key = done._sonar_key",
    f"delete from ops.staff_edit as edit using {_THESE} where edit.target = :target"
    " and edit.table_name = done.table_name and edit._sonar_key = done._sonar_key",
    _NO_IMAGE,
)
_FORGET = (
    _FORGET_INSIDE,
    f"delete from ops.row_state as state using {_THESE} where {_THIS}",
    *_FORGET_REST,
)
# A load that came between would create the row anew, as any row that was removed.
_LEAVE = (
    _FORGET_INSIDE,
    "update ops.row_state as state set api = jsonb_build_object('taken_back', cast(:run as text)),"
    " removed = 'deleted', inserted_by = :run, run_id = :run, base = null,"
    " changed_at = clock_timestamp()"
    f" from {_THESE} where {_THIS}",
    *_FORGET_REST,
)
_SET_BACK = (
    f"delete from ops.row_state as state using {_THESE}"
    f" where {_INSIDE} and state.inserted_by = :run",
    "update ops.row_state as state set state = image.image ->> 'state',"
    " new_hash = image.image ->> 'hash', old_hash = null, removed = null,"
    " api = case when split_part(image.image ->> 'hash', ':', 2) = 'rest' then state.api end,"
    " base = case when split_part(image.image ->> 'hash', ':', 2) <> 'rest'"
    " then state.prior_base"
    " when jsonb_typeof(image.image -> 'base') = 'array' then"
    " array(select cast(mark as integer) from jsonb_array_elements_text(image.image -> 'base')"
    " with ordinality as one (mark, i) order by i) end,"
    " run_id = coalesce((select earlier.run_id from ops.pre_image as earlier"
    " where earlier.target = image.target and earlier.table_name = image.table_name"
    " and earlier.row_key = image.row_key and earlier.run_id <> :run"
    " order by earlier.taken_at desc limit 1), state.inserted_by, state.run_id),"
    " changed_at = clock_timestamp()"
    f" from ops.pre_image as image, {_THESE} where {_THIS} and image.target = state.target"
    " and image.run_id = :run and image.table_name = done.table_name"
    " and image.row_key = cast(done.row_key as jsonb)",
    "update ops.row_state as state set state = owner.state, new_hash = owner.new_hash,"
    " old_hash = null, run_id = owner.run_id, changed_at = owner.changed_at"
    f" from ops.row_state as owner, {_THESE} where {_INSIDE} and owner.target = state.target"
    " and owner.table_name = done.table_name and owner._sonar_key = done._sonar_key",
    _NO_IMAGE,
)


def write_down(
    ledger: Connection,
    target: Target,
    run_id: str,
    rows: Sequence[Standing],
    *,
    leave_marked: bool = False,
) -> None:
    """Forget what is no longer in Splynx; give back to the run before what holds its values.

    With `leave_marked`, what MySQL needs is kept of deleted rows, to take them out of its tables.
    """
    back = [row for row in rows if row.end is End.PUT_BACK and row.image and row.image["state"]]
    left = [row for row in rows if leave_marked and row.end in {End.DELETED, End.HIDDEN}]
    gone = [row for row in rows if row not in back and row not in left]
    for some, statements in ((gone, _FORGET), (left, _LEAVE), (back, _SET_BACK)):
        named = {
            "target": target.name,
            "run": run_id,
            "tables": [row.shape.name for row in some],
            "keys": [row.sonar_key for row in some],
            "row_keys": [orjson.dumps(row.row_key).decode() for row in some],
        }
        for statement in statements if some else ():
            ledger.execute(text(statement), named)
