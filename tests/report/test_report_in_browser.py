"""The report as people see it: in a browser, on a phone, on paper, and read aloud."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from load.reconcile.since_last import Change, Seen, SinceLast
from load.report.facts import (
    Acceptance,
    Access,
    AccessLoss,
    Beside,
    Block,
    Collection,
    Download,
    Entity,
    Excluded,
    Extraction,
    Facts,
    FirstWeek,
    Inspections,
    Money,
    MoneyAccount,
    MoneyCause,
    MoneyLine,
    NextCharge,
    Quarantined,
    Reconciliation,
    Rejected,
    Step,
    TargetChange,
    Timing,
)
from load.report.page import write
from load.report.verdict import judge
from tests.report.pages import chromium, opened

_AT = datetime(2026, 1, 1, tzinfo=UTC)
_ENTITY = Entity("customers", 10, 8, 0, 1, 1, 0, 8, 8, 8, "agrees", (), is_loaded=True, landed=10)
_KEYS = tuple(str(number) for number in range(20))
_LONG = "a_reason_that_is_longer_than_a_phone_is_wide_and_has_no_blank_in_it"
_FULL = Facts(  # every section has something to show
    written_at=_AT,
    target="splynx.example:3306/splynx#1",
    fingerprint="f" * 64,
    extraction=Extraction(
        "x-1", "sonar.example", _AT,
        (Collection("accounts", "complete", "proven", 10, 10, needed=True),), is_frozen=True,
    ),
    acceptance=Acceptance("x-1", "accepted", "f" * 64, "x-1", _AT, (
        {"severity": "info", "what": "1 differs", "count": 1, "keys": list(_KEYS), "todo": "look"},
    )),
    accepted_before_load=True,
    load=Step("load", "x-1", _AT, 60.0, 0, counters={"inserted": 8}),
    reconciliation=Reconciliation("x-1", _AT, (
        _ENTITY,
        replace(_ENTITY, name="contacts", is_loaded=False, in_target=0),
        replace(_ENTITY, name="admins", verdict="not_compared", in_target=0, explained=(
            {"cause": "not_in_the_api", "rows": 8, "columns": ["password"]},)),
        replace(_ENTITY, name="notes", verdict="differs", differences=(
            {"layer": "target", "kind": "modified", "what": "rows differ", "count": 1,
             "keys": ["3"], "details": ["3: name (text of 4 characters)"],
             "cause": "edited_by_staff", "owner": "staff"},), totals=(
            {"by": _LONG, "amount": "total", "agrees": False, "groups": [
                {"values": [_LONG, None, ""], "mart_rows": 1, "target_rows": 1,
                 "mart_amount": "10.01", "target_amount": "10", "agrees": False}]},
            {"by": "status", "amount": None, "agrees": True, "groups": [
                {"values": ["active"], "mart_rows": 8, "target_rows": 8, "mart_amount": None,
                 "target_amount": None, "agrees": True}]})),
    ), causes=(("edited_by_staff", "staff", 1),), last=SinceLast(
        "x-0", _AT, "splynx.example:3306/splynx#0",
        (Change("notes", "agrees", "differs", (("modified", 0, 1),)),),
        (Seen("notes", "target", "modified", "edited_by_staff", f"rows of {_LONG}", 0, 1),),
    )),
    steps=(Step("load", "x-1", _AT, 60.0, 0, before=59.0),),
    rejected=(Rejected("customers", _LONG, 1, 1, "D-001", is_signed=True, keys=_KEYS),),
    excluded=(Excluded("accounts", "excluded", "test_account", 1),),
    quarantined=(Quarantined("customers", "server", 1062, "login", 1, _KEYS),),
    marts=("customers",),
    money=Money(
        (MoneyLine("balance", "Owed by customers", 123456, 456, 123000, 2),),
        (MoneyCause("customer_rejected", "", 1, 2, -456),),
        2, (), 1, (MoneyAccount("31", 456, 0, "customer_rejected", 0),),
    ),
    access=Access(2, (("allowed", 2, 1), ("blocked", 0, 1)), (
        AccessLoss("customer_blocked", "critical", 1, 1, "D-158", is_signed=True, keys=_KEYS),
        AccessLoss("mac_lost", "warning", 1, 0, None, is_signed=False, keys=_KEYS),
    )),
    first_week=FirstWeek(
        2,
        (NextCharge("same", 2, 100, 100, date(2026, 1, 2), 0),),
        (Block("3", date(2026, 1, 3), None, "late_before_the_cutover", "same_day", 500),), 1,
    ),
    timings=(Timing("extract", 0, 1.5), Timing("load", 0, 60.0), Timing("load", 1, 59.0)),
    inspections=Inspections(_AT, _AT, (TargetChange("customers", "rows", "0", "8"),)),
)  # fmt: skip
_INDEX = """const DECIMALS = 2;
const FIELDS = ["account", "outcome", "reason", "Splynx id", "balance in Sonar"];
const ACCOUNTS = "3\\tmart\\t\\t3\\t123456\\n31\\trejected\\tmissing_name\\t\\t456";
const FINDINGS = "31\\trejected\\tcustomers\\tmissing_name\\t31";
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as made:
        yield made


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    (folder / "accounts.js").write_text(_INDEX, encoding="utf-8")
    beside = Beside(
        (("This report as JSON", "report.json"),),
        (Download("rejected.csv", 1),),
        2,
    )
    return write(_FULL, judge(_FULL), folder, beside)


