"""Files over the API: once, with the right bytes, whatever happens on the way."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from load.files.ledger import FileLedger
from load.files.undoing import FilesUndoing
from load.files.upload import Uploaded, upload_files
from load.rest.client import Splynx
from runtime.errors import TargetError
from tests.load.rest.file_marts import uploads
from tests.load.rest.talking import QUICK, api
from tests.sandbox.splynx_process import SplynxProcess

pytestmark = [pytest.mark.postgres, pytest.mark.mysql]

DOCUMENTS = "admin/customers/customer-documents"
TICKET_FILES = "admin/support/ticket-attachments"
TASK_FILES = "admin/scheduling/tasks-attachments"
FAR = 800_000  # planned ids begin here: one that is not translated leads nowhere
CONTENT = {
    "1": bytes(range(256)) * 40,
    "2": "Übergabe 📡\n".encode(),
    "3": b"\x89PNG\r\n\x1a\n\x00",
    "4": b"",
}
_TABLES = """
create schema splynx_staging;
create table splynx_staging.customer_documents (
    _sonar_key text, _customer_key text, id bigint, type text, title text, description text);
create table splynx_staging.files_upload (_sonar_key text, id bigint, filename_original text);
create table splynx_staging.ticket_messages (_sonar_key text, id bigint);
create table splynx_staging.scheduling_task (_sonar_key text, id bigint);
create table splynx_staging.ticket_messages_to_files_upload (_sonar_key text, message_id bigint);
create table splynx_staging.scheduling_task_attachment (_sonar_key text, task_id bigint);
"""


@dataclass
class World:
    """Two documents, a message and a task in Splynx, each of which a file belongs to."""

    server: SplynxProcess
    engine: Engine
    store: Path
    ids: dict[str, int] = field(default_factory=dict)

    def execute(self, statement: str, **values: Any) -> None:
        """Execute a statement in the warehouse."""
        with self.engine.begin() as connection:
            connection.execute(text(statement), values)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query of the warehouse."""
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(query))]

    def keep(self, key: str, content: bytes) -> None:
        """Store bytes as an extraction does."""
        sha256 = hashlib.sha256(content).hexdigest()
        path = self.store / sha256[:2] / sha256
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        self.execute(
            "insert into ops.extract_file (source, _sonar_key, state, sha256, bytes, run_id)"
            " values ('sonar', :key, 'stored', :sha256, :bytes, 'r1')"
            " on conflict (source, _sonar_key) do update set sha256 = excluded.sha256",
            key=key,
            sha256=sha256,
            bytes=len(content),
        )

    def loaded(self, entity: str, key: str, planned: int, target_id: int) -> None:
        """Have a row be in Splynx under an id of the server."""
        self.ids[key] = target_id
        self.execute(
            "insert into ops.id_map values ('t', :entity, :key, :planned, :target, 'r1')",
            entity=entity,
            key=key,
            planned=planned,
            target=target_id,
        )

    def upload(self, *, make_rows: bool = False) -> Uploaded:
        """Upload what is to be uploaded."""
        ledger = FileLedger(self.engine, "t", "r2", uploads())
        return asyncio.run(
            upload_files(
                api(self.server),
                ledger,
                1,
                manners=QUICK,
                make_rows=make_rows,
                store=self.store,
            )
        )

    def take_back(self, run_id: str) -> FilesUndoing:
        """Take back the files of a run."""
        files = FilesUndoing(self.engine, "t", run_id, uploads())

        async def work() -> None:
            async with Splynx(api(self.server), QUICK) as splynx:
                await files.carry_out(splynx, asyncio.Semaphore(2))

        assert files.read() == {}
        asyncio.run(work())
        return files

    def held(self) -> dict[str, int]:
        """Return how many files Splynx has in each place."""
        count = self.server.scalar
        return {
            "document": count(
                "select count(*) from customer_documents where filename_uploaded <> ''"
                " and id in (:one, :two)",
                one=self.ids["file:1"],
                two=self.ids["file:2"],
            ),
            "message": count(
                "select count(*) from ticket_messages_to_files_upload where message_id = :id",
                id=self.ids["reply:7"],
            ),
            "task": count(
                "select count(*) from scheduling_task_attachment where task_id = :id",
                id=self.ids["9"],
            ),
        }


ALL = {"document": 2, "message": 1, "task": 1}


