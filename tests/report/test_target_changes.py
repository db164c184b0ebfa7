"""What the report says changed in the target, from two real inspections."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from load.report.collect_runs import inspections
from load.report.facts import TargetChange
from load.target.inspection import inspect
from runtime.run_ledger import stage
from runtime.settings import splynx_db
from tests.reconcile.small_world import SmallWorld, build
from tests.services import Splynx

pytestmark = [pytest.mark.postgres, pytest.mark.mysql]


def _inspect(world: SmallWorld) -> None:
    with stage("inspect") as run:
        inspect(run, splynx_db(), world.manifest)


def test_a_column_and_rows_that_came_between_two_inspections_are_named(
    warehouse: Engine, splynx: Splynx
) -> None:
    world = build(warehouse, splynx)
    _inspect(world)
    with warehouse.connect() as connection:
        first = inspections(connection)
    assert first is not None
    assert (first.before, first.changes) == (None, ())
    world.spoil_target(
        "alter table customers add column loyalty varchar(7)",
        "delete from customer_info where customer_id = 3",
    )
    _inspect(world)
    with warehouse.connect() as connection:
        found = inspections(connection)
    assert found is not None
    assert found.before == first.at
    assert found.changes == (
        TargetChange("customer_info", "rows", "30", "29"),
        TargetChange("customers", "column loyalty", "-", "varchar(7)"),
    )
