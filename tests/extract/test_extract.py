"""The extractor against a real Sonar sandbox and a real Postgres."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from extract.__main__ import cli
from extract.catalogue.discovery import Collection, Kind
from extract.proof.judgement import Figures, exact, judge, landed_figures
from runtime.errors import ConfigError, MigrationError, SourceError, Unfinished
from tests import services
from tests.extract.runs import checksums, control, ledger, noted, run, scalar, tables
from tests.extract.scripted import free_port

pytestmark = pytest.mark.postgres

SKIPPED = {
    "get_next_ip_address_in_ip_pool",
    "map_overlays_within_box",
    "personal_access_tokens",
    "radius_server_credentials",
}


@pytest.fixture(autouse=True)
def _own_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("extract.landing.pipeline.LOCAL", tmp_path / "local")


def _collection(name: str) -> Collection:
    return Collection(
        name=name,
        kind=Kind.FULL,
        entity="",
        is_connection=True,
        has_id=True,
        has_total=True,
        has_aggregation=True,
        takes_archived=False,
        required_arguments=(),
        excluded=None,
    )


Sonars = Callable[..., services.Sonar]


def _holds_no_secret(warehouse: Engine) -> None:
    assert scalar(warehouse, "select count(*) from raw_sonar.radius_accounts") > 0
    with warehouse.connect() as connection:
        for name in tables(warehouse, "%"):
            if name.startswith(("pg_catalog.", "information_schema.")):
                continue
            found: int = connection.execute(
                text(f"select count(*) from {name} as t where t::text like '%SANDBOX-SECRET-%'")
            ).scalar_one()
            assert found == 0, name


def test_a_tenant_lands_whole_and_proven_and_without_its_secrets(
    warehouse: Engine, sonar: Sonars, capsys: pytest.CaptureFixture[str]
) -> None:
    truth = sonar(nul_in_name=2, archived_accounts=3).truth
    with warehouse.begin() as connection:  # as dbt makes it when it runs first
        connection.exec_driver_sql(
            "create table raw_sonar.accounts (_sonar_key text not null, payload jsonb not null,"
            " _run_id text not null, _deleted_at timestamptz)"
        )
    run()
    entries = ledger(warehouse)
    assert set(entries) == set(truth["counts"])
    landed = {name: row["landed_count"] for name, row in entries.items() if name not in SKIPPED}
    assert landed == {n: c for n, c in truth["counts"].items() if n not in SKIPPED}
    assert {entries[name]["state"] for name in landed} == {"complete"}
    assert {name for name, row in entries.items() if row["grade"] is None} == SKIPPED
    assert {entries[name]["grade"] for name in landed} == {"proven", "counted", "whole"}
    assert entries["accounts"]["grade"] == "proven"
    assert entries["accounts"]["server_sums"] == entries["accounts"]["landed_sums"]
    assert entries["accounts"]["replaced_characters"] == 2
    archived = "select count(*) from raw_sonar.accounts where payload->>'archived_at' is not null"
    assert scalar(warehouse, archived) == truth["traps"]["archived_accounts"]["count"] >= 3
    shape = (
        "select string_agg(column_name || ' ' || data_type || ' ' || is_nullable, ', '"
        " order by ordinal_position) from information_schema.columns"
        " where table_schema = 'raw_sonar' and table_name = '{}'"
    )
    for name in landed:
        assert scalar(warehouse, shape.format(name)) == (
            "_sonar_key text NO, payload jsonb NO, _run_id text NO,"
            " _deleted_at timestamp with time zone YES"
        )
    assert f"{len(landed)} collections, complete" in capsys.readouterr().out
    _holds_no_secret(warehouse)

    before = checksums(warehouse)
    run()
    assert checksums(warehouse) == before
    assert sum(row["changed_rows"] for row in ledger(warehouse).values()) == 0


def test_links_are_landed_whole_also_over_several_pages(
    warehouse: Engine, sonar: Sonars, monkeypatch: pytest.MonkeyPatch
) -> None:
    sonar("demo")
    names = ("--include", "accounts,account_groups")
    run(*names)
    before = checksums(warehouse)
    both = "select sum(jsonb_array_length(payload->'{0}'->'entities')) from raw_sonar.{1}"
    from_accounts = scalar(warehouse, both.format("account_groups", "accounts"))
    assert from_accounts == scalar(warehouse, both.format("accounts", "account_groups")) > 50
    monkeypatch.setattr("extract.catalogue.documents.LINK_PAGE", 3)
    run(*names, "--full")
    assert checksums(warehouse) == before  # read three at a time they are the same

    with warehouse.begin() as connection:
        connection.execute(
            text(
                "update raw_sonar.account_groups set payload = payload #- '{accounts,entities,0}'"
                " where jsonb_array_length(payload->'accounts'->'entities') > 0"
            )
        )
    run(*names)
    assert checksums(warehouse, "_sonar_key, payload") != {}
    assert scalar(warehouse, both.format("accounts", "account_groups")) == from_accounts


def test_changes_and_deletions_follow(warehouse: Engine, sonar: Sonars) -> None:
    made = sonar()
    names = ("--include", "accounts,contacts,services,phone_number_types")
    run(*names)
    runs = "select count(distinct _run_id) from raw_sonar.accounts"
    control(made, "rows", action="update", collection="accounts", key="1", values={"name": "New"})
    control(made, "rows", action="delete", collection="contacts", key="1")
    control(made, "rows", action="insert", collection="services", values={"id": "900"})
    run(*names)
    entries = ledger(warehouse)
    assert {n: r["changed_rows"] for n, r in entries.items() if r["changed_rows"]} == {
        "accounts": 1,
        "services": 1,
    }
    assert {n: r["deleted_rows"] for n, r in entries.items() if r["deleted_rows"]} == {
        "contacts": 1
    }
    assert scalar(warehouse, runs) == 2
    gone = (
        "select string_agg(_sonar_key, ',') from raw_sonar.contacts where _deleted_at is not null"
    )
    assert scalar(warehouse, gone) == "1"
    assert {entries[name]["state"] for name in ("accounts", "contacts", "services")} == {"complete"}

    before = checksums(warehouse)
    run(*names)
    assert checksums(warehouse) == before  # a mark is set once

    control(made, "rows", action="insert", collection="contacts", values={"id": "1"})
    with warehouse.begin() as connection:  # a row that comes back as it was
        connection.execute(
            text("update raw_sonar.contacts set _deleted_at = now() where _sonar_key = '2'")
        )
    run(*names)
    assert scalar(warehouse, gone) is None
    for name in ("1", "2", "3", "4"):
        control(made, "rows", action="delete", collection="phone_number_types", key=name)
    run(*names)
    emptied = ledger(warehouse)["phone_number_types"]
    assert (emptied["landed_count"], emptied["grade"]) == (0, "proven")


def test_faults_that_pass_cost_retries_and_no_row(warehouse: Engine, sonar: Sonars) -> None:
    made = sonar()
    faults: list[dict[str, Any]] = [
        {"kind": "rate_limited", "retry_after": 0},
        {"kind": "rate_limited"},
        {"kind": "server_error"},
        {"kind": "bad_gateway"},
        {"kind": "dropped"},
        {"kind": "cut_off"},
        {"kind": "errors_beside_data"},
    ]
    for number, fault in enumerate(faults):  # each strikes another page
        control(made, "faults", **fault, collection="addresses", after=2 * number)
    run("--include", "addresses", "--page-size", "3")
    row = ledger(warehouse)["addresses"]
    assert (row["state"], row["grade"]) == ("complete", "proven")
    assert noted(warehouse)["retries"] == len(faults)
    assert row["landed_count"] == made.truth["counts"]["addresses"]
    assert control(made, "faults")["faults"] == []


def test_what_is_refused_or_unprovable_is_recorded_and_the_run_goes_on(
    warehouse: Engine, sonar: Sonars
) -> None:
    made = sonar()
    control(made, "faults", kind="denied_collection", collection="contacts")
    control(made, "faults", kind="denied_field", collection="accounts", field="geopoint")
    control(made, "faults", kind="wrong_total", collection="services", by=1)
    control(made, "faults", kind="server_error", collection="addresses", times=None)
    with pytest.raises(Unfinished) as caught:
        run()
    assert caught.value.exit_code == 6
    entries = ledger(warehouse)
    assert entries["contacts"]["state"] == "denied"
    assert entries["addresses"]["state"] == "failed"
    assert "HTTP 500" in entries["addresses"]["reason"]
    assert (entries["services"]["state"], entries["services"]["grade"]) == ("incomplete",) * 2
    count = made.truth["counts"]["services"]
    assert entries["services"]["reason"] == f"Sonar counts {count + 1} rows, {count} landed"
    assert entries["accounts"]["dropped_fields"] == ["geopoint"]
    assert entries["accounts"]["state"] == "complete"
    assert (
        scalar(warehouse, "select bool_or(payload ? 'geopoint') from raw_sonar.accounts") is False
    )
    others = set(entries) - SKIPPED - {"contacts", "addresses", "services"}
    assert {entries[name]["state"] for name in others} == {"complete"}
    named = {item.split(":")[0] for item in caught.value.items}
    assert named == {"contacts", "addresses", "services", "accounts"}

    control(made, "faults", kind="server_error", collection="services", times=None)
    before = checksums(warehouse)
    with pytest.raises(Unfinished):
        run("--include", "services")
    assert checksums(warehouse) == before  # a failed walk deletes nothing


def test_rows_that_appear_during_the_walk_are_caught_by_the_second_look(
    warehouse: Engine, sonar: Sonars
) -> None:
    made = sonar()
    change = {"action": "insert", "collection": "accounts", "values": {"id": "0"}}
    control(made, "rows", **change, after=3, counted="accounts")
    run("--include", "accounts", "--page-size", "4")
    row = ledger(warehouse)["accounts"]
    assert (row["state"], row["landed_count"]) == ("complete", made.truth["counts"]["accounts"] + 1)


def test_a_row_lost_in_the_warehouse_is_found_and_fetched_again(
    warehouse: Engine, sonar: Sonars
) -> None:
    sonar()
    run("--include", "accounts")
    whole = checksums(warehouse, "_sonar_key, payload")
    row = ledger(warehouse)["accounts"]
    sums = {name: exact(value) for name, value in row["server_sums"].items()}
    server = Figures(row["server_count"], sums)
    accounts = _collection("accounts")
    with warehouse.begin() as connection:
        held = landed_figures(connection, accounts)
        assert judge(accounts, server, held, gaps=0, sample=False).grade == "proven"
        connection.execute(text("delete from raw_sonar.accounts where _sonar_key = '5'"))
        short = judge(accounts, server, landed_figures(connection, accounts), gaps=0, sample=False)
    assert short.state == "incomplete"
    assert short.reason is not None
    assert f"Sonar counts {server.count} rows, {(server.count or 0) - 1} landed" in short.reason
    run("--include", "accounts")
    assert checksums(warehouse, "_sonar_key, payload") == whole


def test_a_sample_is_called_a_sample(warehouse: Engine, sonar: Sonars) -> None:
    sonar()
    run("--sample", "3")
    entries = ledger(warehouse)
    counts = {name: row["landed_count"] for name, row in entries.items() if name not in SKIPPED}
    assert max(counts.values()) == 3
    grades = {(row["state"], row["grade"]) for n, row in entries.items() if n not in SKIPPED}
    assert grades == {("incomplete", "sample")}
    run("--exclude", "accounts")
    after = ledger(warehouse)
    assert (after["accounts"]["state"], after["accounts"]["reason"]) == ("skipped", "not asked for")
    assert after["contacts"]["grade"] == "proven"
    whole = checksums(warehouse)
    run("--sample", "3")
    assert checksums(warehouse) == whole  # what a sample did not see is not gone


def test_wrong_settings_end_in_their_code_and_leave_nothing_half_done(
    warehouse: Engine, sonar: Sonars, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = sonar()
    with pytest.raises(ConfigError, match="no query named nonsense"):
        run("--include", "nonsense")
    monkeypatch.setenv("SONAR_API_KEY", "wrong-token")
    with pytest.raises(ConfigError, match="refuses the token") as refused:
        run()
    assert (refused.value.exit_code, "wrong-token" in str(refused.value)) == (2, False)
    monkeypatch.setenv("SONAR_URL", f"http://127.0.0.1:{free_port()}")
    with pytest.raises(SourceError, match="no connection") as unreachable:
        run()
    assert unreachable.value.exit_code == 5
    assert list(tables(warehouse)) == []
    assert ledger(warehouse) == {}
    monkeypatch.setenv("SONAR_URL", made.url)
    monkeypatch.setenv("SONAR_API_KEY", made.token)
    run("--include", "services")
    monkeypatch.setenv("SONAR_URL", "https://another-sonar.example")
    with pytest.raises(ConfigError, match=r"holds the data of 127\.0\.0\.1"):
        run()
    with pytest.raises(MigrationError):
        cli.main(["run", "--include", "accounts"], standalone_mode=False)


def test_commands_answer_for_people_and_machines(
    warehouse: Engine, sonar: Sonars, capsys: pytest.CaptureFixture[str]
) -> None:
    sonar()
    cli.main(["status"], standalone_mode=False)
    assert "nothing has been extracted yet" in capsys.readouterr().out
    cli.main(["discover", "--json"], standalone_mode=False)
    planned = {one["collection"]: one for one in json.loads(capsys.readouterr().out)}
    assert planned["accounts"]["links"] == ["account_groups"]
    assert planned["radius_accounts"]["secrets_left_out"] == ["password"]
    assert planned["radius_server_credentials"]["state"] == "excluded"
    cli.main(["discover"], standalone_mode=False)
    assert "101 root queries: 97 are read, 2 excluded, 2 skipped." in capsys.readouterr().out
    run("--include", "accounts services")
    capsys.readouterr()
    cli.main(["status"], standalone_mode=False)
    assert "proven" in capsys.readouterr().out
    cli.main(["clean", "--yes"], standalone_mode=False)
    assert list(tables(warehouse)) == []
    assert ledger(warehouse) == {}
