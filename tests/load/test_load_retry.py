"""What was refused is tried again: within the run, and alone once its cause is mended."""

from __future__ import annotations

import pytest

from load.planning.scope import Scope
from runtime.errors import Unfinished
from tests.load import miniature
from tests.load.conftest import Scene

pytestmark = [pytest.mark.postgres, pytest.mark.mysql]

FIGURES = (
    "select detail -> 'deferred_records_total', detail -> 'retry_passes_used',"
    " detail -> 'quarantined', detail -> 'records_attempted', detail -> 'updated' from ops.step"
    " where step = 'load' order by started_at desc limit 1"
)


@pytest.fixture
def moving(scene: Scene) -> Scene:
    """Hand three devices on: each row gets the unique serial of the next."""
    scene.mart("update splynx_staging.clients set parent_id = null")
    scene.mart(
        "insert into splynx_staging.subscriptions values ('m1', '1', 900, 1, 1, null, 'A'),"
        " ('m2', '2', 901, 2, 1, null, 'B'), ('m3', '3', 902, 3, 1, null, 'C')"
    )
    miniature.accept(scene.warehouse)
    miniature.run_load()
    scene.mart(
        "update splynx_staging.subscriptions set serial = case id when 900 then 'B'"
        " when 901 then 'C' else 'D' end where id >= 900"
    )
    miniature.accept(scene.warehouse)
    return scene


def test_a_run_tries_again_what_only_had_to_wait(moving: Scene) -> None:
    """The third row makes room for the second, and that for the first: two passes more."""
    result = miniature.run_load()
    assert (result.updated, result.deferred, result.passes) == (3, 2, 2)
    assert result.refusals == []
    assert moving.rows(FIGURES) == [(2, 2, 0, 3, 3)]
    assert moving.rows("select 1 from ops.refusal") == []
    assert miniature.content(moving.splynx.engine) == miniature.mart_content(moving.warehouse)
    assert miniature.run_load().written == 0


def test_the_number_of_passes_is_bounded(moving: Scene) -> None:
    with pytest.raises(Unfinished, match="2 rows written, 1 quarantined in 1 clusters after 1 "):
        miniature.run_load(max_passes=1)
    assert moving.rows(FIGURES) == [(2, 1, 1, 3, 2)]
    assert moving.rows("select _sonar_key, attempts, error_code from ops.refusal") == [
        ("m1", 2, 1062)
    ]
    with pytest.raises(Unfinished):  # somebody else's B: another try changes nothing
        moving.target("update subscriptions set serial = 'B' where id = 901")
        miniature.run_load(max_passes=0)
    assert moving.rows(FIGURES)[0][1] == 0


def test_passes_end_when_nothing_moves_and_retry_loads_what_was_mended(scene: Scene) -> None:
    scene.target("alter table plans add constraint c check (title <> 'Plan 2')")
    miniature.run_inspect()
    miniature.accept(scene.warehouse)
    with pytest.raises(Unfinished):
        miniature.run_load()
    deferred, passes, quarantined, *_ = scene.rows(FIGURES)[0]
    assert (passes, deferred) == (1, quarantined)
    assert scene.rows(
        "select table_name, attempts, refused_at > started_at from ops.refusal join ops.step"
        " using (run_id) where cause = 'server'"
    ) == [("plans", 2, True)]
    held = miniature.content(scene.splynx.engine)
    # the cause is mended; something else changed meanwhile, which a retry leaves alone
    scene.target("alter table plans drop constraint c")
    miniature.run_inspect()
    free = scene.target_rows("select max(id) from clients")[0][0]
    scene.mart(f"update splynx_staging.clients set name = 'changed' where id = {free}")
    miniature.accept(scene.warehouse)
    result = miniature.run_load(chosen=Scope(quarantined=True))
    assert result.written == quarantined
    assert result.plan.count("not_selected") == 0
    chosen = sum(table.counts.get("unchanged", 0) for table in result.plan.tables)
    outside = result.plan.count("outside")
    assert result.written + chosen + outside == scene.sizes.rows
    assert outside > 0
    after = miniature.content(scene.splynx.engine)
    assert [row for row in after["clients"] if row in held["clients"]] == held["clients"]
    assert {table: len(rows) for table, rows in after.items()} == {
        table: len(rows) for table, rows in miniature.mart_content(scene.warehouse).items()
    }
    assert miniature.run_load(chosen=Scope(quarantined=True)).plan.writes == 0
    assert miniature.run_load().updated == 1
