"""`python -m sandbox`: both systems start, are named in the env file, and stop exactly."""

from __future__ import annotations

import json
import os
import signal
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
from click.testing import CliRunner, Result
from dotenv import dotenv_values
from sqlalchemy import create_engine, text

from runtime import settings
from runtime.errors import ConfigError
from sandbox import __main__ as command
from sandbox import sonar_server, splynx_server
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
            splynx_server.down(made / "splynx-api")
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
    found = [process.recorded(folder / name) for name in ("sonar", "splynx", "splynx-api")]
    return [owned.pid for owned in found if owned is not None]


def test_up_twice_down_and_up_again(folder: Path, sandbox: Sandbox) -> None:
    env_file = folder / "test.env"
    env_file.write_text("OWN=kept\n")

    assert sandbox("up").exit_code == 0
    first, pids = env_file.read_text(), _pids(folder)
    assert first.startswith("OWN=kept\n")
    assert stat.S_IMODE(env_file.stat().st_mode) == 0o600
    assert len(pids) == 3
    _assert_settings_lead_to_both()
    assert json.loads((folder / "sonar" / "truth.json").read_text())["counts"]

    assert "already up" in sandbox("up").output
    assert (env_file.read_text(), _pids(folder)) == (first, pids)
    assert sandbox("status").output.count("up at") == 3

    assert sandbox("down").output.count("is down") == 3
    assert env_file.read_text() == "OWN=kept\n"
    assert _pids(folder) == []
    assert sandbox("down").output.count("was not running") == 3
    assert sandbox("status").output.count(": down") == 3

    assert sandbox("up").exit_code == 0
    assert env_file.read_text() == first

    other = sandbox("up", "--size", "tiny", "--seed", "2")
    assert "it was size tiny, seed 1, wanted is size tiny, seed 2" in other.output
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
    _assert_the_api_answers()


def _assert_the_api_answers() -> None:
    named = dotenv_values(settings.env_file())
    answer = requests.get(
        f"{named['SPLYNX_URL']}/api/2.0/admin/administration/partners",
        auth=(str(named["SPLYNX_API_KEY"]), str(named["SPLYNX_API_SECRET"])),
        timeout=60,
    )
    assert [row["name"] for row in answer.json()] == ["Main"]


def test_kill_9_of_both_is_mended_by_the_next_up(folder: Path, sandbox: Sandbox) -> None:
    sandbox("up")
    before = (folder / "test.env").read_text()
    for pid in _pids(folder):
        os.kill(pid, signal.SIGKILL)
    assert sandbox("up").exit_code == 0
    assert sandbox("status").output.count("up at") == 3
    assert (folder / "test.env").read_text() == before


def test_a_tenant_of_older_code_is_told_and_replaced(folder: Path, sandbox: Sandbox) -> None:
    sandbox("up")
    before, pids = (folder / "test.env").read_text(), _pids(folder)
    record = folder / "sonar" / "service.json"
    known = json.loads(record.read_text())
    record.write_text(json.dumps({**known, "code": "older"}))
    said = sandbox("status").output
    assert "code has changed since: `make sandbox-up SIZE=tiny SEED=1`" in said
    assert "started again: the sandbox's code has changed since" in sandbox("up").output
    assert _pids(folder)[0] != pids[0]
    assert _pids(folder)[1:] == pids[1:]
    assert (folder / "test.env").read_text() == before
    assert "code has changed" not in sandbox("status").output


@pytest.mark.parametrize("option", [("--factor", "2"), ("--size", "demo")])
def test_another_tenant_takes_the_place_of_a_running_one(
    folder: Path, sandbox: Sandbox, option: tuple[str, str]
) -> None:
    sandbox("up")
    first = json.loads((folder / "sonar" / "truth.json").read_text())["counts"]
    assert (
        "is started again: it was size tiny, seed 1, wanted is"
        in sandbox("up", "--size", "tiny", *option).output
    )
    second = json.loads((folder / "sonar" / "truth.json").read_text())["counts"]
    assert second["accounts"] > first["accounts"]


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
    _assert_the_api_answers()
    with engine.connect() as connection:
        assert connection.execute(text("select count(*) from partners")).scalar_one() == 1
    assert "used for some months" in sandbox("reset", "--prefilled").output
    with engine.connect() as connection:
        assert connection.execute(text("select count(*) from customers")).scalar_one() == 8
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


def test_the_secrets_of_the_api_are_on_no_command_line(folder: Path, sandbox: Sandbox) -> None:
    said = sandbox("up").output
    api = splynx_server.status(folder / "splynx-api")
    owned = process.recorded(folder / "splynx-api")
    assert api is not None
    assert owned is not None
    for secret in (api.secret, api.token):
        assert secret not in " ".join(owned.command)
        assert secret not in said
