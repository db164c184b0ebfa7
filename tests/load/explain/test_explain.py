"""One account explained: everything that happened to it, its personal values only in private."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine

from load.explain import __main__ as command
from load.explain.command import explained
from load.explain.facts import Explanation, Row, masked
from load.explain.gates import about
from load.explain.records import decisions_naming
from load.explain.render import as_json, as_text
from load.explain.rows import Asked, rules_of
from runtime.errors import ConfigError, Unfinished
from tests.reconcile.small_world import EMAIL, PERSON, RUN, SmallWorld, build
from tests.reconcile.small_world import manifest as build_manifest
from tests.services import Splynx

pytestmark = [pytest.mark.postgres, pytest.mark.mysql]


@pytest.fixture
def world(warehouse: Engine, splynx: Splynx) -> SmallWorld:
    made = build(warehouse, splynx)
    made.spoil(
        "alter table audit.audit_record_outcomes add column _customer_key text",
        "update audit.audit_record_outcomes set _customer_key = _sonar_key"
        " where collection in ('accounts', 'contacts')",
        f"""update raw_sonar.accounts set payload = '{{"name": "{PERSON}"}}'""",
        "update raw_sonar.services set payload = jsonb_build_object('account_id',"
        " case _sonar_key when '2' then '3' else '9' end)",
        "insert into ops.acceptance (run_id, target, extraction_run_id, fingerprint, verdict,"
        f" findings) values ('{RUN}', '{made.target}', '{RUN}', 'b', 'accepted',"
        """ '[{"what": "customers: login does not hold", "keys": ["3", "4"], "severity": "info"},"""
        """  {"what": "invoices: total does not hold", "keys": ["3"], "severity": "info"}]')""",
    )
    return made


def _instead_of_the_project(
    world: SmallWorld, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Have the command read the small world's marts."""
    monkeypatch.setattr(command, "read_manifest", lambda: world.manifest)
    path = folder / "manifest.json"
    path.write_text('{"nodes": {}}', encoding="utf-8")
    monkeypatch.setattr(command, "MANIFEST", path)


def _explained(world: SmallWorld, account: str, *tables: str) -> Explanation:
    with world.warehouse.connect() as connection:
        return explained(connection, world.manifest, Asked(account, tables))


def _row(found: Explanation, table: str) -> Row:
    return next(row for row in found.rows if row.table == table)


def test_a_loaded_account_is_followed_from_sonar_into_the_target(world: SmallWorld) -> None:
    found = _explained(world, "3")
    assert found.summary == "account 3 became a row of customers, which was written to the target"
    assert [(r.collection, r.key, r.outcome) for r in found.records] == [
        ("accounts", "3", "mart"),
        ("contacts", "3", "merged"),
        ("services", "2", "mart"),  # by its own account_id
    ]
    assert found.records[0].payload == {"name": PERSON}
    assert {row.table for row in found.rows} == {"customers", "customer_info"}
    customer = _row(found, "customers")
    assert customer.written is not None
    assert (customer.written.state, customer.written.run_id) == ("written", RUN)
    assert customer.written.target_id == 3
    assert customer.held == "present"
    assert {cell.is_same for cell in customer.cells} == {True}
    values = {cell.column: cell.target_value for cell in customer.cells}
    assert values["name"] == PERSON
    assert values["parent_id"] == "0"  # as the target spells none
    assert found.gate is not None
    assert found.gate.findings == ("info: customers: login does not hold: 3",)


def test_what_staff_changed_or_deleted_is_seen(world: SmallWorld) -> None:
    world.spoil_target(
        "update customers set city = 'Elsewhere' where id = 3",
        "delete from customer_info where customer_id = 3",
    )
    found = _explained(world, "3")
    differing = [c.column for c in _row(found, "customers").cells if c.is_same is False]
    assert differing == ["city"]
    assert _row(found, "customer_info").held == "absent"
    text = as_text(found, raw=False)
    assert "DIFFERS" in text
    assert "in the target: absent" in text


def test_ids_that_the_server_gave_are_followed(world: SmallWorld) -> None:
    world.spoil(
        "update ops.id_map set target_id = planned_id + 700 where entity = 'customers'",
    )
    world.spoil_target("update customers set id = id + 700, parent_id = if(parent_id, 701, 0)")
    found = _row(_explained(world, "2", "customers"), "customers")
    assert found.held == "present"
    assert {cell.is_same for cell in found.cells} == {True}


@pytest.mark.parametrize(
    ("account", "summary"),
    [
        ("31", "account 31 was rejected: missing_name"),
        ("32", "account 32 was excluded: test_account"),
        ("30", "account 30 was merged: same_person"),
    ],
)
def test_an_account_that_did_not_go_on_says_why(
    world: SmallWorld, account: str, summary: str
) -> None:
    world.spoil(
        "update audit.audit_record_outcomes set outcome = 'merged', reason = 'same_person'"
        " where collection = 'accounts' and _sonar_key = '30'",
        "delete from splynx_staging.customers where id = 30",
        "delete from splynx_staging.customer_info where customer_id = 30",
    )
    found = _explained(world, account)
    assert found.summary.startswith(summary)
    assert found.rows == ()


def test_a_refused_row_says_by_whom_and_keeps_the_servers_words(world: SmallWorld) -> None:
    world.spoil(
        "insert into ops.refusal (target, run_id, table_name, _sonar_key, _customer_key, cause,"
        f" error_code, column_name, message) values ('{world.target}', 'r-1', 'customers', '3',"
        f" '3', 'server', 1062, 'login', '{EMAIL}')"
    )
    found = _row(_explained(world, "3"), "customers")
    assert found.refusals[0].startswith("server, error 1062, column login, run r-1, ")
    assert EMAIL not in found.refusals[0]


def test_an_unknown_account_or_table_is_one_clear_line(world: SmallWorld) -> None:
    with pytest.raises(ConfigError, match="no record of Sonar belongs to account 404"):
        _explained(world, "404")
    with pytest.raises(ConfigError, match="no mart is named nothing"):
        _explained(world, "3", "nothing")


def test_an_empty_warehouse_says_what_to_run(warehouse: Engine) -> None:
    empty = SmallWorld(warehouse, None, build_manifest())  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="make extract inspect transform"):
        _explained(empty, "3")


