"""Bytes of files from a real sandbox and from servers that lie, into a store on disk."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import os
import signal
import subprocess
import sys
import time
import tracemalloc
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from extract.files.fetching import FileOutcome, Limits, fetch_files
from extract.files.links import file_status, file_store, forget_files
from extract.files.store import FileStore, Stored
from extract.sonar.budget import Budget
from extract.sonar.client import Manners, Sonar
from extract.sonar.failures import TokenRefused, Unreachable
from runtime.errors import ConfigError, WarehouseError
from runtime.settings import SonarApi
from sandbox.sonar.contents import content
from tests import services
from tests.extract.scripted import free_port

pytestmark = pytest.mark.postgres

ROOT = Path(__file__).parents[2]
SOURCE = "127.0.0.1"
TOKEN = "token-that-must-not-travel"
QUICK = Manners(delay=0.001, retries=4)


@pytest.fixture(scope="module")
def tenant() -> Iterator[services.Sonar]:
    """One sandbox for all tests of this module: its files are only read."""
    with ExitStack() as stack:
        yield services.Sonars(stack).start("demo", 1, {})


@pytest.fixture
def made(tenant: services.Sonar, monkeypatch: pytest.MonkeyPatch) -> Iterator[services.Sonar]:
    """Return the sandbox without faults, as SONAR_URL."""
    monkeypatch.setenv("SONAR_URL", tenant.url)
    monkeypatch.setenv("SONAR_API_KEY", tenant.token)
    yield tenant
    _call(tenant, "_sandbox/faults", method="DELETE")


@pytest.fixture(autouse=True)
def local(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr("extract.files.links.LOCAL", tmp_path / "local")
    return tmp_path / "local"


def _fetch(
    engine: Engine,
    url: str,
    token: str = TOKEN,
    *,
    manners: Manners = QUICK,
    run_id: str = "run",
    **limits: Any,
) -> FileOutcome:
    async def run() -> FileOutcome:
        api = SonarApi(url=url, host=SOURCE, key=token)
        budget = Budget(period=0.05)  # a limit that Sonar does not name is learned by the window
        async with Sonar(api, manners, budget=budget) as sonar:
            return await fetch_files(engine, sonar, api, run_id=run_id, limits=Limits(**limits))

    return asyncio.run(run())


def _call(sonar: services.Sonar, path: str, body: Any = None, method: str | None = None) -> Any:
    request = urllib.request.Request(  # noqa: S310 - our own server
        f"{sonar.url}/{path}",
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {sonar.token}", "Content-Type": "application/json"},
        method=method,
    )
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
        return json.loads(answer.read())


def _requests(sonar: services.Sonar) -> int:
    count: int = _call(sonar, "_sandbox/faults")["requests"]
    return count


def _land(engine: Engine, records: Sequence[Mapping[str, Any]]) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "create table if not exists raw_sonar.files (_sonar_key text primary key,"
            " payload jsonb not null, _run_id text not null, _deleted_at timestamptz)"
        )
        for record in records:
            connection.execute(
                text(
                    "insert into raw_sonar.files values (:key, cast(:payload as jsonb), 'run')"
                    " on conflict (_sonar_key) do update set payload = excluded.payload"
                ),
                {"key": record["id"], "payload": json.dumps(record)},
            )


def _landed(engine: Engine, sonar: services.Sonar, most: int = 12) -> dict[str, bytes]:
    """Land records of the tenant's files; return the bytes that belong to each."""
    query = (
        f"{{ files(paginator: {{page: 1, records_per_page: {most}}}) {{ entities"
        " { id sonar_unique_id file_size_in_bytes mime_type filename } } }"
    )
    records = _call(sonar, "api/graphql", {"query": query})["data"]["files"]["entities"]
    _land(engine, records)
    return {record["id"]: content(record) for record in records}


