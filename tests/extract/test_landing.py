"""Slices into `raw_sonar`: what is new, what changed, what stays, and what a kill leaves behind."""

from __future__ import annotations

import gc
import os
import random
import signal
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import Engine, create_engine, text

from extract.catalogue.discovery import Collection, Kind
from extract.landing import comparing
from extract.landing.pipeline import Landing, create_tables, mark_deleted
from extract.landing.spans import ascending
from extract.landing.spool import Slice, Spool
from extract.reading.paging import Row
from runtime.errors import WarehouseError
from tests import services
from tests.proving import cases

pytestmark = pytest.mark.postgres

ROOT = Path(__file__).parents[2]
UGLY = (
    '{"id": 1, "name": "a \\"quoted\\" name", "updated_at": null}',
    '{\n  "id": 1,\n  "name": "x,y\\ttab\\\\ back\\nslash",\r\n  "amount": 1.10\n}',
    '{"id":1,"name":"","note":"\\u00e9 ünï 😀 ; -- \'x\'","big":12345678901234567890.12345}',
)


def _collection(name: str = "things") -> Collection:
    return Collection(
        name=name,
        kind=Kind.FULL,
        entity="",
        is_connection=True,
        has_id=True,
        has_total=True,
        has_aggregation=True,
        takes_archived=False,
        required_arguments=(),
        excluded=None,
    )


THINGS = _collection()


def _row(number: int, *, version: int = 1, stamp: str | None = None) -> Row:
    payload: dict[str, Any] = {"id": number, "version": version}
    if stamp is not None:
        payload["updated_at"] = stamp
    return Row(str(number), orjson.dumps(payload))


@pytest.fixture
def landing(
    warehouse: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Landing]:
    monkeypatch.setattr("extract.landing.pipeline.LOCAL", tmp_path / "local")
    create_tables(warehouse, [THINGS])
    made = Landing(warehouse)
    yield made
    made.close()


def _slice(
    landing: Landing, rows: Sequence[Row], *, run: str = "r1", of: Collection = THINGS
) -> Slice:
    spool = Spool(of, run, landing.spools)
    spool.add(rows)
    made = spool.cut()
    assert made is not None
    return made


def _held(engine: Engine, name: str = "things") -> dict[str, tuple[Any, str, bool]]:
    query = text(
        f'select _sonar_key, payload, _run_id, _deleted_at is not null from raw_sonar."{name}"'
    )
    with engine.connect() as connection:
        rows = connection.execute(query).all()
    held = {row[0]: (row[1], row[2], row[3]) for row in rows}
    assert len(held) == len(rows)
    return held


def test_nobody_else_can_look_into_the_working_folder(landing: Landing) -> None:
    folder = landing.spools.parent
    assert folder.stat().st_mode & 0o777 == 0o700
    assert folder.stat().st_uid == os.geteuid()


def test_a_spool_counts_and_starts_anew_after_a_cut(tmp_path: Path) -> None:
    spool = Spool(THINGS, "r1", tmp_path)
    assert (spool.rows, spool.bytes, spool.cut()) == (0, 0, None)
    spool.add([])
    spool.add([_row(1), _row(2)])
    assert spool.rows == 2
    first = spool.cut()
    assert first is not None
    assert (first.rows, list(first.keys)) == (2, ["1", "2"])
    assert first.bytes == first.path.stat().st_size
    assert (spool.rows, spool.bytes) == (0, 0)
    spool.add([_row(3)])
    second = spool.cut()
    assert second is not None
    assert (second.rows, second.path == first.path) == (1, False)


def test_a_page_of_large_rows_is_spooled_row_by_row(tmp_path: Path) -> None:
    spool = Spool(THINGS, "r1", tmp_path)
    rows = [Row(str(number), b'"%b"' % (b"x" * 1_000_000)) for number in range(16)]
    tracemalloc.start()
    try:
        spool.add(rows)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 4_000_000
    assert spool.bytes > 16_000_000


