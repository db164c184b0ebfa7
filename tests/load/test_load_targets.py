"""One warehouse and several targets: a rehearsal, another one, and the first restored."""

from __future__ import annotations

from pathlib import Path

import pytest

from load.backup import restore as backup_restore
from load.backup import save as backup
from runtime.errors import GateFailed
from runtime.run_ledger import stage
from runtime.settings import splynx_admin_db
from tests.load import miniature
from tests.load.conftest import Scene
from tests.services import Splynx, Splynxes, plain

pytestmark = [pytest.mark.postgres, pytest.mark.mysql]

STATES = "select target, count(*) from ops.row_state where state = 'written' group by 1 order by 1"


def turn_to(target: Splynx, monkeypatch: pytest.MonkeyPatch) -> None:
    url = target.url.update_query_dict({"ssl_disabled": "true"})
    monkeypatch.setenv("SPLYNX_MYSQL_URL", plain(url))
    admin = target.admin_url.update_query_dict({"ssl_disabled": "true"})
    monkeypatch.setenv("SPLYNX_ADMIN_URL", plain(admin))
    monkeypatch.setenv("SPLYNX_TARGET", target.address)


def test_a_test_target_then_a_second_then_the_first_restored(
    scene: Scene, splynxes: Splynxes, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    first, rows = scene.splynx, scene.sizes.rows
    told = miniature.mart_content(scene.warehouse)
    turn_to(first, monkeypatch)
    with stage("backup-splynx") as run:
        made = backup.back_up(run, splynx_admin_db(), tmp_path)
    assert miniature.run_load().inserted == rows
    with splynxes.fresh() as second:
        miniature.create_target(second.engine)
        turn_to(second, monkeypatch)
        with pytest.raises(GateFailed, match="the last inspection was of"):
            miniature.run_load()
        miniature.run_inspect()
        with pytest.raises(GateFailed, match="accept again"):
            miniature.run_load()
        miniature.accept(scene.warehouse)
        assert miniature.run_load().inserted == rows
        assert miniature.content(second.engine) == told
        assert miniature.content(first.engine) == told

        turn_to(first, monkeypatch)
        with stage("restore-splynx") as run:
            restored = backup_restore.restore(run, splynx_admin_db(), made.folder)
        assert restored.verdict == "metadata_verified"
        assert scene.target_rows("select count(*) from clients") == [(0,)]
        miniature.run_inspect()
        miniature.accept(scene.warehouse)
        assert miniature.run_load().inserted == rows
        assert miniature.content(first.engine) == told
        assert miniature.run_load().written == 0

        # each target, and each epoch of one, has its own records
        expected = sorted([f"{first.address}#1", f"{first.address}#2", f"{second.address}#1"])
        assert scene.rows(STATES) == [(name, rows) for name in expected]
        turn_to(second, monkeypatch)
        miniature.run_inspect()
        miniature.accept(scene.warehouse)
        assert miniature.run_load().written == 0
