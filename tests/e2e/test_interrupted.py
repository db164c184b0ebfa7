"""A migration that is killed, and one that a check refuses."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
from collections.abc import Iterator

import pytest

from tests import services
from tests.e2e.way import MARTS, NO_DATA_TESTS, ROOT, Way, way
from tests.proving import cases

pytestmark = [pytest.mark.e2e, pytest.mark.postgres, pytest.mark.mysql]

_WAVES = ("--waves", "1 4 all")


@pytest.fixture
def tiny(warehouses: services.Warehouses, splynxes: services.Splynxes) -> Iterator[Way]:
    """Yield a small tenant before anything has run; each of its customers can be taken.

    The sign-offs that are shipped are of the demo's rejections, so what they don't cover is not
    planted.
    """
    traps = {"blank_name": 0, "radius_without_service": 0}
    with way(warehouses, splynxes, "tiny", NO_DATA_TESTS, **traps) as made:
        yield made


def _target_rows(made: Way) -> dict[str, int]:
    with made.splynx.engine.connect() as connection:
        return {
            table: connection.exec_driver_sql(f"select count(*) from `{table}`").scalar_one()
            for table in MARTS
        }


@pytest.mark.prove
def test_a_killed_migration_goes_on_to_the_same_end(tiny: Way) -> None:
    """Kill -9 all processes of a migration at seeded moments, then let one run end.

    How far each of them comes depends on the machine; past the third customer none does.
    """
    _refuse_the_third_customer(tiny)
    seeded = random.Random(20)
    for _ in range(cases(quick=1, long=6)):
        process = subprocess.Popen(
            tiny.command("runtime", "migrate", *_WAVES),
            cwd=ROOT,
            env=dict(tiny.environment),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            process.wait(seeded.uniform(3, 25))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            # A run waits three seconds for the sessions of the one before it, and no longer.
            services.others_are_gone(tiny.warehouse)
    _halts_at_a_refused_customer(tiny)
    tiny.succeed("runtime", "migrate", "--waves", "1,4")
    rows = tiny.all("select entity, verdict from ops.reconciliation")
    assert {row.verdict for row in rows} == {"agrees"}
    steps = [step for (step,) in tiny.all("select step from ops.step order by started_at")]
    assert [s for s in steps if s in {"load", "reconcile"}][-6:] == ["load", "reconcile"] * 3
    _waves_are_reported(tiny)


def _waves_are_reported(made: Way) -> None:
    """Each wave was reconciled by its own rows, the last one by all; the report says so."""
    parts = made.all(
        "select entity, scope from ops.reconciliation where scope is not null and run_id ="
        " (select run_id from ops.step order by started_at desc limit 1)"
    )
    assert parts == []  # what the waves found was followed by a look at everything
    report = json.loads((made.build / "report" / "report.json").read_text(encoding="utf-8"))
    waves = report["waves"]["all"]
    looked_at = ["the first 1", "the first 4", None]
    assert [wave["looked_at"] for wave in waves] == looked_at
    assert [wave["scope"] for wave in waves] == ["the first 1", "the first 4", "everything"]
    assert [wave["verdict"] for wave in waves] == ["agrees"] * 3
    first, second, last = (wave["customers"] for wave in waves)
    assert first == 1
    assert second >= 4  # the fourth may bring another, who pays for him
    assert last == _target_rows(made)["customers"] > second
    # the first customer came with the migration that halted, the third is taken now
    assert [wave["rows"] > 0 for wave in waves] == [False, True, True]
    page = (made.build / "report" / "index.html").read_text(encoding="utf-8")
    assert 'id="waves"' in page
    assert "agrees</span> (the first 4)" in page


def _refuse_the_third_customer(made: Way) -> None:
    with made.splynx.engine.begin() as connection:
        connection.exec_driver_sql(
            "alter table customer_info add constraint third check (customer_id <> 3)"
        )


def _halts_at_a_refused_customer(made: Way) -> None:
    """Migrate in waves of 1, 4 and all; then let Splynx take the third customer again."""
    done = made.run("runtime", "migrate", *_WAVES)
    assert done.returncode == 6, done.stdout + done.stderr
    assert "halted after load 4" in done.stderr
    assert "── reconcile 1 " in done.stdout
    assert "── reconcile 4 " not in done.stdout
    assert _target_rows(made)["customers"] == 3
    with made.splynx.engine.begin() as connection:
        connection.exec_driver_sql("alter table customer_info drop constraint third")


def test_an_unmapped_status_is_refused_before_anything_is_written(tiny: Way) -> None:
    untouched = _target_rows(tiny)
    tiny.succeed("extract", "run")
    tiny.change(
        'update raw_sonar.account_statuses set payload = payload || \'{"name": "Brand new"}\''
        " where payload->>'name' = 'Active'"
    )
    tiny.succeed("load", "inspect")
    tiny.succeed("transform", "run")
    accepted = tiny.run("expectations", "run")
    assert accepted.returncode == 3, accepted.stdout + accepted.stderr
    assert "unmapped_status" in accepted.stdout + accepted.stderr
    loaded = tiny.run("load", "run")
    assert loaded.returncode == 3, loaded.stdout + loaded.stderr
    assert _target_rows(tiny) == untouched