@pytest.mark.parametrize("payload", UGLY)
def test_payloads_land_as_they_are_and_are_known_again(
    warehouse: Engine, landing: Landing, payload: str
) -> None:
    rows = [Row("1", payload.encode()), Row('k"2,\n#', payload.encode())]
    assert landing.load([_slice(landing, rows)]) == {"things": 2}
    with warehouse.connect() as connection:
        same = connection.execute(
            text("select _sonar_key from raw_sonar.things where payload = cast(:sent as jsonb)"),
            {"sent": payload},
        ).scalars()
        assert set(same) == {"1", 'k"2,\n#'}
    compact = orjson.dumps(orjson.loads(payload)) if "big" not in payload else payload.encode()
    again = [Row("1", compact), *rows[1:]]
    assert landing.load([_slice(landing, again, run="r2")]) == {"things": 0}


@pytest.mark.parametrize("old", [None, "2024-01-01T00:00:00+00:00"])
def test_only_what_is_new_or_changed_is_written(
    warehouse: Engine, landing: Landing, old: str | None
) -> None:
    """With another `updated_at` and without one; with the same one the payload still decides."""
    landing.load([_slice(landing, [_row(n, stamp=old) for n in range(1, 1201)])])
    changed = {7, 500, 501, 1200}
    sent = [
        _row(n, version=2 if n in changed else 1, stamp=old and ("2025" if n == 7 else old))
        for n in range(1, 1203)
    ]
    assert landing.load([_slice(landing, sent, run="r2")]) == {"things": 6}
    held = _held(warehouse)
    assert {int(key) for key, row in held.items() if row[1] == "r2"} == changed | {1201, 1202}
    assert all(held[row.key][0] == orjson.loads(row.payload) for row in sent)
    assert len(held) == 1202


def test_a_stamp_inside_an_embedded_object_does_not_decide(
    warehouse: Engine, landing: Landing
) -> None:
    one = Row("1", b'{"id":1,"owner":{"updated_at":"2024"},"updated_at":"2020"}')
    other = Row("2", b'{"id":2,"owner":{"updated_at":"2024"},"text":"\\"updated_at\\":\\"2019\\""}')
    assert landing.load([_slice(landing, [one, other])]) == {"things": 2}
    assert landing.load([_slice(landing, [one, other], run="r2")]) == {"things": 0}
    assert {row[1] for row in _held(warehouse).values()} == {"r1"}


def test_of_one_key_the_later_row_wins(warehouse: Engine, landing: Landing) -> None:
    first = _slice(landing, [_row(1), _row(2), _row(1, version=2)])
    second = _slice(landing, [_row(2, version=3), _row(3)])
    assert landing.load([first, second]) == {"things": 3}
    versions = {key: row[0]["version"] for key, row in _held(warehouse).items()}
    assert versions == {"1": 2, "2": 3, "3": 1}
    again = _slice(landing, [_row(1, version=9), _row(1, version=2), _row(2, version=4)], run="r2")
    assert landing.load([again]) == {"things": 1}
    assert {k: v[0]["version"] for k, v in _held(warehouse).items()} == {"1": 2, "2": 4, "3": 1}


