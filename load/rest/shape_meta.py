"""Reads `meta.load.rest` of the marts' YAML into shapes, and refuses what means nothing. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from graphlib import CycleError, TopologicalSorter
from typing import Any

from load.rest.shapes import ROUTE, VALUES, Holds, Identity, Made, Part, Shape, Shapes
from runtime.errors import ConfigError
from runtime.manifest import GROUPS, Manifest, Mart

_KEYS = frozenset(
    {
        "path", "item", "fields", "identity", "rename", "omit", "computed", "late", "also",
        "secret", "refers", "made", "gone_when", "fixed", "in", "as", "without", "instead",
        "really_deletes",
    }
)  # fmt: skip


def read_shapes(manifest: Manifest) -> Shapes:
    """Return how each mart goes over the API.

    Raises:
        ConfigError: `meta.load.rest` of a mart is wrong.
    """
    alone = {mart.name: _shape(mart, manifest) for mart in manifest.marts}
    whole = {
        name: replace(shape, parts=tuple(_parts(shape, alone.values())))
        for name, shape in alone.items()
    }
    return Shapes(tuple(whole[name] for name in _order(manifest, whole)))


def _shape(mart: Mart, manifest: Manifest) -> Shape:
    said = mart.rest
    if unknown := sorted(said.keys() - _KEYS):
        raise _wrong(mart, f"{', '.join(unknown)} means nothing")
    if ROUTE not in mart.routes:
        reason, path = said.get("without"), said.get("path", "")
        if not reason or said.keys() - {"without", "path"}:
            raise _wrong(mart, "a mart without that route says why, in `without`, and no more")
        return Shape(mart, "absent", reason=" ".join(str(reason).split()), path=str(path))
    if "without" in said:
        raise _wrong(mart, "`without` is for a mart without that route")
    if "in" in said:
        return _part(mart)
    shape = Shape(
        mart,
        "record",
        path=str(said.get("path", "")),
        item=str(said.get("item") or f"{said.get('path', '')}/{{id}}"),
        module=said.get("fields"),
        identity=_identity(mart),
        attributes=_attributes(mart),
        omitted=_omitted(mart),
        computed=_renamed(mart, said.get("computed", ())),
        late=dict(said.get("late", {})),
        also={name: str(value) for name, value in said.get("also", {}).items()},
        secret=tuple(said.get("secret", ())),
        instead={name: dict(texts) for name, texts in said.get("instead", {}).items()},
        refers={name: dict(by) for name, by in said.get("refers", {}).items()},
        made=tuple(_made(mart, made, manifest) for made in said.get("made", ())),
        gone_when=_pair(mart, said.get("gone_when")),
        can_change=not said.get("fixed", False),
        really_deletes=bool(said.get("really_deletes", False)),
    )
    if shape.identity is None:
        if not shape.made:
            raise _wrong(mart, "what is created needs an `identity`, by which it is found again")
        sent = {name: a for name, a in shape.attributes.items() if name not in shape.places}
        shape = replace(shape, kind="made", attributes=sent)
    elif not shape.path:
        raise _wrong(mart, "what is created needs a `path`")
    _check(shape)
    return shape


def _part(mart: Mart) -> Shape:
    whole = str(mart.rest["in"])
    if not any(reference.to_mart == whole for reference in mart.references):
        raise _wrong(mart, f"no column leads to {whole}, in which it is to travel")
    return Shape(mart, "part", attributes=_attributes(mart), omitted=_omitted(mart), inside=whole)


def _parts(whole: Shape, shapes: Iterable[Shape]) -> Iterator[Part]:
    for shape in shapes:
        if shape.inside != whole.name:
            continue
        owner = next(r.column for r in shape.mart.references if r.to_mart == whole.name)
        attribute = str(shape.mart.rest.get("as") or "")
        if not attribute:
            raise _wrong(shape.mart, f"`as` names the attribute of {whole.name}")
        others = set(shape.mart.key) - {owner}
        if attribute == VALUES:
            holds: Holds = "values"
        elif len(others) == 1 and owner in shape.mart.key:
            holds = "links"
        else:
            holds = "objects"
        yield Part(shape, attribute, owner, holds)


def _attributes(mart: Mart) -> dict[str, str]:
    """Return the attribute of each column that is sent."""
    left_out = {"id"} if mart.key == ("id",) else set()
    left_out |= {*mart.rest.get("omit", {}), *mart.rest.get("computed", ())}
    return _renamed(mart, [c.name for c in mart.columns if c.name not in left_out])


def _renamed(mart: Mart, columns: Iterable[str]) -> dict[str, str]:
    names = mart.rest.get("rename", {})
    return {column: str(names.get(column, column)) for column in columns}


def _omitted(mart: Mart) -> dict[str, str]:
    return {name: " ".join(str(why).split()) for name, why in mart.rest.get("omit", {}).items()}


def _identity(mart: Mart) -> Identity | None:
    said = mart.rest.get("identity")
    if isinstance(said, Mapping):
        return Identity(field=str(said["field"]))
    return Identity(attributes=tuple(said)) if said else None


def _made(mart: Mart, said: Mapping[str, Any], manifest: Manifest) -> Made:
    to = str(said["by"])
    leading = [r.column for r in mart.references if r.to_mart == to]
    column = str(said.get("column") or (leading[0] if leading else ""))
    if column not in leading:
        raise _wrong(mart, f"no column leads to {to}, which makes its rows")
    part = said.get("part")
    attribute = said.get("attribute")
    if part is not None and not any(
        r.column == attribute and r.to_mart == mart.name for r in manifest.mart(part).references
    ):
        raise _wrong(mart, f"{attribute} of {part} does not lead to its rows")
    return Made(to, column, attribute, part, tuple(said.get("match", ())))


def _pair(mart: Mart, said: Any) -> tuple[str, str] | None:  # noqa: ANN401 - YAML
    if said is None:
        return None
    if not isinstance(said, Mapping) or len(said) != 1:
        raise _wrong(mart, "`gone_when` is {column: value}")
    ((column, value),) = said.items()
    return str(column), str(value)


def _check(shape: Shape) -> None:
    """Refuse names of columns and attributes that are not there."""
    mart = shape.mart
    columns = {column.name for column in mart.columns}
    sent = set(shape.attributes.values())
    named = {*shape.omitted, *shape.computed, *mart.rest.get("rename", {}), *shape.refers}
    named |= shape.instead.keys()
    named |= {place for place in shape.places if place != "id"}
    if shape.gone_when:
        named.add(shape.gone_when[0])
    if lost := sorted(named - columns):
        raise _wrong(mart, f"it has no column {', '.join(lost)}")
    needed = {*shape.late, *(shape.identity.attributes if shape.identity else ())}
    if lost := sorted(needed - sent):
        raise _wrong(mart, f"{', '.join(lost)} is not among what is sent")
    if lost := sorted(({*shape.also} | {*shape.secret}) & sent):
        raise _wrong(mart, f"{', '.join(lost)} is sent already")
    if shape.identity and shape.identity.field and not shape.module:
        raise _wrong(mart, "an additional field needs `fields`, its module")


def _order(manifest: Manifest, shapes: Mapping[str, Shape]) -> list[str]:
    """Return the marts, parents before children as far as their columns are sent; groups first."""
    graph = {name: sorted(_parents(shape) - {name}) for name, shape in sorted(shapes.items())}
    try:
        order = list(TopologicalSorter(graph).static_order())
    except CycleError as exc:
        raise ConfigError(
            f"over REST the marts refer to each other in a circle: {exc.args[1]}"
        ) from None
    groups = {mart.name: GROUPS.index(mart.group) for mart in manifest.marts}
    return sorted(order, key=groups.__getitem__)


def _parents(shape: Shape) -> set[str]:
    now = {c for c, attribute in shape.attributes.items() if attribute not in shape.late}
    found = {r.to_mart for r in shape.references if r.orders and r.column in {*now, *shape.places}}
    found |= {made.by for made in shape.made}
    for column, by in shape.refers.items():
        if column in now:
            found |= {to for kind, to in by.items() if kind != "by"}
    for part in shape.parts:
        found |= {
            r.to_mart for r in part.shape.mart.references if r.orders and r.column in part.columns
        }
    return found


def _wrong(mart: Mart, what: str) -> ConfigError:
    return ConfigError(f"mart {mart.name}: meta.load.rest: {what}")
