"""Parcels against real servers: values survive both ways, and nothing lenient is let through."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pymysql.err import MySQLError
from sqlalchemy import Engine, create_engine

from load.mysql.bulk import BulkWriter
from load.mysql.offering import NAME, Offering
from load.mysql.quarantine import Refused
from load.mysql.read_facts import table_facts
from load.mysql.session import answering
from load.mysql.ways import ask
from load.rollback.run import roll_back
from load.target.targets import current
from load.writing.batch_ledger import BatchLedger
from load.writing.parcels import Parcel, Rows
from load.writing.plan_writer import Writing
from load.writing.pre_images import Images, unpack
from runtime.errors import Unfinished
from runtime.run_ledger import stage
from runtime.settings import splynx_db
from tests.load import miniature
from tests.load.conftest import Scene
from tests.services import Splynx, Splynxes

pytestmark = [pytest.mark.postgres, pytest.mark.mysql]

BIG = "\U0001f6f0 tab\t line\n form\f \\ ' \" ; " * 40_000  # more than 1 MB
UGLY = [
    "",
    "NULL",
    "\\N",
    '"',
    'a"b,c\\',
    "\r\n",
    "\x0b\x0c\x1a\x1e",
    "_utf8mb4 x'41'",
    "%s %%",
    BIG,
]


@pytest.fixture
def root(splynxes: Splynxes) -> Iterator[Engine]:
    """Administrator of the whole server; its settings are put back."""
    engine = create_engine(splynxes.server.url("mysql"), isolation_level="AUTOCOMMIT")
    yield engine
    with engine.connect() as connection:
        connection.exec_driver_sql("set global local_infile = on")
    engine.dispose()


@pytest.fixture
def staging(root: Engine, splynx: Splynx) -> None:
    """Let the load's account make temporary tables."""
    database = str(splynx.url.database).replace("_", r"\_")  # else it matches less than ours
    with root.connect() as connection:
        connection.exec_driver_sql(
            f"grant create temporary tables on `{database}`.* to"
            f" `{splynx.url.username}`@`{splynx.url.host}`"
        )


MONEY = ["0.0000", "-0.0001", "999999999999999.9999", "-999999999999999.9999", "0.1000"]
DAYS = [None, "1000-01-01", "9999-12-31", "2024-02-29"]


def _set_ugly(scene: Scene, shift: int) -> None:
    with scene.warehouse.begin() as connection:
        for n in range(1, 61):
            value = UGLY[(n + shift) % len(UGLY)] if n < 25 else f"{shift}"
            connection.exec_driver_sql(
                "update splynx_staging.clients set note = %s, name = left(%s, 100), balance = %s,"
                " since = %s, last_seen = %s where id = %s",
                (
                    value if n % 4 else None,
                    value,
                    MONEY[(n + shift) % len(MONEY)],
                    DAYS[(n + shift) % len(DAYS)],
                    DAYS[(n + 2 * shift) % len(DAYS)],
                    n,
                ),
            )
    miniature.accept(scene.warehouse)


def _images(scene: Scene, what: str) -> list[tuple[object, ...]]:
    with scene.warehouse.begin() as warehouse:
        unpack(warehouse, current(warehouse, splynx_db().address))
    return scene.rows(f"select {what}")


@pytest.mark.parametrize("bulk", [True, False], ids=["local", "statements"])
@pytest.mark.usefixtures("staging")
def test_every_value_survives_new_and_changed(scene: Scene, *, bulk: bool) -> None:
    """Through parcels alone, rows of more than a megabyte too."""
    scene.target("alter table clients modify note mediumtext null")
    miniature.run_inspect()
    _set_ugly(scene, 0)
    first = miniature.run_load(bulk=bulk)
    assert first.inserted == scene.sizes.rows
    assert ("LOAD DATA" in str(first.ways)) is bulk
    before = miniature.content(scene.splynx.engine)
    assert before == miniature.mart_content(scene.warehouse)
    _set_ugly(scene, 1)
    scene.mart("update splynx_staging.subscriptions set ends = null where id %% 2 = 0")
    miniature.accept(scene.warehouse)
    second = miniature.run_load(bulk=bulk)
    assert second.updated > 60
    assert miniature.content(scene.splynx.engine) == miniature.mart_content(scene.warehouse)
    assert (first.single, second.single) == (0, 0)
    names = [column.name for column in miniature.CLIENTS.columns]
    told = {row[0]: dict(zip(names, row, strict=True)) for row in before["clients"]}
    images = _images(scene, "image from ops.pre_image where table_name = 'clients'")
    assert len(images) == 60
    assert all(image == told[image["id"]] for (image,) in images)  # type: ignore[index,call-overload]
    assert miniature.run_load(bulk=bulk).written == 0


