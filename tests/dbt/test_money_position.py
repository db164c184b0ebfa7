"""Positions and the first week, against what the generator tells."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from sandbox.sonar.tenant import Tenant
from tests.dbt.conftest import Slot
from tests.dbt.project import Dbt
from tests.dbt.rebuilding import Rebuilder, Scene, scene

pytestmark = pytest.mark.postgres

_LISTED = "select _sonar_key from audit.audit_first_week_blocks order by _sonar_key::bigint"


@pytest.fixture(scope="module")
def engine(slot: Slot, built_once: str) -> Iterator[Engine]:
    with slot.copy_of(built_once) as found:
        yield found


@pytest.fixture
def world(engine: Engine, dbt_folder: Path) -> Iterator[Scene]:
    rebuilder = Rebuilder(Dbt(engine.url, dbt_folder).manifest(), dbt_folder / "target")
    with scene(engine, rebuilder) as found:
        yield found


def _expected(position: dict[str, object]) -> tuple[object, ...]:
    names = ("balance", "pending", "unapplied_payments", "unapplied_discounts", "ledger")
    ageing = position["ageing"]
    assert isinstance(ageing, list)
    return (*(position[name] for name in names), *ageing)


def test_positions_are_the_ones_that_the_generator_tells(world: Scene, tenant: Tenant) -> None:
    columns = ("balance", "pending", "unapplied_payments", "unapplied_discounts")
    ages = ("due_0", "due_30", "due_60", "due_90")
    sides = {}
    for side in ("sonar", "splynx"):
        listed = [f"{side}_{name}_cents" for name in columns]
        aged = [f"{side}_{name}_cents" for name in ages]
        sides[side] = {
            key: tuple(values)
            for key, *values in world.rows(
                f"select _sonar_key, {', '.join([*listed, 'ledger_balance_cents', *aged])}"
                " from audit.audit_money_position"
                + (" where is_loaded" if side == "splynx" else "")
            )
        }
    told = {key: _expected(found) for key, found in tenant.truth["money"]["positions"].items()}

    assert {key: sides["sonar"][key] for key in told} == told
    loaded = {key: found for key, found in told.items() if key in sides["splynx"]}
    assert {key: sides["splynx"][key] for key in loaded} == loaded
    # Whoever the generator does not name has no money.
    assert {found for key, found in sides["splynx"].items() if key not in told} <= {(0,) * 9}


def test_both_totals_are_the_ones_that_the_generator_tells(world: Scene, tenant: Tenant) -> None:
    told = tenant.truth["money"]["totals_of_customers"]
    found = {
        line: (sonar - left, splynx, unexplained)
        for line, sonar, left, splynx, unexplained in world.rows(
            "select line, sonar_cents, left_behind_cents, splynx_cents, unexplained_cents"
            " from audit.audit_money_totals"
        )
    }

    for line in ("balance", "pending", "unapplied_payments", "unapplied_discounts"):
        assert found[line] == (told[line], told[line], 0), line
    aged = [found[f"due_{days}"] for days in (0, 30, 60, 90)]
    assert aged == [(cents, cents, 0) for cents in told["ageing"]]


def test_the_first_week_is_the_one_that_the_generator_tells(world: Scene, tenant: Tenant) -> None:
    assert [key for (key,) in world.rows(_LISTED)] == tenant.truth["money"]["first_week_blocks"]


def test_a_blocking_period_that_is_a_day_short_is_found(world: Scene) -> None:
    before = world.rows(_LISTED)
    [(key, customer)] = world.rows(
        "select i._sonar_key, c._sonar_key from splynx_staging.invoices as i"
        " inner join splynx_staging.customers as c on i.customer_id = c.id"
        " inner join staging.stg_sonar__invoices as s on s._sonar_key = i._sonar_key"
        " where i.status = 'not_paid' and i.type = 'recurring' and c.status = 'active'"
        " and c._sonar_key not in (select _sonar_key from audit.audit_first_week_blocks)"
        " order by i.id limit 1"
    )
    # Both systems would block on the eighth day …
    world.execute(
        "update splynx_staging.customer_billing set blocking_period = 1"
        f" where _sonar_key = '{customer}'",
        "update intermediate.int_customers__billing_parameters set grace_days = 1"
        f" where sonar_account_id = {customer}",
        "update splynx_staging.invoices set date_till ="
        " (select cutover_date + 7 from intermediate.int_services__cutover)"
        f" where _sonar_key = '{key}'",
        "update staging.stg_sonar__invoices set due_date ="
        " (select cutover_date + 7 from intermediate.int_services__cutover)"
        f" where _sonar_key = '{key}'",
    )
    world.rebuilder.build(world.connection, ["audit_first_week_blocks"])
    assert world.rows(_LISTED) == before

    # … and Splynx a day before, when the period is a day short.
    world.execute(
        "update splynx_staging.customer_billing set blocking_period = 0"
        f" where _sonar_key = '{customer}'"
    )
    world.rebuilder.build(world.connection, ["audit_first_week_blocks"])

    added = world.rows(
        "select _sonar_key, reason, difference from audit.audit_first_week_blocks"
        f" where _sonar_key = '{customer}'"
    )
    assert len(world.rows(_LISTED)) == len(before) + 1
    assert [(row[0], row[2]) for row in added] == [(customer, "earlier_than_in_sonar")]
