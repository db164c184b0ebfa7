"""Side effects of writes to tickets and their messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.splynx.rest.effects import Change, after, before
from sandbox.splynx.rest.scene import Scene, is_unset

_NEW = 1


@before
def stamp_ticket(scene: Scene, change: Change) -> None:
    """Set state, author and times where none were sent."""
    values = change.values
    if is_unset(values.get("status_id")):
        values["status_id"] = _NEW
    for name, value in (
        ("reporter_type", scene.actor.kind),
        ("reporter_id", scene.actor.id),
        ("source", "api"),
        ("created_at", scene.stamp),
        ("updated_at", scene.stamp),
    ):
        if is_unset(values.get(name)):
            values[name] = value
    for name in ("unread_by_customer", "unread_by_admin"):
        values.setdefault(name, "1")


@after
def open_with_message(scene: Scene, change: Change) -> None:
    """Store the message that was sent with a new ticket as its first one."""
    sent = change.body.get("message")
    if isinstance(sent, Mapping) and not is_unset(sent.get("message")):
        hidden = str(sent.get("hide_for_customer", "0")).lower() in {"1", "true"}
        values = {"message": str(sent["message"]), "hide_for_customer": "1" if hidden else "0"}
        scene.insert("ticket_messages", {**values, **_message(scene, change.key, values)})


@before
def touch_ticket(scene: Scene, change: Change) -> None:
    """Keep the time of the last change."""
    change.values.setdefault("updated_at", scene.stamp)


@before
def stamp_message(scene: Scene, change: Change) -> None:
    """Set date, time and author where none were sent."""
    change.values |= _message(scene, change.values["ticket_id"], change.values)


@after
def touch_message_ticket(scene: Scene, change: Change) -> None:
    """Let the ticket know that something was written."""
    scene.update("ticket", "id", change.values["ticket_id"], {"updated_at": scene.stamp})


def _message(scene: Scene, ticket: int, values: Mapping[str, Any]) -> dict[str, Any]:
    is_key = scene.actor.kind == "api"
    missing = {
        "ticket_id": ticket,
        "date": scene.today,
        "time": scene.now.strftime("%H:%M:%S"),
        "source": "api",
        "author_type": scene.actor.kind,
        "api_id" if is_key else "admin_id": scene.actor.id,
    }
    return {name: value for name, value in missing.items() if is_unset(values.get(name))}
