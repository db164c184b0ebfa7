"""The page from a real warehouse: what it says, and what it must never hold."""

from __future__ import annotations

import json
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from load.reconcile.reconciliation import reconcile
from load.report.collect import collect
from load.report.facts import Beside, Facts
from load.report.page import write
from load.report.verdict import judge
from runtime.fingerprint import fingerprint
from runtime.log import register_secret
from runtime.manifest import Total
from runtime.run_ledger import Run
from runtime.settings import splynx_db
from tests.reconcile.small_world import EMAIL, PERSON, RUN, SmallWorld, build
from tests.reconcile.small_world import manifest as build_manifest
from tests.services import Splynx

pytestmark = [pytest.mark.postgres, pytest.mark.mysql]

_VOID = frozenset({"meta", "br", "link", "img", "input"})


class Page(HTMLParser):
    """Texts of the page; fails on a tag that is closed in the wrong place."""

    def __init__(self, content: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.cells: list[str] = []
        self.addresses: list[str] = []
        self.feed(content)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember an open tag and the addresses it points to."""
        self.addresses += [value or "" for name, value in attrs if name in {"href", "src"}]
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Close the tag that was opened last."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Keep what stands in a table's cell."""
        if {"td", "th"} & set(self.open) and data.strip():
            self.cells.append(data.strip())


@pytest.fixture
def world(warehouse: Engine, splynx: Splynx) -> SmallWorld:
    made = build(warehouse, splynx)
    with warehouse.begin() as connection:
        values = {
            "run": RUN,
            "target": made.target,
            "build": fingerprint(connection, made.manifest).value,
        }
        connection.execute(
            text(
                "insert into ops.acceptance (run_id, target, extraction_run_id, fingerprint,"
                " verdict, findings) values (:run, :target, :run, :build, 'accepted', '[]')"
            ),
            values,
        )
        connection.execute(
            text(
                "insert into ops.step (run_id, step, ended_at, exit_code, detail) values"
                " (:run, 'load', clock_timestamp(), 0,"
                """ '{"records_attempted": 62, "inserted": 62}'),"""
                " (:run, 'extract', clock_timestamp(), 0, '{}')"
            ),
            values,
        )
    reconcile(Run("reconcile-1", warehouse, lock_pid=0), made.manifest, splynx_db())
    return made


def _facts(world: SmallWorld) -> Facts:
    with world.warehouse.connect() as connection:
        return collect(connection, world.manifest)


def test_a_finished_migration_agrees_and_says_what_is_left(
    world: SmallWorld, tmp_path: Path
) -> None:
    facts = _facts(world)
    verdict = judge(facts)
    assert [reason.what[:10] for reason in verdict.reasons] == ["Not frozen"]
    page = write(
        facts, verdict, tmp_path / "report", Beside((("Data Docs", "../data_docs/index.html"),))
    )
    parsed = Page(page.read_text())
    row = parsed.cells.index("customers")
    assert parsed.cells[row : row + 14] == [
        "customers", "32", "32", "0", "1", "1", "30", "30", "0", "0", "30", "30", "0", "agrees",
    ]  # fmt: skip
    assert {"missing_name", "D-001", "31"} <= set(parsed.cells)
    assert parsed.addresses == ["data:,", "../data_docs/index.html"]  # nothing is fetched
    assert "Money in both systems" not in page.read_text()
    document = json.loads((tmp_path / "report" / "report.json").read_text())
    assert document["verdict"]["agrees"] is True
    assert document["reconciliation"]["entities"][0]["name"] == "tariffs_internet"


def test_a_frozen_source_makes_it_green(world: SmallWorld) -> None:
    world.spoil("""update ops.step set detail = '{"consistent": true}' where step = 'extract'""")
    assert judge(_facts(world)).level == "green"


def test_causes_totals_and_the_change_since_the_last_rehearsal_are_on_the_page(
    world: SmallWorld, tmp_path: Path
) -> None:
    plans = replace(
        world.manifest.mart("tariffs_internet"), totals=(Total(("title",), None, "price"),)
    )
    marts = tuple(plans if m.name == plans.name else m for m in world.manifest.marts)
    world = replace(world, manifest=replace(world.manifest, marts=marts))
    world.spoil_target("update tariffs_internet set price = price + 0.01 where id = 2")
    reconcile(Run("reconcile-2", world.warehouse, lock_pid=0), world.manifest, splynx_db())
    facts = _facts(world)
    content = write(facts, judge(facts), tmp_path, Beside()).read_text()
    cells = Page(content).cells
    row = cells.index("follows from rows")
    assert cells[row - 4] == "unexplained"
    assert (cells[row - 2 : row], cells[row + 2 : row + 4]) == (
        ["data engineer", "1"], ["data engineer", "1"]
    )  # fmt: skip
    row = cells.index("Plan 2")
    assert cells[row + 1 : row + 6] == ["1", "1", "20.5", "20.51", "differs"]
    row = cells.index("Plan 1")
    assert cells[row + 1 : row + 6] == ["1", "1", "10.5", "10.5", "agrees"]
    assert "2 differences are new, 0 gone, 0 still there" in content
    assert "tariffs_internet: agrees → differs, identical 2 → 1, modified 0 → 1" in content
    document = json.loads((tmp_path / "report.json").read_text())
    assert document["reconciliation"]["last"]["run_id"] == "reconcile-1"


_MONEY = (
    "create table audit.audit_money_totals as select 1 as place, 'balance' as line,"
    " 'Owed by customers' as description, 123456::bigint as sonar_cents,"
    " 456::bigint as left_behind_cents, 123000::bigint as splynx_cents, 2 as decimals",
    "create table audit.audit_money_differences as select 31 as sonar_account_id,"
    " 'customer_rejected' as cause, '' as reason, 2 as records, -456::bigint as cents",
    "create table audit.audit_money_position as"
    " select '31' as _customer_key, false as is_loaded, 456::bigint as sonar_balance_cents,"
    " 0::bigint as splynx_balance_cents, -456::bigint as difference_cents,"
    " 0::bigint as pending_difference_cents, 0::bigint as unexplained_cents,"
    " 'customer_rejected' as cause",
)


def test_the_money_of_both_systems_stands_side_by_side(world: SmallWorld, tmp_path: Path) -> None:
    world.spoil(*_MONEY)
    facts = _facts(world)
    parsed = Page(write(facts, judge(facts), tmp_path, Beside()).read_text())
    row = parsed.cells.index("Owed by customers")
    assert parsed.cells[row + 1 : row + 5] == ["1,234.56", "4.56", "1,230.00", "-4.56"]
    row = parsed.cells.index("customer rejected")
    assert parsed.cells[row + 1 : row + 5] == ["-", "1", "2", "-4.56"]
    row = parsed.cells.index("31", row)
    assert parsed.cells[row + 1 : row + 6] == ["4.56", "0.00", "-4.56", "customer rejected", "0"]
    assert "no cent is unexplained" in (tmp_path / "index.html").read_text()


def test_an_unexplained_cent_is_red_and_names_the_account(
    world: SmallWorld, tmp_path: Path
) -> None:
    world.spoil(*_MONEY, "update audit.audit_money_position set unexplained_cents = 1")
    facts = _facts(world)
    verdict = judge(facts)
    assert verdict.level == "red"
    assert "The money of 1 accounts differs without a cause." in {r.what for r in verdict.reasons}
    page = write(facts, verdict, tmp_path, Beside()).read_text()
    assert "1 accounts differ and nothing explains why: 31" in page


_ACCESS = (
    "create schema if not exists seeds",
    "create schema if not exists staging",
    "create table audit.audit_access as select * from (values ('1', 'allowed', 'wrong_mac'),"
    " ('2', 'allowed', 'allowed'), ('3', 'blocked', 'allowed'))"
    " as given (_sonar_key, decision_before, decision_after)",
    "create table audit.audit_access_losses as select '1' as _sonar_key, 'mac_lost' as reason,"
    " 9 as place, 'critical' as severity",
    "create table if not exists staging.stg_ops__extractions as select '127.0.0.1' as source",
    "create table seeds.map_accepted_access_losses as select source, 'mac_lost' as reason,"
    " 1 as max_rows, 'D-158' as decision from staging.stg_ops__extractions limit 1",
)


def test_who_would_lose_the_network_is_counted_by_reason(world: SmallWorld, tmp_path: Path) -> None:
    world.spoil(*_ACCESS)
    facts = _facts(world)
    parsed = Page(write(facts, judge(facts), tmp_path, Beside()).read_text())
    row = parsed.cells.index("allowed")
    assert parsed.cells[row : row + 6] == ["allowed", "2", "2", "wrong mac", "0", "1"]
    row = parsed.cells.index("mac lost")
    assert parsed.cells[row + 1 : row + 6] == ["1", "1", "D-158", "yes", "1"]
    assert not [r for r in judge(facts).reasons if "lose the network" in r.what]


def test_an_unsigned_loss_of_the_network_is_red(world: SmallWorld) -> None:
    world.spoil(*_ACCESS, "update seeds.map_accepted_access_losses set source = 'elsewhere'")
    verdict = judge(_facts(world))
    assert verdict.level == "red"
    assert "1 services or routers would lose the network and nobody signed for it (mac_lost)." in {
        reason.what for reason in verdict.reasons
    }


def test_a_cent_in_a_mart_makes_the_acceptance_stale(world: SmallWorld) -> None:
    world.spoil("update splynx_staging.tariffs_internet set price = price + 0.01 where id = 1")
    reasons = [reason.what for reason in judge(_facts(world)).reasons]
    assert "The acceptance is stale: the marts have changed since." in reasons
    assert "The load is stale: it was not of the marts as they are accepted now." in reasons


def test_a_load_from_before_the_acceptance_is_stale(world: SmallWorld) -> None:
    world.spoil("update ops.acceptance set decided_at = decided_at + interval '1 hour'")
    verdict = judge(_facts(world))
    assert not verdict.agrees
    assert "load is stale" in verdict.reasons[0].what


def test_what_was_begun_or_taken_back_since_is_read_from_the_ledgers(world: SmallWorld) -> None:
    world.spoil(
        "insert into ops.step (run_id, step, exit_code, ended_at, detail) values"
        """ ('r-1', 'rollback', 0, clock_timestamp(), '{"undone": "x"}'),"""
        " ('r-2', 'load', 3, clock_timestamp(), '{}')",  # refused: it wrote nothing
        "update ops.row_state set state = 'intended' where table_name = 'customers'"
        " and _sonar_key in ('3', '4')",
        "update ops.row_state set new_hash = 'h:waits' where _sonar_key = '4'",
        "insert into ops.handover (target, table_name, attribute, _sonar_key, state, run_id)"
        f" values ('{world.target}', 'customers', 'password', '3', 'refused', 'r-1'),"
        f" ('{world.target}', 'customers', 'password', '4', 'handed_over', 'r-1')",
        "insert into ops.file_upload (target, _sonar_key, place, owner_id, sha256, bytes, state,"
        f" compared, run_id) values ('{world.target}', '1', 'x', 3, '', 1, 'stored', false, 'r'),"
        f" ('{world.target}', '2', 'x', 3, '', 1, 'stored', true, 'r'),"
        f" ('{world.target}', '3', 'x', 3, '', 1, 'differs', false, 'r')",
    )
    facts = _facts(world)
    assert (facts.unsettled, facts.secrets_open) == (1, 1)
    assert (facts.files_open, facts.files_unproven) == (1, 1)
    assert facts.last_write is not None
    assert (facts.last_write.name, facts.last_write.run_id) == ("rollback", "r-1")
    assert facts.load is not None
    assert facts.load.run_id == RUN
    reasons = [reason.what for reason in judge(facts).reasons]
    assert "A rollback ran after the last load." in reasons
    assert "The reconciliation is stale: it is older than the last rollback." in reasons


def test_a_collection_that_the_ledger_lacks_is_named(world: SmallWorld) -> None:
    world.spoil("delete from ops.extract_ledger where collection = 'contacts'")
    verdict = judge(_facts(world))
    assert verdict.level == "red"
    assert verdict.reasons[0].what == "contacts is not extracted completely (not extracted)."


def test_differences_stand_on_the_page_with_keys_and_without_values(
    world: SmallWorld, tmp_path: Path
) -> None:
    secret = "Planted$ecret/1"
    register_secret(secret)
    world.spoil_target("update customers set name = 'x' where id = 3")
    world.spoil(
        f"update ops.extract_ledger set reason = '{PERSON}', source = '{secret}'",
        "insert into ops.refusal (target, run_id, table_name, _sonar_key, cause, error_code,"
        f" message) values ('{world.target}', 'r', 'customers', '31', 'server', 1062, '{EMAIL}')",
        f"""update ops.step set detail = detail || '{{"kept": "{PERSON}"}}' where step = 'load'""",
    )
    reconcile(Run("reconcile-2", world.warehouse, lock_pid=0), world.manifest, splynx_db())
    facts = _facts(world)
    page = write(facts, judge(facts), tmp_path / "report", Beside())
    shown = page.read_text() + (tmp_path / "report" / "report.json").read_text()
    assert "customers differs" in shown
    assert "3: name (text of" in shown
    assert "1062" in shown
    for planted in (PERSON, EMAIL, secret):
        assert planted not in shown


def test_an_empty_warehouse_has_a_report_too(warehouse: Engine, tmp_path: Path) -> None:
    empty = SmallWorld(warehouse, None, build_manifest())  # type: ignore[arg-type]
    facts = _facts(empty)
    verdict = judge(facts)
    assert (verdict.level, verdict.agrees) == ("amber", False)
    assert Page(write(facts, verdict, tmp_path, Beside()).read_text()).addresses == ["data:,"]
