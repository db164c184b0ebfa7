"""Figures of both sides and the judgement over them."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from sqlalchemy import Engine

from extract.catalogue.discovery import Kind, discover
from extract.catalogue.selection import select
from extract.proof.judgement import (
    Figures,
    Total,
    as_json,
    differing_leaves,
    int_leaves,
    judge,
    landed_figures,
    server_figures,
)
from extract.reading.rows import connection
from sandbox.sonar.schema import load_schema
from tests.extract.landed import change, land, made_up

THINGS = made_up("things")


def _answer(total: int | None, **values: Any) -> Figures:
    """Sonar's answer; `sum_amount=5` is its SUM of amount."""
    aggregations = [
        {"field": name.partition("_")[2], "aggregation_function": name.partition("_")[0].upper()}
        | {"value": value}
        for name, value in values.items()
    ]
    info = None if total is None else {"total_count": total}
    body = {"page_info": info, "aggregations": aggregations}
    return server_figures(connection(msgspec.Raw(json.dumps(body).encode())))


def _figures(count: int | None, ids: Total = 0, **sums: Total) -> Figures:
    """Figures of `count` rows; `sum_amount=5` is the sum of amount."""
    told = {f"{k.partition('_')[0]}({k.partition('_')[2]})": v for k, v in sums.items()}
    return Figures(count, {"sum(id)": ids, "min(id)": 1, "max(id)": 9, **told})


def _judged(server: Figures, landed: Figures, **different: Any) -> tuple[str, str | None, str]:
    verdict = judge(made_up("things", **different), server, landed, gaps=0, sample=False)
    return verdict.state, verdict.grade, verdict.reason or ""


@pytest.mark.parametrize(
    ("spelt", "number"),
    [
        ("123", 123),
        ("123.0", 123),
        (123, 123),
        (123.0, 123),
        ("1.23E2", 123),
        ("9223372036854775807", 2**63 - 1),
        ("0.1", Decimal("0.1")),
        (None, None),
    ],
)
def test_a_total_is_exact_however_it_is_spelt(spelt: Any, number: Total) -> None:
    sums = _answer(5, max_id=spelt).sums
    assert sums == {"max(id)": number}
    assert type(sums["max(id)"]) is type(number)


def test_totals_are_kept_under_the_names_that_the_ledger_has() -> None:
    figures = _answer(2, sum_id="30", min_amount=None, max_amount="7.5", sum_price="NaN")
    assert figures.count == 2
    kept = {"max(amount)": "7.5", "min(amount)": None, "sum(id)": "30"}
    assert as_json(figures) == kept  # what is no number was not told
    assert _answer(None).count is None


def test_the_sum_of_nothing_is_zero_on_either_side() -> None:
    assert _answer(0, sum_amount=None).sums == _answer(0, sum_amount="0").sums == {"sum(amount)": 0}


def test_int_fields_are_totalled_and_no_others() -> None:
    schema = load_schema()
    accounts = next(one for one in discover(schema) if one.name == "accounts")
    fields = select(schema, accounts, max_depth=0)
    names = int_leaves(schema, accounts, fields)
    kinds = {str(schema.type_map["Account"].fields[name].type).strip("!") for name in names}
    assert kinds == {"Int"}
    assert "next_recurring_charge_amount" in names
    without = select(schema, accounts, max_depth=0, dropped=frozenset(names[:1]))
    assert int_leaves(schema, accounts, without) == names[1:]


def test_equal_figures_are_proof_and_every_difference_is_named_with_both_sides() -> None:
    ours = _figures(9, 45, sum_amount=70, min_amount=None)
    assert _judged(ours, ours) == ("complete", "proven", "")
    theirs = _figures(10, 50, sum_amount=80, min_amount=3)
    state, grade, reason = _judged(theirs, ours)
    assert (state, grade) == ("incomplete", "incomplete")
    assert reason == (
        "Sonar counts 10 rows, 9 landed; Sonar's min of amount is 3, ours none; "
        "Sonar's sum of amount is 80, ours 70; Sonar's sum of id is 50, ours 45"
    )
    assert differing_leaves(theirs, ours) == ("amount",)


def test_a_long_list_of_differences_is_cut() -> None:
    theirs = _figures(9, **{f"sum_a{n}": 1 for n in range(9)})
    ours = _figures(9, **{f"sum_a{n}": 2 for n in range(9)})
    assert _judged(theirs, ours)[2].endswith("and 3 more differences")


