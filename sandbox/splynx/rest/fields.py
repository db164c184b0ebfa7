"""Additional fields: their definitions in <module>_fields, values in <module>_values."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from sandbox.splynx.rest.columns import Value
from sandbox.splynx.rest.errors import Problem
from sandbox.splynx.rest.parameters import as_list
from sandbox.splynx.rest.scene import Row, Scene

Values = Mapping[str, Any]


def definitions(scene: Scene, module: str) -> list[Row]:
    """Return the live definitions of a module, in the order of the form."""
    return scene.rows(
        f"select * from `{module}_fields` where deleted = '0' order by position, name"
    )


def values_of(scene: Scene, module: str, ids: Sequence[Any]) -> Mapping[Any, dict[str, str]] | None:
    """Return the values of each owner; None while the module has no definition (observed).

    Every defined field is there, an unset one as '' (inferred).
    """
    names = [field["name"] for field in definitions(scene, module)]
    if not names:
        return None
    found: dict[Any, dict[str, str]] = {owner: dict.fromkeys(names, "") for owner in ids}
    if ids:
        marks = ", ".join("%s" for _ in ids)
        for row in scene.rows(f"select * from `{module}_values` where id in ({marks})", ids):
            if row["name"] in names:
                found[row["id"]][row["name"]] = row["value"]
    return found


def problems(scene: Scene, module: str, given: Values, owner: int | None) -> list[Problem]:
    """Return what is wrong with the values sent; `owner` None means a record being created."""
    found = []
    for field in definitions(scene, module):
        name, title = field["name"], field["title"]
        text = _text(given.get(name))
        if text == "":
            if field["is_required"] == "1" and (owner is None or name in given):
                found.append(Problem(name, f"{title} is required!"))
        elif not _fits(text, field):
            found.append(Problem(name, f"{title} is invalid!"))
        elif field["is_unique"] == "1" and _is_taken(scene, module, name, text, owner):
            found.append(Problem(name, f"{title} is already used!"))
    return found


def write(scene: Scene, module: str, owner: int, given: Values) -> None:
    """Store the values sent, one row each; names that are not defined are ignored (inferred)."""
    for field in definitions(scene, module):
        name = field["name"]
        if name in given and field["readonly"] == "0":
            put(scene, module, owner, name, _text(given[name]))


def put(scene: Scene, module: str, owner: int, name: str, text: str) -> None:
    """Store one value."""
    scene.execute(
        f"insert into `{module}_values` (id, name, value) values (%s, %s, %s)"
        " on duplicate key update value = values(value)",
        [owner, name, text],
    )


def _text(value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    return ",".join(map(str, as_list(value))) if isinstance(value, (list, dict)) else str(value)


def _fits(text: str, field: Row) -> bool:  # noqa: PLR0911  one line per type
    kind = field["type"]
    if field["max_length"].isdecimal() and len(text) > int(field["max_length"]):
        return False
    if field["min_length"].isdecimal() and len(text) < int(field["min_length"]):
        return False
    choices = field["select_values"].split(",")
    if kind == "integer":
        return re.fullmatch(r"[+-]?\d+", text) is not None
    if kind in {"decimal", "numeric"}:
        return _is_number(text)
    if kind in {"date", "datetime"}:
        return _is_moment(text)
    if kind == "boolean":
        return text in {"0", "1"}
    if kind == "select":
        return text in choices
    return kind != "select_multiple" or all(part in choices for part in text.split(","))


def _is_number(text: str) -> bool:
    try:
        return Decimal(text).is_finite()
    except InvalidOperation:
        return False


def _is_moment(text: str) -> bool:
    try:
        dt.datetime.fromisoformat(text)
    except ValueError:
        return text.startswith("0000-00-00")
    return True


def _is_taken(scene: Scene, module: str, name: str, text: str, owner: int | None) -> bool:
    return (
        scene.row(
            f"select 1 from `{module}_values` v join `{module}` t on t.id = v.id"
            f" where v.name = %s and v.value = %s and v.id <> %s and {scene.live(module)}",
            [name, text, owner or 0],
        )
        is not None
    )
