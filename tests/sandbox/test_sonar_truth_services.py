"""The rules for plans, services, credits, packages and numbers, on a few rows written by hand."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.sonar.tenant.draft import Draft
from sandbox.sonar.tenant.outcome import MART, MERGED, Outcomes, excluded, rejected
from sandbox.sonar.tenant.truth import outcomes
from sandbox.sonar.tenant.truth_services import next_charges

Rows = dict[str, list[dict[str, Any]]]
NO_HOST = rejected("no_service_for_discount")


def service(
    key: str, kind: str, application: str = "DEBIT", amount: int = 1000, name: str = ""
) -> dict[str, Any]:
    name = name or f"Plan {key}"
    return {"id": key, "type": kind, "application": application, "name": name, "amount": amount}


def detail(key: str, what: str, **more: int) -> dict[str, Any]:
    return {"id": key, "service_id": what, "billing_frequency": 1, **more}


def sold(key: str, what: str, owner: str = "1", **more: Any) -> dict[str, Any]:
    usual = {"price_override": None, "quantity": 1, "next_bill_date": None, "package_id": None}
    row = {"id": key, "account_id": owner, "service_id": what, "number_of_times_billed": None}
    return {**row, **usual, **more}


def draft(rows: Rows) -> Draft:
    """Return a draft with one account, a rejected one and these rows."""
    made = Draft(1, 1, {})
    usual = {"account_status_id": "1", "next_bill_date": "2025-07-01"}
    made.rows.update(
        {
            "account_statuses": [{"id": "1", "name": "Active"}],
            "accounts": [{"id": "1", "name": "A", **usual}, {"id": "2", "name": "", **usual}],
            **rows,
        }
    )
    return made


CATALOGUE: Rows = {
    "services": [
        service("1", "DATA", amount=5000),
        service("2", "DATA"),
        service("3", "DATA", name="t" * 65),
        service("4", "DATA", "CREDIT", 600),
        service("5", "VOICE", amount=2000),
        service("6", "RECURRING", amount=900),
        service("7", "EXPIRING", amount=800),
        service("8", "RECURRING", "CREDIT", 500),
        service("9", "EXPIRING", "CREDIT", 1000),
        service("10", "ONETIME", amount=9900),
        service("11", "ADJUSTMENT", "CREDIT"),
        service("12", "OVERAGE", amount=200),
        service("13", "VOICE"),
    ],
    "data_service_details": [detail(key, key) for key in "134"],
    "voice_service_details": [detail("1", "5")],
    "recurring_service_details": [detail("1", "6"), detail("2", "8")],
    "expiring_service_details": [
        detail("1", "7", times_to_run=12),
        detail("2", "9", times_to_run=3),
    ],
    "overage_service_details": [{"id": "1", "service_id": "12"}],
    "adjustment_service_details": [{"id": "1", "service_id": "11"}],
}


def told(account_services: list[dict[str, Any]], **more: Any) -> dict[str, Outcomes]:
    return outcomes(draft({**CATALOGUE, "account_services": account_services, **more}))


def test_a_service_of_the_catalogue_goes_to_its_table() -> None:
    found = told([])
    assert found["tariffs_internet"] == {
        "1": MART,
        "2": rejected("missing_detail"),
        "3": rejected("title_too_long"),
    }
    assert found["tariffs_voice"] == {"5": MART, "13": rejected("missing_detail")}
    assert found["tariffs_custom"] == {"6": MART, "7": MART}
    assert found["tariffs_one_time"] == {"10": MART}
    assert found["services"] == {
        "4": MERGED,
        "8": MERGED,
        "9": MERGED,
        "11": excluded("credit_without_service"),
        "12": excluded("overage_not_mapped"),
    }
    assert found["data_service_details"] == {
        "1": MERGED,
        "3": rejected("tariff_rejected"),
        "4": MERGED,
    }
    assert found["overage_service_details"] == {"1": excluded("overage_not_mapped")}


def test_of_equal_titles_the_later_ones_grow_by_their_id() -> None:
    rows = [service(key, "ONETIME", name=name) for key, name in (("9", "T" * 62), ("12", "t" * 62))]
    found = outcomes(draft({"services": rows}))
    assert found["tariffs_one_time"] == {"9": MART, "12": rejected("title_too_long")}


def test_what_accounts_have_goes_the_way_of_account_and_plan() -> None:
    found = told(
        [
            *(sold(key, key) for key in ("1", "2", "5", "6", "10", "11", "12")),
            sold("20", "1", "2"),
            sold("21", "1", "9"),
            sold("22", "7", number_of_times_billed=11),
            sold("23", "7", number_of_times_billed=12),
            sold("24", "9", number_of_times_billed=4),
        ]
    )
    assert found["services_internet"] == {
        "1": MART,
        "2": rejected("tariff_rejected"),
        "20": rejected("customer_rejected"),
        "21": rejected("account_missing"),
    }
    assert found["services_voice"] == {"5": MART}
    assert found["services_custom"] == {"6": MART, "22": MART, "23": excluded("expired_service")}
    assert found["account_services"] == {
        "10": excluded("one_time_charge"),
        "11": excluded("one_time_credit"),
        "12": excluded("overage_not_mapped"),
        "24": excluded("expired_service"),
    }


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([sold("3", "4"), sold("4", "8")], {"3": MERGED, "4": MERGED}),
        ([sold("3", "8", quantity=11)], {"3": NO_HOST}),
        ([sold("3", "8", quantity=11), sold("4", "4")], {"3": NO_HOST, "4": NO_HOST}),
        ([sold("3", "9"), sold("4", "9")], {"3": MERGED, "4": NO_HOST}),
        ([sold("2", "5"), sold("3", "9"), sold("4", "9")], {"3": MERGED, "4": MERGED}),
        ([sold("2", "5"), sold("3", "9"), sold("4", "8")], {"3": MERGED, "4": MERGED}),
        ([sold("3", "9"), sold("4", "8")], {"3": NO_HOST, "4": MERGED}),
    ],
    ids=[
        "the sum of those without an end",
        "too much",
        "one too much for all",
        "one host, two that end",
        "each a host of its own",
        "the dearest bears those without an end",
        "none left",
    ],
)
def test_credits_need_a_service_that_bears_them(
    rows: list[dict[str, Any]], expected: Outcomes
) -> None:
    found = told([sold("1", "1"), *rows])["account_services"]
    assert found == expected


def test_a_credit_without_any_service_is_rejected() -> None:
    assert told([sold("1", "8")])["account_services"] == {"1": NO_HOST}


def test_packages_and_what_was_sold_of_them() -> None:
    contents = {"1": ("1", "6"), "2": (), "3": ("1", "8"), "4": ("1", "10"), "5": ("1", "6")}
    pairs = [(package, member) for package, members in contents.items() for member in members]
    more: Rows = {
        "packages": [
            {"id": key, "name": f"Bundle {key}", "rollup_services": key == "5"} for key in contents
        ],
        "package_services": [
            {"id": str(place), "package_id": package, "service_id": member}
            for place, (package, member) in enumerate(pairs, start=1)
        ],
    }
    unique = "unique_package_relationship_id"
    found = told(
        [
            sold("1", "1", package_id="1", **{unique: "a"}),
            sold("2", "6", package_id="1", **{unique: "a"}),
            sold("3", "1", package_id="1", **{unique: "b"}),
            sold("4", "1", package_id="4", **{unique: "c"}),
            sold("5", "1", "2", package_id="1", **{unique: "d"}),
            sold("6", "8"),
        ],
        **more,
    )
    assert found["bundle"] == {
        "1": MART,
        "2": rejected("empty_package"),
        "3": rejected("package_with_credit"),
        "4": rejected("package_member_rejected"),
        "5": MART,
    }
    assert found["bundle_to_tariffs_internet"] == {"1:1": MART, "5:1": MART}
    assert found["services_bundle"] == {"1:a": MART, "1:b": MART}
    assert found["account_services"] == {"6": MERGED}
    rolled = told([sold("1", "1", package_id="5", **{unique: "a"}), sold("2", "8")], **more)
    assert rolled["account_services"] == {"2": NO_HOST}, "its members cost nothing"


def test_lines_and_numbers_need_a_voice_service() -> None:
    def number(key: str, owner: str, what: str | None) -> dict[str, Any]:
        return {"id": key, "did_id": key, "account_id": owner, "service_id": what}

    line = {"voice_service_generic_parameter_id": "1", "quantity": 2, "price_override": None}
    more: Rows = {
        "voice_service_generic_parameters": [
            {"id": "1", "voice_service_detail_id": "1", "price": 300}
        ],
        "account_voice_service_details": [
            {"id": key, "account_service_id": key, **line} for key in ("1", "2", "99")
        ],
        "dids": [{"id": key} for key in "12345"],
        "did_assignments": [
            number("1", "1", None),
            number("2", "1", "5"),
            number("3", "1", "1"),
            number("4", "9", None),
        ],
        "account_billing_parameters": [{"id": "1", "account_id": "1", "months_to_bill": 3}],
    }
    rows = [sold("1", "5"), sold("2", "1"), sold("3", "6", next_bill_date="2025-06-30")]
    found = told(rows, **more)
    assert found["account_voice_service_details"] == {
        "1": MERGED,
        "2": rejected("service_rejected"),
        "99": rejected("account_service_missing"),
    }
    assert found["did_assignments"] == {
        "1": MERGED,
        "2": MERGED,
        "3": rejected("no_voice_service"),
        "4": rejected("account_missing"),
    }
    lost = rejected("assignment_rejected")
    assert list(found["dids"].values()) == [
        MERGED,
        MERGED,
        lost,
        lost,
        excluded("did_not_assigned"),
    ]
    charges = next_charges(draft({**CATALOGUE, "account_services": rows, **more}), found)
    assert charges["services_voice"]["cents"] == 3 * (2000 + 2 * 300)
    assert charges["services_custom"] == {
        "count": 1,
        "cents": 2700,
        "first": "2025-06-30",
        "last": "2025-06-30",
    }


def test_a_tax_is_linked_where_it_is_the_only_one() -> None:
    def tax(key: str, rate: float, application: str = "PERCENTAGE") -> dict[str, Any]:
        return {"id": key, "name": f"Tax {key}", "rate": rate, "application": application}

    links = [("1", "1"), ("1", "2"), ("5", "1"), ("5", "3"), ("6", "4"), ("2", "1"), ("8", "1")]
    more: Rows = {
        "taxes": [tax("1", 6.25), tax("2", 1.1255), tax("3", 50.0, "FLAT"), tax("4", 4.33333)],
        "service_taxes": [
            {"id": str(place), "service_id": what, "tax_id": which}
            for place, (what, which) in enumerate(links, start=1)
        ],
    }
    found = told([], **more)
    assert list(found["tax"].values()) == [
        MART,
        MART,
        excluded("flat_tax"),
        rejected("rate_not_exact"),
    ]
    assert list(found["service_taxes"].values()) == [
        excluded("several_taxes"),
        excluded("several_taxes"),
        MERGED,
        excluded("flat_tax"),
        rejected("tax_rejected"),
        rejected("tariff_rejected"),
        excluded("tax_of_other_service"),
    ]
