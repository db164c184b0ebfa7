"""The page of what is migrated: where each collection of Sonar goes, or by which decision it stays.

Collections and where they go stand in the seed `map_collections`, tables with their domain (a tag)
and their routes in the dbt manifest, reasons in docs/mapping-decisions.md.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runtime.manifest import Mart, marts_of
from transform.field_mapping import Decision, decisions_of

_INTRODUCTION = """# What is migrated, and what is not

Written by `make docs` from the marts, `map_collections.csv` and the decisions; do not edit. A
collection of Sonar stands in the domain that most of its tables belong to. Single records of a
collection that is migrated may still stay behind, each by a named rule that the report counts. Each
column is in [field-mapping.md](field-mapping.md).
"""
_LEFT_BEHIND = """## Not migrated

These have a decision instead of a table. What may be read is extracted all the same and stays in
`raw_sonar`; credentials are never asked for. `make discover` lists queries of Sonar that are no
collections (they call a device, describe the product, or need arguments), each with its reason.

| reason | collections |
|---|---|"""
_WAYS = ("by either route", "by MySQL only", "over the API only")


@dataclass(frozen=True, slots=True)
class _Collection:
    name: str
    decision: str
    marts: tuple[Mart, ...]


def _way(mart: Mart) -> str:
    if "mysql" not in mart.routes:
        return _WAYS[2]
    return _WAYS[0] if mart.routes & {"rest", "files"} else _WAYS[1]


def _names(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _link(number: str, decisions: Mapping[str, Decision], page: str, text: str) -> str:
    return f"[{text}]({page}#{decisions[number].anchor})"


def _domains(document: Mapping[str, Any]) -> Mapping[str, str]:
    """Return the domain of each model that has one, by name."""
    return {
        node["name"]: node["config"]["tags"][0]
        for node in document["nodes"].values()
        if node["resource_type"] == "model" and node["config"]["tags"]
    }


def _domain(collection: _Collection, domains: Mapping[str, str]) -> str:
    return Counter(domains[mart.name] for mart in collection.marts).most_common(1)[0][0]


def _by_way(marts: Sequence[Mart]) -> list[list[str]]:
    """Return the names of the tables under each of `_WAYS`."""
    return [[mart.name for mart in marts if _way(mart) == way] for way in _WAYS]


def _summary(
    marts: Sequence[Mart], mapped: Sequence[_Collection], domains: Mapping[str, str]
) -> Iterator[str]:
    """Yield a line for each domain: how many collections become how many tables."""
    yield f"| domain | collections of Sonar | tables of Splynx | {' | '.join(_WAYS)} |"
    yield "|---|--:|--:" + "|--:" * len(_WAYS) + "|"
    counted = Counter(_domain(collection, domains) for collection in mapped)
    for domain in sorted({domains[mart.name] for mart in marts}):
        tables = [mart for mart in marts if domains[mart.name] == domain]
        cells = [counted[domain], len(tables), *(len(names) for names in _by_way(tables))]
        yield f"| {domain} | {' | '.join(str(cell) for cell in cells)} |"


def what_is_migrated(
    document: Mapping[str, Any], collections: str, decisions: str, decisions_page: str
) -> str:
    """Return the page in Markdown. Pure.

    Args:
        document: the parsed manifest.
        collections: the text of the seed `map_collections`.
        decisions: the text of docs/mapping-decisions.md.
        decisions_page: how a link leads there from the page.
    """
    marts = marts_of(document).marts
    by_name = {mart.name: mart for mart in marts}
    found = [
        _Collection(
            row["collection"],
            row["decision"],
            tuple(by_name[name] for name in row["into_marts"].split()),
        )
        for row in csv.DictReader(io.StringIO(collections))
    ]
    mapped = [collection for collection in found if collection.marts]
    domains, known = _domains(document), decisions_of(decisions)
    lines = [
        _INTRODUCTION,
        f"{len(mapped)} of {len(found)} collections become {len(marts)} tables.\n",
        *_summary(marts, mapped, domains),
    ]
    for domain in sorted({_domain(collection, domains) for collection in mapped}):
        lines += [f"\n## {domain}\n", f"| Sonar | {' | '.join(_WAYS)} | decision |"]
        lines += ["|---" * (len(_WAYS) + 2) + "|"]
        for one in (c for c in mapped if _domain(c, domains) == domain):
            cells = [_names(names) or "-" for names in _by_way(one.marts)]
            decision = _link(one.decision, known, decisions_page, one.decision)
            lines.append(f"| `{one.name}` | {' | '.join(cells)} | {decision} |")
    lines.append(f"\n{_LEFT_BEHIND}")
    for number in sorted({one.decision for one in found if not one.marts}):
        names = [one.name for one in found if not one.marts and one.decision == number]
        reason = _link(number, known, decisions_page, f"{number} {known[number].title}")
        lines.append(f"| {reason} | {_names(names)} |")
    return "\n".join(lines) + "\n"
