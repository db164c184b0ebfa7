"""The extractor against a real Sonar sandbox and a real Postgres."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from extract.__main__ import cli
from extract.discovery import Collection, Kind
from extract.proof import Figures, judge, landed_figures
from runtime import warehouse as runtime_warehouse
from runtime.errors import ConfigError, MigrationError, SourceError, Unfinished
from tests import services
from tests.extract.scripted import free_port

pytestmark = pytest.mark.postgres

ROOT = Path(__file__).parents[2]
SKIPPED = {
    "get_next_ip_address_in_ip_pool",
    "map_overlays_within_box",
    "personal_access_tokens",
    "radius_server_credentials",
}
QUICK = ("--rate-limit-delay", "0.01", "--rate-limit-retries", "2")


@pytest.fixture(autouse=True)
def _own_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("extract.landing.LOCAL", tmp_path / "local")


def _run(*arguments: str) -> None:
    cli.main(["run", *QUICK, *arguments], standalone_mode=False)


def _ledger(engine: Engine) -> dict[str, Mapping[str, Any]]:
    query = text(
        "select * from ops.extract_ledger where run_id ="
        " (select run_id from ops.extract_ledger order by started_at desc limit 1)"
    )
    with engine.connect() as connection:
        return {row["collection"]: dict(row) for row in connection.execute(query).mappings()}


def _tables(engine: Engine, schemas: str = "raw_sonar") -> Iterator[str]:
    query = text(
        "select format('%I.%I', table_schema, table_name) from information_schema.tables"
        " where table_schema like :schemas and table_name not like '\\_dlt%' order by 1"
    )
    with engine.connect() as connection:
        yield from connection.execute(query, {"schemas": schemas}).scalars()


def _checksums(engine: Engine, columns: str = "held.*") -> dict[str, Any]:
    with engine.connect() as connection:
        return {
            name: connection.execute(
                text(
                    f"select count(*), sum(hashtextextended(row({columns})::text, 0)::numeric)"
                    f" from {name} as held"
                )
            ).one()
            for name in _tables(engine)
        }


def _scalar(engine: Engine, query: str) -> Any:
    with engine.connect() as connection:
        return connection.execute(text(query)).scalar_one()


def _control(sonar: services.Sonar, path: str, **body: Any) -> Any:
    request = urllib.request.Request(  # noqa: S310 - our own server
        f"{sonar.url}/_sandbox/{path}",
        data=json.dumps(body).encode() if body else None,
        headers={"Authorization": f"Bearer {sonar.token}"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
        return json.loads(answer.read())


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


def test_a_tenant_lands_whole_and_proven(
    warehouse: Engine, sonar: Sonars, capsys: pytest.CaptureFixture[str]
) -> None:
    truth = sonar(nul_in_name=2, archived_accounts=3).truth
    with warehouse.begin() as connection:  # as dbt makes it when it runs first
        connection.exec_driver_sql(
            "create table raw_sonar.accounts (_sonar_key text not null, payload jsonb not null,"
            " _run_id text not null, _deleted_at timestamptz)"
        )
    _run()
    ledger = _ledger(warehouse)
    assert set(ledger) == set(truth["counts"])
    landed = {name: row["landed_count"] for name, row in ledger.items() if name not in SKIPPED}
    assert landed == {n: c for n, c in truth["counts"].items() if n not in SKIPPED}
    assert {ledger[name]["state"] for name in landed} == {"complete"}
    assert {name for name, row in ledger.items() if row["grade"] is None} == SKIPPED
    assert {ledger[name]["grade"] for name in landed} == {"proven", "counted", "whole"}
    assert ledger["accounts"]["grade"] == "proven"
    assert ledger["accounts"]["server_sums"] == ledger["accounts"]["landed_sums"]
    assert ledger["accounts"]["replaced_characters"] == 2
    archived = "select count(*) from raw_sonar.accounts where payload->>'archived_at' is not null"
    assert _scalar(warehouse, archived) == truth["traps"]["archived_accounts"]["count"] >= 3
    shape = (
        "select string_agg(column_name || ' ' || data_type || ' ' || is_nullable, ', '"
        " order by ordinal_position) from information_schema.columns"
        " where table_schema = 'raw_sonar' and table_name = '{}'"
    )
    for name in landed:
        assert _scalar(warehouse, shape.format(name)) == (
            "_sonar_key text NO, payload jsonb NO, _run_id text NO,"
            " _deleted_at timestamp with time zone YES"
        )
        staged = f"select count(*) from raw_sonar_staging.{name}"
        assert _scalar(warehouse, staged) == 0  # merged rows are not kept twice
    assert "18 collections, complete" in capsys.readouterr().out

    before = _checksums(warehouse)
    _run()
    assert _checksums(warehouse) == before
    assert sum(row["changed_rows"] for row in _ledger(warehouse).values()) == 0


def test_links_are_landed_whole_also_over_several_pages(
    warehouse: Engine, sonar: Sonars, monkeypatch: pytest.MonkeyPatch
) -> None:
    sonar("demo")
    names = ("--include", "accounts,account_groups")
    _run(*names)
    before = _checksums(warehouse)
    both = "select sum(jsonb_array_length(payload->'{0}'->'entities')) from raw_sonar.{1}"
    from_accounts = _scalar(warehouse, both.format("account_groups", "accounts"))
    assert from_accounts == _scalar(warehouse, both.format("accounts", "account_groups")) > 50
    monkeypatch.setattr("extract.documents.LINK_PAGE", 3)
    _run(*names)
    assert _checksums(warehouse) == before  # read three at a time they are the same

    with warehouse.begin() as connection:
        connection.execute(
            text(
                "update raw_sonar.account_groups set payload = payload #- '{accounts,entities,0}'"
                " where jsonb_array_length(payload->'accounts'->'entities') > 0"
            )
        )
    _run(*names)
    assert _checksums(warehouse, "_sonar_key, payload") != {}
    assert _scalar(warehouse, both.format("accounts", "account_groups")) == from_accounts


def test_no_secret_reaches_the_warehouse(warehouse: Engine, sonar: Sonars) -> None:
    sonar()
    _run()
    assert _scalar(warehouse, "select count(*) from raw_sonar.radius_accounts") > 0
    with warehouse.connect() as connection:
        for name in _tables(warehouse, "%"):
            if name.startswith(("pg_catalog.", "information_schema.")):
                continue
            found: int = connection.execute(
                text(f"select count(*) from {name} as t where t::text like '%SANDBOX-SECRET-%'")
            ).scalar_one()
            assert found == 0, name


def test_changes_and_deletions_follow(warehouse: Engine, sonar: Sonars) -> None:
    made = sonar()
    names = ("--include", "accounts,contacts,services,phone_number_types")
    _run(*names)
    runs = "select count(distinct _run_id) from raw_sonar.accounts"
    _control(made, "rows", action="update", collection="accounts", key="1", values={"name": "New"})
    _control(made, "rows", action="delete", collection="contacts", key="1")
    _control(made, "rows", action="insert", collection="services", values={"id": "900"})
    _run(*names)
    ledger = _ledger(warehouse)
    assert {n: r["changed_rows"] for n, r in ledger.items() if r["changed_rows"]} == {
        "accounts": 1,
        "services": 1,
    }
    assert {n: r["deleted_rows"] for n, r in ledger.items() if r["deleted_rows"]} == {"contacts": 1}
    assert _scalar(warehouse, runs) == 2
    gone = (
        "select string_agg(_sonar_key, ',') from raw_sonar.contacts where _deleted_at is not null"
    )
    assert _scalar(warehouse, gone) == "1"
    assert {ledger[name]["state"] for name in ("accounts", "contacts", "services")} == {"complete"}

    before = _checksums(warehouse)
    _run(*names)
    assert _checksums(warehouse) == before  # a mark is set once

    _control(made, "rows", action="insert", collection="contacts", values={"id": "1"})
    with warehouse.begin() as connection:  # a row that comes back as it was
        connection.execute(
            text("update raw_sonar.contacts set _deleted_at = now() where _sonar_key = '2'")
        )
    _run(*names)
    assert _scalar(warehouse, gone) is None
    for name in ("1", "2", "3", "4"):
        _control(made, "rows", action="delete", collection="phone_number_types", key=name)
    _run(*names)
    emptied = _ledger(warehouse)["phone_number_types"]
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
        _control(made, "faults", **fault, collection="addresses", after=2 * number)
    _run("--include", "addresses", "--page-size", "3")
    row = _ledger(warehouse)["addresses"]
    assert (row["state"], row["grade"], row["retries"]) == ("complete", "proven", len(faults))
    assert row["landed_count"] == made.truth["counts"]["addresses"]
    assert _control(made, "faults")["faults"] == []


def test_what_is_refused_or_unprovable_is_recorded_and_the_run_goes_on(
    warehouse: Engine, sonar: Sonars
) -> None:
    made = sonar()
    _control(made, "faults", kind="denied_collection", collection="contacts")
    _control(made, "faults", kind="denied_field", collection="accounts", field="geopoint")
    _control(made, "faults", kind="wrong_total", collection="services", by=1)
    _control(made, "faults", kind="server_error", collection="addresses", times=None)
    with pytest.raises(Unfinished) as caught:
        _run()
    assert caught.value.exit_code == 6
    ledger = _ledger(warehouse)
    assert ledger["contacts"]["state"] == "denied"
    assert ledger["addresses"]["state"] == "failed"
    assert "HTTP 500" in ledger["addresses"]["reason"]
    assert (ledger["services"]["state"], ledger["services"]["grade"]) == ("incomplete",) * 2
    count = made.truth["counts"]["services"]
    assert ledger["services"]["reason"] == f"Sonar counts {count + 1} rows, {count} landed"
    assert ledger["accounts"]["dropped_fields"] == ["geopoint"]
    assert ledger["accounts"]["state"] == "complete"
    assert (
        _scalar(warehouse, "select bool_or(payload ? 'geopoint') from raw_sonar.accounts") is False
    )
    others = set(ledger) - SKIPPED - {"contacts", "addresses", "services"}
    assert {ledger[name]["state"] for name in others} == {"complete"}
    named = {item.split(":")[0] for item in caught.value.items}
    assert named == {"contacts", "addresses", "services", "accounts"}

    _control(made, "faults", kind="server_error", collection="services", times=None)
    before = _checksums(warehouse)
    with pytest.raises(Unfinished):
        _run("--include", "services")
    assert _checksums(warehouse) == before  # a failed walk deletes nothing


def test_rows_that_appear_during_the_walk_are_caught_by_the_second_look(
    warehouse: Engine, sonar: Sonars
) -> None:
    made = sonar()
    change = {"action": "insert", "collection": "accounts", "values": {"id": "0"}}
    _control(made, "rows", **change, after=3, counted="accounts")
    _run("--include", "accounts", "--page-size", "4")
    row = _ledger(warehouse)["accounts"]
    assert (row["state"], row["landed_count"]) == ("complete", made.truth["counts"]["accounts"] + 1)


def test_a_row_lost_in_the_warehouse_is_found_and_fetched_again(
    warehouse: Engine, sonar: Sonars
) -> None:
    sonar()
    _run("--include", "accounts")
    whole = _checksums(warehouse, "_sonar_key, payload")
    row = _ledger(warehouse)["accounts"]
    server = Figures(
        row["server_count"], {k.split("(")[0]: int(v) for k, v in row["server_sums"].items()}
    )
    accounts = _collection("accounts")
    with warehouse.begin() as connection:
        held = landed_figures(connection, accounts)
        assert judge(accounts, server, held, gaps=0, sample=False).grade == "proven"
        connection.execute(text("delete from raw_sonar.accounts where _sonar_key = '5'"))
        short = judge(accounts, server, landed_figures(connection, accounts), gaps=0, sample=False)
    assert short.state == "incomplete"
    assert short.reason is not None
    assert f"Sonar counts {server.count} rows, {(server.count or 0) - 1} landed" in short.reason
    _run("--include", "accounts")
    assert _checksums(warehouse, "_sonar_key, payload") == whole


def test_a_sample_is_called_a_sample(warehouse: Engine, sonar: Sonars) -> None:
    sonar()
    _run("--sample", "3")
    ledger = _ledger(warehouse)
    counts = {name: row["landed_count"] for name, row in ledger.items() if name not in SKIPPED}
    assert max(counts.values()) == 3
    grades = {(row["state"], row["grade"]) for n, row in ledger.items() if n not in SKIPPED}
    assert grades == {("incomplete", "sample")}
    _run("--exclude", "accounts")
    after = _ledger(warehouse)
    assert (after["accounts"]["state"], after["accounts"]["reason"]) == ("skipped", "not asked for")
    assert after["contacts"]["grade"] == "proven"
    whole = _checksums(warehouse)
    _run("--sample", "3")
    assert _checksums(warehouse) == whole  # what a sample did not see is not gone


def test_wrong_settings_end_in_their_code_and_leave_nothing_half_done(
    warehouse: Engine, sonar: Sonars, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = sonar()
    with pytest.raises(ConfigError, match="no query named nonsense"):
        _run("--include", "nonsense")
    monkeypatch.setenv("SONAR_API_KEY", "wrong-token")
    with pytest.raises(ConfigError, match="refuses the token") as refused:
        _run()
    assert (refused.value.exit_code, "wrong-token" in str(refused.value)) == (2, False)
    monkeypatch.setenv("SONAR_URL", f"http://127.0.0.1:{free_port()}")
    with pytest.raises(SourceError, match="no connection") as unreachable:
        _run()
    assert unreachable.value.exit_code == 5
    assert list(_tables(warehouse)) == []
    assert _ledger(warehouse) == {}
    monkeypatch.setenv("SONAR_URL", made.url)
    monkeypatch.setenv("SONAR_API_KEY", made.token)
    _run("--include", "services")
    monkeypatch.setenv("SONAR_URL", "http://another-sonar.example")
    with pytest.raises(ConfigError, match=r"holds the data of 127\.0\.0\.1"):
        _run()
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
    assert "22 root queries, 18 are read." in capsys.readouterr().out
    _run("--include", "accounts services")
    capsys.readouterr()
    cli.main(["status"], standalone_mode=False)
    assert "proven" in capsys.readouterr().out
    cli.main(["clean", "--yes"], standalone_mode=False)
    assert list(_tables(warehouse)) == []
    assert _ledger(warehouse) == {}


def test_a_killed_run_is_made_good_by_the_next(
    warehouse: Engine,
    sonar: Sonars,
    warehouses: services.Warehouses,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = sonar()
    names = ("--include", "accounts,addresses,contacts,phone_numbers,services")
    command = [sys.executable, "-m", "extract", "run", *names]
    slowly = [*command, "--page-size", "1", "--workers", "1"]
    with subprocess.Popen(
        slowly, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        deadline = time.monotonic() + 60
        while _control(made, "faults")["requests"] < 60:
            assert process.poll() is None, "it ended before it could be killed"
            assert time.monotonic() < deadline
        process.send_signal(signal.SIGKILL)
    states = [row["state"] for row in _ledger(warehouse).values()]
    assert states.count("running") >= 2
    again = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert again.stderr.splitlines()[-1] == "extract: 0 done"
    resumed = _checksums(warehouse, "_sonar_key, payload, _deleted_at")
    with warehouses.fresh() as url:
        monkeypatch.setenv("WAREHOUSE_URL", services.plain(url))
        _run(*names)
        for engine in services.disposing(runtime_warehouse.connect()):
            assert _checksums(engine, "_sonar_key, payload, _deleted_at") == resumed
