"""Bad input to `extract run`: one clear line, the documented code, nothing half-landed."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from graphql import build_schema, graphql_sync
from sqlalchemy import Engine, text

from extract.__main__ import cli
from extract.catalogue.discovery import INTROSPECTION
from runtime import cli as edge
from services import postgres
from tests import services
from tests.extract.scripted import Reply, free_port, scripted

pytestmark = pytest.mark.postgres

Sonars = Callable[..., services.Sonar]
_PATIENCE = ("--rate-limit-delay", "0.01", "--rate-limit-retries", "1")


@dataclass(frozen=True)
class Ended:
    """How the command ended: its code, and its last but one line, which is the message."""

    code: int
    message: str
    everything: str


Command = Callable[..., Ended]


@pytest.fixture(name="run")
def _run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Command:
    """Run `extract run` as `python -m extract` does, in this process."""
    monkeypatch.setattr("extract.landing.pipeline.LOCAL", tmp_path / "local")

    def run(*options: str) -> Ended:
        monkeypatch.setattr(sys, "argv", ["extract", "run", *_PATIENCE, *options])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            edge.main(cli, "extract")
        out, err = capsys.readouterr()
        lines = err.splitlines()
        code = int(str(ended.value.code))
        assert lines[-1].startswith(f"extract: {code} ")
        if code not in {0, 6}:
            assert "Traceback" not in err
        return Ended(code, lines[-2] if len(lines) > 1 else "", out + err)

    return run


def _nothing_landed(engine: Engine) -> bool:
    with engine.connect() as connection:
        entries: int = connection.execute(
            text("select count(*) from ops.extract_ledger")
        ).scalar_one()
        tables: int = connection.execute(
            text("select count(*) from information_schema.tables where table_schema = 'raw_sonar'")
        ).scalar_one()
    return entries == tables == 0


def _states(engine: Engine) -> dict[str, str]:
    query = text(
        "select collection, state from ops.extract_ledger where run_id ="
        " (select run_id from ops.extract_ledger order by started_at desc limit 1)"
    )
    with engine.connect() as connection:
        return {row.collection: row.state for row in connection.execute(query)}


def _order(server: services.Sonar, **body: Any) -> None:
    request = urllib.request.Request(  # noqa: S310 - our own server
        f"{server.url}/_sandbox/faults",
        data=json.dumps(body).encode() if body else None,
        headers={"Authorization": f"Bearer {server.token}"},
        method="POST" if body else "DELETE",
    )
    urllib.request.urlopen(request, timeout=60).close()  # noqa: S310


def test_settings_that_cannot_work(
    warehouse: Engine, sonar: Sonars, run: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = sonar()

    def ends(code: int, says: str, *options: str, **settings: str) -> None:
        with monkeypatch.context() as patch:
            for name, value in settings.items():
                patch.setenv(name, value)
            ended = run(*options)
        assert says in ended.message
        assert (ended.code, ended.message.startswith("extract: ")) == (code, True)
        assert made.token not in ended.everything

    ends(2, "SONAR_URL is not a web address", SONAR_URL="sonar.example")
    ends(2, "SONAR_URL is plain http to another machine", SONAR_URL="http://sonar.invalid")
    ends(5, "host name is not known: check SONAR_URL", SONAR_URL="https://sonar.invalid")
    ends(5, "check SONAR_URL and the network", SONAR_URL=f"http://127.0.0.1:{free_port()}")
    ends(2, "speaks plain http", SONAR_URL=made.url.replace("http:", "https:"))
    ends(2, "without a path", SONAR_URL=f"{made.url}/api/graphql")
    ends(2, "refuses the token (HTTP 401): check SONAR_API_KEY", SONAR_API_KEY="wrong")
    ends(2, "holds blanks", SONAR_API_KEY="Bearer token")
    ends(2, "no query named nonsense", "--include", "accounts,nonsense")
    ends(2, "cannot be extracted", "--include", "radius_server_credentials")
    closed = f"postgresql://user:hunter22@127.0.0.1:{free_port()}/warehouse"
    ends(5, "does not answer: start it", WAREHOUSE_URL=closed)
    assert _nothing_landed(warehouse)


def _introspected(sdl: str) -> bytes:
    answer = graphql_sync(build_schema(sdl), INTROSPECTION)
    return json.dumps({"data": answer.data}).encode()


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        (Reply(b"<!doctype html><title>Welcome</title>"), "this is not a Sonar"),
        (Reply(_introspected("type Query { hello: String }")), "no collections with `entities`"),
        (Reply(b'{"errors": [{"message": "GraphQL introspection is not allowed"}]}'),
         "refuses introspection"),
        (Reply(b'{"data": {"__schema": {"queryType": null}}}'), "no usable schema"),
    ],
    ids=["html", "another-graphql", "no-introspection", "half-a-schema"],
)  # fmt: skip
def test_what_is_not_a_sonar(
    warehouse: Engine, run: Command, monkeypatch: pytest.MonkeyPatch, reply: Reply, says: str
) -> None:
    with scripted(reply) as script:
        monkeypatch.setenv("SONAR_URL", script.url)
        monkeypatch.setenv("SONAR_API_KEY", "some-token")
        ended = run()
    assert (ended.code, says in ended.message) == (2, True), ended.message
    assert _nothing_landed(warehouse)


def test_a_token_that_ends_during_the_run(warehouse: Engine, sonar: Sonars, run: Command) -> None:
    made = sonar()
    _order(made, kind="expired_token", after=9)
    ended = run("--page-size", "2", "--include", "accounts,addresses,contacts")
    assert ended.code == 2
    assert "until now" in ended.message
    assert set(_states(warehouse).values()) <= {"failed", "complete", "skipped", "excluded"}
    assert "failed" in _states(warehouse).values()
    _order(made)
    assert run("--include", "accounts,addresses,contacts").code == 0
    assert _states(warehouse)["addresses"] == "complete"


@contextmanager
def _small_disk(folder: Path, size: str) -> Iterator[Path]:
    """Mount a tiny file system on `folder`; skip where this machine does not let us."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=1777", "tmpfs", str(folder)]
    mounted = subprocess.run(command, capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("a tiny file system can only be mounted by root")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_under_the_working_folder(
    warehouse: Engine,
    sonar: Sonars,
    run: Command,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    sonar("demo")
    names = ("--include", "accounts,addresses,contacts")
    with _small_disk(tmp_path / "small", "160k") as disk:
        monkeypatch.setattr("extract.landing.pipeline.LOCAL", disk)
        ended = run(*names)
    assert ended.code == 5, ended.everything
    assert "no space" in ended.message
    monkeypatch.setattr("extract.landing.pipeline.LOCAL", tmp_path / "large")
    assert run(*names).code == 0
    assert _states(warehouse)["accounts"] == "complete"


def test_a_full_disk_under_the_warehouse(
    sonar: Sonars, run: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    sonar("demo")
    names = ("--include", "accounts,addresses,contacts")
    with services.temporary_folder("full") as folder, _small_disk(folder / "d", "130m") as disk:
        try:
            server = postgres.up(disk / "w")
            monkeypatch.setenv("WAREHOUSE_URL", services.plain(server.url()))
            assert run("--include", "companies").code == 0  # all that a run makes is there
            filler = disk / "filler"
            free = shutil.disk_usage(disk).free
            filler.write_bytes(b"x" * (free - 200_000))
            ended = run(*names)
            filler.unlink()
            postgres.up(disk / "w")  # a server whose log finds no room stops
            assert run(*names).code == 0
        finally:
            postgres.down(disk / "w")
    assert ended.code == 5, ended.everything
    # where not even its log finds room the server stops, and nothing more can be known
    assert (
        "disk is full" in ended.message or "connection to the warehouse was lost" in ended.message
    )
