"""`python -m sandbox`: both systems start, are named in the env file, and stop exactly."""

from __future__ import annotations

import json
import os
import signal
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import create_engine, text

from runtime import settings
from runtime.errors import ConfigError
from sandbox import __main__ as command
from sandbox import sonar_server
from services import mariadb, process
from tests.services import temporary_folder

pytestmark = pytest.mark.mysql

Sandbox = Callable[..., Result]


@pytest.fixture(scope="module")
def one_folder() -> Iterator[Path]:
    with temporary_folder("sandbox") as made:
        try:
            yield made
        finally:
            sonar_server.down(made / "sonar")
            mariadb.down(made / "splynx")


@pytest.fixture
def folder(one_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folder of one sandbox for all tests, which take it as they find it, up or down."""
    monkeypatch.setattr(command, "FOLDER", one_folder)
    monkeypatch.setenv("ENV_FILE", str(one_folder / "test.env"))
    return one_folder


@pytest.fixture
def sandbox() -> Sandbox:
    def run(*arguments: str) -> Result:
        if arguments == ("up",):
            arguments = ("up", "--size", "tiny")
        return CliRunner().invoke(command.cli, arguments, catch_exceptions=False)

    return run


def _pids(folder: Path) -> list[int]:
    found = [process.recorded(folder / name) for name in ("sonar", "splynx")]
    return [owned.pid for owned in found if owned is not None]


def test_up_twice_down_and_up_again(folder: Path, sandbox: Sandbox) -> None:
    env_file = folder / "test.env"
    env_file.write_text("OWN=kept\n")

    assert sandbox("up").exit_code == 0
    first, pids = env_file.read_text(), _pids(folder)
    assert first.startswith("OWN=kept\n")
    assert stat.S_IMODE(env_file.stat().st_mode) == 0o600
    assert len(pids) == 2
    _assert_settings_lead_to_both()
    assert json.loads((folder / "sonar" / "truth.json").read_text())["counts"]

    assert "already up" in sandbox("up").output
    assert (env_file.read_text(), _pids(folder)) == (first, pids)
    assert sandbox("status").output.count("up at") == 2

    assert sandbox("down").output.count("is down") == 2
    assert env_file.read_text() == "OWN=kept\n"
    assert _pids(folder) == []
    assert sandbox("down").output.count("was not running") == 2
    assert sandbox("status").output.count(": down") == 2

    assert sandbox("up").exit_code == 0
    assert env_file.read_text() == first

    assert sandbox("up", "--size", "tiny", "--seed", "2").exit_code == 0
    assert "(size tiny, seed 2)" in sandbox("status").output
    assert env_file.read_text() == first


def _assert_settings_lead_to_both() -> None:
    api, db = settings.sonar_api(), settings.splynx_db()
    settings.named_target(db)
    assert api.host == "127.0.0.1"
    engine = create_engine(db.url)
    with engine.connect() as connection:
        assert connection.execute(text("select count(*) from roles")).scalar_one() == 7
    engine.dispose()


def test_kill_9_of_both_is_mended_by_the_next_up(folder: Path, sandbox: Sandbox) -> None:
    sandbox("up")
    before = (folder / "test.env").read_text()
    for pid in _pids(folder):
        os.kill(pid, signal.SIGKILL)
    assert sandbox("up").exit_code == 0
    assert sandbox("status").output.count("up at") == 2
    assert (folder / "test.env").read_text() == before


@pytest.mark.parametrize("place", ["file", "environment"])
def test_nothing_is_started_beside_a_real_system(
    tmp_path: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.setattr(command, "FOLDER", tmp_path / "sandbox")
    monkeypatch.setenv("ENV_FILE", str(tmp_path / "test.env"))
    if place == "file":
        (tmp_path / "test.env").write_text("SONAR_URL=https://isp.example\n")
    else:
        monkeypatch.setenv("SONAR_URL", "https://isp.example")
    with pytest.raises(ConfigError, match="already names another"):
        sandbox("up")
    assert not (tmp_path / "sandbox").exists()
    assert (tmp_path / "test.env").exists() == (place == "file")


def test_reset_makes_a_fresh_installation(folder: Path, sandbox: Sandbox) -> None:
    sandbox("down")
    with pytest.raises(ConfigError, match="is down"):
        sandbox("reset")
    sandbox("up")
    engine = create_engine(settings.splynx_db().url)
    with engine.begin() as connection:
        connection.execute(text("insert into partners (name) values ('Second')"))
    sandbox("reset")
    with engine.connect() as connection:
        assert connection.execute(text("select count(*) from partners")).scalar_one() == 1
    engine.dispose()
    assert _pids(folder)


def test_the_token_is_on_no_command_line_and_in_no_log(folder: Path, sandbox: Sandbox) -> None:
    said = sandbox("up").output
    token = settings.sonar_api().key
    owned = process.recorded(folder / "sonar")
    assert owned is not None
    assert token not in " ".join(owned.command)
    assert token not in said
    assert token not in (folder / "sonar" / "server.log").read_text()
