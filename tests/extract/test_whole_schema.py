"""Sonar's whole public schema, served with made-up rows and extracted: nothing is forgotten."""

from __future__ import annotations

import pytest

from extract.catalogue.discovery import discover
from tests import services
from tests.extract import whole
from tests.extract.published import published_queries, published_schema
from tests.extract.whole import MANY, Extraction

pytestmark = pytest.mark.postgres

READ = {"full", "paginator_only", "no_paging", "singleton"}  # as people listed them
WHOLE = {"no_paging", "singleton"}


@pytest.fixture(scope="module")
def extraction(
    tmp_path_factory: pytest.TempPathFactory, warehouses: services.Warehouses
) -> Extraction:
    return whole.extraction(tmp_path_factory, warehouses)


def test_the_ledger_has_a_row_for_each_root_query(extraction: Extraction) -> None:
    assert set(extraction.ledger) == set(published_queries()) == set(extraction.truth["counts"])
    assert len(extraction.ledger) == 318


def test_what_is_not_read_has_a_reason(extraction: Extraction) -> None:
    listed = published_queries()
    unread = {name: row for name, row in extraction.ledger.items() if row["grade"] is None}
    assert {row["state"] for row in unread.values()} == {"skipped", "excluded"}
    assert all(row["reason"] for row in unread.values())
    excluded = {name for name, row in unread.items() if listed[name] in READ}
    assert {extraction.ledger[name]["reason"] for name in excluded} == {
        "holds credentials",
        "answers about the caller",
    }
    assert len(unread) == 42


def test_every_full_collection_is_proven(extraction: Extraction) -> None:
    full = {name for name, extract in published_queries().items() if extract == "full"}
    assert len(full) == 269
    read = {name for name in full if extraction.ledger[name]["state"] != "excluded"}
    assert {n for n in full - read if not n.endswith("_credentials")} == set()
    grades = {name: extraction.ledger[name]["grade"] for name in read}
    assert {name: grade for name, grade in grades.items() if grade != "proven"} == {}
    assert len(grades) == 257
    for name in read:
        row = extraction.ledger[name]
        assert row["server_sums"] == row["landed_sums"], name
        assert row["server_count"] == row["landed_count"], name


def test_the_others_reach_the_best_grade_that_their_schema_allows(extraction: Extraction) -> None:
    best = {one.name: one.best_grade for one in discover(published_schema())}
    grades = {name: row["grade"] for name, row in extraction.ledger.items()}
    assert {n: g for n, g in grades.items() if g != best[n]} == {}
    listed = published_queries()
    counted = {name for name in grades if listed[name] == "paginator_only"}
    assert {grades[name] for name in counted} == {"counted"}
    assert {grades[name] for name in grades if listed[name] in WHOLE} == {"whole", None}
    assert {row["state"] for row in extraction.ledger.values() if row["grade"]} == {"complete"}
    assert extraction.exit_code == 0


def test_as_many_rows_land_as_were_made(extraction: Extraction) -> None:
    counts = extraction.truth["counts"]
    read = {name for name, row in extraction.ledger.items() if row["grade"]}
    assert extraction.landed == {name: counts[name] for name in read}
    assert {name: extraction.landed[name] for name in MANY} == MANY
    # Among the rows without an id two are the same, and both landed.
    assert counts["account_ip_assignments"] == extraction.landed["account_ip_assignments"] == 4
