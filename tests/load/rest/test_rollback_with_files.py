"""A load by MySQL whose files came over the API is taken back as a whole."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine, text

from load import run as by_mysql
from load.files.ledger import FileLedger
from load.files.upload import Uploaded, upload_files
from load.files.uploads import read_uploads
from load.handover.marks import Marks
from load.mysql.checksums import Sum, columns_of, table_sum
from load.planning import routes
from load.rollback import commands as rollback_commands
from load.rollback import run as rollback
from load.rollback.run import Undone, roll_back
from load.target.inspection import inspect
from load.target.targets import current
from runtime.errors import GateFailed, Unfinished
from runtime.manifest import Manifest, Mart, MartColumn, Reference
from runtime.run_ledger import stage
from runtime.settings import splynx_db
from tests.load.miniature import attest_switches, column, mart
from tests.load.rest import rest_world
from tests.load.rest.file_marts import said_of
from tests.load.rest.talking import QUICK, api
from tests.sandbox.splynx_process import SplynxProcess, running
from tests.services import Splynxes, plain

pytestmark = [pytest.mark.postgres, pytest.mark.mysql]

LINKS = ("ticket_messages_to_files_upload", "scheduling_task_attachment")
FILES = {"1": ("document", b"%PDF"), "3": ("message", b"\x89PNG"), "4": ("task", b"\x00\xff")}
_MOMENT = ("created_at", "updated_at", "resolved_at", "assinged_at")
_MORE = ("scheduled_from", "scheduled_to")


def _columns(**kinds: str) -> list[MartColumn]:
    """Return columns; those of type `file` are text that the upload fills."""
    return [
        column(name, "text", "") if kind == "file" else column(name, kind)
        for name, kind in kinds.items()
    ]


def _mart(name: str, way: str, columns: list[MartColumn], *to: Reference) -> Mart:
    group = "customer" if name == "customer_documents" else "trailing"
    key = ("id",) if columns[0].name == "id" else tuple(one.name for one in columns)
    files = {key: said for key, said in said_of(name).items() if key != "row"}
    return replace(
        mart(name, group, columns, to),
        routes=frozenset({way}),
        preferred=way,
        key=key,
        files=files,
    )


def _link(name: str, owner: str, to: str) -> Mart:
    file = Reference("file_id", "files_upload", "id")
    columns = _columns(**{owner: "bigint", "file_id": "bigint"})
    return _mart(name, "files", columns, Reference(owner, to, "id"), file)


MANIFEST = Manifest(
    (
        _mart(
            "customer_documents",
            "mysql",
            _columns(
                id="bigint", hash_id="text", added_by_id="bigint", customer_id="bigint",
                type="text", title="text", created_at="timestamp", updated_at="timestamp",
                description="text", filename_original="file", filename_uploaded="file",
                code="file",
            ),
        ),
        _mart(
            "ticket_messages",
            "mysql",
            _columns(id="bigint", ticket_id="bigint", date="date", time="time", message="bytea"),
        ),
        _mart(
            "scheduling_task",
            "mysql",
            _columns(
                id="bigint", title="text", description="text", project_id="bigint",
                assignee="bigint", checklist_template_id="bigint", workflow_status_id="bigint",
                **dict.fromkeys((*_MOMENT, *_MORE), "timestamp"),
            ),
        ),
        _mart(
            "files_upload",
            "files",
            _columns(
                id="bigint", hash_id="text", type="text", filename_original="text",
                filename_uploaded="file",
            ),
        ),
        _link(LINKS[0], "message_id", "ticket_messages"),
        _link(LINKS[1], "task_id", "scheduling_task"),
    ),
    "files",
)  # fmt: skip
FAR = 5000
ROWS = f"""
insert into splynx_staging.customer_documents values
('file:1', '5', {FAR}, 'h1', 1, :customer, 'uploaded', 'Lease.pdf', '2025-01-02', '2025-01-02',
    'Sonar file 1', 'Lease.pdf', null, null);
