"""What the marts say of the REST API: read rightly, and true to the published attributes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
import yaml
from sqlalchemy import Engine

from load.planning.routes import FILES
from load.rest.shape_meta import read_shapes
from load.rest.shapes import VALUES, Part, Shape, Shapes
from runtime.errors import ConfigError
from runtime.manifest import Manifest, Mart, MartColumn, Reference, read_manifest
from runtime.settings import ROOT

_MARTS = ROOT / "dbt_project" / "models" / "marts" / "splynx"
_REFERENCE = ROOT.parent / "shared" / "reference" / "splynx" / "api.json"
# Sites have `additional_attributes` and the tables; the published list leaves their module out.
_MODULES_TOO = {"network_sites"}


def mart(name: str, columns: str, *references: Reference, **rest: Any) -> Mart:
    names = columns.split()
    return Mart(
        name=name,
        schema="splynx_staging",
        columns=tuple(
            MartColumn(n, "bigint" if n == "id" else "text", None, (), {}) for n in names
        ),
        key=("id",) if "id" in names else tuple(names[:2]),
        group="foundation",
        routes=frozenset({"mysql"} if "without" in rest else {"mysql", "rest"}),
        references=references,
        business_keys=(),
        confidence="observed",
        collections=frozenset(),
        rest=rest,
    )


PLANS = mart("plans", "id title made_at", path="a/plans", identity=["title"], omit={"made_at": "-"})
LINKS = mart(
    "plan_links", "plan_id partner_id", Reference("plan_id", "plans", "id"),
    **{"in": "plans", "as": "partners_ids"},
)  # fmt: skip


def shapes_of(*marts: Mart) -> Shapes:
    return read_shapes(Manifest(marts, "x"))


def test_a_record_sends_its_columns_without_its_id_and_what_is_omitted() -> None:
    renamed = replace(PLANS, rest={**PLANS.rest, "rename": {"title": "name"}, "identity": ["name"]})
    shape = shapes_of(renamed)["plans"]
    assert (shape.kind, shape.attributes) == ("record", {"title": "name"})
    assert (shape.item, shape.omitted) == ("a/plans/{id}", {"made_at": "-"})


def test_links_values_and_items_travel_inside_another_row() -> None:
    owner = Reference("id", "plans", "id")
    values = mart("plan_values", "id name value", owner, **{"in": "plans", "as": VALUES})
    items = mart(
        "plan_items", "id plan_id text", Reference("plan_id", "plans", "id"),
        **{"in": "plans", "as": "items"},
    )  # fmt: skip
    values = replace(values, key=("id", "name"))
    plans = shapes_of(PLANS, LINKS, values, items)["plans"]
    assert {(part.shape.name, part.holds, part.columns) for part in plans.parts} == {
        ("plan_links", "links", ("partner_id",)),
        ("plan_values", "values", ("name", "value")),
        ("plan_items", "objects", ("text",)),
    }


def test_marts_are_sent_after_those_that_their_rows_and_parts_lead_to() -> None:
    partners = mart("zz_partners", "id name", path="a/partners", identity=["name"])
    links = replace(
        LINKS, references=(*LINKS.references, Reference("partner_id", "zz_partners", "id"))
    )
    names = [shape.name for shape in shapes_of(PLANS, links, partners).sent]
    assert names == ["zz_partners", "plans"]


def test_a_late_reference_closes_no_circle() -> None:
    one = mart(
        "one", "id title two_id", Reference("two_id", "two", "id"), path="a", identity=["title"]
    )
    two = mart(
        "two", "id title one_id", Reference("one_id", "one", "id"), path="b", identity=["title"]
    )
    with pytest.raises(ConfigError, match="in a circle"):
        shapes_of(one, two)
    late = replace(one, rest={**one.rest, "late": {"two_id": None}})
    assert [shape.name for shape in shapes_of(late, two)] == ["one", "two"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"pth": "x"}, "pth means nothing"),
        ({"identity": None}, "needs an `identity`"),
        ({"identity": ["made_at"]}, "made_at is not among what is sent"),
        ({"identity": {"field": "sonar_id"}}, "needs `fields`"),
        ({"omit": {"nothing": "-"}}, "has no column nothing"),
        ({"late": {"state": "new"}}, "state is not among what is sent"),
        ({"also": {"title": "x"}}, "title is sent already"),
        ({"path": ""}, "needs a `path`"),
        ({"made": [{"by": "others"}]}, "no column leads to others"),
        ({"gone_when": {"deleted": "1"}}, "has no column deleted"),
        ({"instead": {"kind": {"a": "b"}}}, "has no column kind"),
        ({"without": "no endpoint"}, "and no more"),
    ],
)
def test_meta_that_means_nothing_is_refused(changes: Mapping[str, Any], said: str) -> None:
    routes = frozenset({"mysql"}) if "without" in changes else PLANS.routes
    with pytest.raises(ConfigError, match=re.escape(said)):
        shapes_of(replace(PLANS, routes=routes, rest={**PLANS.rest, **changes}))


@pytest.fixture
def shapes(warehouse: Engine) -> Shapes:  # noqa: ARG001 - dbt wants a profile to parse
    return read_shapes(read_manifest())


@pytest.mark.postgres
def test_every_mart_is_sent_as_the_published_api_has_it(shapes: Shapes) -> None:
    """Or says why not: one test for all marts, because reading them takes the time."""
    if not _REFERENCE.exists():
        pytest.skip("no description of the published API beside the project")
    published = json.loads(_REFERENCE.read_text())
    modules = _MODULES_TOO | {*published["conventions"]["additional_fields"]["modules"]}
    wrong = {
        shape.name: found
        for shape in shapes
        if (found := sorted(_strange(shape, published, modules)))
    }
    assert wrong == {}


def _strange(shape: Shape, published: Mapping[str, Any], modules: set[str]) -> set[str]:
    """Return what a shape says and the API does not."""
    if shape.kind == "absent":
        entity = _of_table(shape.name, published)
        known = not shape.path or entity["path"] == shape.path
        can = "POST" in entity.get("methods", ()) and FILES not in shape.mart.routes
        return {"it can be created"} if can or not known else set()
    if shape.kind == "part":
        return set()  # with the row that it travels in
    entities = [e for e in published.values() if _fits(shape.item, e)]
    if not entities:
        return {f"no such path: {shape.item}"}
    methods = {o["method"] for e in entities for o in e["operations"] if _same(shape.path, o)}
    item = {o["method"] for e in entities for o in e["operations"] if _same(shape.item, o)}
    attributes = {a["name"]: a for e in entities for a in e["attributes"]}
    sent = {*shape.attributes.values(), *shape.also, *shape.secret}
    strange = set(_strange_values(shape, attributes))
    strange |= {f"no attribute {name}" for name in sent - attributes.keys()}
    strange |= {
        f"read only: {n}" for n in sent & attributes.keys() if attributes[n].get("readonly")
    }
    strange |= {f"nothing computes {n}" for n in shape.computed.values() if n not in attributes}
    for part in shape.parts:
        strange |= _strange_part(part, attributes, published)
    if shape.kind == "record":
        inside = {part.attribute for part in shape.parts} | {*shape.places}
        needed = {name for name, a in attributes.items() if a.get("required")}
        strange |= {f"required: {name}" for name in needed - sent - inside}
        strange |= set() if "POST" in methods else {"cannot be created"}
    if shape.can_change and "PUT" not in item:
        strange.add("cannot be changed")
    if shape.module and shape.module not in modules:
        strange.add(f"no module {shape.module}")
    unsaid = {c for c, why in shape.omitted.items() if len(why) < 5}
    return strange | {f"no reason: {column}" for column in unsaid}


def _strange_values(shape: Shape, attributes: Mapping[str, Any]) -> Iterator[str]:
    """Yield the values that a mart may hold and the API does not list."""
    (model,) = yaml.safe_load((_MARTS / f"{shape.name}.yml").read_text())["models"]
    for column in model["columns"]:
        listed = attributes.get(shape.attributes.get(column["name"], ""), {}).get("enum")
        held = {
            str(value)
            for test in column.get("data_tests", ())
            if isinstance(test, Mapping) and "accepted_values" in test
            for value in test["accepted_values"]["arguments"]["values"]
        }
        sent = {shape.instead.get(column["name"], {}).get(value, value) for value in held}
        if listed and (strange := sent - {*map(str, listed)}):
            yield f"{column['name']} may be {', '.join(sorted(strange))}"


def _strange_part(
    part: Part, attributes: Mapping[str, Any], published: Mapping[str, Any]
) -> set[str]:
    if part.attribute not in attributes:
        return {f"no attribute {part.attribute} for {part.shape.name}"}
    if part.holds != "objects":
        return set()
    item = {a["name"] for a in _of_table(part.shape.name, published)["attributes"]}
    sent = {part.shape.attributes[column] for column in part.columns}
    return {f"no attribute {name} of an item" for name in sent - item}


def _of_table(name: str, published: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = next((e for e in published.values() if e.get("table") == name), {})
    return found


def _fits(path: str, entity: Mapping[str, Any]) -> bool:
    return any(_same(path, operation) for operation in entity.get("operations", ()))


def _same(path: str, operation: Mapping[str, str]) -> bool:
    return _plain(path) == _plain(operation["path"])


def _plain(path: str) -> str:
    """Return a path whose places have no names; two ids in one count as one."""
    return re.sub(r"\{\w+\}(--\{\w+\})?", "{}", path)
