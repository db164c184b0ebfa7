"""What the commands print."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from load import __main__ as commands
from load.target import commands as inspection_commands
from tests.load import miniature
from tests.load.conftest import Scene

pytestmark = [pytest.mark.postgres, pytest.mark.mysql]


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., list[str]]:
    """Run a command on the miniature and return the lines that it printed."""
    for module in (commands, inspection_commands):
        monkeypatch.setattr(module, "read_manifest", lambda: miniature.MANIFEST)
    monkeypatch.setattr(commands, "BUILD", tmp_path)

    def run(*arguments: str) -> list[str]:
        result = CliRunner().invoke(commands.commands, arguments, catch_exceptions=False)
        assert result.exit_code == 0
        return [" ".join(line.split()) for line in result.stdout.splitlines()]

    return run


def test_the_commands_tell_what_they_did(scene: Scene, said: Callable[..., list[str]]) -> None:
    assert said("status") == ["no load yet"]
    inspected = said("inspect")
    assert inspected[0].startswith(f"target {scene.splynx.address}#1: mariadb 1")
    assert "clients 0 1 0" in inspected
    assert said("plan")[:3] == [
        "table insert update unchanged conflict",
        "plans 3 0 0 0",
        "clients 60 0 0 0",
    ]
    plan = json.loads("\n".join(said("plan", "--json")))
    assert plan["writes"] == scene.sizes.rows
    assert plan["tables"][1]["insert"] == 60
    assert said("run", "--dry-run")[-1] == f"dry run: {scene.sizes.rows} rows would be written"
    assert said("run")[-2:] == [
        f"inserted {scene.sizes.rows}, updated 0",
        f"{scene.sizes.rows} rows written",
    ]
    assert said("run")[-1] == "0 rows written"
    status = said("status")
    assert status[2] == "result 0 done"
    assert f"unchanged {scene.sizes.rows}" in status


def test_the_commands_of_a_choice(
    scene: Scene, said: Callable[..., list[str]], tmp_path: Path
) -> None:
    scene.mart("update splynx_staging.clients set parent_id = null")
    miniature.accept(scene.warehouse)
    planned = said("plan", "--accounts", "6, 9", "--skip-tables", "notes")
    assert planned[0] == "table insert update unchanged conflict not selected (scope)"
    assert planned[2] == "clients 2 0 0 0 58"
    assert planned[5] == "notes 0 0 0 0 20"
    done = said("run", "--limit", "9", "--status", "active", "--skip-files", "--debug-records")
    assert done[0] == "no files are loaded by this route: --skip-files changes nothing"
    left = scene.sizes.rows - int(done[-1].split()[0])
    assert f"{left} rows were not selected (scope); a load without it brings them" in done
    (log,) = (tmp_path / "logs").iterdir()
    assert done[1] == f"single records: {log}"
    assert len(log.read_text().splitlines()) == scene.sizes.rows - left
    status = said("status")
    assert status[3] == "scope status active; the first 9"
    assert f"not_selected {left}" in status
    assert said("retry")[0] == "nothing is in quarantine that could be loaded"
    assert scene.target_rows("select count(*) from clients") == [(9,)]
