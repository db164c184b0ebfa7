"""Bodies: what is sent, what is compared, and that equal content has an equal hash."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from load.rest.bodies import Body, Draft, Ids, Missing, Row, body
from load.rest.normal_form import differing, fits
from load.rest.shape_meta import read_shapes
from runtime.manifest import Manifest
from tests.load.rest.small_marts import draft, mart

SONAR_ID = [{"id": "10", "name": "sonar_id", "value": "10"}]


def ids(**known: dict[int, int | None]) -> Ids:
    found = Ids()
    for table, rows in known.items():
        for planned, target in rows.items():
            found.learn(table, planned, target)
    return found


def client(known: Ids | None = None, **values: str | None) -> Body:
    parts = {"client_values": [*SONAR_ID, {"id": "10", "name": "phone", "value": "555"}]}
    given = {"id": "10", "name": "Ann", "status": "active", **values}
    return body(draft("clients", parts=parts, **given), known or ids())


def test_a_creation_holds_late_attributes_back_and_leaves_out_what_is_empty() -> None:
    sent = client()
    fields = {"sonar_id": "10", "phone": "555"}
    assert sent.create == {
        "parent_id": "0",
        "full_name": "Ann",
        "status": "new",
        "since": "0000-00-00",
        "additional_attributes": fields,
        "phone": "+555",
    }
    assert sent.late == {"status": "active"}
    assert sent.whole["seen"] is None
    assert "secret" not in sent.whole
    assert sent.identity == ({}, {"sonar_id": "10"})


def test_what_the_api_does_not_list_goes_as_something_else() -> None:
    sent = client(status="lead")
    assert (sent.whole["status"], sent.hash) == ("new", client(status="new").hash)


def test_a_demand_that_nothing_answers_is_met_by_a_word() -> None:
    made = draft("clients", parts={"client_values": SONAR_ID}, id="10", name="Ann", status="new")
    demanding = replace(made.shape, also={"phone": "{phone|none}", "key": "{sonar_id|none}"})
    sent = body(replace(made, shape=demanding), ids()).create
    assert (sent["phone"], sent["key"]) == ("none", "10")


def test_references_are_translated_and_ids_that_are_not_ours_stay() -> None:
    known = ids(clients={11: 911, 12: None})
    assert client(known, parent_id="11").whole["parent_id"] == "911"
    assert client(known, parent_id="99").whole["parent_id"] == "99"
    waiting = client(known, parent_id="12")
    assert waiting.missing == (Missing("parent_id", "clients", "12"),)


def test_a_path_has_the_servers_ids() -> None:
    bill = body(draft("bills", id="1", client_id="10", number="N1"), ids(clients={10: 910}))
    assert (bill.path, bill.item(5)) == ("a/910/bills", "a/910/bills/5")
    money = body(draft("client_money", client_id="10", day="1"), ids(clients={10: 910}))
    assert (money.item(), money.whole) == ("a/money/910", {"day": "1"})


def test_a_missing_late_reference_keeps_no_row_back() -> None:
    bill = draft("bills", id="1", client_id="10", number="N1", payment_id="7")
    before = body(bill, ids(payments={7: None}))
    assert (before.missing, before.late) == ((), {})
    assert "payment_id" not in before.create
    after = body(bill, ids(payments={7: 907}))
    assert after.late == {"payment_id": "907"}


def test_every_row_that_is_missing_counts_whichever_part_leads_to_it() -> None:
    plans = ("plan_id", "plans")
    shapes = read_shapes(
        Manifest(
            (
                mart("calls", "foundation", "id title", path="a/calls", identity=["title"]),
                mart("lines", "foundation", "id title", path="a/lines", identity=["title"]),
                mart("plans", "foundation", "id title", path="a/plans", identity=["title"]),
                *(
                    mart(
                        f"plan_{to}", "foundation", "plan_id tariff_id", plans, ("tariff_id", to),
                        key=("plan_id", "tariff_id"), inside="plans", attribute=to,
                    )
                    for to in ("calls", "lines")
                ),
            ),
            "x",
        )
    )  # fmt: skip
    links = {"plan_calls": ("7", "8"), "plan_lines": ("7", "9")}
    parts = {
        name: [Row(f"{name}{key}", {"plan_id": "1", "tariff_id": key}) for key in keys]
        for name, keys in links.items()
    }
    plan = Draft(shapes["plans"], Row("1", {"id": "1", "title": "x"}), parts=parts)
    found = body(plan, ids(calls={7: None, 8: None}, lines={7: None, 9: 909})).missing
    assert {(one.table, one.planned) for one in found} == {
        ("calls", "7"),
        ("calls", "8"),
        ("lines", "7"),
    }


def test_a_reference_may_lead_to_another_mart_in_each_row() -> None:
    known = ids(plans={1: 901})
    assert body(draft("entries", what="plan", what_id="1"), known).whole["what_id"] == "901"
    assert body(draft("entries", what="other", what_id="1"), known).whole["what_id"] == "1"
    assert body(draft("entries", what=None, what_id=None), known).whole["what_id"] is None


def _fits(made: Body, record: Mapping[str, object]) -> bool:
    return fits(made.draft.shape, *made.known_by, record)


def test_what_holds_nothing_identifies_nobody() -> None:
    entry = body(draft("entries", client_id="10", text=""), ids())
    assert entry.identity == ({"client_id": "10"}, {})
    assert _fits(entry, {"client_id": 10, "text": None})
    assert not _fits(entry, {"client_id": 10, "text": "another"})
    assert client().identity == ({}, {"sonar_id": "10"})
    assert _fits(client(), {"additional_attributes": {"sonar_id": 10}})
    assert not _fits(client(), {"additional_attributes": []})
    nobody = body(draft("clients", name="Ann"), ids())
    assert nobody.identity == ({}, {})
    assert not _fits(nobody, {"additional_attributes": {"sonar_id": ""}})


def test_parts_are_lists_of_links_and_of_objects() -> None:
    links = {"plan_links": [{"plan_id": "1", "kind": "b"}, {"plan_id": "1", "kind": "a"}]}
    assert body(draft("plans", title="x", parts=links), ids()).whole["kinds"] == ["a", "b"]
    items = {"bill_items": [{"pos": "1", "text": "one"}, {"pos": "2", "text": "two"}]}
    sent = body(draft("bills", number="N1", parts=items), ids())
    assert sent.whole["items"] == [{"text": "one"}, {"text": "two"}]


def test_the_hash_is_over_what_is_sent_and_nothing_else() -> None:
    same = {client().hash, client(secret="other").hash}
    assert len(same) == 1
    assert client(name="Bea").hash not in same
    translated = [client(ids(clients={11: n}), parent_id="11").hash for n in (911, 912)]
    assert len({*translated}) == 2
    assert client(ids(clients={11: 911}), parent_id="911").hash == translated[0]


HELD: Mapping[str, Any] = {
    "id": 910, "parent_id": None, "full_name": "Ann", "status": "active", "since": "0000-00-00",
    "seen": "2025-01-02 00:00:00",
    "additional_attributes": {"sonar_id": 10, "phone": "555", "more": "x"},
}  # fmt: skip


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ({}, []),
        ({"parent_id": 0, "since": None, "seen": "2025-01-02"}, []),
        ({"full_name": "Ann ", "status": "new"}, ["full_name", "status"]),
        ({"parent_id": 3}, ["parent_id"]),
        ({"since": "2024-01-01", "seen": "2025-01-02 00:00:01"}, ["seen", "since"]),
        ({"additional_attributes": {"sonar_id": "10"}}, ["additional_attributes"]),
        ({"additional_attributes": []}, ["additional_attributes"]),
    ],
)
def test_read_back_differs_in_content_not_in_form(
    found: Mapping[str, Any], expected: list[str]
) -> None:
    sent = client(seen="2025-01-02 00:00:00")
    assert differing(sent, {**HELD, **found}) == expected


def test_read_back_compares_what_splynx_works_out() -> None:
    money = body(draft("client_money", client_id="10", day="1", deposit="-5.0000"), ids())
    assert differing(money, {"day": 1, "deposit": "-5.00"}) == []
    assert differing(money, {"day": "01", "deposit": "5"}) == ["deposit"]


@pytest.mark.parametrize(
    ("kinds", "same"),
    [
        (["b", "a"], True),
        ([{"id": "a"}, {"id": "b"}], True),
        ({"0": "a", "2": "b"}, True),
        ("a,b", True),
        (["a"], False),
        (["a", "b", "c"], False),
        (None, False),
    ],
)
def test_read_back_compares_lists_in_any_form(kinds: object, same: bool) -> None:
    links = {"plan_links": [{"plan_id": "1", "kind": kind} for kind in ("a", "b")]}
    plan = body(draft("plans", title="x", price="1.0000", parts=links), ids())
    found = {"title": "x", "price": 1, "tax_id": "0", "kinds": kinds}
    assert differing(plan, found) == ([] if same else ["kinds"])


def test_read_back_compares_items_one_by_one() -> None:
    items = {"bill_items": [{"text": "one"}, {"text": "two"}]}
    bill = body(draft("bills", client_id="10", number="N1", parts=items), ids())
    found: dict[str, Any] = {"client_id": 10, "number": "N1", "payment_id": "0"}
    both = [{"id": 5, "text": "one"}, {"id": 6, "text": "two"}]
    assert differing(bill, {**found, "items": both}) == []
    assert differing(bill, {**found, "items": both[::-1]}) == ["items"]
    assert differing(bill, {**found, "items": both[:1]}) == ["items"]
