"""What is sealed of a migration, and when sealing is refused."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from sqlalchemy import Engine

from load.dossier.archive import sealed, verified
from load.dossier.contents import members
from load.report.collect import collect
from load.report.facts import Beside
from load.report.page import write
from load.report.verdict import judge
from runtime.errors import ConfigError, GateFailed
from tests.reconcile.small_world import EMAIL, PERSON, SmallWorld, build
from tests.services import Splynx

pytestmark = [pytest.mark.postgres, pytest.mark.mysql]


@pytest.fixture
def world(warehouse: Engine, splynx: Splynx) -> SmallWorld:
    return build(warehouse, splynx)


def _report(world: SmallWorld, folder: Path) -> None:
    with world.warehouse.connect() as connection:
        facts = collect(connection, world.manifest)
    write(facts, judge(facts), folder, Beside())


def _members(world: SmallWorld, folder: Path) -> dict[str, bytes]:
    with world.warehouse.connect() as connection:
        return members(connection, world.manifest, folder)


def test_the_dossier_has_all_that_a_sign_off_rests_on(world: SmallWorld, tmp_path: Path) -> None:
    _report(world, tmp_path)
    found = _members(world, tmp_path)
    assert {
        "metadata.json", "verdict.json", "extraction.json", "acceptance.json",
        "reconciliation.json", "steps.json", "docs/mapping-decisions.md", "report/index.html",
        "report/report.json", "seeds/map_account_statuses.csv", "seeds/map_admins.csv.sha256",
    } <= found.keys()  # fmt: skip
    assert "seeds/map_admins.csv" not in found
    metadata = orjson.loads(found["metadata.json"])
    assert (metadata["target"], metadata["manifest"]) == (world.target, "small")
    assert metadata["marts"]["customers"][0] == 30
    assert len(orjson.loads(found["extraction.json"])) == 3
    whole = b"".join(found.values()).decode()
    assert PERSON not in whole
    assert EMAIL not in whole
    archive, seal = sealed(found)
    assert verified(archive, seal) == ([], seal)
    assert sealed(_members(world, tmp_path)) == (archive, seal)


def test_a_report_that_is_older_than_the_marts_is_not_sealed(
    world: SmallWorld, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match="run `make report` first"):
        _members(world, tmp_path)
    _report(world, tmp_path)
    world.spoil(
        "insert into ops.step (run_id, step, ended_at, exit_code)"
        " values ('r', 'load', clock_timestamp(), 0)"
    )
    with pytest.raises(GateFailed, match="something ran since"):
        _members(world, tmp_path)
    _report(world, tmp_path)
    world.spoil("update splynx_staging.tariffs_internet set price = price + 1 where id = 1")
    with pytest.raises(GateFailed, match="of other marts"):
        _members(world, tmp_path)
