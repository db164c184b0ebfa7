"""Columns against the rows they are read from: the same answers, and no row decoded twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any
from unittest.mock import Mock

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.sonar import rows as packing
from sandbox.sonar.aggregation import aggregate
from sandbox.sonar.columns import BLOCK, MANY
from sandbox.sonar.connections import Connection, ordered, select
from sandbox.sonar.rows import PACKED_FROM, Rows
from sandbox.sonar.schema import Attribute, attributes, load_schema
from sandbox.sonar.store import Collection, Row, Store, View
from sandbox.sonar.subject import Subject

SUBJECT = Subject.for_type(load_schema(), Store(load_schema(), {}, {}), "Account")
ATTRIBUTES: Mapping[str, Attribute] = attributes(SUBJECT.kind)
INTS = ("id", "next_recurring_charge_amount", "company_id")
TIMES = ("updated_at", "archived_at")
OPERATORS = ("GT", "GTE", "LT", "LTE", "EQ", "NEQ")


def instant(value: int) -> str:
    zone = ("+00:00", "-06:00", "+05:30")[value % 3]
    return f"2024-{1 + value % 12:02}-{1 + value % 28:02}T0{value % 10}:00:00{zone}"


def account(key: int, number: int | None, stamp: int | None) -> Row:
    return {
        "id": str(key),
        "next_recurring_charge_amount": number,
        "company_id": None if number is None else str(number % 5),
        "updated_at": instant(stamp or 0),
        "archived_at": None if stamp is None else instant(stamp + 1),
    }


def search(*items: tuple[str, str, Any]) -> dict[str, Any]:
    found: dict[str, list[dict[str, Any]]] = {"integer_fields": [], "datetime_fields": []}
    for name, condition, value in items:
        member = "datetime_fields" if name in TIMES else "integer_fields"
        found[member].append({"attribute": name, "operator": condition, "search_value": value})
    return found


def totals(names: Sequence[str], functions: Sequence[str]) -> list[dict[str, Any]]:
    return [
        {"field_name": name, "aggregation_function": function}
        for name in names
        for function in functions
    ]


EVERY_TOTAL = [*totals(INTS, ("SUM", "MIN", "MAX", "AVG")), *totals(TIMES, ("MIN", "MAX"))]


def answers(rows: Sequence[Row], arguments: Mapping[str, Any]) -> tuple[list[Row], list[Row]]:
    """Return the rows found and their totals by comparing row by row."""
    found = ordered(ATTRIBUTES, select(SUBJECT, rows, arguments), arguments.get("sorter") or ())
    return list(found), aggregate(ATTRIBUTES, list(found), EVERY_TOTAL)


def by_columns(
    collection: Collection, arguments: Mapping[str, Any]
) -> tuple[list[Row], list[Row], int]:
    connection = Connection(SUBJECT, collection.every(), {**arguments, "aggregation": EVERY_TOTAL})
    assert isinstance(connection.found, View), "the rows are decoded for the page alone"
    return list(connection.found), connection.aggregations(), len(connection.found)


def agree(collection: Collection, arguments: Mapping[str, Any]) -> list[Row]:
    rows, told, count = by_columns(collection, arguments)
    assert (rows, told) == answers(list(collection.rows), arguments)
    assert count == len(rows)
    return rows


numbers = st.one_of(st.none(), st.integers(-(2**31), 2**31 - 1))
conditions = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(INTS), st.sampled_from(OPERATORS), st.integers(-9, 60)),
        st.tuples(
            st.sampled_from(TIMES), st.sampled_from(OPERATORS), st.integers(0, 400).map(instant)
        ),
    ),
    max_size=3,
)
sorters = st.lists(
    st.fixed_dictionaries(
        {
            "attribute": st.sampled_from([*INTS, *TIMES]),
            "direction": st.sampled_from(["ASC", "DESC"]),
        }
    ),
    max_size=2,
)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    rows=st.dictionaries(
        st.integers(1, 60), st.tuples(numbers, st.one_of(st.none(), st.integers(0, 400))),
        max_size=20,
    ),
    items=conditions,
    sorter=sorters,
    archived=st.booleans(),
)  # fmt: skip
def test_columns_answer_as_rows_do(
    rows: dict[int, tuple[int | None, int | None]],
    items: list[tuple[str, str, Any]],
    sorter: list[dict[str, str]],
    archived: bool,
) -> None:
    held = [account(key, *values) for key, values in rows.items()]
    collection = Collection("accounts", "Account", held)
    agree(
        collection,
        {"search": [search(*items)], "sorter": sorter, "include_archived": archived},
    )


@pytest.fixture(scope="module")
def packed() -> Collection:
    random = Random(4)
    rows = (
        account(
            3 * key + random.randrange(3),
            None if random.random() < 0.1 else random.randrange(-50, 10_000),
            None if random.random() < 0.9 else random.randrange(400),
        )
        for key in range(1, 3 * BLOCK + MANY)
    )
    collection = Collection("accounts", "Account", rows)
    assert isinstance(collection.rows, Rows)
    assert len(collection.rows) >= PACKED_FROM
    return collection


def questions(collection: Collection) -> list[dict[str, Any]]:
    keys = [int(collection.rows[place]["id"]) for place in (0, BLOCK - 1, BLOCK, 2 * BLOCK + 7, -1)]
    late = instant(11)
    bounds: list[list[tuple[str, str, Any]]] = [
        [("id", condition, key)] for key in keys for condition in ("GT", "LTE")
    ]
    bounds += [
        [("id", "GT", keys[1]), ("id", "LTE", keys[3])],
        [("updated_at", "GTE", "2024-12-01T00:00:00+00:00")],
        [("updated_at", "GT", late), ("id", "GT", keys[2])],
        [("next_recurring_charge_amount", "EQ", 7)],
        [("next_recurring_charge_amount", "NEQ", 7), ("id", "GTE", keys[2])],
        [("archived_at", "LT", late)],
    ]
    searches = [{"search": [search(*items)], "include_archived": True} for items in bounds]
    return [{}, {"include_archived": True}, *searches]


def test_big_collections_answer_the_same_after_every_change(packed: Collection) -> None:
    random = Random(9)
    for question in questions(packed):
        agree(packed, question)
    december = search(("updated_at", "GTE", "2024-12-01T00:00:00+00:00"))
    late = {"search": [december], "include_archived": True}
    for _ in range(3):
        for _ in range(2):
            key = packed.rows[random.randrange(len(packed.rows))]["id"]
            packed.update(key, {"next_recurring_charge_amount": random.randrange(10**6)})
            found = agree(packed, late)
            assert key in {row["id"] for row in found}
            packed.update(found[0]["id"], {"updated_at": instant(0)})
            packed.update(found[1]["id"], {"updated_at": instant(11)})
            assert found[0] not in agree(packed, late)
        packed.delete(packed.rows[random.randrange(len(packed.rows))]["id"])
        packed.insert({"archived_at": None, "company_id": "4"})
        for question in random.sample(questions(packed), 4):
            agree(packed, question)


def test_a_value_that_is_no_number_is_compared_row_by_row(packed: Collection) -> None:
    key = packed.rows[5]["id"]
    packed.update(key, {"next_recurring_charge_amount": "many"})
    connection = Connection(
        SUBJECT,
        packed.every(),
        {"search": [search(("id", "EQ", int(key)))], "include_archived": True},
    )
    assert [row["next_recurring_charge_amount"] for row in connection.found] == ["many"]
    packed.update(key, {"next_recurring_charge_amount": 5})
    agree(packed, {"include_archived": True})


def test_totals_the_second_time_decode_no_row(
    packed: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    archived = {"include_archived": True}
    late = search(("updated_at", "GTE", "2024-12-20T00:00:00+00:00"))
    half = search(("id", "LTE", int(packed.rows[len(packed.rows) // 2]["id"])))
    questions = (archived, {**archived, "search": [late]}, {**archived, "search": [half]})
    for asked in questions:
        by_columns(packed, asked)

    decoding = Mock(wraps=orjson)
    monkeypatch.setattr(packing, "orjson", decoding)
    for asked in questions:
        connection = Connection(
            SUBJECT, packed.every(), {**asked, "aggregation": totals(INTS, ("SUM", "MAX"))}
        )
        assert len(connection.aggregations()) == 6
        assert connection.page_info()["total_count"] == len(connection.found)
    assert not decoding.loads.called
    assert packed.rows[0]
    assert decoding.loads.called, "this is how a row is read"
