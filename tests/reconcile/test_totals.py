"""Totals of both sides by group: exact, and no more surprised than the rows are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from load.reconcile import by_mysql
from load.reconcile.compare import Found
from load.reconcile.reconciliation import reconcile
from load.reconcile.results import EntityResult
from load.reconcile.totals import Apart, Figure, Sides, Values, added_up
from runtime.errors import ConfigError
from runtime.manifest import Manifest, Total, _totals
from runtime.run_ledger import Run
from runtime.settings import splynx_db
from tests.reconcile.small_world import CUSTOMERS, SmallWorld, build
from tests.services import Splynx

BY_MONTH = Total((), "date_add", "daily_prepaid_cost")
BY_STATUS = Total(("status",))


@given(st.lists(st.tuples(st.sampled_from("abc"), st.decimals(-99, 99, places=2)), max_size=30))
def test_rows_set_apart_are_as_if_they_were_not_there(rows: list[tuple[str, Decimal]]) -> None:
    def read(_: Total, keys: Sequence[tuple[object, ...]] | None) -> dict[Values, Figure]:
        chosen = range(len(rows)) if keys is None else [int(str(key[0])) for key in keys]
        return added_up(((rows[n][0],), str(rows[n][1])) for n in chosen)

    def without(_: Total, keys: object) -> dict[Values, Figure]:
        del keys
        return added_up(((name,), str(amount)) for name, amount in rows[::2])

    total = Total(("name",), amount="amount")
    apart = Apart(ours=tuple((n,) for n in range(1, len(rows), 2)))
    assert Sides(read, without).compared(total, apart).agrees


@pytest.mark.parametrize(
    "entry",
    [{"by": ["no_such"]}, {"sum": "total"}, {"by": ["total"], "of": "x"}, {"month": "_sonar_key"}],
)
def test_a_total_of_what_the_mart_has_not_is_refused(entry: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match="totals has"):
        list(_totals("invoices", [entry], {"total": {}, "_sonar_key": {}}))


@pytest.fixture
def world(warehouse: Engine, splynx: Splynx) -> SmallWorld:
    made = build(warehouse, splynx)
    manifest = made.manifest
    customers = replace(manifest.mart("customers"), totals=(BY_STATUS, BY_MONTH))
    marts = tuple(customers if mart.name == "customers" else mart for mart in manifest.marts)
    made = replace(made, manifest=Manifest(marts, "small"))
    money = "update {} set daily_prepaid_cost = 10.01, date_add = '2024-02-29' where id <= 10"
    made.spoil(money.format("splynx_staging.customers"))
    made.spoil_target(money.format("customers"))
    return made


def _customers(world: SmallWorld) -> EntityResult:
    run = Run(run_id="reconcile-1", engine=world.warehouse, lock_pid=0)
    results = reconcile(run, world.manifest, splynx_db())
    return next(result for result in results if result.entity == "customers")


@pytest.mark.postgres
@pytest.mark.mysql
def test_both_sides_have_the_same_figures(world: SmallWorld) -> None:
    result = _customers(world)
    assert result.differences == ()
    by_status, by_month = result.totals
    assert [str(group) for group in by_status.groups] == [
        "active: 15 rows in the mart, 15 rows in the target",
        "disabled: 15 rows in the mart, 15 rows in the target",
    ]
    assert [(g.values, g.target_rows, g.target_amount) for g in by_month.groups] == [
        (("2020-02",), 20, "0"),
        (("2024-02",), 10, "100.1"),
    ]
    with world.warehouse.connect() as connection:
        kept: list[dict[str, Any]] = connection.execute(
            text("select totals from ops.reconciliation where entity = 'customers'")
        ).scalar_one()
    assert [(t["by"], t["amount"], t["agrees"]) for t in kept] == [
        ("status", None, True),
        ("month of date_add", "daily_prepaid_cost", True),
    ]
    assert kept[1]["groups"][1]["mart_amount"] == "100.1"


@pytest.mark.postgres
@pytest.mark.mysql
def test_a_cent_moved_to_another_month_is_named_with_both_figures(world: SmallWorld) -> None:
    change = "update customers set daily_prepaid_cost = daily_prepaid_cost + {} where id = {}"
    world.spoil_target(change.format("-0.01", 7), change.format("0.01", 20))
    found = [d for d in _customers(world).differences if d.kind == "totals"]
    assert [(d.cause, d.count, d.keys, d.details) for d in found] == [
        (
            "follows_from_rows",
            2,
            (),
            (
                "2020-02: 20 rows of 0 in the mart, 20 rows of 0.01 in the target",
                "2024-02: 10 rows of 100.1 in the mart, 10 rows of 100.09 in the target",
            ),
        )
    ]


@pytest.mark.postgres
@pytest.mark.mysql
def test_what_the_rows_do_not_show_is_unexplained(
    world: SmallWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.spoil_target("update customers set daily_prepaid_cost = 10.02 where id = 7")
    monkeypatch.setattr(by_mysql, "compare", lambda *_: Found(identical=CUSTOMERS))
    (found,) = _customers(world).differences
    assert (found.cause, found.owner) == ("unexplained", "finance")


@pytest.mark.postgres
@pytest.mark.mysql
def test_a_text_in_other_letters_is_another_group(world: SmallWorld) -> None:
    by_login = replace(world.manifest.mart("customers"), totals=(Total(("city",)),))
    marts = tuple(by_login if m.name == "customers" else m for m in world.manifest.marts)
    world.spoil_target("update customers set city = 'NULL' where id = 7")
    result = _customers(replace(world, manifest=Manifest(marts, "small")))
    groups = [(g.values, g.mart_rows, g.target_rows) for g in result.totals[0].groups]
    assert groups == [(("NULL",), 0, 1), (("Null",), 30, 29)]


@pytest.mark.postgres
@pytest.mark.mysql
def test_rows_that_are_no_difference_are_in_no_total(world: SmallWorld) -> None:
    columns = ", ".join(c.name for c in world.manifest.mart("customers").columns[1:])
    world.spoil_target(
        f"insert into customers (id, {columns}) select 900, {columns} from customers where id = 4",
        "delete from customers where id = 11",
        "delete from customer_info where customer_id = 11",
    )
    world.spoil(
        f"insert into ops.target_id values ('{world.target}', 'customers', 900)",
        "delete from ops.row_state where _sonar_key = '11' and table_name like 'customer%%'",
        "insert into ops.refusal (target, run_id, table_name, _sonar_key, cause, message)"
        f" values ('{world.target}', 'r', 'customers', '11', 'server', 'x')",
    )
    result = _customers(world)
    assert result.differences == ()
    assert [(g.mart_rows, g.target_rows) for g in result.totals[0].groups] == [
        (14, 14), (15, 15)
    ]  # fmt: skip


@pytest.mark.postgres
@pytest.mark.mysql
def test_groups_of_references_are_those_of_the_ids_that_the_server_gave(world: SmallWorld) -> None:
    by_parent = replace(world.manifest.mart("customers"), totals=(Total(("parent_id",)),))
    marts = tuple(by_parent if m.name == "customers" else m for m in world.manifest.marts)
    world.spoil_target(
        "update customers set parent_id = 1040 - parent_id where parent_id <> 0",
        "update customers set id = 1040 - id",
        "update customer_info set customer_id = 1040 - customer_id",
    )
    world.spoil(
        "update ops.id_map set target_id = 1040 - planned_id where entity = 'customers'",
        "update ops.row_state set new_hash = 'h:rest', row_key = jsonb_build_object("
        "'id', 1040 - (row_key ->> 'id')::int) where table_name = 'customers'",
    )
    result = _customers(replace(world, manifest=Manifest(marts, "small")))
    assert result.differences == ()
    groups = [(g.values, g.mart_rows, g.target_rows) for g in result.totals[0].groups]
    assert groups == [(("0",), 29, 29), (("1039",), 1, 1)]