def _links(engine: Engine) -> dict[str, Mapping[str, Any]]:
    with engine.connect() as connection:
        rows = connection.execute(text("select * from ops.extract_file")).mappings()
        return {row["_sonar_key"]: dict(row) for row in rows}


def _held(engine: Engine) -> dict[str, bytes]:
    """Return the bytes that the links lead to."""
    store = file_store(engine)
    return {
        key: store.path(link["sha256"]).read_bytes()
        for key, link in _links(engine).items()
        if link["state"] == "stored"
    }


def _on_disk(folder: Path) -> list[Path]:
    return [path for path in (folder / "files").rglob("*") if path.is_file()]


def test_every_file_is_stored_once_privately_and_never_fetched_again(
    warehouse: Engine, made: services.Sonar, local: Path
) -> None:
    expected = _landed(warehouse, made)
    before = _requests(made)
    first = _fetch(warehouse, made.url, made.token)
    assert _requests(made) - before == len(expected) == first.stored
    assert first.bytes == sum(map(len, expected.values()))
    assert first.items == []
    assert _held(warehouse) == expected
    for key, link in _links(warehouse).items():
        assert link["sha256"] == hashlib.sha256(expected[key]).hexdigest()
        assert (link["bytes"], link["run_id"], link["reason"]) == (len(expected[key]), "run", None)
    assert len(_on_disk(local)) == len(set(expected.values()))
    modes = {path.stat().st_mode & 0o777 for path in _on_disk(local)}
    folders = {
        path.stat().st_mode & 0o777 for path in (local / "files").rglob("*") if path.is_dir()
    }
    assert (modes, folders) == ({0o600}, {0o700})

    before = _requests(made)
    second = _fetch(warehouse, made.url, made.token, run_id="later")
    assert (second.reused, second.stored, _requests(made)) == (len(expected), 0, before)
    assert {link["run_id"] for link in _links(warehouse).values()} == {"run"}


FAULTS: Sequence[Mapping[str, Any]] = (
    {"kind": "rate_limited", "retry_after": 0},
    {"kind": "limit_reached"},
    {"kind": "server_error"},
    {"kind": "bad_gateway"},
    {"kind": "dropped"},
    {"kind": "dropped_midway"},
    {"kind": "cut_off"},
)


def test_what_passes_is_asked_again(warehouse: Engine, made: services.Sonar) -> None:
    expected = _landed(warehouse, made)
    for fault in FAULTS:
        _forget(warehouse)
        _call(made, "_sandbox/faults", {**fault, "collection": "api/files", "times": 3})
        before = _requests(made)
        outcome = _fetch(warehouse, made.url, made.token)
        assert outcome.stored == len(expected), fault
        assert _requests(made) - before == len(expected) + 3, fault
        assert _held(warehouse) == expected, fault


def test_an_answer_that_is_too_slow_is_asked_for_again(
    warehouse: Engine, made: services.Sonar, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "extract.files")
    expected = _landed(warehouse, made)
    _call(made, "_sandbox/faults", {"kind": "slow", "seconds": 600, "collection": "api/files"})
    before = _requests(made)
    # Long enough for a good answer of a busy machine, which would be asked for again too.
    hasty = Manners(delay=0.001, retries=4, timeout=8)
    assert _fetch(warehouse, made.url, made.token, manners=hasty).stored == len(expected)
    assert _requests(made) - before == len(expected) + 1
    assert caplog.text.count("Sonar did not send the file in time") == 1
    assert _held(warehouse) == expected


def _forget(engine: Engine) -> None:
    forget_files(engine, SOURCE)
    assert not list(file_store(engine).all())


KINDS = [str(fault["kind"]) for fault in FAULTS]


@settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    seed=st.integers(1, 10**6),
    probability=st.floats(0.05, 0.5),
    kinds=st.sets(st.sampled_from(KINDS), min_size=1),
    workers=st.integers(1, 8),
)
def test_any_mix_of_faults_leaves_every_file_once(
    chaotic: tuple[Engine, services.Sonar, dict[str, bytes]],
    seed: int,
    probability: float,
    kinds: set[str],
    workers: int,
) -> None:
    engine, made, expected = chaotic
    _forget(engine)
    chaos = {"seed": seed, "probability": probability, "kinds": sorted(kinds), "retry_after": 0}
    _call(made, "_sandbox/chaos", {**chaos, "collection": "api/files"})
    manners = Manners(workers=workers, delay=0.001, retries=2)
    for _ in range(30):  # what fails for good in one run is stored by a later one
        outcome = _fetch(engine, made.url, made.token, manners=manners)
        assert all(expected[key] == held for key, held in _held(engine).items())
        assert outcome.stored + outcome.reused + outcome.failed == len(expected)
        if not outcome.items:
            break
    assert _held(engine) == expected
    held = {stored.sha256 for stored in file_store(engine).all()}
    assert held == {hashlib.sha256(each).hexdigest() for each in expected.values()}
    assert file_status(engine, SOURCE).orphans == ()


@pytest.fixture
def chaotic(
    warehouse: Engine, made: services.Sonar
) -> tuple[Engine, services.Sonar, dict[str, bytes]]:
    return warehouse, made, _landed(warehouse, made)


def test_missing_denied_and_failed_files_are_listed_and_asked_for_again(
    warehouse: Engine, made: services.Sonar
) -> None:
    expected = _landed(warehouse, made)
    _land(warehouse, [{"id": "777", "file_size_in_bytes": "9", "mime_type": "text/plain"}])
    _call(
        made,
        "_sandbox/faults",
        {"kind": "denied_collection", "collection": "api/files", "times": 2},
    )
    one_by_one = Manners(workers=1, delay=0.001, retries=1)
    outcome = _fetch(warehouse, made.url, made.token, manners=one_by_one)
    denied = sorted(expected)[:2]
    assert outcome.items == [
        "files: 1 missing in Sonar: 777",
        f"files: 2 denied to this token: {denied[0]}, {denied[1]}",
    ]
    links = _links(warehouse)
    assert (links["777"]["state"], links["777"]["sha256"]) == ("missing", None)
    assert {key for key, link in links.items() if link["state"] == "denied"} == set(denied)

    _call(made, "_sandbox/faults", {"kind": "cut_off", "collection": "api/files", "times": 2})
    outcome = _fetch(warehouse, made.url, made.token, manners=one_by_one)
    assert (outcome.failed, outcome.stored, outcome.missing) == (1, 1, 1)
    failed = _links(warehouse)[denied[0]]
    assert failed["state"] == "failed"
    size = len(expected[denied[0]])
    assert failed["reason"] == f"Sonar's record says {size} bytes, {int(size * 2 / 3)} came"

    with warehouse.begin() as connection:  # the record goes: nobody asks for its bytes again
        connection.execute(
            text("update raw_sonar.files set _deleted_at = now() where _sonar_key = '777'")
        )
    outcome = _fetch(warehouse, made.url, made.token)
    assert (outcome.stored, outcome.items) == (1, [])
    assert _held(warehouse) == expected


def test_a_token_that_expires_ends_the_run_and_what_is_stored_stays(
    warehouse: Engine, made: services.Sonar
) -> None:
    expected = _landed(warehouse, made)
    _call(made, "_sandbox/faults", {"kind": "expired_token", "collection": "api/files", "after": 5})
    with pytest.raises(TokenRefused) as caught:
        _fetch(warehouse, made.url, made.token)
    assert caught.value.exit_code == 2
    assert 1 <= len(_held(warehouse)) <= 5
    held = len(_held(warehouse))
    _call(made, "_sandbox/faults", method="DELETE")
    before = _requests(made)
    assert _fetch(warehouse, made.url, made.token).reused == held
    assert _requests(made) - before == len(expected) - held
    assert _held(warehouse) == expected


