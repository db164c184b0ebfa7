"""Runs over a warehouse that holds the tenant already: what moved is found, the rest is free."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine

from runtime.errors import Unfinished
from tests import services
from tests.extract.runs import (
    checksums,
    control,
    execute,
    forget_faults,
    ledger,
    noted,
    requests,
    run,
    scalar,
)

pytestmark = pytest.mark.postgres

Sonars = Callable[..., services.Sonar]
UNCOUNTED = (  # a page walk or one answer: nothing but reading them again shows a change
    "account_ip_assignments",
    "available_reports",
    "core_transactions",
    "system_setting",
    "transactions",
)


@pytest.fixture(autouse=True)
def _own_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("extract.landing.pipeline.LOCAL", tmp_path / "local")


def test_a_run_with_nothing_new_asks_next_to_nothing_and_changes_nothing(
    warehouse: Engine, sonar: Sonars
) -> None:
    made = sonar()
    counted = ("--exclude", ",".join(UNCOUNTED))
    run(*counted)
    first = noted(warehouse)
    assert first["consistent"] is True
    before, asked = checksums(warehouse), requests(made)
    run(*counted)
    rows = [row for row in ledger(warehouse).values() if row["state"] == "complete"]
    assert {row["mode"] for row in rows} == {"unchanged"}
    assert all(row["server_count"] == row["landed_count"] for row in rows)
    looks = -(-len(rows) // 10)
    schema = 1
    assert requests(made) - asked <= schema + looks + len(rows) / 10
    assert checksums(warehouse) == before
    second = noted(warehouse)
    assert second["consistent"] is True
    assert second["as_of"] >= first["as_of"]


DEFECTS = {
    "missing": "delete from raw_sonar.addresses where _sonar_key = '7'",
    "misplaced": "update raw_sonar.addresses set _sonar_key = '70007' where _sonar_key = '7'",
    "doubled": "insert into raw_sonar.addresses select 'copy', payload, _run_id"
    " from raw_sonar.addresses where _sonar_key = '7'",
    "marked": "update raw_sonar.addresses set _deleted_at = now() where _sonar_key = '7'",
    "many missing": "delete from raw_sonar.addresses where _sonar_key::int % 3 = 0",
}


def test_every_planted_defect_is_found_and_mended(warehouse: Engine, sonar: Sonars) -> None:
    sonar()
    run("--include=addresses")
    query = (
        "select string_agg(_sonar_key || ':' || (payload->>'id'), ',' order by _sonar_key, 1)"
        " from raw_sonar.addresses where _deleted_at is null"
    )
    before = scalar(warehouse, query)
    for name, defect in DEFECTS.items():
        execute(warehouse, defect)
        assert scalar(warehouse, query) != before, name
        run("--include=addresses")
        row = ledger(warehouse)["addresses"]
        found = (row["state"], row["grade"], row["mode"])
        assert found == ("complete", "proven", "incremental"), name
        assert scalar(warehouse, query) == before, name


def test_full_finds_what_no_figure_tells(warehouse: Engine, sonar: Sonars) -> None:
    sonar()
    run("--include=contacts")
    before = checksums(warehouse, "_sonar_key, payload")
    execute(
        warehouse,
        "update raw_sonar.contacts set payload = jsonb_set(payload, '{name}', '\"X\"')"
        " where _sonar_key = '3'",
    )
    run("--include=contacts")
    assert checksums(warehouse, "_sonar_key, payload") != before
    run("--include=contacts", "--full")
    assert checksums(warehouse, "_sonar_key, payload") == before
    assert ledger(warehouse)["contacts"]["mode"] == "full"


def test_a_page_limit_is_respected_for_rows_and_links(warehouse: Engine, sonar: Sonars) -> None:
    made = sonar("demo")
    run("--include=accounts")
    before = checksums(warehouse, "_sonar_key, payload")
    control(made, "faults", kind="page_limit", limit=40)
    run("--include=accounts", "--full")
    row = ledger(warehouse)["accounts"]
    assert (row["state"], row["grade"]) == ("complete", "proven")
    assert checksums(warehouse, "_sonar_key, payload") == before


def test_a_count_that_is_wrong_for_good_ends_incomplete_with_both_figures(
    warehouse: Engine, sonar: Sonars
) -> None:
    made = sonar()
    run("--include=contacts,services")
    before = checksums(warehouse)
    control(made, "faults", kind="wrong_total", collection="contacts", by=-1)
    asked = requests(made)
    with pytest.raises(Unfinished) as caught:
        run("--include=contacts,services")
    count = made.truth["counts"]["contacts"]
    row = ledger(warehouse)["contacts"]
    assert (row["server_count"], row["landed_count"], row["looks"]) == (count - 1, count, 2)
    assert [item.split(":")[0] for item in caught.value.items] == ["contacts"]
    assert requests(made) - asked <= 12
    assert checksums(warehouse) == before


def test_a_row_that_sonar_cannot_give_is_named_and_fetched_when_it_can(
    warehouse: Engine, sonar: Sonars
) -> None:
    made = sonar()
    count = made.truth["counts"]["addresses"]
    control(made, "faults", kind="unreadable_row", collection="addresses", key="7")
    with pytest.raises(Unfinished):
        run("--include=addresses")
    row = ledger(warehouse)["addresses"]
    assert (row["state"], row["landed_count"]) == ("incomplete", count - 1)
    assert row["reason"] == "1 rows that Sonar cannot give: 7"
    refused = "select string_agg(_sonar_key, ',') from ops.extract_refusal"
    assert scalar(warehouse, refused) == "7"
    forget_faults(made)
    run("--include=addresses")
    row = ledger(warehouse)["addresses"]
    assert (row["grade"], row["changed_rows"]) == ("proven", 1)


def test_pages_that_are_too_much_are_read_in_smaller_ones(warehouse: Engine, sonar: Sonars) -> None:
    made = sonar()
    control(made, "faults", kind="too_large", collection="addresses", limit=5)
    run("--include=addresses")
    row = ledger(warehouse)["addresses"]
    assert (row["state"], row["grade"]) == ("complete", "proven")
