"""Columns of bytes: what is in the mart is in the target, byte for byte, whichever way it went."""

from __future__ import annotations

import random

import pytest
from sqlalchemy import Engine, create_engine

from load.rollback.run import roll_back
from runtime.errors import GateFailed
from runtime.manifest import Manifest
from runtime.run_ledger import stage
from runtime.settings import splynx_db
from tests.load import miniature
from tests.load.miniature import column, mart
from tests.services import Splynx, Splynxes, plain

pytestmark = [pytest.mark.postgres, pytest.mark.mysql]

FILES = mart(
    "files",
    "foundation",
    [
        column("id", "bigint"),
        column("name", "text"),
        column("content", "bytea"),
        column("thumb", "bytea", ""),
        column("digest", "bytea"),
    ],
)
_CHANCE = random.Random(7)
CONTENTS = [
    b"",
    b"\x00",
    b"NULL",
    bytes(range(256)),
    b"\x00' \" \\ \\' \n\r\t\x1a\x1e\x1f,;",
    b"\xff\xfe\x80\xc3(\xed\xa0\x80",  # no UTF-8
    "\U0001f6f0".encode(),
    b"a ",
    _CHANCE.randbytes(1024 * 1024),
    b"\x00\\'" * 350_000,
]


@pytest.fixture
def engine(warehouse: Engine, splynx: Splynx, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """Return the warehouse, with a mart of files beside the target's empty table."""
    plaintext = splynx.url.update_query_dict({"ssl_disabled": "true"})
    monkeypatch.setenv("SPLYNX_MYSQL_URL", plain(plaintext))
    monkeypatch.setattr(miniature, "MANIFEST", Manifest((FILES,), "bytes"))
    with splynx.engine.begin() as connection:
        connection.exec_driver_sql(
            "create table files (id int unsigned not null primary key, name text not null,"
            " content longblob null, thumb varbinary(300) not null, digest binary(4) null,"
            " unique key digest (digest))"
        )
    with warehouse.begin() as connection:
        connection.exec_driver_sql(
            "create schema splynx_staging; create table splynx_staging.files"
            " (_sonar_key text, id bigint, name text, content bytea, thumb bytea, digest bytea)"
        )
    _fill(warehouse, 0)
    miniature.run_inspect()
    miniature.accept(warehouse)
    return warehouse


def _expected(shift: int) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    for n in range(1, 13):
        content = CONTENTS[(n + shift) % len(CONTENTS)] if n % 6 else None
        thumb = (content or b"")[:300]
        digest = bytes((n, 0, 255 - shift, 39)) if n % 5 else None
        rows.append((n, f"{shift} {n} '\\", content, thumb, digest))
    return rows


def _fill(warehouse: Engine, shift: int) -> None:
    with warehouse.begin() as connection:
        connection.exec_driver_sql("delete from splynx_staging.files")
        for row in _expected(shift):
            thumb = row[3] or None  # "none" is empty in the target
            connection.exec_driver_sql(
                "insert into splynx_staging.files values (%s, %s, %s, %s, %s, %s)",
                (str(row[0]), *row[:3], thumb, row[4]),
            )


def _held(splynx: Splynx) -> list[tuple[object, ...]]:
    with splynx.engine.connect() as connection:
        rows = connection.exec_driver_sql("select * from files order by id")
        return [tuple(row) for row in rows]


def _allow_temporary_tables(splynxes: Splynxes, splynx: Splynx) -> None:
    root = create_engine(splynxes.server.url("mysql"), isolation_level="AUTOCOMMIT")
    database = str(splynx.url.database).replace("_", r"\_")
    with root.connect() as connection:
        connection.exec_driver_sql(
            f"grant create temporary tables on `{database}`.* to"
            f" `{splynx.url.username}`@`{splynx.url.host}`"
        )
    root.dispose()


@pytest.mark.parametrize("way", ["local", "statements", "single rows"])
def test_bytes_survive_new_changed_and_taken_back(
    engine: Engine, splynx: Splynx, splynxes: Splynxes, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    if way != "single rows":  # updates are, where nothing can be staged
        _allow_temporary_tables(splynxes, splynx)
    before = _expected(0)
    if way == "statements":  # what separates the texts of an image, so that it takes another form
        before[2] = (3, "\x1f", *before[2][2:])
        with engine.begin() as connection:
            connection.exec_driver_sql(
                "update splynx_staging.files set name = chr(31) where id = 3"
            )
        miniature.accept(engine)
    first = miniature.run_load(bulk=way != "statements")
    assert (first.inserted, first.single) == (12, 0)
    assert _held(splynx) == before
    assert miniature.run_load().written == 0
    _fill(engine, 1)
    miniature.accept(engine)
    monkeypatch.setenv("RUN_ID", "changed")
    second = miniature.run_load(bulk=way != "statements")
    assert (second.updated, second.single) == (12, 12 if way == "single rows" else 0)
    assert _held(splynx) == _expected(1)
    monkeypatch.delenv("RUN_ID")
    assert miniature.run_load().written == 0
    with stage("rollback") as run:
        assert roll_back(run, splynx_db(), miniature.MANIFEST, "changed").put_back == 12
    assert _held(splynx) == before


def test_bytes_that_staff_changed_stay(engine: Engine, splynx: Splynx) -> None:
    miniature.run_load()
    with splynx.engine.begin() as connection:
        connection.exec_driver_sql("update files set content = x'00ff27' where id in (3, 4)")
    with engine.begin() as connection:
        connection.exec_driver_sql("update splynx_staging.files set name = 'n' where id = 3")
        connection.exec_driver_sql(
            "update splynx_staging.files set content = '\\x0102' where id = 4"
        )
    miniature.accept(engine)
    result = miniature.run_load()
    assert [str(conflict) for conflict in result.plan.conflicts] == ["files 4: content"]
    held = {row[0]: row for row in _held(splynx)}
    assert held[3][1:3] == ("n", b"\x00\xff'")
    assert held[4][2] == b"\x00\xff'"
    assert miniature.run_load(on_conflict="overwrite").updated == 1
    assert {row[0]: row[2] for row in _held(splynx)}[4] == b"\x01\x02"


def test_bytes_that_are_taken_are_a_collision(engine: Engine, splynx: Splynx) -> None:
    with splynx.engine.begin() as connection:
        connection.exec_driver_sql("insert into files values (900, '', null, '', x'0300ff27')")
    miniature.run_inspect()
    miniature.accept(engine)
    with pytest.raises(GateFailed, match="files: digest of record 3 is in use by row 900"):
        miniature.run_load()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("modify content blob", "the mart holds 1050000 bytes, the target takes 65535"),
        ("modify digest binary(5)", "the mart holds 4 bytes, which binary(5) would fill up"),
        ("modify thumb text not null", "the mart's bytea cannot be stored exactly"),
    ],
)
def test_bytes_that_do_not_fit(engine: Engine, splynx: Splynx, change: str, said: str) -> None:
    with splynx.engine.begin() as connection:
        connection.exec_driver_sql(f"alter table files {change}")
    miniature.run_inspect()
    miniature.accept(engine)
    with pytest.raises(GateFailed) as refused:
        miniature.run_load()
    (found,) = refused.value.report["contract"]
    assert said in found