@pytest.mark.parametrize("held", [True, False], ids=["staged", "single rows"])
def test_what_staff_changes_while_the_load_runs_is_kept_and_imaged_not(
    scene: Scene, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, *, held: bool
) -> None:
    if held:
        request.getfixturevalue("staging")
    miniature.run_load()
    scene.mart("update splynx_staging.clients set name = 'by Sonar' where id in (4, 5, 6)")
    miniature.accept(scene.warehouse)
    carry_out = Writing.carry_out

    def late(self: Writing, *told: Any) -> None:  # between the plan and the first write
        scene.target("update clients set name = 'by staff' where id = 5")
        carry_out(self, *told)

    with monkeypatch.context() as patch:
        patch.setattr(Writing, "carry_out", late)
        result = miniature.run_load()
    assert (result.updated, result.kept) == (2, ["clients 5"])
    assert result.single == (0 if held else 2)
    assert scene.target_rows("select id, name from clients where id in (4, 5, 6) order by id") == [
        (4, "by Sonar"), (5, "by staff"), (6, "by Sonar")
    ]  # fmt: skip
    assert _images(scene, "row_key ->> 'id' from ops.pre_image order by 1") == [("4",), ("6",)]
    assert scene.rows(
        "select count(*) from ops.row_state where state <> 'written' or new_hash is null"
    ) == [(0,)]
    plan = {table.table: dict(table.counts) for table in miniature.run_load().plan.tables}
    assert plan["clients"] == {"unchanged": 59, "conflict": 1}


@pytest.mark.parametrize("held", [True, False], ids=["staged", "single rows"])
def test_a_row_that_is_not_as_it_was_recorded_is_looked_at_by_the_next_load(
    scene: Scene, request: pytest.FixtureRequest, *, held: bool
) -> None:
    """A hash that no row ever had: one load keeps the row, the next looks and goes on with it."""
    if held:
        request.getfixturevalue("staging")
    miniature.run_load()
    scene.mart(
        "update ops.row_state set new_hash = md5('') || right(new_hash, 9)"
        " where table_name = 'clients' and _sonar_key = '5'"
    )
    scene.mart("update splynx_staging.clients set name = 'by Sonar' where id in (4, 5)")
    miniature.accept(scene.warehouse)
    first = miniature.run_load()
    assert (first.updated, first.kept) == (1, ["clients 5"])
    assert first.single == (0 if held else 1)
    second = miniature.run_load()
    assert (second.updated, second.kept) == (1, [])
    assert miniature.content(scene.splynx.engine) == miniature.mart_content(scene.warehouse)
    assert miniature.run_load().written == 0


def test_the_server_decides_the_way_and_it_is_said(scene: Scene, root: Engine) -> None:
    with root.connect() as connection:
        connection.exec_driver_sql("set global local_infile = off")
    result = miniature.run_load()
    assert str(result.ways) == (
        "inserts by statements of 1,000 rows (the server's local_infile is off);"
        " updates row by row in batches (no right to CREATE TEMPORARY TABLES)"
    )
    assert miniature.content(scene.splynx.engine) == miniature.mart_content(scene.warehouse)
    assert scene.rows("select detail ->> 'ways' from ops.step where step = 'load'") == [
        (str(result.ways),)
    ]


