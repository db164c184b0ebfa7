"""Classification of root queries, on a small schema and on the published one."""

from __future__ import annotations

from collections import Counter

import pytest
from graphql import build_schema

from extract.catalogue.discovery import Collection, Kind, chosen, discover
from runtime.errors import ConfigError
from tests.extract.published import published_queries, published_schema

SMALL = """
scalar Int64Bit
scalar Datetime
input Paginator { page: Int! records_per_page: Int! }
input Sorter { attribute: String! }
input Search { exists: [String] }
input Aggregator { field_name: String! }
type PageInfo { total_count: Int! }
type Aggregation { field: String! value: String }
type Thing { id: Int64Bit! name: String }
type ThingConnection { entities: [Thing]! page_info: PageInfo! aggregations: [Aggregation]! }
type Pair { left: String right: String }
type PairConnection { entities: [Pair]! page_info: PageInfo! }
type Note { text: String }
type NoteConnection { entities: [Note]! }
type Setting { id: Int64Bit! zone: String }
type Query {
  things(
    paginator: Paginator, sorter: [Sorter], search: [Search], aggregation: [Aggregator],
    include_archived: Boolean
  ): ThingConnection!
  pairs(paginator: Paginator): PairConnection!
  notes: NoteConnection!
  plain_notes: [Note]
  setting: Setting!
  things_near(place: String!, paginator: Paginator): ThingConnection!
  thing_credentials(paginator: Paginator, sorter: [Sorter], search: [Search]): ThingConnection!
  uptime: Int
}
"""


@pytest.fixture(name="found", scope="module")
def _found() -> dict[str, Collection]:
    return {collection.name: collection for collection in discover(build_schema(SMALL))}


@pytest.mark.parametrize(
    ("name", "kind", "walk", "grade"),
    [
        ("things", Kind.FULL, "keyset", "proven"),
        ("pairs", Kind.PAGE, "page", "counted"),
        ("notes", Kind.LIST, "list", "whole"),
        ("plain_notes", Kind.LIST, "list", "whole"),
        ("setting", Kind.SINGLETON, "singleton", "whole"),
        ("things_near", Kind.NEEDS_ARGUMENTS, None, None),
        ("thing_credentials", Kind.FULL, None, None),
    ],
)
def test_a_query_is_classified_by_what_it_takes_and_returns(
    found: dict[str, Collection], name: str, kind: Kind, walk: str | None, grade: str | None
) -> None:
    collection = found[name]
    assert (collection.kind, collection.walk, collection.best_grade) == (kind, walk, grade)


def test_reasons_say_why_a_query_is_not_read(found: dict[str, Collection]) -> None:
    assert found["things_near"].skipped == "needs arguments: place"
    assert found["thing_credentials"].skipped == "holds credentials"
    assert found["things"].skipped is None
    assert found["things"].takes_archived
    assert "uptime" not in found


def test_only_named_collections_are_chosen(found: dict[str, Collection]) -> None:
    every = tuple(found.values())
    assert {c.name for c in chosen(every, (), ("notes",))} == {
        "things",
        "pairs",
        "plain_notes",
        "setting",
    }
    assert [c.name for c in chosen(every, ("pairs",), ())] == ["pairs"]


@pytest.mark.parametrize(
    ("include", "says"),
    [(("nonsense",), "no query named nonsense"), (("thing_credentials",), "holds credentials")],
)
def test_names_that_cannot_be_read_are_refused(
    found: dict[str, Collection], include: tuple[str, ...], says: str
) -> None:
    with pytest.raises(ConfigError, match=says):
        list(chosen(tuple(found.values()), include, ()))


def test_a_schema_without_collections_is_not_a_sonar() -> None:
    with pytest.raises(ConfigError, match="not a Sonar"):
        discover(build_schema("type Film { title: String } type Query { film: Film }"))


def test_the_published_schema_is_classified_completely() -> None:
    collections = discover(published_schema())
    listed = published_queries()
    assert len(collections) == 318
    assert set(listed) == {collection.name for collection in collections}
    full = {c.name for c in collections if c.kind is Kind.FULL}
    assert full == {name for name, how in listed.items() if how == "full"}
    assert len(full) == 269
    # What people listed as readable is read, but for credentials and the caller; the rest is not.
    read = {c.name for c in collections if c.skipped is None}
    credentials = {c.name for c in collections if c.excluded == "holds credentials"}
    assert read == {name for name, how in listed.items() if how != "no"} - credentials - {"me"}
    assert len(credentials) == 13
    kinds = Counter(c.kind for c in collections if c.name in read)
    assert kinds == {Kind.FULL: 257, Kind.PAGE: 3, Kind.LIST: 3, Kind.SINGLETON: 13}


def test_every_full_collection_of_the_published_schema_can_be_proven() -> None:
    full = [c for c in discover(published_schema()) if c.walk == "keyset"]
    unproven = {c.name for c in full if c.best_grade != "proven"}
    assert unproven == set()
    assert [c.name for c in full if c.takes_archived] == ["accounts"]