@pytest.fixture
def world(server: SplynxProcess, warehouse: Engine, tmp_path: Path) -> World:
    made = World(server, warehouse, tmp_path / "files")
    made.execute(_TABLES)
    made.execute(
        "insert into ops.extract_ledger (run_id, source, collection, kind, state)"
        " values ('r1', 'sonar', 'files', 'connection', 'complete')"
    )
    customer = server.customer()
    for number, key in enumerate(("1", "2")):
        body = {"customer_id": customer, "type": "uploaded", "title": f"file {key}"}
        made.loaded(
            "customer_documents", f"file:{key}", FAR + number, server.create(DOCUMENTS, body)
        )
        made.execute(
            "insert into splynx_staging.customer_documents values"
            " (:key, '5', :id, 'uploaded', :name, :said),"
            " (:other, '5', :id, 'contract', 'Lease', '')",
            key=f"file:{key}",
            other=f"contract:{key}",
            said=f"Sonar file {key}",
            id=FAR + number,
            name=f"file {key}.bin",
        )
    ticket = server.create(
        "admin/support/tickets", {"subject": "S", "priority": "low", "type_id": 1}
    )
    message = {"ticket_id": ticket, "message": "See file"}
    made.loaded(
        "ticket_messages", "reply:7", FAR, server.create("admin/support/ticket-messages", message)
    )
    task = {
        "title": "Install", "partner_id": 1, "project_id": 1, "priority": "priority_low",
        "is_scheduled": False, "workflow_status_id": 1,
    }  # fmt: skip
    made.loaded("scheduling_task", "9", FAR, server.create("admin/scheduling/tasks", task))
    for key, table in (
        ("3", "ticket_messages_to_files_upload"),
        ("4", "scheduling_task_attachment"),
    ):
        made.execute(
            "insert into splynx_staging.files_upload values (:key, :id, :name)",
            key=key,
            id=FAR + int(key),
            name=f"Übergabe {key}.png",
        )
        made.execute(f"insert into splynx_staging.{table} values (:key, :id)", key=key, id=FAR)
    made.execute(f"insert into splynx_staging.ticket_messages values ('reply:7', {FAR})")
    made.execute(f"insert into splynx_staging.scheduling_task values ('9', {FAR})")
    for key, content in CONTENT.items():
        made.keep(key, content)
    return made


def test_every_file_arrives_once_and_is_read_back(world: World) -> None:
    first = world.upload()

    assert (first.uploaded, first.already, first.items) == (4, 0, [])
    assert world.held() == ALL
    assert world.rows("select distinct state, compared from ops.file_upload") == [("stored", True)]
    assert world.rows(
        "select _sonar_key, planned_id from ops.id_map where entity = 'files_upload' order by 1"
    ) == [("3", FAR + 3), ("4", FAR + 4)]
    assert world.rows("select count(*) from ops.row_state where state = 'written'") == [(4,)]
    assert world.rows("select _sonar_key from ops.handover order by 1") == [
        ("file:1",),
        ("file:2",),
    ]

    second = world.upload()

    assert (second.uploaded, second.already, second.items) == (0, 4, [])
    assert world.held() == ALL


@pytest.mark.parametrize("path", [DOCUMENTS, TICKET_FILES, TASK_FILES])
def test_a_lost_reply_makes_no_second_file(world: World, path: str) -> None:
    world.server.fault(kind="lost_reply", method="POST", path=path)

    outcome = world.upload()

    assert (outcome.uploaded, outcome.found, outcome.items) == (3, 1, [])
    assert world.held() == ALL


def test_what_a_killed_run_may_have_brought_is_looked_up(world: World) -> None:
    world.upload()
    world.execute("update ops.file_upload set state = 'intended', file_id = null")

    outcome = world.upload()

    assert (outcome.uploaded, outcome.found) == (0, 4)
    assert world.held() == ALL


def test_a_file_whose_bytes_changed_is_uploaded_again(world: World) -> None:
    world.upload()
    world.keep("1", b"another content")

    outcome = world.upload()

    assert (outcome.uploaded, outcome.already) == (1, 3)


def test_what_cannot_be_uploaded_says_why(world: World) -> None:
    world.execute("delete from ops.id_map where entity = 'ticket_messages'")
    world.execute("delete from ops.extract_file where _sonar_key = '2'")
    damaged = hashlib.sha256(CONTENT["1"]).hexdigest()
    (world.store / damaged[:2] / damaged).write_bytes(b"other bytes")

    outcome = world.upload()

    assert outcome.uploaded == 1
    assert outcome.items == [
        "files: 1 wait for their rows",
        "files: 2 have no bytes here (make extract)",
    ]


