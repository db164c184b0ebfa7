"""The page of what is migrated names every collection once, and every table that is loaded."""

from __future__ import annotations

import csv
import re
from collections import Counter

from extract.catalogue.discovery import discover
from runtime.manifest import marts_of
from sandbox.sonar.schema import load_schema
from tests.dbt.project import ROOT, Dbt
from tests.extract.published import published_schema
from transform.what_is_migrated import what_is_migrated

_DECISIONS = (ROOT / "docs" / "mapping-decisions.md").read_text(encoding="utf-8")
_SEED = (ROOT / "dbt_project" / "seeds" / "map_collections.csv").read_text(encoding="utf-8")
_COLLECTIONS = {row["collection"]: row for row in csv.DictReader(_SEED.splitlines())}


def _page(parsed: Dbt) -> str:
    return what_is_migrated(parsed.manifest(), _SEED, _DECISIONS, "mapping-decisions.md")


def test_the_committed_page_of_what_is_migrated_is_not_stale(parsed: Dbt) -> None:
    committed = (ROOT / "docs" / "what-is-migrated.md").read_text(encoding="utf-8")
    assert committed == _page(parsed), "stale: run `.venv/bin/python -m transform field-mapping`"


def test_every_collection_has_one_place_and_each_table_its_way(parsed: Dbt) -> None:
    migrated, left = _page(parsed).split("## Not migrated")

    rows = re.findall(r"^\| `(\w+)` \|(.*)\|(.*)\|(.*)\|.*\|$", migrated, re.MULTILINE)
    places = Counter(
        [row[0] for row in rows] + re.findall(r"`(\w+)`[,| ]", left.split("|---|---|")[1])
    )
    assert places == Counter(dict.fromkeys(_COLLECTIONS, 1))
    for name, both, mysql, rest in rows:
        tables = set(re.findall(r"\w+", f"{both} {mysql} {rest}"))
        assert tables == set(_COLLECTIONS[name]["into_marts"].split()), name
    for mart in marts_of(parsed.manifest()).marts:
        ways = {
            way
            for row in rows
            for way, cell in zip(("both", "mysql", "rest"), row[1:], strict=True)
            if f"`{mart.name}`" in cell
        }
        assert ways == {
            "rest" if "mysql" not in mart.routes else "both" if len(mart.routes) > 1 else "mysql"
        }, mart.name
    assert "[D-036 Credentials are never mapped](mapping-decisions.md#d-036-credentials-are" in left


def test_every_query_of_sonar_is_decided_or_is_no_collection() -> None:
    undecided = {c.name for c in discover(load_schema()) if not c.skipped} - set(_COLLECTIONS)
    assert undecided == set()


def test_every_query_that_sonar_published_is_decided_or_is_no_collection() -> None:
    undecided = {c.name for c in discover(published_schema()) if not c.skipped} - set(_COLLECTIONS)
    assert undecided == set()
