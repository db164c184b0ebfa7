"""Definitions of additional fields: `admin/config/additional-fields/{module}`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from sandbox.splynx.rest import fields
from sandbox.splynx.rest.columns import UnfitError, to_stored
from sandbox.splynx.rest.errors import (
    InvalidError,
    Problem,
    Reply,
    bad_request,
    not_found,
)
from sandbox.splynx.rest.scene import Row, Scene

TYPES = frozenset(
    {
        "string",
        "integer",
        "decimal",
        "numeric",
        "date",
        "datetime",
        "boolean",
        "select",
        "select_multiple",
        "password",
        "file",
        "relation",
        "relation_multiple",
    }
)
REQUIRED = (
    "name",
    "title",
    "type",
    "is_required",
    "is_unique",
    "is_add",
    "show_in_list",
    "searchable",
    "readonly",
    "disabled",
)
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")  # inferred


def answer(
    scene: Scene,
    operation: str,
    names: Mapping[str, str],
    query: Mapping[str, Any],
    body: Mapping[str, Any],
) -> Reply:
    """Carry out one operation on the definitions of a module."""
    module = names["module"]
    if f"{module}_fields" not in scene.tables:
        raise not_found()
    if operation == "list":
        if "limit" in query:
            raise bad_request()  # observed
        return Reply(HTTPStatus.OK, [_shown(row) for row in fields.definitions(scene, module)])
    if operation == "create":
        return _create(scene, module, body)
    found = _found(scene, module, names["name"])
    if operation == "read":
        return Reply(HTTPStatus.OK, _shown(found))
    if operation == "update":
        _store(scene, module, {**body, "name": found["name"]}, found)
        return Reply(HTTPStatus.ACCEPTED)
    scene.execute(f"delete from `{module}_values` where name = %s", [found["name"]])
    scene.execute(f"delete from `{module}_fields` where name = %s", [found["name"]])
    return Reply(HTTPStatus.NO_CONTENT)


def _create(scene: Scene, module: str, body: Mapping[str, Any]) -> Reply:
    wrong = [
        Problem(name, f"{name} is required!") for name in REQUIRED if body.get(name) in {None, ""}
    ]
    if wrong:
        raise InvalidError(wrong)
    name = str(body["name"])
    if not _NAME.fullmatch(name):
        raise InvalidError([Problem("name", "name is invalid!")])
    if any(field["name"] == name for field in fields.definitions(scene, module)):
        raise InvalidError([Problem("name", "name is already used!")])
    _store(scene, module, body, None)
    if str(body.get("set_default_value", "0")) == "1":
        for owner in scene.rows(f"select id from `{module}` t where {scene.live(module)}"):
            fields.put(scene, module, owner["id"], name, str(body.get("default_value") or ""))
    return Reply(HTTPStatus.CREATED, {"name": name})


def _store(scene: Scene, module: str, body: Mapping[str, Any], before: Row | None) -> None:
    if "type" in body and body["type"] not in TYPES:
        raise InvalidError([Problem("type", "type is invalid!")])
    values = {}
    for name, column in scene.columns(f"{module}_fields").items():
        if name in body and name not in {"module", "deleted"}:
            try:
                values[name] = to_stored(body[name], column)
            except UnfitError as exc:
                raise InvalidError([Problem(name, f"{name} {exc}")]) from None
    if before is None:
        scene.insert(f"{module}_fields", {**values, "module": module})
    else:
        scene.update(f"{module}_fields", "name", before["name"], values)


def _found(scene: Scene, module: str, name: str) -> Row:
    row = next((f for f in fields.definitions(scene, module) if f["name"] == name), None)
    if row is None:
        raise not_found()
    return row


def _shown(row: Row) -> Row:
    return {name: value for name, value in row.items() if name != "deleted"}
