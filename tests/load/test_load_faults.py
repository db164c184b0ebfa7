"""Servers that refuse, fail, stop and get in the way: what is said, and how the load goes on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, create_engine, make_url
from sqlalchemy.exc import DBAPIError

from load.run import Result
from runtime.errors import (
    ConfigError,
    FatalTargetError,
    GateFailed,
    MigrationError,
    RetriableTargetError,
    TargetError,
    Unfinished,
    WarehouseError,
)
from runtime.settings import splynx_db
from services import mariadb
from tests.load import miniature
from tests.load.conftest import Scene
from tests.proving import cases
from tests.services import Splynx, Splynxes, others_are_gone, plain, temporary_folder

pytestmark = [pytest.mark.postgres, pytest.mark.mysql]

PATIENCE = 120  # seconds, of a busy machine

# One that changes nothing, many that change much at once, and (in a proof) each by itself.
MODES = [
    "",
    "ANSI,TRADITIONAL,NO_BACKSLASH_ESCAPES,PAD_CHAR_TO_FULL_LENGTH,NO_AUTO_VALUE_ON_ZERO,"
    "HIGH_NOT_PRECEDENCE,NO_UNSIGNED_SUBTRACTION,SIMULTANEOUS_ASSIGNMENT,EMPTY_STRING_IS_NULL,"
    "TIME_ROUND_FRACTIONAL,NO_DIR_IN_CREATE,ALLOW_INVALID_DATES",
    "ORACLE", "MSSQL", "DB2", "MAXDB", "MYSQL40", "POSTGRESQL", "ANSI", "TRADITIONAL",
    "ANSI_QUOTES", "PIPES_AS_CONCAT", "IGNORE_SPACE", "IGNORE_BAD_TABLE_OPTIONS", "REAL_AS_FLOAT",
    "ONLY_FULL_GROUP_BY", "NO_UNSIGNED_SUBTRACTION", "NO_DIR_IN_CREATE", "NO_AUTO_VALUE_ON_ZERO",
    "NO_BACKSLASH_ESCAPES", "STRICT_TRANS_TABLES", "STRICT_ALL_TABLES", "NO_ZERO_IN_DATE",
    "NO_ZERO_DATE", "ALLOW_INVALID_DATES", "ERROR_FOR_DIVISION_BY_ZERO", "HIGH_NOT_PRECEDENCE",
    "NO_ENGINE_SUBSTITUTION", "PAD_CHAR_TO_FULL_LENGTH", "EMPTY_STRING_IS_NULL",
    "SIMULTANEOUS_ASSIGNMENT", "TIME_ROUND_FRACTIONAL",
]  # fmt: skip


@pytest.fixture
def root(splynxes: Splynxes) -> Iterator[Engine]:
    """Administrator of the whole server."""
    engine = create_engine(splynxes.server.url("mysql"), isolation_level="AUTOCOMMIT")
    yield engine
    engine.dispose()


@contextmanager
def setting(root: Engine, name: str, value: object) -> Iterator[None]:
    """Have new sessions of the server find another setting."""
    with root.connect() as connection:
        before: object = connection.exec_driver_sql(f"select @@global.{name}").scalar_one()
        connection.exec_driver_sql(f"set global {name} = %s", (value,))
        try:
            yield
        finally:
            connection.exec_driver_sql(f"set global {name} = %s", (before,))


def _wait(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.15)  # asked more often, InnoDB shows what it showed before


_WAITING = (
    "select trx_mysql_thread_id from information_schema.innodb_trx where trx_state = 'LOCK WAIT'"
)


def _waiting(root: Engine) -> list[int]:
    with root.connect() as connection:
        return [row[0] for row in connection.exec_driver_sql(_WAITING)]


@contextmanager
def stuck(
    scene: Scene, root: Engine, *, rows: int, gives_up: bool = False
) -> Iterator[tuple[Future[Result], Connection]]:
    """Yield a load that waits inside a batch for a row of staff's, and their open session.

    One that gives up may have done so before it is seen waiting: its error tells that it waited.
    """
    with scene.splynx.engine.connect() as staff, ThreadPoolExecutor(1) as pool:
        staff.exec_driver_sql(
            "insert into notes (body) select 'x' from seq_1_to_3000"  # outweighs the load's work
        )
        staff.exec_driver_sql(
            "insert into clients (id, login, name, balance, since, last_seen)"
            " values (40, 'theirs', 'Theirs', 0, '2024-01-01', '2024-01-01')"
        )
        running = pool.submit(miniature.run_load, rows=rows)
        try:
            _wait(lambda: running.done() or bool(_waiting(root)), "the load never waited")
            assert gives_up or not running.done()
            yield running, staff
        finally:
            with suppress(DBAPIError):
                staff.rollback()


def whole_customers(scene: Scene) -> int:
    """Return how many customers are in the target, all of them with their second row."""
    ((clients, whole),) = scene.target_rows(
        "select count(*), count(i.client_id) from clients as c"
        " left join client_info as i on i.client_id = c.id"
    )
    assert clients == whole
    return int(str(clients))


def goes_on_to_the_end(scene: Scene) -> None:
    """Load again, and see that nothing tells that it was ever interrupted."""
    miniature.run_load()
    assert miniature.content(scene.splynx.engine) == miniature.mart_content(scene.warehouse)
    assert scene.rows("select state, count(*) from ops.row_state group by 1") == [
        ("written", scene.sizes.rows)
    ]
    assert miniature.run_load().written == 0


def fails(kind: type[MigrationError], words: str, scene: Scene) -> None:
    with pytest.raises(kind, match=words):
        miniature.run_load()
    assert scene.target_rows("select count(*) from clients") == [(0,)]
    assert scene.rows(
        "select exit_code from ops.step where step = 'load' order by started_at desc limit 1"
    ) == [(kind.exit_code,)]


def test_a_connection_that_is_killed_inside_a_batch(scene: Scene, root: Engine) -> None:
    with stuck(scene, root, rows=20) as (running, _):
        with root.connect() as connection:
            for thread in _waiting(root):
                connection.exec_driver_sql(f"kill {thread}")
        with pytest.raises(TargetError, match="no answer from the Splynx database"):
            running.result(PATIENCE)
    assert 0 < whole_customers(scene) < 60
    goes_on_to_the_end(scene)


def test_a_warehouse_that_goes_away_inside_a_batch(scene: Scene, root: Engine) -> None:
    with stuck(scene, root, rows=20) as (running, staff):
        scene.warehouse.dispose()
        with scene.warehouse.connect() as connection:
            connection.exec_driver_sql(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = current_database() and pid <> pg_backend_pid()",
                {},
            )
        staff.rollback()
        with pytest.raises(WarehouseError, match="connection to the warehouse was lost"):
            running.result(PATIENCE)
    others_are_gone(scene.warehouse)  # they were told to go, not waited for
    assert 0 < whole_customers(scene) < 60
    goes_on_to_the_end(scene)


def test_rows_that_others_keep_locked(scene: Scene, root: Engine) -> None:
    with setting(root, "innodb_lock_wait_timeout", 1):
        with stuck(scene, root, rows=20, gives_up=True) as (running, _):
            with pytest.raises(RetriableTargetError, match=r"keeps rows locked \(error 1205\)"):
                running.result(PATIENCE)
            assert whole_customers(scene) > 0
        goes_on_to_the_end(scene)


def test_a_deadlock_is_tried_again_by_itself(scene: Scene, root: Engine) -> None:
    deadlocks = "show global status like 'Innodb_deadlocks'"
    with root.connect() as connection:
        before = int(connection.exec_driver_sql(deadlocks).one()[1])
        with stuck(scene, root, rows=20_000) as (running, staff):
            staff.exec_driver_sql("select * from clients where id = 1 for update")
            staff.rollback()
            assert running.result(PATIENCE).inserted == scene.sizes.rows
        assert int(connection.exec_driver_sql(deadlocks).one()[1]) > before
    goes_on_to_the_end(scene)


def test_two_loads_at_once(scene: Scene, root: Engine) -> None:
    with stuck(scene, root, rows=20) as (running, staff):
        with pytest.raises(GateFailed, match="another run is at work"):
            miniature.run_load()
        staff.rollback()
        assert running.result(PATIENCE).inserted == scene.sizes.rows
    assert miniature.run_load().written == 0


def test_a_row_that_no_packet_can_hold(scene: Scene, root: Engine) -> None:
    scene.target("alter table clients modify note mediumtext null")
    miniature.run_inspect()
    scene.mart("update splynx_staging.clients set parent_id = null")
    scene.mart("update splynx_staging.clients set note = repeat('x', 1500000) where id = 7")
    miniature.accept(scene.warehouse)
    with setting(root, "max_allowed_packet", 1024 * 1024):
        with pytest.raises(Unfinished) as refused:
            miniature.run_load()
        assert refused.value.items[0].startswith("clients 7: error 1153")
        assert scene.target_rows("select count(*), sum(id = 7) from clients") == [(59, 0)]
    goes_on_to_the_end(scene)


@pytest.mark.prove
@pytest.mark.parametrize("mode", MODES[: cases(quick=2, long=len(MODES))])
def test_every_mode_of_the_server(scene: Scene, root: Engine, mode: str) -> None:
    with setting(root, "sql_mode", mode):
        miniature.run_inspect()
        miniature.accept(scene.warehouse)
        for bulk in (True, False):
            miniature.run_load(bulk=bulk)
            scene.mart("update splynx_staging.clients set name = name || '!' where id <= 10")
            miniature.accept(scene.warehouse)
        miniature.run_load()
    assert miniature.content(scene.splynx.engine) == miniature.mart_content(scene.warehouse)


def test_a_server_that_only_reads(scene: Scene, root: Engine) -> None:
    with setting(root, "read_only", 1):
        fails(ConfigError, "error 1290", scene)
    goes_on_to_the_end(scene)


def test_an_account_without_a_right(scene: Scene, root: Engine) -> None:
    url = scene.splynx.url
    database = str(url.database).replace("_", r"\_")
    account = f"on `{database}`.* {{}} `{url.username}`@`{url.host}`"
    with root.connect() as connection:
        connection.exec_driver_sql("revoke insert " + account.format("from"))
        try:
            fails(ConfigError, "error 1142", scene)
        finally:
            connection.exec_driver_sql("grant insert " + account.format("to"))
    goes_on_to_the_end(scene)


@pytest.mark.parametrize("name", ["nowhere", "mysql"])
def test_a_database_that_is_not_there_or_not_ours(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("SPLYNX_MYSQL_URL", plain(make_url(scene.splynx.url).set(database=name)))
    monkeypatch.setenv("SPLYNX_TARGET", splynx_db().address)
    with pytest.raises(ConfigError, match=r"error 10(44|49)"):
        miniature.run_inspect()
    address = splynx_db().address
    scene.mart(f"update ops.target set address = '{address}', target = '{address}#1'")
    scene.mart(f"update ops.acceptance set target = '{address}#1'")
    fails(ConfigError, r"error 10(44|49)", scene)


def test_a_database_that_is_no_splynx(scene: Scene) -> None:
    for mart in reversed(miniature.MANIFEST.marts):
        scene.target(f"rename table {mart.name} to other_{mart.name}")
    miniature.run_inspect()
    miniature.accept(scene.warehouse)
    with pytest.raises(GateFailed) as refused:
        miniature.run_load()
    assert [line.split(":")[0] for line in refused.value.report["contract"]] == [
        mart.name for mart in miniature.MANIFEST.marts
    ]


@dataclass(frozen=True, slots=True)
class OwnServer:
    """A server that a test may stop, and whose disk is as large as it is told."""

    folder: Path

    def start(self, megabytes: int = 24) -> mariadb.MariaDb:
        """Start it, or leave it running."""
        size = {
            "innodb-data-file-path": f"ibdata1:12M:autoextend:max:{megabytes}M",
            "innodb-autoextend-increment": "1",
        }
        return mariadb.up(self.folder, options=size)

    def stop(self) -> None:
        """Stop it; sessions end, what is open is rolled back."""
        mariadb.down(self.folder)


@pytest.fixture(scope="module")
def small(
    fast_servers: None,  # noqa: ARG001 - goes first
) -> Iterator[OwnServer]:
    """Run a server for these tests alone, in place of the session's."""
    with temporary_folder("small") as folder:
        server = OwnServer(folder)
        try:
            yield server
        finally:
            server.stop()


