"""Side effects of writes to customers, their notes and their services."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.splynx.rest import rows
from sandbox.splynx.rest.catalogue import catalogue
from sandbox.splynx.rest.effects import Change, after, before
from sandbox.splynx.rest.errors import invalid
from sandbox.splynx.rest.parameters import as_list
from sandbox.splynx.rest.scene import Scene, is_unset

_LOGIN_DIGITS = 6
# attribute of a bundle service -> the entity of its members
_MEMBERS = {
    "services_internet": "services_internet",
    "services_voice": "services_voice",
    "services_custom": "services_recurring",
}
_ACTIONS = {"start": "active", "stop": "stopped"}


@before
def stamp_customer(scene: Scene, change: Change) -> None:
    """Say who added the customer, and when."""
    change.values["added_by"] = scene.actor.kind
    change.values["added_by_id"] = scene.actor.id
    change.values["last_update"] = scene.stamp
    if is_unset(change.values.get("date_add")):
        change.values["date_add"] = scene.today


@before
def generate_login(scene: Scene, change: Change) -> None:
    """Give a login where none was sent: six digits, handed out again after a deletion."""
    if not is_unset(change.values.get("login")):
        return
    # Two customers at the same moment must not get the same one: the second waits here.
    scene.rows("select id from partners order by id limit 1 for update")
    newest = scene.row("select max(id) as id from customers where deleted = '0'")
    number = ((newest and newest["id"]) or 0) + 1
    while _is_used(scene, login := f"{number:0{_LOGIN_DIGITS}d}"):
        number += 1
    change.values["login"] = login


def _is_used(scene: Scene, login: str) -> bool:
    sql = "select 1 from customers where login = %s and deleted = '0'"
    return scene.row(sql, [login]) is not None


@after
def create_customer_rows(scene: Scene, change: Change) -> None:
    """Make the three rows that belong to every customer."""
    for table in ("customer_info", "customer_billing", "customer_cap"):
        scene.insert(table, {"customer_id": change.key})


@before
def touch_last_update(scene: Scene, change: Change) -> None:
    """Keep the time of the last change."""
    change.values["last_update"] = scene.stamp


@before
def stamp_note(scene: Scene, change: Change) -> None:
    """Date the note where no date was sent."""
    if is_unset(change.values.get("datetime")):
        change.values["datetime"] = scene.stamp


@before
def stamp_document(scene: Scene, change: Change) -> None:
    """Give the document its public id, author and times."""
    change.values |= {
        "hash_id": scene.token(),
        "added_by": scene.actor.kind,
        "added_by_id": scene.actor.id,
        "created_at": scene.stamp,
        "updated_at": scene.stamp,
    }


@before
def refuse_used_service_login(scene: Scene, change: Change) -> None:
    """Refuse a login that another active service has."""
    login = change.get("login")
    if change.get("status") != "active" or is_unset(login):
        return
    used = scene.row(
        "select 1 from services_internet where login = %s and status = 'active'"
        " and deleted = '0' and id <> %s",
        [login, change.key],
    )
    if used is not None:
        raise invalid("login", "Login is already used!")


@before
def start_or_stop(_scene: Scene, change: Change) -> None:
    """Carry out `?action=start` and `?action=stop`."""
    status = _ACTIONS.get(str(change.query.get("action")))
    if status is not None:
        change.values["status"] = status


@after
def create_bundle_members(scene: Scene, change: Change) -> None:
    """Create the services that were sent with a bundle service as parts of it."""
    customer = {"customer_id": str(change.values["customer_id"])}
    for attribute, name in _MEMBERS.items():
        for member in as_list(change.body.get(attribute)):
            if not isinstance(member, Mapping):
                raise invalid(attribute, "A member must be an object!")
            body = {**member, "bundle_service_id": change.key}
            rows.create(scene, catalogue()[name], customer, body, {})
