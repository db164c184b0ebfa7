"""A recorded tenant: the extractor lands from a replay what it lands from the engine."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest
import requests
from sqlalchemy import Engine, text

from extract.__main__ import cli
from runtime.errors import MigrationError
from sandbox.sonar.recording import FILE, keep, read, writing
from tests import services
from tests.sandbox.sonar_process import ROOT, TIMEOUT, running

pytestmark = pytest.mark.postgres

PAGE_SIZE = 5
TOKEN = "replayed"


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "sandbox.sonar", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=4 * TIMEOUT,
        check=False,
    )


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recording")
    options = ("--size", "tiny", "--page-size", str(PAGE_SIZE), "--trap", "nul_in_name=1")
    made = command("record", *options, "--out", str(folder))
    assert made.returncode == 0, made.stderr
    assert "answers recorded" in made.stdout
    return folder


@contextmanager
def replaying(folder: Path) -> Iterator[str]:
    environment = {**os.environ, "SANDBOX_SONAR_TOKEN": TOKEN}
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox.sonar", "replay", str(folder)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        word, _, url = process.stdout.readline().strip().partition(" ")
        assert word == "ready", f"the server said {word!r}"
        yield url
    finally:
        process.send_signal(signal.SIGTERM)
        code = process.wait(TIMEOUT)
        process.stdout.close()
    assert code == 0


@pytest.fixture
def replayed(recording: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with replaying(recording) as url:
        monkeypatch.setenv("SONAR_URL", url)
        monkeypatch.setenv("SONAR_API_KEY", TOKEN)
        yield url


@pytest.fixture(autouse=True)
def _own_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("extract.landing.pipeline.LOCAL", tmp_path / "local")


def extract(page_size: int = PAGE_SIZE) -> None:
    options = ["--page-size", str(page_size), "--rate-limit-delay", "0.01", "--skip-files"]
    cli.main(["run", *options], standalone_mode=False)


def landed(engine: Engine) -> dict[str, set[tuple[str, str]]]:
    tables = text(
        "select table_name from information_schema.tables where table_schema = 'raw_sonar'"
        " and table_name not like '\\_dlt%'"
    )
    with engine.connect() as connection:
        names = [str(row[0]) for row in connection.execute(tables)]
        return {
            name: {
                (str(row[0]), str(row[1]))
                for row in connection.exec_driver_sql(
                    f"select _sonar_key, payload::text from raw_sonar.{name}"
                    " where _deleted_at is null"
                )
            }
            for name in names
        }


def test_a_replay_lands_the_rows_of_the_engine(
    warehouse: Engine,
    replayed: str,
    recording: Path,
    sonar: Callable[..., services.Sonar],
) -> None:
    assert replayed
    extract()
    from_replay = landed(warehouse)
    truth = json.loads((recording / "truth.json").read_text())
    assert len(from_replay["accounts"]) == truth["counts"]["accounts"] > 2 * PAGE_SIZE
    engine = sonar(size="tiny", seed=1, nul_in_name=1)
    assert engine.truth == truth
    extract()
    assert landed(warehouse) == from_replay
    with warehouse.connect() as connection:
        query = "select detail from ops.step where step = 'extract' order by started_at desc"
        detail: Any = connection.execute(text(query)).scalars().first()
    assert (detail["changed_rows"], detail["deleted_rows"]) == (0, 0)


def test_every_recorded_answer_is_the_engines(recording: Path, tmp_path: Path) -> None:
    recorded, about = read(recording)
    with closing(recorded):
        answers = dict(recorded)
    assert (about["size"], about["pages"]) == ("tiny", str(PAGE_SIZE))
    options = ("--size", "tiny", "--trap", "nul_in_name=1")
    with running(tmp_path, *options) as engine, replaying(recording) as replay:
        for request, response in answers.items():
            served = [(replay, TOKEN)]
            if b"2000-01-01T" not in request:  # what changed since when: an instant of our own
                served.append((engine.url, engine.token))
            for url, token in served:
                answered = requests.post(
                    f"{url}/api/graphql",
                    data=request,
                    headers={"Authorization": f"Bearer {token}"},
                    timeout=TIMEOUT,
                )
                assert (answered.status_code, answered.content) == (200, response)
        later = next(request for request in answers if b"2000-01-01T" in request)
        at_another_time = later.replace(b"2000-01-01T00:00:00", b"2031-07-08T09:10:11")
        again = requests.post(
            f"{replay}/api/graphql",
            data=at_another_time,
            headers={"Authorization": f"Bearer {TOKEN}"},
            timeout=TIMEOUT,
        )
        assert again.content == answers[later]
    walked = [orjson.loads(request) for request in answers if b"query Rows" in request]
    assert max(body["variables"].get("size", 0) for body in walked) == PAGE_SIZE


@pytest.mark.usefixtures("warehouse")
def test_another_page_size_is_refused_and_told(
    replayed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert replayed
    with pytest.raises(MigrationError):
        extract(PAGE_SIZE + 1)
    told = capsys.readouterr().out
    assert "Sonar refused the query: this request was not" in told.replace("validation: ", "")


def test_a_large_page_is_served_whatever_its_size_and_another_is_not(tmp_path: Path) -> None:
    def step(of: str, last: int, size: int) -> bytes:
        return orjson.dumps({"query": f"query {of}", "variables": {"last": last, "size": size}})

    def turned(size: int) -> bytes:
        return orjson.dumps({"query": "query mails", "variables": {"page": 1, "size": size}})

    def served(url: str, request: bytes) -> bytes:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        asked = requests.post(f"{url}/api/graphql", data=request, headers=headers, timeout=TIMEOUT)
        return asked.content

    large = b"m" * 9_000_000
    answers = {
        step("mails", 0, 500): large,
        step("mails", 70, 100): b"short",
        step("names", 0, 500): b"names",
        turned(500): b"turned",
    }
    with writing(tmp_path / "large", {"pages": "500"}) as database:
        for request, response in answers.items():
            keep(database, request, response)
    with replaying(tmp_path / "large") as url:
        assert served(url, step("mails", 0, 100)) == large
        assert served(url, step("mails", 70, 9)) == b"short"
        assert served(url, turned(500)) == b"turned"
        for other in (step("names", 0, 100), step("mails", 1, 500), turned(100)):
            assert b"this request was not recorded" in served(url, other)


def test_a_replay_takes_its_own_token_only(replayed: str, recording: Path) -> None:
    with closing(read(recording)[0]) as recorded:
        request = next(iter(recorded))
    for headers in ({}, {"Authorization": "Bearer another"}):
        url = f"{replayed}/api/graphql"
        answered = requests.post(url, data=request, headers=headers, timeout=TIMEOUT)
        assert answered.status_code == 401


def test_no_recording_no_replay(tmp_path: Path) -> None:
    refused = command("replay", str(tmp_path), "--token", TOKEN)
    assert refused.returncode == 1
    assert "holds no recording" in refused.stderr
    assert not (tmp_path / FILE).exists()


def test_an_unfinished_recording_leaves_the_one_before(tmp_path: Path) -> None:
    with writing(tmp_path, {"size": "whole"}) as database:
        keep(database, b"asked", b"said")
    with pytest.raises(KeyboardInterrupt), writing(tmp_path, {"size": "half"}) as database:
        keep(database, b"asked", b"something else")
        raise KeyboardInterrupt
    answers, about = read(tmp_path)
    with closing(answers):
        assert (dict(answers), about) == ({b"asked": b"said"}, {"size": "whole"})
    assert [path.name for path in tmp_path.iterdir()] == [FILE]