@pytest.fixture
def own(small: OwnServer, warehouse: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """60 customers, ready to be loaded into the small server."""
    server = small.start()
    with closing(server.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("drop database if exists own")
        cursor.execute("create database own")
    url = server.url("own").update_query_dict({"ssl_disabled": "true"})
    monkeypatch.setenv("SPLYNX_MYSQL_URL", plain(url))
    address = splynx_db().address
    monkeypatch.setenv("SPLYNX_TARGET", address)
    engine = create_engine(server.url("own"), pool_pre_ping=True)
    miniature.create_target(engine)
    sizes = miniature.create_marts(warehouse, 60)
    miniature.run_inspect()
    miniature.accept(warehouse)
    miniature.attest_switches(address)
    yield Scene(warehouse, Splynx(url, url, address, engine), sizes)
    engine.dispose()


def test_a_disk_that_is_full(own: Scene, small: OwnServer) -> None:
    own.target("alter table clients modify note mediumtext null")
    miniature.run_inspect()
    own.mart("create table kept as select id, note from splynx_staging.clients")
    own.mart("update splynx_staging.clients set note = repeat('x', 400000)")
    miniature.accept(own.warehouse)
    with pytest.raises(FatalTargetError, match="no space left"):
        miniature.run_load()
    whole_customers(own)
    small.stop()
    small.start(megabytes=256)
    own.mart(
        "update splynx_staging.clients as c set note = kept.note from kept where kept.id = c.id"
    )
    miniature.accept(own.warehouse)
    goes_on_to_the_end(own)


def test_a_server_that_is_restarted(own: Scene, small: OwnServer) -> None:
    admin = create_engine(small.start().url("mysql"), isolation_level="AUTOCOMMIT")
    with stuck(own, admin, rows=20) as (running, _):
        small.stop()
        small.start(megabytes=256)
        with pytest.raises(TargetError, match="no answer from the Splynx database"):
            running.result(PATIENCE)
    admin.dispose()
    assert 0 < whole_customers(own) < 60
    goes_on_to_the_end(own)
