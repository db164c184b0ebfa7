"""What both local servers promise: start once, survive kills, stop exactly, prove who they are."""

from __future__ import annotations

import json
import multiprocessing
import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import psutil
import pytest
from sqlalchemy import create_engine, text

from runtime.errors import ConfigError, ServerError
from services import mariadb, postgres, process
from services.mariadb import MariaDb
from services.postgres import Postgres
from tests.services import temporary_folder

pytestmark = [pytest.mark.postgres, pytest.mark.mysql]


@pytest.fixture(scope="module", params=[postgres, mariadb], ids=["postgres", "mariadb"])
def kind(request: pytest.FixtureRequest) -> ModuleType:
    module: ModuleType = request.param
    return module


@contextmanager
def _server_folder(kind: ModuleType) -> Iterator[Path]:
    with temporary_folder("server") as made:
        try:
            yield made
        finally:
            kind.down(made)


@pytest.fixture(scope="module")
def folder(kind: ModuleType) -> Iterator[Path]:
    """Folder of one server for all tests that take it as they find it, up or down."""
    with _server_folder(kind) as made:
        yield made


@pytest.fixture
def new_folder(kind: ModuleType) -> Iterator[Path]:
    """Folder in which nothing was ever started."""
    with _server_folder(kind) as made:
        yield made


def _pid(folder: Path) -> int:
    return int(json.loads((folder / "process.json").read_text())["pid"])


def _execute(server: Postgres | MariaDb, statement: str) -> int | None:
    engine = create_engine(server.url())
    try:
        with engine.begin() as connection:
            result = connection.execute(text(statement))
            return int(result.scalar_one()) if result.returns_rows else None
    finally:
        engine.dispose()


def _keep_something(server: Postgres | MariaDb) -> None:
    _execute(server, "drop schema if exists kept")
    _execute(server, "create schema kept")


def _kept(server: Postgres | MariaDb) -> bool:
    found = "select count(*) from information_schema.schemata where schema_name = 'kept'"
    return _execute(server, found) == 1


def test_up_twice_is_one_server(kind: ModuleType, folder: Path) -> None:
    first = kind.up(folder)
    pid = _pid(folder)
    assert kind.up(folder) == first
    assert _pid(folder) == pid


def test_two_commands_at_once_start_one_server(kind: ModuleType, folder: Path) -> None:
    kind.down(folder)
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(kind.up, [folder, folder])
    assert first == second


def test_down_and_up_keep_data_port_and_password(kind: ModuleType, folder: Path) -> None:
    first = kind.up(folder)
    _keep_something(first)
    assert kind.down(folder)
    assert kind.status(folder) is None
    assert not kind.down(folder)
    second = kind.up(folder)
    assert second == first
    assert _kept(second)


def test_kill_9_is_mended_by_the_next_up(kind: ModuleType, folder: Path) -> None:
    first = kind.up(folder)
    _keep_something(first)
    os.kill(_pid(folder), signal.SIGKILL)
    second = kind.up(folder)
    assert second == first
    assert _kept(second)


def test_a_server_whose_record_was_lost_is_found_again(kind: ModuleType, folder: Path) -> None:
    kind.up(folder)
    pid = _pid(folder)
    (folder / "process.json").unlink()
    kind.up(folder)
    assert kind.status(folder) is not None
    assert kind.down(folder)
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_an_interrupted_creation_is_made_again(kind: ModuleType, new_folder: Path) -> None:
    half = new_folder / "data.new"
    half.mkdir()
    (half / "left over").touch()
    kind.up(new_folder)
    assert kind.status(new_folder) is not None
    assert not half.exists()


@pytest.mark.parametrize("differs", ["started", "command"])
def test_down_leaves_a_process_alone_that_only_has_the_recorded_pid(
    kind: ModuleType, new_folder: Path, differs: str
) -> None:
    with subprocess.Popen(["sleep", "60"]) as other:
        process = psutil.Process(other.pid)
        while not process.cmdline():  # not there yet in the moment in which it becomes `sleep`
            assert other.poll() is None
        record = {
            "pid": other.pid,
            "started": process.create_time(),
            "command": ["sleep", "60"],
        }
        record[differs] = {"started": 1.0, "command": ["sleep", "61"]}[differs]
        (new_folder / "process.json").write_text(json.dumps(record))
        assert not kind.down(new_folder)
        assert other.poll() is None
        other.kill()


