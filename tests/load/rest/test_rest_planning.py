"""The plan of a load over REST, made in a real warehouse."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

import pytest
from sqlalchemy import Connection, Engine, text

from load.planning.plan import Plan
from load.rest.bodies import Ids, body
from load.rest.dry_run import requests
from load.rest.planning import TO_SEND, make_plan, why_impossible
from load.rest.rows import Item, clusters, drafts
from load.target.targets import Target
from tests.load.rest import small_marts
from tests.load.rest.small_marts import MANIFEST, SHAPES

pytestmark = pytest.mark.postgres
TARGET = Target("splynx.example", 1)


@pytest.fixture
def connection(warehouse: Engine) -> Iterator[Connection]:
    with warehouse.connect() as found:
        small_marts.create(found)
        yield found


def plan(connection: Connection) -> tuple[Plan, Ids]:
    return make_plan(connection, MANIFEST, SHAPES, TARGET)


def counts(connection: Connection) -> dict[str, Mapping[str, int]]:
    return {table.table: table.counts for table in plan(connection)[0].tables if table.counts}


def rows_of(connection: Connection, name: str, *classes: str) -> list[Item]:
    return list(drafts(connection, SHAPES, SHAPES[name], classes))


def send_all(connection: Connection) -> Ids:
    """Write down what a load would: server's ids are those of the marts and 900 more."""
    _, ids = plan(connection)
    for shape in SHAPES.sent:
        for draft, known in rows_of(connection, shape.name, *TO_SEND):
            planned = draft.planned_id
            if planned is not None:
                ids.learn(shape.name, planned, planned + 900)
            if planned is not None and (known is None or known.target_id is None):
                connection.execute(
                    text("insert into ops.id_map values (:t, :e, :k, :p, :p + 900, 'r1')"),
                    {"t": TARGET.name, "e": shape.name, "k": draft.sonar_key, "p": planned},
                )
    for shape in SHAPES.sent:
        for draft, _ in rows_of(connection, shape.name, *TO_SEND):
            planned = draft.planned_id
            announce(
                connection, shape.name, draft.sonar_key, "written", body(draft, ids).hash,
                None if planned is None else planned + 900,
            )  # fmt: skip
    return ids


def announce(  # noqa: PLR0913, PLR0917 - a row of ops.row_state
    connection: Connection, table: str, key: str, state: str, hashed: str, target_id: int | None
) -> None:
    connection.execute(
        text(
            "insert into ops.row_state (target, table_name, _sonar_key, row_key, state, new_hash,"
            " run_id) values (:target, :table, :key, cast(:row_key as jsonb), :state, :hash, 'r1')"
            " on conflict (target, table_name, _sonar_key) do update set state = :state,"
            " new_hash = :hash, row_key = cast(:row_key as jsonb)"
        ),
        {
            "target": TARGET.name,
            "table": table,
            "key": key,
            "state": state,
            "hash": hashed,
            "row_key": json.dumps({"id": target_id}),
        },
    )


def test_everything_is_new_at_first_and_parts_travel_inside(connection: Connection) -> None:
    assert counts(connection) == {
        "plans": {"insert": 1},
        "plan_links": {"inside": 2},
        "clients": {"insert": 2},
        "client_values": {"inside": 2},
        "client_money": {"insert": 2},
        "bills": {"insert": 1},
        "bill_items": {"inside": 2},
        "payments": {"insert": 1},
        "entries": {"insert": 4},
    }


def test_what_was_sent_is_unchanged_until_its_content_changes(connection: Connection) -> None:
    send_all(connection)
    again, _ = plan(connection)
    assert (again.writes, again.count("unchanged")) == (0, 11)
    for change in (
        "update splynx_staging.client_values set value = '12' where _sonar_key = 'c11:1'",
        "delete from splynx_staging.plan_links where kind = 'b'",
        "update splynx_staging.bill_items set text = 'third' where _sonar_key = 'i2'",
        "update splynx_staging.clients set secret = 'changed'",
    ):
        connection.exec_driver_sql(change)
    found = counts(connection)
    assert found["clients"] == {"update": 1, "unchanged": 1}
    assert (found["plans"], found["bills"]) == ({"update": 1}, {"update": 1})
    assert found["entries"] == {"unchanged": 4}


def test_an_announced_row_is_created_or_finished(connection: Connection) -> None:
    send_all(connection)
    announce(connection, "clients", "c10", "intended", "x:rest", None)
    hashed: str = connection.execute(
        text("select new_hash from ops.row_state where _sonar_key = 'c11' and table_name = :t"),
        {"t": "clients"},
    ).scalar_one()
    announce(connection, "clients", "c11", "intended", hashed, 911)
    assert counts(connection)["clients"] == {"insert": 1, "update": 1}
    known = {item.draft.sonar_key: item.known for item in rows_of(connection, "clients")}
    assert [(k.state, k.target_id) for k in (known["c10"], known["c11"]) if k] == [
        ("intended", None),
        ("intended", 911),
    ]


