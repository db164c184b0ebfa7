"""The lists beside the page: every key that was left out, and nothing about a person."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from sqlalchemy import Engine

from load.report.__main__ import links
from load.report.lists import write_index, write_lists
from tests.reconcile.small_world import EMAIL, PERSON, SmallWorld, build
from tests.services import Splynx

pytestmark = [pytest.mark.postgres, pytest.mark.mysql]


@pytest.fixture
def world(warehouse: Engine, splynx: Splynx) -> SmallWorld:
    made = build(warehouse, splynx)
    made.spoil(
        "alter table audit.audit_record_outcomes add column _customer_key text",
        "insert into ops.refusal (target, run_id, table_name, _sonar_key, _customer_key, cause,"
        f" error_code, message) values ('{made.target}', 'r', 'customers', '31', '31', 'server',"
        f" 1062, '{EMAIL}')",
        "create table audit.audit_money_position as select '31' as _customer_key,"
        " false as is_loaded, 456::bigint as sonar_balance_cents, 0::bigint as"
        " splynx_balance_cents, -456::bigint as difference_cents, 0::bigint as"
        " pending_difference_cents, 0::bigint as unexplained_cents, 'customer_rejected' as cause",
    )
    return made


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_lists_hold_every_key_with_its_reason(world: SmallWorld, tmp_path: Path) -> None:
    (tmp_path / "access.csv").write_text("of an earlier report")
    with world.warehouse.connect() as connection:
        found = {one.name: one.rows for one in write_lists(connection, world.target, tmp_path)}
    assert found == {"rejected.csv": 1, "quarantined.csv": 1, "left-out.csv": 31, "money.csv": 1}
    assert {path.name for path in tmp_path.iterdir()} == set(found)
    assert _rows(tmp_path / "rejected.csv") == [
        {
            "entity": "customers", "reason": "missing_name", "collection": "accounts",
            "key": "31", "account": "31", "decision": "D-001", "is_signed": "t",
        }
    ]  # fmt: skip
    assert _rows(tmp_path / "quarantined.csv")[0]["cause"] == "server"
    assert _rows(tmp_path / "money.csv")[0]["difference_cents"] == "-456"


def _blocks(path: Path) -> dict[str, list[list[str]]]:
    lines = (line.removeprefix("const ").rstrip(";").split(" = ", 1)
             for line in path.read_text(encoding="utf-8").splitlines())  # fmt: skip
    return {
        name: [line.split("\t") for line in json.loads(text).splitlines()]
        for name, text in lines
        if name in {"ACCOUNTS", "FINDINGS"}
    }


def test_the_index_knows_every_account_and_what_is_wrong_with_it(
    world: SmallWorld, tmp_path: Path
) -> None:
    path = tmp_path / "accounts.js"
    with world.warehouse.connect() as connection:
        count = write_index(connection, world.manifest, world.target, path, decimals=2)
    assert count == 32
    found = _blocks(path)
    accounts = {line[0]: line for line in found["ACCOUNTS"]}
    assert accounts["3"][:5] == ["3", "mart", "", "3", "written"]
    assert accounts["31"][:8] == [
        "31", "rejected", "missing_name", "", "no", "456", "0", "customer_rejected",
    ]  # fmt: skip
    assert accounts["32"][1:3] == ["excluded", "test_account"]
    assert found["FINDINGS"] == [
        ["31", "quarantined", "customers", "server", "31"],
        ["31", "rejected", "customers", "missing_name", "31"],
    ]
    text = path.read_text(encoding="utf-8")
    assert PERSON not in text
    assert EMAIL not in text


def test_an_empty_warehouse_has_no_lists(warehouse: Engine, tmp_path: Path) -> None:
    with warehouse.connect() as connection:
        assert write_lists(connection, "", tmp_path) == []


def test_only_pages_that_exist_are_linked(tmp_path: Path) -> None:
    assert [address for _, address in links(tmp_path)] == ["report.json"]
    (tmp_path / "ids").mkdir()
    (tmp_path / "ids" / "index.html").write_text("")
    assert [address for _, address in links(tmp_path)] == ["../ids/index.html", "report.json"]
