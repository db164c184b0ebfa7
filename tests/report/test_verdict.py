"""The verdict can't be green while any input is absent, stale, incomplete or says no."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from load.report.facts import (
    Acceptance,
    Access,
    AccessLoss,
    Collection,
    Entity,
    Extraction,
    Facts,
    FirstWeek,
    Money,
    NextCharge,
    Quarantined,
    Reconciliation,
    Rejected,
    Step,
)
from load.report.page import as_of, grades, unread
from load.report.shares import funnel
from load.report.verdict import judge


def _at(hour: int) -> datetime:
    return datetime(2026, 1, 1, hour, tzinfo=UTC)


_ACCOUNTS = Collection("accounts", "complete", "proven", 10, 10, needed=True)
_EXTRACTION = Extraction("x-1", "sonar.example", _at(1), (_ACCOUNTS,), is_frozen=True)
_ACCEPTANCE = Acceptance("x-1", "accepted", "build", "x-1", _at(2))
_LOAD = Step("load", "x-1", _at(3), 60.0, 0)
_ENTITY = Entity("customers", 10, 8, 0, 1, 1, 0, 8, 8, 8, "agrees", (), is_loaded=True)
_RECONCILIATION = Reconciliation("x-1", _at(4), (_ENTITY,))
_GREEN = Facts(
    written_at=_at(5),
    target="h:1/db#1",
    fingerprint="build",
    extraction=_EXTRACTION,
    acceptance=_ACCEPTANCE,
    accepted_before_load=True,
    load=_LOAD,
    reconciliation=_RECONCILIATION,
    marts=("customers",),
)


def _with_services(**changed: Any) -> Facts:
    entity = replace(_ENTITY, name="services_internet")
    whole = replace(
        _GREEN,
        marts=("customers", "services_internet"),
        reconciliation=replace(_RECONCILIATION, entities=(_ENTITY, entity)),
        access=Access(1, (), ()),
        first_week=FirstWeek(2, (NextCharge("same", 1, 1, 1, None, 0),), ()),
    )
    return replace(whole, **changed)


@pytest.mark.parametrize("facts", [_GREEN, _with_services()])
def test_green_needs_everything(facts: Facts) -> None:
    verdict = judge(facts)
    assert (verdict.level, verdict.agrees, verdict.reasons) == ("green", True, ())


def _collected(collection: Collection) -> Facts:
    return replace(_GREEN, extraction=replace(_EXTRACTION, collections=(collection,)))


@pytest.mark.parametrize(
    ("facts", "level", "words"),
    [
        (replace(_GREEN, extraction=None), "amber", "Nothing has been extracted"),
        (_collected(replace(_ACCOUNTS, grade="sample")), "red", "(complete, sample)"),
        (_collected(replace(_ACCOUNTS, state="denied", grade=None)), "red", "(denied)"),
        (_collected(replace(_ACCOUNTS, grade=None)), "red", "not extracted completely"),
        (replace(_GREEN, fingerprint=None), "amber", "have not been built"),
        (replace(_GREEN, fingerprint="other"), "amber", "the marts have changed since"),
        (replace(_GREEN, acceptance=None), "amber", "not been accepted"),
        (replace(_GREEN, acceptance=replace(_ACCEPTANCE, verdict="refused")), "red", "refused"),
        (
            replace(_GREEN, acceptance=replace(_ACCEPTANCE, extraction_run_id="x-0")),
            "amber",
            "a newer extraction",
        ),
        (replace(_GREEN, load=None), "amber", "Nothing has been loaded"),
        (replace(_GREEN, load=replace(_LOAD, exit_code=5)), "red", "did not end well"),
        (replace(_GREEN, load=replace(_LOAD, exit_code=None)), "red", "load has not ended"),
        (replace(_GREEN, accepted_before_load=False), "amber", "load is stale"),
        (replace(_GREEN, reconciliation=None), "amber", "Nothing has been reconciled"),
        (
            replace(_GREEN, reconciliation=replace(_RECONCILIATION, ended_at=_at(2))),
            "amber",
            "older than the last load",
        ),
        (
            replace(
                _GREEN,
                reconciliation=replace(
                    _RECONCILIATION, entities=(replace(_ENTITY, verdict="differs"),)
                ),
            ),
            "red",
            "customers differs",
        ),
        (replace(_GREEN, marts=("customers", "invoices")), "amber", "invoices has not been"),
        (replace(_GREEN, target=None), "amber", "not been inspected"),
        (
            replace(_GREEN, steps=(Step("transform", "x-1", _at(2), 9.0, 3),)),
            "red",
            "transform did not end well",
        ),
        (
            replace(_GREEN, steps=(Step("transform", "x-1", _at(2), None, None),)),
            "red",
            "transform has not ended",
        ),
        (
            replace(_GREEN, steps=(Step("transform", "x-0", _at(0), 9.0, 0),)),
            "amber",
            "marts are stale",
        ),
        (
            replace(_GREEN, rejected=(Rejected("customers", "x", 3, 2, "D-1", is_signed=False),)),
            "red",
            "3 records of customers are rejected (x) and 2 are signed for",
        ),
        (replace(_GREEN, unsettled=4), "amber", "4 rows were announced"),
        (
            replace(_GREEN, last_write=Step("rollback", "x-2", _at(4), 9.0, 0)),
            "amber",
            "A rollback ran after the last load",
        ),
        (
            replace(_GREEN, last_write=Step("handover", "x-2", _at(5), 9.0, 0)),
            "amber",
            "older than the last handover",
        ),
        (
            replace(_GREEN, extraction=replace(_EXTRACTION, ended_at=_at(5))),
            "amber",
            "The reconciliation is stale: there is a newer extraction",
        ),
        (
            replace(
                _GREEN,
                reconciliation=replace(
                    _RECONCILIATION, entities=(replace(_ENTITY, verdict="not compared"),)
                ),
            ),
            "amber",
            "customers is unproven: not compared",
        ),
        (
            replace(
                _GREEN,
                reconciliation=replace(
                    _RECONCILIATION, entities=(replace(_ENTITY, verdict="not_compared"),)
                ),
            ),
            "amber",
            "customers has not been compared: the API does not show its rows",
        ),
        (_with_services(first_week=None), "amber", "next charges of both systems"),
        (_with_services(first_week=FirstWeek(2, None, ())), "amber", "next charges"),
        (
            _with_services(
                first_week=FirstWeek(2, (NextCharge("unexplained", 2, 1, 1, None, 0),), ())
            ),
            "red",
            "The next charge of 2 services differs without a cause",
        ),
        (_with_services(access=None), "amber", "Who would lose the network"),
        (
            _with_services(
                access=Access(1, (), (AccessLoss("x", "critical", 2, 1, None, is_signed=False),))
            ),
            "red",
            "2 services or routers would lose the network and nobody signed",
        ),
        (
            replace(_GREEN, marts=("customers", "billing_transactions")),
            "amber",
            "The money of both systems has not been compared",
        ),
        (replace(_GREEN, money=Money((), (), 1, ("31",))), "red", "money of 1 accounts"),
    ],
)
def test_one_bad_input_is_named_and_takes_the_green_away(
    facts: Facts, level: str, words: str
) -> None:
    verdict = judge(facts)
    assert (verdict.level, verdict.agrees) == (level, False)
    assert any(words in reason.what for reason in verdict.reasons), verdict.reasons


def test_what_agrees_but_is_not_frozen_is_not_green() -> None:
    facts = replace(_GREEN, extraction=replace(_EXTRACTION, is_frozen=False))
    verdict = judge(facts)
    assert (verdict.level, verdict.agrees) == ("amber", True)
    assert verdict.reasons[0].what.startswith("Not frozen")
    assert "Not frozen" in as_of(facts)
    assert "no change" in as_of(_GREEN)


def test_quarantined_rows_are_not_green() -> None:
    refused = Quarantined("customers", "server", 1406, "city", 2, ("1", "2"))
    verdict = judge(replace(_GREEN, quarantined=(refused,)))
    assert (verdict.level, verdict.agrees) == ("amber", True)
    assert "2 rows are in quarantine" in verdict.reasons[0].what


@pytest.mark.parametrize(
    ("open_", "words"),
    [
        ({"secrets_open": 2}, "2 passwords or tokens were not handed over"),
        ({"files_open": 2}, "2 files are not in the target"),
        ({"files_unproven": 2}, "2 files were sent and could not be read back"),
    ],
)
def test_what_was_begun_and_is_not_proven_is_not_green(open_: dict[str, int], words: str) -> None:
    verdict = judge(replace(_GREEN, **open_))  # type: ignore[arg-type]
    assert (verdict.level, verdict.agrees) == ("amber", True)
    assert words in verdict.reasons[0].what


def test_parked_rows_are_not_green() -> None:
    parked = Quarantined("customer_documents", "module_off", None, None, 2, ("1", "2"))
    verdict = judge(replace(_GREEN, quarantined=(parked,)))
    assert (verdict.level, verdict.agrees) == ("amber", True)
    assert "2 rows are parked" in verdict.reasons[0].what


def test_rows_that_were_not_selected_are_not_green() -> None:
    entity = replace(_ENTITY, in_target=6, loaded=6, identical=6, not_selected=2)
    facts = replace(_GREEN, reconciliation=replace(_RECONCILIATION, entities=(entity,)))
    verdict = judge(facts)
    assert (verdict.level, verdict.agrees) == ("amber", True)
    assert verdict.reasons[0].what.startswith("2 rows were not selected")
    assert {part.name: part.rows for part in funnel(entity)} == {
        "in target": 6,
        "not selected": 2,
        "excluded": 1,
        "rejected": 1,
    }


def test_a_look_at_some_customers_proves_nothing_of_the_others() -> None:
    looked = replace(_RECONCILIATION, scope="the first 10", entities=(_ENTITY,))
    verdict = judge(replace(_GREEN, marts=("customers", "invoices"), reconciliation=looked))
    assert (verdict.level, verdict.agrees) == ("amber", False)
    (reason,) = verdict.reasons
    assert "(the first 10): of everything else nothing is proven" in reason.what


def test_collections_that_no_mart_reads_are_listed_and_do_not_refuse() -> None:
    emails = Collection("emails", "denied", None, None, 7, needed=False)
    facts = replace(_GREEN, extraction=replace(_EXTRACTION, collections=(_ACCOUNTS, emails)))
    assert judge(facts).level == "green"
    assert unread(facts) == [("emails", 7)]
    assert grades(facts) == {"denied": 1, "proven": 1}


def test_rows_that_cannot_be_seen_are_not_shown_as_missing() -> None:
    unseen = replace(_ENTITY, verdict="not_compared", in_target=0, identical=0)
    assert {part.name: part.rows for part in funnel(unseen)} == {
        "not compared": 8,
        "excluded": 1,
        "rejected": 1,
    }


def test_the_funnel_shows_every_source_record_once() -> None:
    parts = funnel(replace(_ENTITY, in_target=6, quarantined=1))
    assert {part.name: part.rows for part in parts} == {
        "in target": 6,
        "quarantined": 1,
        "not in target": 1,
        "excluded": 1,
        "rejected": 1,
    }
    assert sum(part.rows for part in parts) == 10
