"""The REST route over the marts of the demo tenant: what can go, and can be found again."""

from __future__ import annotations

from collections import Counter

import pytest
from sqlalchemy import Connection

from load.rest.bodies import Ids, body
from load.rest.planning import make_plan
from load.rest.rows import drafts
from load.rest.shape_meta import read_shapes
from load.rest.shapes import Shape, Shapes
from load.target.targets import Target
from runtime.manifest import marts_of
from tests.dbt.project import Built

pytestmark = pytest.mark.postgres
TARGET = Target("splynx.example", 1)
BY_HAND = (
    *("tax", "inventory_products_categories"),
    *("ticket_groups", "ticket_types", "incoming_customer"),
)
NEVER = {
    *("credit_notes_to_invoices", "invoice_payers"),
    *("customer_documents", "files_upload"),  # they come with their files, after the load
    *("scheduling_task_attachment", "ticket_messages_to_files_upload"),
}
ALIKE = {"services_bundle"}  # nothing tells two of one bundle from one day apart


def test_with_what_is_made_by_hand_all_goes_that_the_api_takes(built: Built) -> None:
    manifest = marts_of(built.dbt.manifest())
    shapes = read_shapes(manifest)
    with built.engine.connect() as connection:
        for name in BY_HAND:
            _is_there(connection, name)
        plan, _ = make_plan(connection, manifest, shapes, TARGET)
        assert {t.table for t in plan.tables if t.counts.get("impossible")} == NEVER
        assert plan.count("insert") > 10_000
        alike = {
            shape.name
            for shape in shapes.sent
            if shape.kind == "record" and _are_alike(connection, shapes, shape)
        }
    assert alike == ALIKE


def _is_there(connection: Connection, name: str) -> None:
    """Let a table have been filled by another route, which inspection finds by its names."""
    connection.exec_driver_sql(
        "insert into ops.id_map (target, entity, _sonar_key, planned_id, target_id, run_id)"
        f" select %(target)s, %(name)s, _sonar_key, id, id, 'r' from splynx_staging.{name}",
        {"target": TARGET.name, "name": name},
    )
    connection.exec_driver_sql(
        "insert into ops.row_state"
        " (target, table_name, _sonar_key, row_key, state, new_hash, run_id)"
        " select %(target)s, %(name)s, _sonar_key, jsonb_build_object('id', id), 'written', '', 'r'"
        f" from splynx_staging.{name}",
        {"target": TARGET.name, "name": name},
    )


def _are_alike(connection: Connection, shapes: Shapes, shape: Shape) -> bool:
    """Tell whether two rows that are posted have the same identity, under the same path."""
    seen = Counter(
        (sent.path, str(sent.identity))
        for draft, _ in drafts(connection, shapes, shape)
        if draft.made is None
        for sent in [body(draft, Ids())]
    )
    return max(seen.values(), default=0) > 1