@pytest.mark.parametrize(("dies", "done"), [("write", 0), ("confirm", 2)])
@pytest.mark.usefixtures("staging")
def test_a_parcel_killed_beside_its_commit_is_settled_by_its_rows(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, dies: str, done: int
) -> None:
    miniature.run_load()
    before = miniature.content(scene.splynx.engine)
    scene.mart("update splynx_staging.clients set name = 'by Sonar' where id in (4, 5)")
    miniature.accept(scene.warehouse)

    def dead(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(BulkWriter if dies == "write" else BatchLedger, dies, dead)
        miniature.run_load()
    assert scene.rows("select cardinality(intents) from ops.load_batch") == [(2,)]
    killed = scene.rows("select max(run_id) from ops.load_batch")
    result = miniature.run_load()
    assert (result.settled.done, result.settled.redone, result.updated) == (
        done,
        2 - done,
        2 - done,
    )
    assert miniature.content(scene.splynx.engine) == miniature.mart_content(scene.warehouse)
    assert scene.rows("select 1 from ops.load_batch") == []
    written = scene.rows("select distinct run_id from ops.row_state where old_hash is not null")
    assert (written == killed) is (done == 2)
    if done:
        with stage("rollback") as run:
            undone = roll_back(run, splynx_db(), miniature.MANIFEST, str(killed[0][0]))
        assert undone.put_back == done
        assert miniature.content(scene.splynx.engine) == before
    else:
        keys = _images(scene, "row_key ->> 'id' from ops.pre_image order by 1")
        assert keys == [("4",), ("5",)]


def test_what_load_data_would_store_as_something_else_is_refused(scene: Scene) -> None:
    """Without a look at the warnings this date ends as 0000-00-00."""
    scene.mart("update splynx_staging.clients set since = 'infinity' where id = 3")
    miniature.accept(scene.warehouse)
    with pytest.raises(Unfinished) as refused:
        miniature.run_load()
    assert refused.value.items[0].startswith("clients 3: column since: error 1292")
    assert scene.target_rows("select 1 from clients where since = 0 and id = 3") == []
    assert scene.rows("select 1 from ops.row_state where state = 'intended'") == []


@pytest.fixture
def writer(scene: Scene) -> Iterator[tuple[BulkWriter, Engine]]:  # noqa: ARG001 - the target
    """Yield a writer on the scene's target, and its engine."""
    with stage("load") as run, answering(splynx_db()) as engine:
        with engine.connect() as connection:
            tables = table_facts(connection, ["plans"])
        with run.engine.connect() as warehouse:
            images = Images(run, current(warehouse, splynx_db().address))
        made = BulkWriter(engine, tables, ask(engine), images)
        yield made, engine
        made.close()


def test_a_file_that_ends_early_is_not_taken_for_a_whole_one(
    scene: Scene, writer: tuple[BulkWriter, Engine]
) -> None:
    content = memoryview(b'"1","one","1.0000","5"\n"2","two","2.0000","5"\n')
    rows = Rows(miniature.PLANS, 3, content)
    with pytest.raises(Refused):
        tables = ((rows, Rows(miniature.PLANS, 0)),)
        writer[0].write(Parcel(0, tables, 3, 3, len(content), is_new=True, has_no_ids=True), 0)
    assert scene.target_rows("select count(*) from plans") == [(0,)]


@pytest.mark.parametrize(("asked", "offered"), [("/etc/hostname", True), (NAME, False)])
def test_a_server_gets_no_file_that_was_not_offered(
    scene: Scene, writer: tuple[BulkWriter, Engine], asked: str, *, offered: bool
) -> None:
    raw = writer[1].raw_connection()
    driver = raw.dbapi_connection
    assert isinstance(driver, Offering)
    if offered:
        driver.offer(memoryview(b"secret\n"))
    with driver.cursor() as cursor, pytest.raises(MySQLError, match="asked for a file"):
        cursor.execute(f"load data local infile '{asked}' into table notes (body)")
    driver.commit()
    raw.close()
    assert scene.target_rows("select count(*) from notes") == [(0,)]


def test_parcels_are_bounded_and_hold_whole_clusters(scene: Scene) -> None:
    miniature.run_load(rows=20)
    found = scene.rows(
        "select count(*), array_agg(distinct coalesce(_customer_key, _sonar_key))"
        " from ops.row_state where table_name <> 'notes' group by batch"
    )
    seen = [key for _, keys in found for key in keys]  # type: ignore[attr-defined]
    assert len(found) > 5
    assert len([k for k in seen if k]) == len(set(seen)) + 3  # the plans bear numbers as well
    parents = scene.rows(
        "select count(*) from ops.row_state as child"
        " join splynx_staging.clients as c on c._sonar_key = child._sonar_key"
        " join ops.row_state as parent on parent.table_name = 'clients'"
        " and parent._sonar_key = c.parent_id::text"
        " where child.table_name = 'clients' and child.batch <> parent.batch"
    )
    assert parents == [(0,)]


@pytest.mark.parametrize("forgotten", ["ops.row_state", "ops.id_map", None])
def test_a_new_row_of_which_something_is_on_record_is_written_over_it(
    scene: Scene, forgotten: str | None
) -> None:
    miniature.run_load()
    scene.target("delete from notes")
    scene.mart("update ops.row_state set removed = 'deleted' where table_name = 'notes'")
    if forgotten is not None:
        name = "entity" if forgotten == "ops.id_map" else "table_name"
        scene.mart(f"delete from {forgotten} where {name} = 'notes'")
    notes = scene.rows("select count(*) from splynx_staging.notes")
    assert miniature.run_load().inserted == notes[0][0]
    kept = "select count(*) from ops.row_state where table_name = 'notes' and removed is null"
    assert scene.rows(kept) == notes
    assert scene.rows("select count(*) from ops.id_map where entity = 'notes'") == notes
