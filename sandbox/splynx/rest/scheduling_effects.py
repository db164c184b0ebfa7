"""Side effects of writes to tasks, and to what is written about them."""

from __future__ import annotations

import datetime as dt
import re

from sandbox.splynx.rest.columns import NO_DATETIME
from sandbox.splynx.rest.effects import Change, before
from sandbox.splynx.rest.errors import invalid
from sandbox.splynx.rest.scene import Scene, is_unset

SHORTEST, LONGEST = 3, 64  # characters of a title
_DURATION = re.compile(r"(?:(\d+)h)?\s*(?:(\d+)m)?")
_WORKED = ("started_at", "stopped_at")


@before
def measure_title(scene: Scene, change: Change) -> None:  # noqa: ARG001
    """Refuse a title that the API does not take, although the column would."""
    title = change.values.get("title")
    if title is not None and not SHORTEST <= len(title) <= LONGEST:
        raise invalid("title", f"Title should contain {SHORTEST} to {LONGEST} characters!")


@before
def stamp_task(scene: Scene, change: Change) -> None:
    """Set times and the reporter where none were sent."""
    values = change.values
    for name in ("created_at", "updated_at", "assinged_at"):
        if is_unset(values.get(name)):
            values[name] = scene.stamp
    if scene.actor.kind == "admin" and is_unset(values.get("reporter_id")):
        values["reporter_id"] = scene.actor.id


@before
def last_as_long(scene: Scene, change: Change) -> None:  # noqa: ARG001
    """Let a scheduled task end as long after its beginning as was sent, as "1h 25m"."""
    sent = change.body.get("formatted_duration")
    if is_unset(sent):
        return
    told = _DURATION.fullmatch(str(sent).strip())
    if told is None:
        raise invalid("formatted_duration", "Formatted duration is invalid!")
    begin = str(change.get("scheduled_from"))
    if begin in {"None", NO_DATETIME}:
        return
    hours, minutes = (int(part or 0) for part in told.groups())
    end = dt.datetime.fromisoformat(begin) + dt.timedelta(hours=hours, minutes=minutes)
    change.values["scheduled_to"] = end.strftime("%Y-%m-%d %H:%M:%S")


@before
def touch_task(scene: Scene, change: Change) -> None:
    """Keep the time of the last change."""
    change.values.setdefault("updated_at", scene.stamp)


@before
def stamp_task_writing(scene: Scene, change: Change) -> None:
    """Set the times of a comment or of work where none were sent."""
    columns = scene.columns(change.entity.table)
    for name in ("created_at", *(name for name in _WORKED if name in columns)):
        if is_unset(change.values.get(name)):
            change.values[name] = scene.stamp
