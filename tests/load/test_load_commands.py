"""What the commands print."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from load import __main__ as commands
from load import inspection_commands
from tests.load import miniature
from tests.load.conftest import Scene

pytestmark = [pytest.mark.postgres, pytest.mark.mysql]


def test_the_commands_tell_what_they_did(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (commands, inspection_commands):
        monkeypatch.setattr(module, "read_manifest", lambda: miniature.MANIFEST)

    def said(*arguments: str) -> list[str]:
        result = CliRunner().invoke(commands.commands, arguments, catch_exceptions=False)
        assert result.exit_code == 0
        return [" ".join(line.split()) for line in result.stdout.splitlines()]

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
