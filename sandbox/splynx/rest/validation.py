"""Checks a body against the catalogue and the columns; every problem is told, not only the first.

Which checks exist is published only in part; lengths, ranges, enums and references are inferred.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.splynx.rest import fields
from sandbox.splynx.rest.catalogue import Attribute, Entity
from sandbox.splynx.rest.columns import UnfitError, Value, to_stored
from sandbox.splynx.rest.errors import InvalidError, Problem
from sandbox.splynx.rest.parameters import as_list
from sandbox.splynx.rest.scene import Row, Scene, is_unset


@dataclass(slots=True)
class Accepted:
    """What is to be stored: columns, junction values, additional fields."""

    values: Row = field(default_factory=dict)
    junctions: dict[str, Any] = field(default_factory=dict)
    additional: Mapping[str, Any] = field(default_factory=dict)


def accept(scene: Scene, entity: Entity, body: Mapping[str, Any], before: Row | None) -> Accepted:
    """Return the storable form of a body; unknown and read-only attributes are ignored.

    `before` is the stored row of an update, None when a record is created.

    Raises:
        InvalidError: with every problem found.
    """
    accepted = Accepted()
    problems: list[Problem] = []
    for attribute in entity.attributes.values():
        try:
            _take(scene, entity, attribute, body, accepted, creating=before is None)
        except UnfitError as exc:
            problems.append(Problem(attribute.name, f"{attribute.title} {exc}"))
    if before is not None:
        accepted.values = {n: v for n, v in accepted.values.items() if n != entity.key}
    owner = None if before is None else before[entity.key]
    problems += _duplicates(scene, entity, accepted.values, owner)
    sent = body.get("additional_attributes")
    if entity.fields is not None:
        accepted.additional = sent if isinstance(sent, Mapping) else {}
        problems += fields.problems(scene, entity.fields, accepted.additional, owner)
    if problems:
        raise InvalidError(problems)
    return accepted


def _take(  # noqa: PLR0913  the two sides of one attribute
    scene: Scene,
    entity: Entity,
    attribute: Attribute,
    body: Mapping[str, Any],
    accepted: Accepted,
    *,
    creating: bool,
) -> None:
    name = attribute.name
    if attribute.readonly or attribute.constant is not None:
        return
    sent = name in body
    value = body[name] if sent else attribute.default if creating else None
    if attribute.required and (creating or sent) and value in (None, "", [], {}):
        raise UnfitError("is required!")
    if not sent and (not creating or attribute.default is None):
        return
    if attribute.junction is not None:
        _check_members(scene, attribute, value)
        accepted.junctions[name] = value
    elif attribute.column is not None:
        accepted.values[attribute.column] = _stored(scene, entity, attribute, value)


def _stored(scene: Scene, entity: Entity, attribute: Attribute, value: Value) -> Value:
    column = scene.columns(entity.table)[attribute.column or attribute.name]
    if attribute.is_list:
        value = ",".join(map(str, as_list(value)))
    stored = to_stored(value, column)
    if attribute.values and stored not in attribute.values and not is_unset(stored):
        raise UnfitError("is invalid!")
    if attribute.references is not None:
        if is_unset(stored):
            if attribute.required:
                raise UnfitError("is required!")
        elif not scene.exists(attribute.references, stored):
            raise UnfitError("does not exist!")
    return scene.vault.seal(stored) if attribute.secret and stored else stored


def _check_members(scene: Scene, attribute: Attribute, value: Value) -> None:
    junction = attribute.junction
    if junction is None:
        return
    column = scene.columns(junction.table)[junction.value]
    for item in as_list(value):
        to_stored(item, column)


def _duplicates(scene: Scene, entity: Entity, values: Row, owner: int | None) -> list[Problem]:
    return [
        Problem(name, f"{entity.attributes[name].title} is already used!")
        for name in entity.unique_live
        if not is_unset(values.get(name))
        and scene.row(
            f"select 1 from `{entity.table}` t where `{name}` = %s and `{entity.key}` <> %s"
            f" and {scene.live(entity.table)}",
            [values[name], owner or 0],
        )
    ]