def test_when_all_are_refused_the_rest_is_not_asked_for(
    warehouse: Engine, made: services.Sonar
) -> None:
    expected = _landed(warehouse, made, most=60)
    _call(made, "_sandbox/faults", {"kind": "denied_collection", "collection": "api/files"})
    before = _requests(made)
    outcome = _fetch(warehouse, made.url, made.token)
    asked = _requests(made) - before
    assert 20 <= outcome.denied == asked <= 20 + QUICK.workers
    assert outcome.skipped == len(expected) - asked > 0
    assert f"files: {outcome.skipped} not asked for, because 20 in a row" in outcome.items[-1]


def test_an_unreachable_sonar_ends_the_run(warehouse: Engine) -> None:
    _land(warehouse, [{"id": "1", "file_size_in_bytes": "9"}])
    with pytest.raises(Unreachable) as caught:
        _fetch(warehouse, f"http://127.0.0.1:{free_port()}")
    assert caught.value.exit_code == 5
    assert _links(warehouse) == {}


def test_large_files_are_left_until_the_limit_allows_them(
    warehouse: Engine, made: services.Sonar
) -> None:
    expected = _landed(warehouse, made)
    limit = sorted(map(len, expected.values()))[5]
    large = {key for key, value in expected.items() if len(value) > limit}
    before = _requests(made)
    outcome = _fetch(warehouse, made.url, made.token, max_bytes=limit)
    assert _requests(made) - before == len(expected) - len(large) == outcome.stored
    assert outcome.too_large == len(large) > 0
    assert outcome.items[0].startswith(f"files: {len(large)} larger than --max-file-mb: ")
    assert {key for key, link in _links(warehouse).items() if link["state"] == "too_large"} == large
    assert _fetch(warehouse, made.url, made.token).stored == len(large)
    assert _held(warehouse) == expected


def test_damaged_lost_and_changed_bytes_are_fetched_again(
    warehouse: Engine, made: services.Sonar
) -> None:
    expected = _landed(warehouse, made)
    _fetch(warehouse, made.url, made.token)
    store = file_store(warehouse)
    paths = {key: store.path(link["sha256"]) for key, link in _links(warehouse).items()}
    lost, cut, altered, sly, touched = sorted(key for key in expected if expected[key])[:5]
    paths[lost].unlink()
    paths[cut].write_bytes(expected[cut][:-1])
    paths[altered].write_bytes(bytes(len(expected[altered])))
    untouched = paths[sly].stat()
    paths[sly].write_bytes(bytes(len(expected[sly])))
    os.utime(paths[sly], ns=(untouched.st_atime_ns, untouched.st_mtime_ns))
    paths[touched].touch()
    before = _requests(made)
    assert _fetch(warehouse, made.url, made.token).stored == 3
    assert _requests(made) - before == 3
    assert {key for key, held in _held(warehouse).items() if held != expected[key]} == {sly}
    assert _fetch(warehouse, made.url, made.token, verify=True).stored == 1
    assert _held(warehouse) == expected

    _call(
        made,
        "_sandbox/rows",
        {
            "action": "update",
            "collection": "files",
            "key": lost,
            "values": {"file_size_in_bytes": "321"},
        },
    )
    expected = _landed(warehouse, made)
    assert len(expected[lost]) == 321
    assert _fetch(warehouse, made.url, made.token).stored == 1
    assert _held(warehouse) == expected
    (orphan,) = file_status(warehouse, SOURCE).orphans
    assert store.path(orphan.sha256) == paths[lost]