@pytest.mark.parametrize("width", [375, 1200])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_whole_readable_and_asks_for_nothing(
    browser: Browser, report: Path, width: int, scheme: str
) -> None:
    shown = opened(browser, report, width=width, scheme=scheme)
    assert shown.complaints == []
    assert {url.split(":")[0] for url in shown.requests} == {"file"}
    assert shown.overflow() == 0
    assert shown.serious() == []
    shown.page.close()


def test_the_pictures_are_drawn(browser: Browser, report: Path) -> None:
    shown = opened(browser, report)
    drawn = shown.page.evaluate(
        "[...document.querySelectorAll('figure svg')].map((svg) => ["
        " svg.querySelector('title').textContent, svg.querySelectorAll('.role-mark path').length,"
        " svg.getBoundingClientRect().height])"
    )
    assert len(drawn) == 5  # records, totals, accounts, access, timings
    for title, marks, height in drawn:
        assert title
        assert marks > 0, title
        assert height > 50, title
    shown.page.close()


def test_the_search_finds_an_account_and_only_that(browser: Browser, report: Path) -> None:
    shown = opened(browser, report)
    shown.page.fill("#account", "31")
    assert shown.page.inner_text("#said") == "account 31: 1 findings"
    assert "missing name" in shown.page.inner_text("#facts")
    assert "4.56" in shown.page.inner_text("#facts")
    assert "customers" in shown.page.inner_text("#findings")
    shown.page.fill("#account", "3")
    assert shown.page.inner_text("#said") == "account 3: 0 findings"
    assert "1,234.56" in shown.page.inner_text("#facts")
    shown.page.fill("#account", "1")
    assert shown.page.inner_text("#said") == "no account 1"
    assert not shown.page.is_visible("#found")
    shown.page.click("#money a[href='#account=31']")
    expect(shown.page.locator("#account")).to_have_value("31")  # a click only asks for the hash
    assert shown.complaints == []
    shown.page.close()


def test_paper_has_the_verdict_and_a_place_to_sign(browser: Browser, report: Path) -> None:
    shown = opened(browser, report, width=1040)  # A4 across, less its margins
    shown.page.emulate_media(media="print")
    assert shown.overflow() == 0
    assert shown.page.is_visible("header h1")
    assert shown.page.inner_text("header h1") == "Not in agreement"
    assert shown.page.is_visible("text=Signature")
    assert not shown.page.is_visible("#search")
    assert shown.page.pdf(format="A4").startswith(b"%PDF")
    shown.page.close()