def test_a_port_taken_meanwhile_is_given_up(kind: ModuleType, folder: Path) -> None:
    first = kind.up(folder)
    kind.down(folder)
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind((first.host, first.port))
        other.listen()
        second = kind.up(folder)
    assert second.port != first.port
    assert json.loads((folder / "service.json").read_text())["port"] == second.port


def test_another_server_at_our_address_is_refused(kind: ModuleType, folder: Path) -> None:
    kind.up(folder)
    with temporary_folder("impostor") as ours:
        for name in ("service.json", "process.json"):
            shutil.copy(folder / name, ours / name)
        (ours / "data").mkdir()
        with pytest.raises(ServerError, match="nothing was done there"):
            kind.up(ours)
        (ours / "process.json").unlink()  # so that nothing here can stop the other server
    assert kind.status(folder) is not None


def test_secrets_are_for_their_owner_only(kind: ModuleType, folder: Path) -> None:
    server = kind.up(folder)
    assert stat.S_IMODE((folder / "service.json").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) & (stat.S_IRGRP | stat.S_IROTH) == 0
    arguments = " ".join(psutil.Process(_pid(folder)).cmdline())
    for password in _passwords(server):
        assert password not in arguments
        assert password not in repr(server)
        assert password not in (folder / "server.log").read_text(errors="replace")
    assert not list(folder.glob("*.password"))
    assert not list(folder.glob("*.sql"))


def _passwords(server: Postgres | MariaDb) -> list[str]:
    if isinstance(server, MariaDb):
        return [server.root_password]
    return [server.password, server.superuser_password]


def test_a_server_that_cannot_start_names_its_log(kind: ModuleType, folder: Path) -> None:
    kind.up(folder)
    kind.down(folder)
    broken = {"no_such_setting": "1"}
    with pytest.raises(ServerError, match=r"server\.log"):
        if kind is postgres:
            postgres.up(folder, settings=broken)
        else:
            mariadb.up(folder, options=broken)
    assert process.recorded(folder) is None


def _in_a_child(account: pwd.struct_passwd | None, act: Callable[[Path], object], at: Path) -> None:
    """Run `act` in a forked process, as `account` where given.

    Forked and not started anew: a normal user need not be able to read our interpreter.
    """

    def become_and_act() -> None:
        if account is not None:
            os.setgroups([])
            os.setgid(account.pw_gid)
            os.setuid(account.pw_uid)
        act(at)

    "localhost".encode("idna")  # loads the codec that sockets need while it can be read
    child = multiprocessing.get_context("fork").Process(target=become_and_act)
    child.start()
    child.join()
    assert child.exitcode == 0


@pytest.mark.parametrize("name", [None, "nobody"], ids=["same user", "normal user"])
def test_the_server_outlives_the_command_that_started_it(
    kind: ModuleType, new_folder: Path, name: str | None
) -> None:
    if name is not None and os.geteuid() != 0:
        pytest.skip("only root can become another user; as a normal user all tests are this one")
    account = pwd.getpwnam(name) if name else None
    if account is not None:
        os.chown(new_folder, account.pw_uid, account.pw_gid)
    _in_a_child(account, kind.up, new_folder)
    owned = process.recorded(new_folder)
    assert owned is not None
    assert os.getsid(owned.pid) == owned.pid  # a closed terminal ends its own session only
    if account is not None:
        assert psutil.Process(owned.pid).uids().real == account.pw_uid
    _in_a_child(account, kind.down, new_folder)
    assert process.recorded(new_folder) is None
    assert not process.is_running(owned)


def test_a_folder_of_somebody_else_is_refused(kind: ModuleType, new_folder: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a new_folder away")
    os.chown(new_folder, pwd.getpwnam("nobody").pw_uid, -1)
    with pytest.raises(ConfigError, match="belongs to user id"):
        kind.up(new_folder)
    os.chown(new_folder, 0, 0)