def test_equal_bytes_are_kept_until_nobody_links_them(
    warehouse: Engine, made: services.Sonar
) -> None:
    expected = _landed(warehouse, made)
    _fetch(warehouse, made.url, made.token)
    shared = file_store(warehouse).path(_links(warehouse)["1"]["sha256"])
    with warehouse.begin() as connection:
        connection.execute(
            text(
                "insert into ops.extract_file (source, _sonar_key, state, sha256, bytes, run_id)"
                " select 'other', _sonar_key, state, sha256, bytes, run_id from ops.extract_file"
                " where _sonar_key = '1'"
            )
        )
    status = file_status(warehouse, SOURCE)
    assert status.states == {"stored": len(expected)}
    assert status.bytes == sum(map(len, expected.values()))
    forgotten = forget_files(warehouse, SOURCE)
    assert len(forgotten.orphans) == len(set(expected.values())) - 1
    assert [file_store(warehouse).path(s.sha256) for s in file_store(warehouse).all()] == [shared]
    assert file_status(warehouse, SOURCE).states == {}


def test_a_killed_run_keeps_only_whole_files_and_the_next_one_goes_on(
    warehouse: Engine, made: services.Sonar, local: Path
) -> None:
    expected = _landed(warehouse, made, most=60)
    slow = {"kind": "slow", "times": None, "collection": "api/files"}
    _call(made, "_sandbox/faults", {**slow, "seconds": 0.05})
    # Some are never sent: however late the kill comes, it comes before the end.
    _call(made, "_sandbox/faults", {**slow, "seconds": 600, "after": 40})
    code = (
        "import asyncio, sys; from pathlib import Path\n"
        "import extract.files.links; extract.files.links.LOCAL = Path(sys.argv[2])\n"
        "from extract.sonar.client import Manners, Sonar\n"
        "from extract.files.fetching import Limits, fetch_files\n"
        "from runtime.settings import sonar_api; from runtime.warehouse import connect\n"
        "async def run():\n"
        "    api = sonar_api()\n"
        "    async with Sonar(api, Manners()) as sonar:\n"
        "        await fetch_files(connect(), sonar, api, run_id=sys.argv[1], limits=Limits())\n"
        "asyncio.run(run())\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code, "killed", str(local)], cwd=ROOT)
    while len(_links(warehouse)) < 20:
        assert process.poll() is None
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    services.others_are_gone(warehouse)
    held = _held(warehouse)
    assert all(expected[key] == value for key, value in held.items())
    assert 20 <= len(held) < len(expected)
    _call(made, "_sandbox/faults", method="DELETE")
    before = _requests(made)
    outcome = _fetch(warehouse, made.url, made.token)
    assert _requests(made) - before == len(expected) - len(held) == outcome.stored
    assert _held(warehouse) == expected
    assert len(_on_disk(local)) == len(set(expected.values()))  # nothing half-received is left


Handler = Callable[[web.Request], Any]


@asynccontextmanager
async def _serving(handler: Handler) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_get("/api/files/{key}", handler)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def _fetch_from(engine: Engine, *handlers: Handler, **limits: Any) -> FileOutcome:
    """Fetch from the first handler; the others are reachable by the address in `OTHERS`."""

    async def run() -> FileOutcome:
        async with AsyncExitStack() as stack:
            urls = [await stack.enter_async_context(_serving(handler)) for handler in handlers]
            OTHERS[:] = urls[1:]
            api = SonarApi(url=urls[0], host=SOURCE, key=TOKEN)
            async with Sonar(api, Manners(delay=0.001, retries=1)) as sonar:
                return await fetch_files(engine, sonar, api, run_id="run", limits=Limits(**limits))

    return asyncio.run(run())


OTHERS: list[str] = []


def test_the_limit_holds_while_bytes_stream_whatever_the_record_says(
    warehouse: Engine, local: Path
) -> None:
    sent = []

    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while len(sent) < 5000:
            await response.write(bytes(10_000))
            sent.append(1)
        return response

    _land(warehouse, [{"id": "1", "file_size_in_bytes": "10", "mime_type": "image/png"}])
    outcome = _fetch_from(warehouse, endless, max_bytes=1_000_000)
    assert (outcome.too_large, outcome.stored) == (1, 0)
    assert len(sent) < 2000  # the connection is closed, not drained
    assert (
        _links(warehouse)["1"]["reason"] == "more bytes than its record says: above --max-file-mb"
    )
    assert _on_disk(local) == []


def test_memory_stays_flat_over_a_large_file(warehouse: Engine) -> None:
    size = 60_000_000

    async def large(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        response.content_length = size
        await response.prepare(request)
        for _ in range(60):
            await response.write(bytes(1_000_000))
        return response

    _land(warehouse, [{"id": "1", "file_size_in_bytes": str(size), "mime_type": "image/png"}])
    tracemalloc.start()
    try:
        outcome = _fetch_from(warehouse, large)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (outcome.stored, outcome.bytes) == (1, size)
    assert peak < 15_000_000


def test_the_token_does_not_follow_a_redirect_to_somebody_else(warehouse: Engine) -> None:
    tokens = {}

    async def sonar(request: web.Request) -> web.Response:
        tokens["sonar"] = request.headers.get("Authorization")
        raise web.HTTPFound(f"{OTHERS[0]}/api/files/stored")

    async def storage(request: web.Request) -> web.Response:
        tokens["storage"] = request.headers.get("Authorization")
        return web.Response(body=b"bytes")

    _land(warehouse, [{"id": "1", "file_size_in_bytes": "5", "mime_type": "text/plain"}])
    assert _fetch_from(warehouse, sonar, storage).stored == 1
    assert tokens == {"sonar": f"Bearer {TOKEN}", "storage": None}
    assert _held(warehouse) == {"1": b"bytes"}


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (lambda: web.Response(status=410), "missing"),
        (lambda: web.Response(status=400), "failed"),
        (lambda: web.Response(text="<html>log in</html>", content_type="text/html"), "failed"),
        (lambda: web.json_response({"error": "Internal server error"}), "failed"),
        (lambda: web.json_response({"message": "You have no permission."}), "denied"),
        (lambda: web.Response(body=b"%PDF", content_type="application/pdf"), "stored"),
    ],
    ids=["410", "400", "login-page", "error", "no-permission", "good"],
)
def test_an_answer_that_is_no_file_is_not_stored_even_where_the_record_has_no_size(
    warehouse: Engine, answer: Callable[[], web.Response], state: str
) -> None:
    async def handler(_: web.Request) -> web.Response:
        return answer()

    _land(warehouse, [{"id": "1", "file_size_in_bytes": None, "mime_type": "application/pdf"}])
    _fetch_from(warehouse, handler)
    assert _links(warehouse)["1"]["state"] == state
    assert len(_held(warehouse)) == (state == "stored")


