"""The generic half of the API: every entity of the catalogue that is rows of one table."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from sqlalchemy.exc import DBAPIError

from sandbox.splynx.rest import fields
from sandbox.splynx.rest.catalogue import Entity
from sandbox.splynx.rest.effects import Change, run_after, run_before
from sandbox.splynx.rest.errors import (
    Reply,
    bad_request,
    not_allowed,
    not_found,
    server_error,
)
from sandbox.splynx.rest.parameters import Condition, Search, as_list, read_search
from sandbox.splynx.rest.reading import shown
from sandbox.splynx.rest.scene import Row, Scene
from sandbox.splynx.rest.validation import Accepted, accept

Names = Mapping[str, str]
Body = Mapping[str, Any]


def listing(scene: Scene, entity: Entity, names: Names, query: Body) -> Reply:
    """Return the rows that fit the search, ordered by key where no order is asked for."""
    search = read_search(query)
    if search.is_empty and entity.unfiltered_fails and names.get("customer_id", "0") == "0":
        raise server_error()
    where, values = _where(scene, entity, names, search)
    order = [
        f"t.`{column}` {way}"
        for name, way in search.order
        if (column := _column(scene, entity, name)) is not None
    ]
    sql = f"select t.* from `{entity.table}` t where {where} order by " + ", ".join(
        [*order, f"t.`{entity.key}` asc"]
    )
    if search.limit is not None or search.offset:
        sql += f" limit {search.offset}, {search.limit if search.limit is not None else 2**62}"
    found = _searched(scene, sql, values)
    return Reply(HTTPStatus.OK, shown(scene, entity, found, single=False))


def head(scene: Scene, entity: Entity, names: Names, query: Body) -> Reply:
    """Return the number of rows that fit the search as a header."""
    where, values = _where(scene, entity, names, read_search(query))
    sql = f"select count(*) as n from `{entity.table}` t where {where}"
    count = _searched(scene, sql, values)[0]["n"]
    headers = (
        ("X-total-count", str(count)),
        ("Access-Control-Expose-Headers", "X-total-count"),
    )
    return Reply(HTTPStatus.NO_CONTENT, None, headers)


def options(scene: Scene, entity: Entity) -> Reply:
    """Return the attributes, and the additional ones where the entity can have them."""
    body: dict[str, Any] = {
        "attributes": [
            {"name": a.name, "title": a.title, "type": a.type, "required": a.required}
            for a in entity.attributes.values()
        ]
    }
    if entity.fields is not None:
        body["additional_attributes"] = [
            {**row, "required": row["is_required"] == "1"}
            for row in fields.definitions(scene, entity.fields)
        ]
    return Reply(HTTPStatus.OK, body)


def read(scene: Scene, entity: Entity, names: Names) -> Reply:
    """Return one record."""
    row = found(scene, entity, names, "")
    return Reply(HTTPStatus.OK, shown(scene, entity, [row], single=True)[0])


def create(scene: Scene, entity: Entity, names: Names, body: Body, query: Body) -> Reply:
    """Create a record with all that follows from it; answer its id."""
    owners = {name: value for name, value in names.items() if name in entity.attributes}
    if any(not scene.exists("customers", v) for n, v in owners.items() if n == "customer_id"):
        raise not_found()
    body = {**body, **owners}
    accepted = accept(scene, entity, body, None)
    change = Change(entity, "create", 0, {}, accepted.values, body, query)
    _refuse_foreign(scene, entity, change.values)
    run_before(scene, change)
    change.key = scene.insert(entity.table, change.values) or change.values[entity.key]
    _store_rest(scene, entity, change.key, accepted)
    run_after(scene, change)
    return Reply(HTTPStatus.CREATED, {"id": change.key})


def update(scene: Scene, entity: Entity, names: Names, body: Body, query: Body) -> Reply:
    """Change the attributes that were sent, and all that follows from it."""
    before = found(scene, entity, names)
    key = before[entity.key]
    accepted = accept(scene, entity, body, before)
    change = Change(entity, "update", key, before, accepted.values, body, query)
    _refuse_foreign(scene, entity, {**before, **change.values})
    run_before(scene, change)
    scene.update(entity.table, entity.key, key, change.values)
    _store_rest(scene, entity, key, accepted)
    run_after(scene, change)
    return Reply(HTTPStatus.ACCEPTED)


def delete(scene: Scene, entity: Entity, names: Names, query: Body) -> Reply:
    """Mark a record as deleted, or remove it where its table has no such mark."""
    before = found(scene, entity, names)
    change = Change(entity, "delete", before[entity.key], before, {}, {}, query)
    run_before(scene, change)
    if "deleted" in scene.columns(entity.table):
        scene.update(entity.table, entity.key, change.key, {"deleted": "1"})
    else:
        scene.execute(f"delete from `{entity.table}` where `{entity.key}` = %s", [change.key])
    run_after(scene, change)
    return Reply(HTTPStatus.NO_CONTENT)


def found(scene: Scene, entity: Entity, names: Names, lock: str = " for update") -> Row:
    """Return the live row that the path names, or refuse with 404 or 405."""
    where, values = _named(scene, entity, names)
    row = scene.row(f"select t.* from `{entity.table}` t where {where}{lock}", values)
    if row is None:
        raise not_found()
    _refuse_foreign(scene, entity, row)
    return row


def _named(scene: Scene, entity: Entity, names: Names) -> tuple[str, list[Any]]:
    conditions, values = [scene.live(entity.table)], []
    for name, value in [*names.items(), *entity.fixed.items()]:
        column = entity.key if name == "id" else name
        if name in names and not value.isdecimal():
            raise not_found()
        if not (name == "customer_id" and value == "0"):
            conditions.append(f"t.`{column}` = %s")
            values.append(value)
    return " and ".join(conditions), values


def _where(scene: Scene, entity: Entity, names: Names, search: Search) -> tuple[str, list[Any]]:
    where, values = _named(scene, entity, names)
    if scene.actor.partner and entity.partner:
        where += f" and t.`{entity.partner}` = %s"
        values.append(scene.actor.partner)
    elif scene.actor.partner and entity.customer:
        where += f" and t.`{entity.customer}` in (select id from customers where partner_id = %s)"
        values.append(scene.actor.partner)
    for condition in search.main:
        column = _column(scene, entity, condition.name)
        if column is not None:  # an unknown name is ignored, as any unknown parameter
            where += " and " + condition.sql.format(f"t.`{column}`")
            values += condition.values
    for condition in search.additional if entity.fields else ():
        where += _additional(entity, condition)
        values += [condition.name, *condition.values]
    return where, values


def _additional(entity: Entity, condition: Condition) -> str:
    return (
        f" and exists (select 1 from `{entity.fields}_values` v where v.id = t.id"
        f" and v.name = %s and {condition.sql.format('v.value')})"
    )


def _column(scene: Scene, entity: Entity, name: str) -> str | None:
    attribute = entity.attributes.get(name)
    column = attribute.column if attribute else name
    return column if column in scene.columns(entity.table) else None


def _searched(scene: Scene, sql: str, values: list[Any]) -> list[Row]:
    try:
        return scene.rows(sql, values)
    except DBAPIError:  # such as a regular expression that is none
        raise bad_request("The search cannot be read!") from None


def _store_rest(scene: Scene, entity: Entity, key: int, accepted: Accepted) -> None:
    for name, given in accepted.junctions.items():
        junction = entity.attributes[name].junction
        if junction is None:
            continue
        table, owner, value = junction.table, junction.owner, junction.value
        scene.execute(f"delete from `{table}` where `{owner}` = %s", [key])
        for item in dict.fromkeys(as_list(given)):
            scene.execute(
                f"insert into `{table}` (`{owner}`, `{value}`) values (%s, %s)", [key, item]
            )
    if entity.fields is not None and accepted.additional:
        fields.write(scene, entity.fields, key, accepted.additional)


def _refuse_foreign(scene: Scene, entity: Entity, row: Row) -> None:
    bound = scene.actor.partner
    if not bound:
        return
    if entity.partner:
        partner = row.get(entity.partner)
    elif entity.customer:
        owner = scene.row(
            "select partner_id from customers where id = %s", [row.get(entity.customer)]
        )
        partner = owner["partner_id"] if owner else None
    else:
        return
    if partner != bound:
        raise not_allowed("NOT_ALLOWED_BY_PARTNER_RESTRICTION")
