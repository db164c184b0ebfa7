"""Acceptance on real marts: what refuses, what is recorded, and that no value gets out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from expectations import suites
from expectations.acceptance import Acceptance, accept
from expectations.gate import MAX_KEYS, Finding
from expectations.suites.rules import all_rows, between, not_empty
from runtime.fingerprint import fingerprint
from runtime.run_ledger import Run
from tests.reconcile.small_world import EMAIL, PERSON, RUN, SmallWorld, build
from tests.services import Splynx

pytestmark = [pytest.mark.postgres, pytest.mark.mysql]


@pytest.fixture
def world(warehouse: Engine, splynx: Splynx) -> SmallWorld:
    return build(warehouse, splynx)


def _accept(world: SmallWorld, docs: Path) -> Acceptance:
    return accept(Run("accept-1", world.warehouse, lock_pid=0), world.manifest, docs)


def _texts(folder: Path) -> str:
    return "\n".join(p.read_text(errors="replace") for p in folder.rglob("*") if p.is_file())


def _without_tags(page: str) -> str:
    return re.sub(r"<[^>]*>", " ", page)


def _about(acceptance: Acceptance, words: str) -> Finding:
    found = [f for f in acceptance.verdict.findings if words in f.what]
    assert len(found) == 1, acceptance.verdict.findings
    return found[0]


def test_good_marts_are_accepted_for_exactly_this_build(world: SmallWorld, tmp_path: Path) -> None:
    acceptance = _accept(world, tmp_path / "docs")
    assert acceptance.verdict.findings == ()
    assert acceptance.docs.exists()
    marts_checked = {result.mart for result in acceptance.results}
    assert marts_checked == {"customers", "customer_info", "tariffs_internet"}
    with world.warehouse.connect() as connection:
        row = connection.execute(text("select * from ops.acceptance")).one()
        build_now = fingerprint(connection, world.manifest).value
    assert (row.verdict, row.target, row.extraction_run_id) == ("accepted", world.target, RUN)
    assert row.fingerprint == build_now == acceptance.fingerprint


def test_bad_rows_refuse_with_their_keys_and_without_their_values(
    world: SmallWorld, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    world.spoil(
        # business rules
        "update splynx_staging.customers set status = 'gone' where id = 3",
        "update splynx_staging.customers set login = 'LOGIN5' where id = 3",
        "update splynx_staging.customers set parent_id = 4711 where id = 6",
        f"update splynx_staging.customers set email = '{PERSON}' where id = 3",
        "update splynx_staging.tariffs_internet set price = -1 where id = 2",
        "delete from splynx_staging.customer_info where customer_id = 8",
        # what the target's columns demand
        "update splynx_staging.tariffs_internet set with_vat = '2' where id = 1",
        f"update splynx_staging.customers set city = '{PERSON} {EMAIL}' where id = 3",
        f"update splynx_staging.customers set name = null, phone = '{EMAIL}' where id = 3",
        "update splynx_staging.customers set partner_id = 5000000000 where id = 7",
        "update splynx_staging.customers set date_add = '0999-01-01' where id = 9",
        "update splynx_staging.customers set id = 10 where id = 11",
    )
    docs = tmp_path / "docs"
    acceptance = _accept(world, docs)
    expected = {
        "customers: status is one of": ("3",),
        "login unique, upper and lower case alike": ("3", "5"),
        "customers: parent_id leads to a row of customers": ("6",),
        "tariffs_internet: price is at least 0": ("2",),
        "customer_info: each row of customers has its row here": ("8",),
        "tariffs_internet: with_vat is one of 0, 1": ("1",),
        "customers: city has at most 32 characters": ("3",),
        "customers: name has a value": ("3",),
        "customers: partner_id is at least 0 and at most 4294967295": ("7",),
        "customers: date_add is at least 1000-01-01": ("9",),
        "customers: id unique": ("10", "11"),
    }
    for words, keys in expected.items():
        finding = _about(acceptance, words)
        assert (finding.severity, tuple(sorted(finding.keys))) == ("critical", keys), words
    assert _about(acceptance, "email has the form").severity == "warning"
    assert acceptance.verdict.word == "refused"
    with world.warehouse.connect() as connection:
        recorded: str = connection.execute(
            text("select string_agg(a::text, ' ') from ops.acceptance as a")
        ).scalar_one()
    shown = _texts(docs)
    for words, keys in expected.items():
        line = rf"{re.escape(words.rpartition(': ')[2])}.*\s+{len(keys)}\s+{', '.join(keys)}\s"
        assert re.search(line, _without_tags(shown)), words
    assert not [record for record in caplog.records if record.levelname == "ERROR"]
    for place in (shown, recorded, repr(acceptance)):
        assert PERSON not in place
        assert EMAIL not in place


def test_many_bad_rows_are_counted_and_their_keys_capped(world: SmallWorld, tmp_path: Path) -> None:
    world.spoil("update splynx_staging.customers set parent_id = 4711, status = 'gone'")
    acceptance = _accept(world, tmp_path / "docs")
    for words in ("status is one of", "parent_id leads to"):
        found = [f for f in acceptance.verdict.findings if words in f.what]
        assert {(f.count, len(f.keys)) for f in found} == {(30, MAX_KEYS)}


def test_a_database_error_inside_a_rule_refuses_and_repeats_no_value(
    world: SmallWorld,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    casting = all_rows("name is a number", "name::integer > 0")  # Postgres quotes what is none
    rules = {"customers": [casting, not_empty("name")], "tariffs_internet": [between("price", 0)]}
    monkeypatch.setattr(suites, "business_rules", lambda mart: rules.get(mart, []))
    world.spoil(
        "alter table splynx_staging.customer_info alter customer_id type text",
        f"update splynx_staging.customer_info set customer_id = '{PERSON}' where customer_id = '3'",
        "alter table splynx_staging.tariffs_internet drop column price",
        "update splynx_staging.customers set name = ' ' where id = 4",
    )
    acceptance = _accept(world, tmp_path / "docs")
    broken = [f.what for f in acceptance.verdict.refusing if "could not be evaluated" in f.what]
    assert sorted(what.partition(" (")[0] for what in broken) == [
        "customer_info: the rule 'customer_id is at least 0 and at most 4294967295' could not be"
        " evaluated",
        "customer_info: the rule 'customer_id leads to a row of customers' could not be evaluated",
        "customers: the rule 'name is a number' could not be evaluated",
        "tariffs_internet: the rule 'price has a value' could not be evaluated",
        "tariffs_internet: the rule 'price is at least -999999999999999.9999 and at most"
        " 999999999999999.9999' could not be evaluated",
        "tariffs_internet: the rule 'price is at least 0' could not be evaluated",
    ]
    assert _about(acceptance, "customers: name is not blank").keys == ("4",)
    shown = _texts(tmp_path / "docs")
    assert "the rule could not be evaluated: InvalidTextRepresentation" in shown
    assert PERSON not in shown + repr(acceptance) + caplog.text
    assert "Traceback" not in shown


def test_when_the_library_fails_no_rule_counts_as_kept(
    world: SmallWorld,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object) -> None:
        raise ValueError(PERSON)

    monkeypatch.setattr("expectations.expectation.count_all", fail)
    acceptance = _accept(world, tmp_path / "docs")
    assert acceptance.results
    assert {result.broken for result in acceptance.results} == {"ValueError"}
    assert len(acceptance.verdict.refusing) == len(acceptance.results)
    assert PERSON not in _texts(tmp_path / "docs") + repr(acceptance) + caplog.text


def test_without_an_inspection_nothing_is_accepted(world: SmallWorld, tmp_path: Path) -> None:
    world.spoil("delete from ops.target")
    finding = _about(_accept(world, tmp_path / "docs"), "no target has been inspected")
    assert "make inspect" in finding.todo


def test_ids_planned_for_another_target_refuse(world: SmallWorld, tmp_path: Path) -> None:
    world.spoil("update intermediate.int_crosswalk set target = 'other#1' where _sonar_key = '2'")
    finding = _about(_accept(world, tmp_path / "docs"), "customers: ids are not those planned")
    assert (finding.count, finding.keys) == (1, ("2",))


def test_faults_of_the_inputs_are_found_in_the_warehouse(world: SmallWorld, tmp_path: Path) -> None:
    world.spoil(
        "update ops.extract_ledger set grade = 'sample' where collection = 'contacts'",
        "update audit.audit_rejection_summary set is_signed = false, signed_max = 0",
        "update audit.audit_row_accounting set unaccounted = 1 where entity = 'customers'",
        "insert into ops.step (run_id, step, started_at, exit_code)"
        " values ('t', 'transform', '2025-12-31Z', 0)",
    )
    acceptance = _accept(world, tmp_path / "docs")
    assert "grade is sample" in _about(acceptance, "contacts is not complete").what
    assert _about(acceptance, "1 rejected as missing_name, 0 signed for").keys == ("31",)
    assert _about(acceptance, "1 of 32 source records are unaccounted for").count == 1
    assert _about(acceptance, "the marts are older than extraction").check == "freshness"