def test_a_module_that_is_off_parks_its_files_and_they_follow_later(world: World) -> None:
    world.server.control("POST", "modules", {"module": "support", "on": False})

    outcome = world.upload()

    assert (outcome.uploaded, outcome.parked.total()) == (3, 1)
    world.server.control("POST", "modules", {"module": "support", "on": True})
    assert (world.upload().uploaded, world.held()) == (1, ALL)


def test_bytes_that_come_back_otherwise_are_told(world: World) -> None:
    world.server.fault(
        kind="answer",
        method="GET",
        path="admin/config/download",
        status=200,
        body={"content": "b3RoZXI="},
        times=None,
    )

    outcome = world.upload()

    assert outcome.uploaded == 2
    assert sorted(outcome.items) == [
        f"files: {key}: read back otherwise than it was sent" for key in ("1", "2")
    ]
    assert world.rows("select count(*) from ops.file_upload where state = 'differs'") == [(2,)]


def test_a_splynx_that_is_gone_ends_the_run_and_the_next_goes_on(world: World) -> None:
    world.server.fault(kind="dropped", method="POST", path=TASK_FILES, times=None)
    with pytest.raises(TargetError):
        world.upload()
    world.server.control("DELETE", "faults")

    world.upload()

    assert world.held() == ALL


def test_documents_that_mysql_has_not_brought_are_created_once(world: World) -> None:
    """Their replies are lost too: what is found by its description is not created again."""
    world.execute("delete from ops.id_map where entity = 'customer_documents'")
    assert world.upload().items == ["files: 2 wait for their rows"]
    customer = world.server.customer(name="Bea")
    world.loaded("customers", "5", FAR, customer)
    world.server.fault(kind="lost_reply", method="POST", path=DOCUMENTS, times=1)

    outcome = world.upload(make_rows=True)

    assert (outcome.uploaded, outcome.already, outcome.items) == (2, 2, [])
    assert world.server.scalar(
        "select count(*) from customer_documents where customer_id = :id and type = 'uploaded'"
        " and filename_uploaded <> ''",
        id=customer,
    ) == len(("1", "2"))
    assert world.rows(
        "select _sonar_key from ops.id_map where entity = 'customer_documents' order by 1"
    ) == [("file:1",), ("file:2",)]
    assert world.upload(make_rows=True).already == len(CONTENT)


def test_files_are_taken_back_and_come_again(world: World) -> None:
    """Documents that the run did not create stay: nobody has the bytes that they held before."""
    shown = "select count(*) from files_upload where deleted = '0'"
    before = world.server.scalar(shown)
    world.upload()

    files = world.take_back("r2")

    stay = [(str(kept), key) for kept, key in files.settle()]
    said = "the bytes that it had before were not kept"
    assert stay == [
        (f"customer_documents file:{key}: {said}", {"id": world.ids[f"file:{key}"]})
        for key in ("1", "2")
    ]
    assert files.deleted == len(CONTENT) - len(stay)
    assert world.server.scalar(shown) == before
    assert world.rows("select place, count(*) from ops.file_upload group by 1") == [("document", 2)]
    assert world.rows("select count(*) from ops.row_state") == [(0,)]
    again = world.upload()
    assert (again.uploaded, again.already) == (2, 2)


def test_a_file_that_the_api_does_not_delete_goes_with_its_owner(world: World) -> None:
    world.upload()
    world.execute(
        "insert into ops.row_state (target, table_name, _sonar_key, row_key, state, new_hash,"
        " run_id) values ('t', 'scheduling_task', '9', jsonb_build_object('id', :id), 'written',"
        " '', 'r1')",
        id=world.ids["9"],
    )
    body = {"error": {"message": "-", "code": 405, "internal_code": "METHOD_NOT_ALLOWED"}}
    for path in (TICKET_FILES, TASK_FILES):
        world.server.fault(
            kind="answer", method="DELETE", path=path, status=405, body=body, times=None
        )

    files = world.take_back("r2")

    stay = [str(kept) for kept, _ in files.settle()]
    assert [one for one in stay if one.startswith("files_upload")] == [
        "files_upload 4: the API does not delete files"
    ]
