"""The dbt manifest as the other stages read it: marts, their columns, references and load order.

Nothing about a Splynx table stands in Python. Contract columns, `config.meta` and `relationships`
tests of the marts say all that acceptance, load and reconciliation need; a new mart appears here by
itself. dbt writes the manifest (schema version 12) to `build/dbt/manifest.json`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from typing import Any

import orjson

from runtime import dbt
from runtime.errors import ConfigError

GROUPS = ("foundation", "customer", "trailing")  # in the order they are loaded
_REF = re.compile(r"""ref\(\s*['"](?P<model>\w+)['"]\s*\)""")


# Tests that declare a reference: may it mean a row that the target has already, and does its mart
# wait for the other one?
_REFERENCES = {
    "relationships": {"or_matched": False, "orders": True},
    "leads_to_row_of": {"or_matched": True, "orders": True},
    "leads_back_to": {"or_matched": False, "orders": False},
}


@dataclass(frozen=True, slots=True)
class Reference:
    """`column` of a mart holds `to_column` of the mart `to_mart`.

    With `or_matched` it may also hold the id of a row of the target that the crosswalk matched. One
    that does not `orders` closes a circle (an invoice names its payment, which names a transaction
    of the invoice): the target checks no such reference, and it says nothing of what comes first.
    """

    column: str
    to_mart: str
    to_column: str
    or_matched: bool = False
    orders: bool = True


@dataclass(frozen=True, slots=True)
class MartColumn:
    """A column that is written to the target. `none` is how the target spells SQL NULL."""

    name: str
    data_type: str
    none: str | None
    sources: tuple[str, ...]
    meta: Mapping[str, Any] = field(hash=False)


@dataclass(frozen=True, slots=True)
class Removal:
    """What becomes of a loaded row whose record is gone: `keep`, `delete` or `flag` it.

    A flagged row gets `value` in `column`.
    """

    rule: str = "keep"
    column: str | None = None
    value: str | None = None


@dataclass(frozen=True, slots=True)
class Total:
    """Rows that are counted, and summed up over `amount`, by groups of both sides' figures.

    A group is one value of each column of `by`, and one month of the date in `month`. The values
    stand in reports, so none of these columns may hold anything personal.
    """

    by: tuple[str, ...]
    month: str | None = None
    amount: str | None = None

    @property
    def columns(self) -> frozenset[str]:
        """All columns that the figures are made of."""
        return frozenset({*self.by, *(name for name in (self.month, self.amount) if name)})

    @property
    def title(self) -> str:
        """What the rows are grouped by, in words."""
        months = () if self.month is None else (f"month of {self.month}",)
        return ", ".join((*self.by, *months))


@dataclass(frozen=True, slots=True)
class Mart:
    """One Splynx-shaped staging table, named as the Splynx table.

    `business_keys` are what the target's application keeps unique although its database does not.
    `rest` says how its rows go over the REST API (`load.rest.shapes` reads it), `files` how files
    of its rows do (`load.files.uploads`); `preferred` is the first of `routes` in its YAML.
    """

    name: str
    schema: str
    columns: tuple[MartColumn, ...]
    key: tuple[str, ...]
    group: str
    routes: frozenset[str]
    references: tuple[Reference, ...]
    business_keys: tuple[tuple[str, ...], ...]
    confidence: str
    collections: frozenset[str]
    on_delete: Removal = Removal()
    rest: Mapping[str, Any] = field(default_factory=dict, hash=False)
    preferred: str = "mysql"
    totals: tuple[Total, ...] = ()
    files: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @property
    def relation(self) -> str:
        """The mart's qualified name in the warehouse."""
        return f"{self.schema}.{self.name}"


@dataclass(frozen=True, slots=True)
class Manifest:
    """All marts in load order: groups first, inside a group parents before children."""

    marts: tuple[Mart, ...]
    checksum: str

    def mart(self, name: str) -> Mart:
        """Return the mart of that name.

        Raises:
            KeyError: there is none.
        """
        for mart in self.marts:
            if mart.name == name:
                return mart
        raise KeyError(name)


def _ancestors(unique_id: str, parents: Mapping[str, list[str]]) -> set[str]:
    found: set[str] = set()
    waiting = [unique_id]
    while waiting:
        for parent in parents.get(waiting.pop(), []):
            if parent not in found:
                found.add(parent)
                waiting.append(parent)
    return found


def _references(tests: Iterable[Mapping[str, Any]], marts: set[str]) -> dict[str, list[Reference]]:
    """Return the references of each model (by unique id) that lead to a mart."""
    found: dict[str, list[Reference]] = {}
    for test in tests:
        metadata = test.get("test_metadata") or {}
        if metadata.get("name") not in _REFERENCES or not test.get("attached_node"):
            continue
        arguments = {**metadata["kwargs"], **metadata["kwargs"].get("arguments", {})}
        named = _REF.search(arguments["to"])
        if named and named["model"] in marts:
            reference = Reference(
                arguments["column_name"],
                named["model"],
                arguments["field"],
                **_REFERENCES[metadata["name"]],
            )
            found.setdefault(test["attached_node"], []).append(reference)
    return found


def _columns(node: Mapping[str, Any]) -> Iterator[MartColumn]:
    for name, column in node["columns"].items():
        if name.startswith("_"):
            continue  # bookkeeping stays in the warehouse
        meta = column.get("config", {}).get("meta") or column.get("meta") or {}
        none = meta.get("none")
        yield MartColumn(
            name=name,
            data_type=column["data_type"],
            none=None if none is None else str(none),
            sources=tuple(meta.get("source", ())),
            meta=meta,
        )


def _mart(
    node: Mapping[str, Any], references: Iterable[Reference], sources: Iterable[Mapping[str, Any]]
) -> Mart:
    meta = node["config"]["meta"]
    load = meta["load"]
    if load["group"] not in GROUPS:
        raise ConfigError(
            f"mart {node['name']}: meta.load.group is {load['group']}, use one of {GROUPS}"
        )
    return Mart(
        name=node["name"],
        schema=node["schema"],
        columns=tuple(_columns(node)),
        key=tuple(load["key"]),
        group=load["group"],
        routes=frozenset(load["routes"]),
        references=tuple(sorted(references, key=lambda r: (r.column, r.to_mart))),
        business_keys=tuple(
            (key,) if isinstance(key, str) else tuple(key) for key in load.get("business_keys", ())
        ),
        confidence=meta["confidence"],
        collections=frozenset(s["name"] for s in sources if s["schema"] == "raw_sonar"),
        on_delete=_removal(node["name"], load.get("on_delete", "keep"), node["columns"]),
        rest=load.get("rest", {}),
        preferred=load["routes"][0],
        totals=tuple(_totals(node["name"], load.get("totals", ()), node["columns"])),
        files=load.get("files", {}),
    )


def _totals(mart: str, said: Any, columns: Mapping[str, Any]) -> Iterator[Total]:  # noqa: ANN401 - YAML
    """Read `meta.load.totals`: a list of {by: [columns], month: column, sum: column}."""
    loaded = {name for name in columns if not name.startswith("_")}
    for entry in said:
        total = Total(tuple(entry.get("by", ())), entry.get("month"), entry.get("sum"))
        is_known = entry.keys() <= {"by", "month", "sum"} and total.columns <= loaded
        if not is_known or not total.title:
            raise ConfigError(
                f"mart {mart}: meta.load.totals has {entry}, use {{by: [columns], month: column, "
                "sum: column}} with its own columns, and by or month at least"
            )
        yield total


def _removal(mart: str, said: Any, columns: Mapping[str, Any]) -> Removal:  # noqa: ANN401 - YAML
    """Read `meta.load.on_delete`: keep, delete, or {flag: {column: value}} with a loaded column."""
    if isinstance(said, str) and said in {"keep", "delete"}:
        return Removal(said)
    loaded = {name for name in columns if not name.startswith("_")}
    flag = said.get("flag") if isinstance(said, Mapping) and len(said) == 1 else None
    if not isinstance(flag, Mapping) or len(flag) != 1 or not flag.keys() <= loaded:
        raise ConfigError(
            f"mart {mart}: meta.load.on_delete is {said}, use keep, delete or "
            "{flag: {column: value}} with one of its columns"
        )
    ((column, value),) = flag.items()
    return Removal("flag", str(column), str(value))


def _in_load_order(marts: Mapping[str, Mart]) -> tuple[Mart, ...]:
    graph = {
        name: sorted({r.to_mart for r in mart.references if r.orders} - {name})
        for name, mart in sorted(marts.items())
    }
    try:
        order = list(TopologicalSorter(graph).static_order())
    except CycleError as exc:
        raise ConfigError(f"the marts refer to each other in a circle: {exc.args[1]}") from None
    for name, parents in graph.items():
        for parent in parents:
            if GROUPS.index(marts[parent].group) > GROUPS.index(marts[name].group):
                raise ConfigError(
                    f"mart {name} ({marts[name].group}) refers to {parent} "
                    f"({marts[parent].group}), which is loaded later: change a group"
                )
    return tuple(sorted((marts[n] for n in order), key=lambda m: GROUPS.index(m.group)))


def _checksum(nodes: Mapping[str, Mapping[str, Any]], used: Iterable[str]) -> str:
    """Return a digest of what decides the marts: the code, contracts and meta of all ancestors.

    The manifest file itself changes at each parse (times, invocation ids), so it can't be hashed.
    """
    digest = hashlib.sha256()
    for unique_id in sorted(used):
        node = nodes[unique_id]
        part = {
            "id": unique_id,
            "code": node["checksum"]["checksum"],
            "columns": node.get("columns"),
            "meta": node["config"].get("meta"),
        }
        digest.update(orjson.dumps(part, option=orjson.OPT_SORT_KEYS))
    return digest.hexdigest()


def marts_of(document: Mapping[str, Any]) -> Manifest:
    """Return the marts that a parsed manifest describes. Pure.

    Raises:
        ConfigError: `meta.load` is wrong, or references go in a circle or against the groups.
    """
    nodes = document["nodes"]
    loaded = {
        unique_id: node
        for unique_id, node in nodes.items()
        if node["resource_type"] == "model" and "load" in (node["config"].get("meta") or {})
    }
    names = {node["name"] for node in loaded.values()}
    tests = (node for node in nodes.values() if node["resource_type"] == "test")
    references = _references(tests, names)
    marts: dict[str, Mart] = {}
    used: set[str] = set()
    for unique_id, node in loaded.items():
        ancestors = _ancestors(unique_id, document["parent_map"])
        sources = [document["sources"][a] for a in ancestors if a in document["sources"]]
        marts[node["name"]] = _mart(node, references.get(unique_id, []), sources)
        used |= {unique_id} | {a for a in ancestors if a in nodes}
    return Manifest(marts=_in_load_order(marts), checksum=_checksum(nodes, used))


def read_manifest() -> Manifest:
    """Return the marts of the project as its files stand now, parsing it when needed.

    Raises:
        ConfigError: the dbt project does not parse.
    """
    return marts_of(dbt.manifest())