insert into splynx_staging.ticket_messages values
('reply:7', {FAR}, :ticket, '2025-01-02', '10:00', 'See file'),
('reply:8', {FAR + 1}, :ticket, '2025-01-02', '11:00', 'No file');
insert into splynx_staging.scheduling_task values
('9', {FAR}, 'Install', '', 1, 1, 1, 1{", '2025-01-02'" * 6});
insert into splynx_staging.files_upload values
('3', {FAR}, 'h3', 'ticket_attachment', 'a.png', null),
('4', {FAR + 1}, 'h4', 'scheduling_task_attachment', 'b.bin', null);
insert into splynx_staging.{LINKS[0]} values ('3', {FAR}, {FAR});
insert into splynx_staging.{LINKS[1]} values ('4', {FAR}, {FAR + 1})
"""
OWN = 4  # rows by MySQL
OF_FILES = 4  # rows that the uploads make


@contextmanager
def _named(run_id: str) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RUN_ID", run_id)
        yield


@dataclass(frozen=True, slots=True)
class Desk:
    """A Splynx in use, and marts with files."""

    server: SplynxProcess
    warehouse: Engine
    store: Path

    def load(self, run_id: str, *, files: bool = True) -> Uploaded | None:
        """Load as a hybrid run does, or by MySQL alone."""
        with _named(run_id), stage("load") as run:
            chosen = routes.assigned(MANIFEST, routes.HYBRID)
            by_mysql.load(run, splynx_db(), MANIFEST, routes=chosen)
            run.note(route=routes.HYBRID)
            if not files:
                return None
            with run.engine.connect() as warehouse:
                target = current(warehouse, splynx_db().address)
            return asyncio.run(
                upload_files(
                    api(self.server),
                    FileLedger(run.engine, target.name, run_id, read_uploads(MANIFEST)),
                    1,
                    manners=QUICK,
                    marks=Marks(run, target, self.server.database.engine, MANIFEST),
                    store=self.store,
                )
            )

    def content(self) -> dict[str, Sum]:
        """Return the sum of every table that the load may write."""
        with self.server.database.engine.connect() as connection:
            tables = columns_of(connection)
            return {one.name: table_sum(connection, one.name, tables[one.name])
                    for one in MANIFEST.marts}  # fmt: skip

    def left(self) -> list[str]:
        """Return the tables of `ops` that still know a row or a file."""
        names = ("row_state", "id_map", "handover", "file_upload", "pre_image")
        with self.warehouse.connect() as connection:
            return [
                name
                for name in names
                if connection.execute(text(f"select exists (select from ops.{name})")).scalar_one()
            ]

    def noted(self, run_id: str, figure: str) -> int:
        """Return a figure that a load noted."""
        query = "select cast(detail ->> :figure as integer) from ops.step where run_id = :run"
        with self.warehouse.connect() as connection:
            found = connection.execute(text(query), {"figure": figure, "run": run_id})
            return int(found.scalar_one())

    def execute(self, statement: str) -> None:
        """Change the warehouse."""
        with self.warehouse.begin() as connection:
            connection.exec_driver_sql(statement, {})

    def target(self, statement: str) -> None:
        """Change the target as its staff would."""
        self.server.execute(statement)


@pytest.fixture(scope="module")
def server(splynxes: Splynxes, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SplynxProcess]:
    with splynxes.fresh() as database, running(database, tmp_path_factory.mktemp("api")) as one:
        yield one


@pytest.fixture
def desk(
    server: SplynxProcess, warehouse: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Desk]:
    url = server.database.url.update_query_dict({"ssl_disabled": "true"})
    monkeypatch.setenv("SPLYNX_MYSQL_URL", plain(url))
    monkeypatch.setenv("SPLYNX_TARGET", splynx_db().address)
    monkeypatch.setattr(rollback_commands, "read_manifest", lambda: MANIFEST)
    made = Desk(server, warehouse, tmp_path / "files")
    ids = {
        "customer": server.customer(),
        "ticket": server.create(
            "admin/support/tickets", {"subject": "S", "priority": "low", "type_id": 1}
        ),
    }
    with warehouse.begin() as connection:
        connection.exec_driver_sql("create schema splynx_staging")
        for one in MANIFEST.marts:
            customer = "_customer_key text, " if one.group == "customer" else ""
            columns = ", ".join(f"{c.name} {c.data_type}" for c in one.columns)
            connection.exec_driver_sql(
                f"create table {one.relation} (_sonar_key text, {customer}{columns})"
            )
        for statement in ROWS.split(";\n"):
            connection.execute(text(statement), ids)
        for key, (_, content) in FILES.items():
            sha256 = hashlib.sha256(content).hexdigest()
            path = made.store / sha256[:2] / sha256
            path.parent.mkdir(parents=True)
            path.write_bytes(content)
            connection.execute(
                text(
                    "insert into ops.extract_file (source, _sonar_key, state, sha256, bytes,"
                    " run_id) values ('test', :key, 'stored', :sha256, :bytes, 'r1')"
                ),
                {"key": key, "sha256": sha256, "bytes": len(content)},
            )
    with stage("inspect") as run:
        inspect(run, splynx_db(), MANIFEST)
    attest_switches(splynx_db().address)
    rest_world.accept(warehouse, MANIFEST)
    yield made
    for one in MANIFEST.marts:
        ours = f" where id >= {FAR}" if one.group == "trailing" else ""
        made.target(f"delete from {one.name}{'' if one.routes == {routes.FILES} else ours}")


def rolled_back(run_id: str) -> Undone:
    with stage("rollback") as run:
        return roll_back(run, splynx_db(), MANIFEST, run_id)


def test_the_whole_run_goes_and_the_next_load_uploads_again(desk: Desk) -> None:
    before = desk.content()
    first = desk.load("run-1")
    assert first is not None
    assert (first.uploaded, first.items) == (len(FILES), [])
    assert all(desk.content()[name] != before[name] for name in before)

    done = CliRunner().invoke(
        rollback_commands.rollback_command, ["--run", "run-1"], catch_exceptions=False
    )

    assert done.exit_code == 0
    assert f"{OWN + OF_FILES} rows deleted, 0 put back" in done.output
    assert "3 files have no row any more: their bytes stay on Splynx's disk" in done.output
    assert (desk.content(), desk.left()) == (before, [])
    assert rolled_back("run-1").deleted == 0
    again = desk.load("run-2")
    assert again is not None
    assert (again.uploaded, again.found) == (len(FILES), 0)
    desk.load("run-3")
    assert desk.noted("run-3", "kept_as_edited") == 0  # what the upload filled is ours
    rolled_back("run-2")
    assert desk.content() == before


def test_killed_before_it_is_written_down_it_ends_the_same(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = desk.content()
    desk.load("run-1")

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    for _ in range(len(MANIFEST.marts)):  # each time one table further
        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(rollback, "_forget", killed)
            rolled_back("run-1")
    done = rolled_back("run-1")
    assert (done.kept, desk.content(), desk.left()) == ([], before, [])


def test_a_file_that_staff_led_elsewhere_stays(desk: Desk) -> None:
    desk.load("run-1")
    ours = f"where message_id = {FAR}"
    desk.target(f"update {LINKS[0]} set message_id = 1 {ours}")
    comment = "scheduling_task_comment_to_files_upload"
    desk.target(f"insert into {comment} select 1, file_id from {LINKS[1]} where task_id = {FAR}")
    with pytest.raises(Unfinished) as error:
        rolled_back("run-1")
    reasons = [(item.split(": ")[0], item.split(" of ")[1]) for item in error.value.items]
    assert reasons == [
        ("files_upload 3", f"{LINKS[0]}, which is not"),
        ("files_upload 4", f"{comment}, which is not"),
    ]
    found = desk.server.scalar
    assert found(f"select count(*) from {LINKS[0]} where message_id = 1") == 1
    assert found("select count(*) from files_upload") == len(reasons)
    assert found(f"select count(*) from ticket_messages where id >= {FAR}") == 0
    desk.target(f"delete from {comment}")


def test_files_of_a_later_run_go_with_that_run_first(desk: Desk) -> None:
    before = desk.content()
    desk.load("run-1", files=False)
    rows = desk.content()
    desk.load("run-2")

    with pytest.raises(GateFailed, match=r"roll back run-2 \(2 rows\) first"):
        rolled_back("run-1")
    later = rolled_back("run-2")
    assert (later.deleted, later.files, later.bytes_left) == (OF_FILES, 2, 1)
    assert {name for name in rows if desk.content()[name] != rows[name]} == {"customer_documents"}
    first = rolled_back("run-1")
    assert (first.deleted, first.files, first.bytes_left) == (OWN, 1, 0)
    assert (desk.content(), desk.left()) == (before, [])


def test_a_run_that_wrote_rows_over_the_api_is_refused(desk: Desk) -> None:
    desk.load("run-1", files=False)
    rows = desk.content()
    desk.execute(
        """update ops.row_state set api = '{"item": "x/1"}' where table_name = 'scheduling_task'"""
    )
    with pytest.raises(GateFailed, match="wrote rows of scheduling_task over the API"):
        rolled_back("run-1")
    assert desk.content() == rows
    desk.execute("update ops.row_state set api = null")
    assert rolled_back("run-1").deleted == OWN
