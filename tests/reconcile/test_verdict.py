"""The verdict can't be green while any input is absent, stale, incomplete or says no."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from load.report.facts import (
    Acceptance,
    Collection,
    Entity,
    Extraction,
    Facts,
    Quarantined,
    Reconciliation,
    Step,
)
from load.report.page import as_of, funnel, grades, unread
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


def test_green_needs_everything() -> None:
    verdict = judge(_GREEN)
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
        (replace(_GREEN, load=replace(_LOAD, exit_code=None)), "red", "did not end well"),
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


def test_collections_that_no_mart_reads_are_listed_and_do_not_refuse() -> None:
    emails = Collection("emails", "denied", None, None, 7, needed=False)
    facts = replace(_GREEN, extraction=replace(_EXTRACTION, collections=(_ACCOUNTS, emails)))
    assert judge(facts).level == "green"
    assert unread(facts) == [("emails", 7)]
    assert grades(facts) == {"denied": 1, "proven": 1}


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
    assert sum(part.share for part in parts) == pytest.approx(100)