def test_rows_that_the_marts_have_no_more_stay(connection: Connection) -> None:
    send_all(connection)
    connection.exec_driver_sql("delete from splynx_staging.payments")
    assert counts(connection)["payments"] == {"gone": 1}
    assert rows_of(connection, "payments") == []


def test_what_leads_to_a_row_that_the_api_cannot_create_is_impossible(
    connection: Connection,
) -> None:
    connection.exec_driver_sql("insert into splynx_staging.tax values ('t1', 1, 'Tax')")
    connection.exec_driver_sql("update splynx_staging.plans set tax_id = 1")
    found, _ = plan(connection)
    assert found.count("impossible") == 3  # the tax, the plan, and the entry for the plan
    assert [line.split(":")[0] for line in why_impossible(found, SHAPES)] == [
        "tax", "plans", "entries",
    ]  # fmt: skip
    assert "tax: 1 rows: made by hand" in why_impossible(found, SHAPES)
    announce(connection, "tax", "t1", "written", "by mysql", 1)  # another route has written it
    connection.exec_driver_sql(
        f"insert into ops.id_map values ('{TARGET.name}', 'tax', 't1', 1, 1, 'r0')"
    )
    assert plan(connection)[0].count("impossible") == 0


def test_what_could_not_be_found_again_is_not_sent(connection: Connection) -> None:
    connection.exec_driver_sql("delete from splynx_staging.client_values where id = 11")
    assert counts(connection)["clients"] == {"insert": 1, "impossible": 1}


def test_a_row_knows_how_splynx_makes_it(connection: Connection) -> None:
    plan(connection)
    made = {
        item.draft.sonar_key: (item.draft.made and item.draft.made.by, item.draft.place)
        for item in rows_of(connection, "entries")
    }
    assert made == {"i1": ("bills", 0), "i2": ("bills", 1), "y7": ("payments", None),
                    "e4": (None, None)}  # fmt: skip
    connection.exec_driver_sql("delete from splynx_staging.bill_items where _sonar_key = 'i1'")
    plan(connection)
    made_of = {item.draft.sonar_key: item.draft.made for item in rows_of(connection, "entries")}
    assert made_of["i1"] is None  # without an item, nobody makes its transaction


def test_clusters_hold_the_rows_of_customers_that_belong_together(connection: Connection) -> None:
    connection.exec_driver_sql(
        "insert into splynx_staging.clients values ('c9', 'c9', 9, null, 'alone', 'new')"
    )
    connection.exec_driver_sql(
        "insert into splynx_staging.client_values values ('c9:1', 'c9', 9, 'sonar_id', '9')"
    )
    plan(connection)
    found = [
        [(item.draft.shape.name, item.draft.sonar_key) for item in cluster]
        for cluster in clusters(connection, SHAPES, "customer", TO_SEND)
    ]
    names = [name for name, _ in found[0]]
    assert found[1] == [("clients", "c9")]
    assert {key for name, key in found[0] if name == "clients"} == {"c10", "c11"}
    assert names.index("bills") < names.index("entries")
    assert sorted(names) == sorted(
        ["clients"] * 2 + ["client_money"] * 2 + ["bills", "payments"] + ["entries"] * 4
    )


def test_texts_are_canonical(connection: Connection) -> None:
    plan(connection)
    rows = {item.draft.sonar_key: item.draft.row.values for item in rows_of(connection, "clients")}
    assert rows["c10"]["seen"] == "2025-01-02 03:04:05"
    assert (rows["c11"]["since"], rows["c11"]["parent_id"]) == ("0000-00-00", "0")
    (item,) = rows_of(connection, "plans")
    assert (item.draft.row.values["price"], item.draft.row.values["tax_id"]) == ("9.5000", "0")


def test_a_dry_run_shows_requests_without_values(connection: Connection) -> None:
    _, ids = plan(connection)
    shown = [
        line
        for shape in SHAPES.sent
        for line in requests(drafts(connection, SHAPES, shape, TO_SEND), ids)
    ]
    assert "plans p1: POST a/plans {kinds: [2], price: …, tax_id: …, title: …}" in shown
    assert "clients c10: PUT a/clients/{id} {status: …}" in shown
    assert "client_money c11: PUT a/money/{client_id} {day: …}" in shown
    assert "bills b1: POST a/{client_id}/bills {items: [2], number: …}" in shown
    assert not [line for line in shown if "Brien" in line or "Zoë" in line or "2024" in line]