def test_a_target_out_of_reach_is_said_and_the_rest_is_shown(
    world: SmallWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = world.splynx.address
    monkeypatch.setenv("SPLYNX_MYSQL_URL", f"mysql://nobody:wrong-password@{address}")
    found = _explained(world, "3")
    assert found.target_read.startswith("not read: ")
    assert _row(found, "customers").held == "not read"
    _instead_of_the_project(world, tmp_path, monkeypatch)
    ran = CliRunner().invoke(command.cli, ["3"])
    assert isinstance(ran.exception, Unfinished)
    assert "account 3 became a row" in ran.output


def test_personal_values_go_to_no_pipe_and_into_a_private_file(
    world: SmallWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _instead_of_the_project(world, tmp_path, monkeypatch)
    for arguments in (["3"], ["3", "--json"], ["3", "--raw"]):
        piped = CliRunner().invoke(command.cli, arguments, catch_exceptions=False)
        assert PERSON not in piped.output
        assert EMAIL not in piped.output
        assert "same" in piped.output
    path = tmp_path / "three.json"
    ran = CliRunner().invoke(command.cli, ["3", "--json", "--out", str(path)])
    assert ran.exit_code == 0, ran.output
    assert PERSON not in ran.output
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    document = json.loads(path.read_text(encoding="utf-8"))
    assert document["records"][0]["payload"] == {"name": PERSON}
    assert EMAIL in path.read_text(encoding="utf-8")


def test_masking_keeps_keys_and_whether_sides_agree(world: SmallWorld) -> None:
    found = _explained(world, "3")
    hidden = masked(found)
    assert PERSON not in as_json(hidden)
    assert hidden.records[0].payload == {"name": f"({len(PERSON)} characters)"}
    same = [[c.is_same for c in row.cells] for row in found.rows]
    assert [[c.is_same for c in row.cells] for row in hidden.rows] == same


def test_decisions_are_found_by_the_reasons_that_they_name() -> None:
    page = "### D-001 One\n\nA `missing_name`.\n\n### D-002 Two\n\n`other`, `missing_name`.\n"
    assert decisions_naming(page) == {"missing_name": ("D-001", "D-002"), "other": ("D-002",)}


def test_a_finding_is_about_an_account_by_table_and_key() -> None:
    finding = {"what": "customers: x", "keys": ["1", "2"], "severity": "critical"}
    assert [*about([finding], {"customers": {"2"}})] == ["critical: customers: x: 2"]
    assert [*about([finding], {"customers": {"3"}, "invoices": {"1"}})] == []


def test_rules_are_the_projects_own_words() -> None:
    column = {"description": "How the customer\n  is billed."}
    node = {"name": "customers", "resource_type": "model", "columns": {"billing_type": column}}
    seed = {**node, "resource_type": "seed", "name": "map_roles"}
    rules = rules_of({"nodes": {"a": node, "b": seed}})
    assert rules == {("customers", "billing_type"): "How the customer is billed."}