def test_a_key_cannot_lead_to_another_address(warehouse: Engine) -> None:
    asked = []

    async def handler(request: web.Request) -> web.Response:
        asked.append(request.match_info["key"])
        return web.Response(body=b"x")

    _land(warehouse, [{"id": "../graphql?x=1", "file_size_in_bytes": "1"}])
    assert _fetch_from(warehouse, handler).stored == 1
    assert asked == ["../graphql?x=1"]


def test_nothing_is_asked_where_no_files_have_landed(warehouse: Engine) -> None:
    outcome = _fetch(warehouse, f"http://127.0.0.1:{free_port()}")
    assert (outcome.as_json()["stored"], outcome.items) == (0, [])


def test_a_full_disk_and_a_folder_in_the_way_say_what_to_do(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "files", "me")
    store.open()
    with store.incoming() as incoming:
        incoming.write(b"before")
        stored = incoming.commit()
    assert stored == Stored(hashlib.sha256(b"before").hexdigest(), 6)
    (tmp_path / "files" / "incoming" / "me" / "2").symlink_to("/dev/full")
    with pytest.raises(WarehouseError, match="free some space"), store.incoming() as incoming:
        incoming.write(b"more")
    assert store.holds(stored, verify=True)
    blocked = FileStore(tmp_path / "blocked", "me")
    (tmp_path / "blocked").write_text("a file")
    with pytest.raises(ConfigError, match="--skip-files"):
        blocked.open()