@pytest.mark.parametrize(
    ("server", "different", "expected"),
    [
        (_figures(9, sum_amount=7), {}, ("complete", "proven")),
        (_figures(9), {}, ("complete", "proven")),  # amount was not told
        (Figures(9), {}, ("complete", "counted")),
        (Figures(9, {"sum(id)": 0}), {}, ("complete", "counted")),
        (Figures(9), {"kind": Kind.PAGE, "has_aggregation": False}, ("complete", "counted")),
        (Figures(None), {}, ("incomplete", "incomplete")),
        (Figures(8), {}, ("incomplete", "incomplete")),
        (Figures(None), {"kind": Kind.LIST}, ("complete", "whole")),
    ],
)
def test_the_grade_is_what_the_figures_bear(
    server: Figures, different: Any, expected: tuple[str, str]
) -> None:
    assert _judged(server, _figures(9, sum_amount=7), **different)[:2] == expected


def test_fields_that_sonar_does_not_total_are_named() -> None:
    reason = _judged(_figures(9), _figures(9, sum_amount=7, max_amount=3))[2]
    assert reason == "Sonar gives no totals of amount"


def test_of_no_rows_the_count_says_all() -> None:
    nothing = Figures(0, {"sum(id)": 0, "min(id)": None, "max(id)": None, "sum(amount)": 0})
    assert _judged(Figures(0), nothing) == ("complete", "proven", "")
    assert _judged(nothing, nothing) == ("complete", "proven", "")


def test_samples_and_rows_with_short_links_are_not_complete() -> None:
    nine = _figures(9)
    assert judge(THINGS, nine, nine, gaps=0, sample=True).grade == "sample"
    short = judge(THINGS, nine, nine, gaps=2, sample=False)
    assert (short.state, short.reason) == ("incomplete", "2 rows whose links are not complete")


def test_a_count_that_stops_at_ten_thousand_is_told_and_never_proof() -> None:
    landed = _figures(12_345, 99)
    state, grade, reason = _judged(_figures(10_000, 99), landed)
    assert (state, grade) == ("complete", "counted")
    assert reason.startswith("Sonar's count stops at 10000, 12345 rows landed")
    assert _judged(_figures(10_000, 98), landed)[0] == "incomplete"
    assert _judged(_figures(9_999, 99), landed)[0] == "incomplete"
    assert _judged(Figures(10_000), landed)[0] == "incomplete"
    assert _judged(_figures(10_000, 99), _figures(9_999, 99))[0] == "incomplete"


@pytest.mark.postgres
def test_the_warehouse_counts_what_is_alive_by_the_ids_inside(warehouse: Engine) -> None:
    far = 3_000_000_000
    rows = [{"id": str(far + n), "amount": n or None, "rate": "1.5"} for n in range(5)]
    rows += [{"id": 7, "amount": -2, "rate": 1}, {"id": "8", "amount": 900, "rate": 1}]
    land(warehouse, "things", rows)
    change(warehouse, "update raw_sonar.things set _deleted_at = now() where _sonar_key = '8'")
    change(  # a payload under a wrong key is no row more
        warehouse,
        "insert into raw_sonar.things select 'stray', payload, 'r1', null from raw_sonar.things"
        " where _sonar_key = '7'",
    )
    with warehouse.connect() as connection:
        found = landed_figures(connection, THINGS, ("amount", "rate"))
        without_id = landed_figures(connection, made_up("things", has_id=False))
    assert found.count == 6
    assert found.sums["min(id)"] == 7
    assert found.sums["max(id)"] == far + 4
    assert (found.sums["min(amount)"], found.sums["max(amount)"]) == (-2, 4)
    assert found.sums["sum(rate)"] == Decimal("9.5")
    assert without_id == Figures(7)


@pytest.mark.postgres
def test_an_empty_table_has_figures_too(warehouse: Engine) -> None:
    land(warehouse, "things", [])
    with warehouse.connect() as connection:
        found = landed_figures(connection, THINGS, ("amount",))
    assert found.count == 0
    assert found.sums == {
        "sum(id)": 0,
        "min(id)": None,
        "max(id)": None,
        "sum(amount)": 0,
        "min(amount)": None,
        "max(amount)": None,
    }
