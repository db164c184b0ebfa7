"""What a load by MySQL leaves to the API: counted and named, never written, never as loaded."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from load.planning.routes import HYBRID, Routes, assigned
from load.run import Result, load
from load.target.targets import current
from load.writing.intents import Settled, settle
from runtime.errors import GateFailed, Unfinished
from runtime.manifest import Manifest
from runtime.run_ledger import stage
from runtime.settings import splynx_db
from tests.load import miniature
from tests.load.conftest import Scene

pytestmark = [pytest.mark.postgres, pytest.mark.mysql]


def by_api_alone(*names: str) -> Manifest:
    """Return the manifest with marts that only the API can place."""
    marts = tuple(
        replace(mart, routes=frozenset({"rest"}), preferred="rest") if mart.name in names else mart
        for mart in miniature.MANIFEST.marts
    )
    return replace(miniature.MANIFEST, marts=marts)


def run_load(manifest: Manifest, **options: Any) -> Result:
    with stage("load") as run:
        return load(run, splynx_db(), manifest, **options)


def counts(scene: Scene) -> dict[str, int]:
    return {name: len(rows) for name, rows in miniature.content(scene.splynx.engine).items()}


def test_a_table_that_only_the_api_takes_is_parked_and_the_rest_is_written(scene: Scene) -> None:
    with pytest.raises(Unfinished, match="20 parked: only the API can place them") as ended:
        run_load(by_api_alone("notes"))
    (line,) = ended.value.items
    assert line.startswith("notes: 20 rows parked")
    held = counts(scene)
    assert held["notes"] == 0
    assert (held["clients"], held["client_info"]) == (60, 60)
    assert scene.rows("select count(*) from ops.row_state where table_name = 'notes'") == [(0,)]
    refused = "select table_name, cause, count(*) from ops.refusal group by 1, 2"
    assert scene.rows(refused) == [("notes", "route", 20)]
    detail = "select (detail ->> 'parked')::int from ops.step where step = 'load'"
    assert scene.rows(detail) == [(20,)]


def test_rows_that_lead_to_parked_ones_are_parked_too(scene: Scene) -> None:
    total = scene.rows("select count(*) from splynx_staging.subscriptions")[0][0]
    with pytest.raises(Unfinished) as ended:
        run_load(by_api_alone("plans"))
    assert [item.split(":")[0] for item in ended.value.items] == ["plans", "subscriptions"]
    assert f"subscriptions: {total} rows parked" in ended.value.items[1]
    held = counts(scene)
    assert (held["plans"], held["subscriptions"], held["clients"]) == (0, 0, 60)


def test_by_both_routes_they_are_nothing_to_complain_about(scene: Scene) -> None:
    manifest = by_api_alone("notes")
    result = run_load(manifest, routes=assigned(manifest, HYBRID))
    assert result.plan.count("parked") == 20
    assert scene.rows("select count(*) from ops.refusal") == [(0,)]
    again = run_load(manifest, routes=assigned(manifest, HYBRID))
    assert (again.written, again.plan.count("parked")) == (0, 20)


def test_what_waits_over_the_api_is_not_for_this_route_to_settle(scene: Scene) -> None:
    miniature.run_load()
    ((key,),) = scene.rows("select min(_sonar_key) from ops.row_state where table_name = 'clients'")
    one = f"table_name = 'clients' and _sonar_key = '{key}'"
    scene.mart(
        f"update ops.row_state set state = 'intended', new_hash = 'h:rest:waits' where {one}"
    )
    with stage("load") as run:
        with run.engine.connect() as connection:
            target = current(connection, splynx_db().address)
        assert settle(run, scene.splynx.engine, miniature.MANIFEST, target) == Settled()
    kept = scene.rows(f"select state, new_hash from ops.row_state where {one}")
    assert kept == [("intended", "h:rest:waits")]


def _announce(scene: Scene, table: str) -> None:
    scene.mart(
        "insert into ops.row_state (target, table_name, _sonar_key, row_key, state, new_hash,"
        f" run_id) select target, '{table}', 'n3', '{{\"id\": null}}', 'intended', 'h:rest', 'r'"
        " from ops.current_target"
    )


def test_creations_that_the_api_may_have_carried_out_keep_a_load_from_starting(
    scene: Scene,
) -> None:
    _announce(scene, "notes")
    with pytest.raises(GateFailed, match=r"left creations open: notes \(1\); start it again first"):
        miniature.run_load()
    assert counts(scene)["clients"] == 0


def test_they_do_not_where_the_load_over_the_api_follows(scene: Scene) -> None:
    _announce(scene, "notes")
    names = frozenset(mart.name for mart in miniature.MANIFEST.marts)
    both = Routes(names - {"notes"}, frozenset({"notes"}))
    assert run_load(miniature.MANIFEST, routes=both).inserted > 0
    others = Routes(names - {"plans"}, frozenset({"plans"}))
    with pytest.raises(GateFailed, match="left creations open"):
        run_load(miniature.MANIFEST, routes=others)


def test_ids_that_the_server_gave_have_to_be_in_the_marts_first(scene: Scene) -> None:
    scene.mart(
        "insert into ops.id_map (target, entity, _sonar_key, planned_id, target_id, run_id)"
        " select target, 'clients', '7', 7, 4711, 'r' from ops.current_target"
    )
    with pytest.raises(GateFailed, match=r"other ids to rows .* clients \(1\); run `make transfor"):
        miniature.run_load()
    assert counts(scene)["plans"] == 0