def test_only_ids_that_lie_apart_from_what_landed_are_appended_unasked(
    warehouse: Engine, landing: Landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    ask = comparing._unheld

    def noted(*arguments: Any) -> Any:
        asked.append(len(asked))
        return ask(*arguments)

    monkeypatch.setattr(comparing, "_unheld", noted)
    for first in (0, 50, 20):
        landing.load([_slice(landing, [_row(n) for n in range(first, first + 10)])])
    assert asked == []
    assert landing.load([_slice(landing, [_row(15), _row(29)])]) == {"things": 1}
    assert len(asked) == 1
    assert landing.load([_slice(landing, [_row(70), _row(72)]), _slice(landing, [_row(71)])]) == {
        "things": 3
    }
    assert len(asked) == 2
    assert landing.load([_slice(landing, [_row(91), _row(90)])]) == {"things": 2}  # not in order
    assert landing.load([_slice(landing, [_row(90), _row(91)])]) == {"things": 0}
    assert len(asked) == 4
    assert len(_held(warehouse)) == 36


@pytest.mark.parametrize(
    ("keys", "span"),
    [
        (["1", "2", "10"], (1, 10)),
        (["-3"], (-3, -3)),
        (["2", "10", "9"], None),
        (["1", "1"], None),
        (["1", "02"], None),
        (["ab"], None),
    ],
)
def test_a_span_is_of_ids_in_ascending_order(keys: list[str], span: tuple[int, int] | None) -> None:
    assert ascending(keys) == span


def test_several_collections_share_a_load_each_by_its_own_way(
    warehouse: Engine, landing: Landing
) -> None:
    others = [_collection("Others"), _collection("third")]
    create_tables(warehouse, others)
    landing.load([_slice(landing, [_row(1), _row(2)])])
    loads = text("select count(*) from raw_sonar._dlt_loads")
    with warehouse.connect() as connection:
        before = connection.execute(loads).scalar_one()
    pieces = [
        _slice(landing, [_row(2, version=2), _row(3)], run="r2"),
        _slice(landing, [_row(5)], of=others[0]),
        _slice(landing, [_row(4)], run="r2"),
    ]
    assert landing.load(pieces) == {"things": 3, "Others": 1}
    with warehouse.connect() as connection:
        assert connection.execute(loads).scalar_one() == before + 1
    assert set(_held(warehouse)) == {"1", "2", "3", "4"}
    assert set(_held(warehouse, "Others")) == {"5"}
    assert not list(landing.spools.iterdir())


def test_rows_that_a_walk_did_not_see_are_marked_and_come_back(
    warehouse: Engine, landing: Landing, tmp_path: Path
) -> None:
    landing.load([_slice(landing, [_row(n) for n in (1, 2, 9, 10, 11)])])
    with warehouse.begin() as session:
        assert mark_deleted(session, THINGS, ["10"], "r2", window=(2, 10)) == 1  # ids, not texts
        assert mark_deleted(session, THINGS, ["10"], "r2", window=(10, None)) == 1
    assert {key for key, row in _held(warehouse).items() if row[2]} == {"9", "11"}
    keys = tmp_path / "keys.csv"
    keys.write_text('"1"\n"10"\n')
    with warehouse.begin() as session:
        assert mark_deleted(session, THINGS, keys, "r3") == 1
    assert {key for key, row in _held(warehouse).items() if row[2]} == {"2", "9", "11"}
    assert landing.load([_slice(landing, [_row(9), _row(10)], run="r4")]) == {"things": 1}
    held = _held(warehouse)
    assert {key for key, row in held.items() if row[2]} == {"2", "11"}
    assert (held["9"][1], held["10"][1]) == ("r4", "r1")


def test_what_was_landed_is_not_kept_in_memory(landing: Landing) -> None:
    for number in range(3):
        landing.load([_slice(landing, [_row(number)])])
    gc.collect()
    assert [each for each in gc.get_objects() if isinstance(each, Slice)] == []


def test_a_load_leaves_no_notes_in_memory(landing: Landing) -> None:
    held = []
    for number in range(8):  # the first ones leave what is made once
        landing.load([_slice(landing, [_row(number)])])
        gc.collect()
        held.append(len(gc.get_objects()))
    assert held[7] - held[3] < 4 * 250, held  # dlt's notes were 4,400 objects a load


def test_a_warehouse_that_is_gone_is_one_clear_line(warehouse: Engine, landing: Landing) -> None:
    piece = _slice(landing, [_row(2)])
    landing._engine = create_engine(warehouse.url.set(port=1))
    with pytest.raises(WarehouseError, match="connection to the warehouse was lost") as caught:
        landing.load([piece])
    assert "\n" not in str(caught.value)


def test_a_full_disk_while_spooling_is_one_clear_line(tmp_path: Path) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("no /dev/full here")
    spool = Spool(THINGS, "r1", tmp_path)
    spool._path = full
    with pytest.raises(WarehouseError, match="no space left on this machine's disk") as caught:
        for number in range(2000):
            spool.add([_row(number)])
        spool.cut()
    assert "\n" not in str(caught.value)


MISHAPS = {
    "the warehouse's disk is full": "raise exception 'x' using errcode = '53100'",
    "the connection to the warehouse was lost": "perform pg_terminate_backend(pg_backend_pid())",
    "Postgres refused": "raise exception 'no row of %', 'Jane' using errcode = '23514'",
}


@pytest.mark.parametrize("expected", MISHAPS)
def test_what_happens_inside_a_load_is_one_clear_line(
    warehouse: Engine, landing: Landing, capfd: pytest.CaptureFixture[str], expected: str
) -> None:
    landing.load([_slice(landing, [_row(1)])])
    with warehouse.begin() as connection:
        connection.exec_driver_sql(
            "create function mishap() returns trigger language plpgsql as"
            f" $$ begin {MISHAPS[expected]}; return null; end $$;"
            "create trigger mishap before insert on raw_sonar.things"
            " for each row execute function mishap()".replace("%", "%%")
        )
    with pytest.raises(WarehouseError, match=expected) as caught:
        landing.load([_slice(landing, [Row("2", b'{"id":2,"name":"Jane"}')])])
    assert "\n" not in str(caught.value)
    assert "Jane" not in str(caught.value) + "".join(capfd.readouterr())
    assert set(_held(warehouse)) == {"1"}


def test_a_run_waits_for_what_a_killed_one_still_writes(warehouse: Engine) -> None:
    create_tables(warehouse, [THINGS])
    waiting = text("select count(*) from pg_locks where not granted and locktype = 'relation'")
    with ThreadPoolExecutor(1) as thread, warehouse.connect() as killed:
        killed.exec_driver_sql("insert into raw_sonar.things values ('1', '{}', 'killed', null)")
        run = thread.submit(create_tables, warehouse, [THINGS])
        deadline = time.monotonic() + 30
        while not killed.execute(waiting).scalar_one():
            assert not run.done(), "it did not wait"
            assert time.monotonic() < deadline
        killed.commit()
        run.result(30)
    assert set(_held(warehouse)) == {"1"}


KILLED = """
import sys
from pathlib import Path
from extract.landing import pipeline as landing
from extract.reading.paging import Row
from extract.landing.spool import Spool
from runtime.warehouse import connect
from tests.extract.test_landing import THINGS, _row
landing.LOCAL = Path(sys.argv[1])
way = landing.Landing(connect())
pieces = []
for part in range(4):
    spool = Spool(THINGS, "killed", way.spools)
    spool.add([_row(n, version=2) for n in range(part * 2000, part * 2000 + 2000)])
    pieces.append(spool.cut())
print("loading", flush=True)
way.load(pieces)
print("landed", flush=True)
"""


def _kill_in_load(folder: Path, seconds: float) -> None:
    """Start a load in a process of its own and kill it after so long."""
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(folder)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "loading\n"
    time.sleep(seconds)  # the point of the kill, not a wait for a condition
    process.send_signal(signal.SIGKILL)
    process.stdout.close()
    process.wait()


@pytest.mark.prove
@pytest.mark.parametrize("onto", ["empty", "filled"])
def test_a_kill_inside_a_load_leaves_whole_slices_and_the_next_run_is_right(
    warehouse: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, onto: str
) -> None:
    monkeypatch.setattr("extract.landing.pipeline.LOCAL", tmp_path / "local")
    create_tables(warehouse, [THINGS])
    everything = [_row(n, version=2) for n in range(8000)]
    draw = random.Random(4)
    for _ in range(cases(quick=2, long=25)):
        before = Landing(warehouse)
        with warehouse.begin() as connection:
            connection.exec_driver_sql("truncate raw_sonar.things")
        if onto == "filled":
            before.load([_slice(before, [_row(n) for n in range(8000)], run="first")])
        before.close()
        _kill_in_load(tmp_path / "local", draw.uniform(0.05, 0.7))
        services.others_are_gone(warehouse)
        held = _held(warehouse)
        changed = {int(key) for key, row in held.items() if row[1] == "killed"}
        assert all(
            len(changed & set(range(n, n + 2000))) in {0, 2000} for n in range(0, 8000, 2000)
        )
        assert len(held) == (8000 if onto == "filled" else len(changed))
        after = Landing(warehouse)
        found = after.load([_slice(after, everything, run="again")])
        after.close()
        assert found == {"things": 8000 - len(changed)}
        held = _held(warehouse)
        assert {row[0]["version"] for row in held.values()} == {2}
        assert len(held) == 8000
