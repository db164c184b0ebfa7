"""Payment accounts: definitions without `?id=`, with it what is stored for a customer.

The id is the customer's, or customer--account. Each definition and each row has ten free fields.
There is no creation, so that a PUT to what is not there yet makes it (inferred).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from sandbox.splynx.rest.catalogue import Entity
from sandbox.splynx.rest.columns import UnfitError, to_stored
from sandbox.splynx.rest.errors import InvalidError, Problem, Reply, bad_request, not_found
from sandbox.splynx.rest.scene import Scene

_DATA = "payment_account_data"
_ID = re.compile(r"(\d+)(?:--(\d+))?")


def answer(
    scene: Scene, entity: Entity, operation: str, query: Mapping[str, Any], body: Mapping[str, Any]
) -> Reply:
    """Carry out one operation; only a list can do without an id."""
    if operation == "list" and "id" not in query:
        return Reply(HTTPStatus.OK, scene.rows(f"select * from `{entity.table}` order by id"))
    told = _ID.fullmatch(str(query.get("id", "")))
    if told is None:
        raise bad_request()
    customer, account = told.groups()
    if not scene.exists("customers", customer):
        raise not_found()
    if operation == "list":
        return _read(scene, customer, account)
    if account is None:
        raise bad_request()
    if operation == "update":
        return _put(scene, entity, customer, account, body)
    where = "customer_id = %s and account_id = %s"
    if not scene.execute(f"delete from `{_DATA}` where {where}", [customer, account]):
        raise not_found()
    return Reply(HTTPStatus.NO_CONTENT)


def _read(scene: Scene, customer: str, account: str | None) -> Reply:
    only, parameters = "", [customer]
    if account is not None:
        only, parameters = " and account_id = %s", [customer, account]
    found = scene.rows(
        f"select * from `{_DATA}` where customer_id = %s{only} order by account_id", parameters
    )
    return Reply(HTTPStatus.OK, found)


def _put(
    scene: Scene, entity: Entity, customer: str, account: str, body: Mapping[str, Any]
) -> Reply:
    if not scene.exists(entity.table, account):
        raise not_found()
    columns = scene.columns(_DATA)
    values: dict[str, Any] = {}
    problems = []
    for name in sorted(body.keys() & columns.keys() - {"account_id", "customer_id"}):
        try:
            values[name] = to_stored(body[name], columns[name])
        except UnfitError as exc:
            problems.append(Problem(name, f"{name} {exc}"))
    if problems:
        raise InvalidError(problems)
    row = {"account_id": account, "customer_id": customer, **values}
    names, marks = ", ".join(f"`{name}`" for name in row), ", ".join("%s" for _ in row)
    changes = ", ".join(f"`{name}` = values(`{name}`)" for name in values)
    scene.execute(
        f"insert into `{_DATA}` ({names}) values ({marks})"
        f" on duplicate key update {changes or 'account_id = account_id'}",
        [*row.values()],
    )
    return Reply(HTTPStatus.ACCEPTED)
