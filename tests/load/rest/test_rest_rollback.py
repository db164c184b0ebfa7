"""Taking back a run that loaded over REST: the end state is the state before, marks apart."""

from __future__ import annotations

import asyncio
import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine

from load import __main__ as commands
from load.files.ledger import FileLedger
from load.files.upload import Uploaded, upload_files
from load.files.uploads import read_uploads
from load.rest.rollback import Undone, roll_back
from load.rest.run import Loaded
from load.rollback import commands as rollback_commands
from load.target.targets import current
from runtime.errors import ConfigError, GateFailed, Unfinished
from runtime.manifest import Manifest
from runtime.run_ledger import stage
from runtime.settings import ROOT, rest_target_address, splynx_api
from tests.load.rest import rest_world as world
from tests.load.rest.file_marts import said_of
from tests.load.rest.talking import counter
from tests.load.rest.test_rest_load import rows
from tests.sandbox.splynx_process import SplynxProcess, running
from tests.services import Splynxes, others_are_gone

pytestmark = [pytest.mark.postgres, pytest.mark.mysql]

CUSTOMERS = 12
WAIT = 120  # seconds, of a busy machine
# What staff see: without rows that bear the mark of a deleted one, and without times of Splynx.
_SEEN = {
    "partners": "id, name",
    "tariffs_internet": "id, title, price, speed_download, speed_upload",
    "customers_fields": "name, title",
    "customers": "id, partner_id, parent_id, status, login, name, city, date_add",
    "services_internet": "id, customer_id, tariff_id, status, login, description, unit_price",
    "payments": "id, customer_id, amount, receipt_number, comment",
    "billing_transactions": "id, customer_id, payment_id, total, description",
}


@pytest.fixture
def server(splynxes: Splynxes, tmp_path: Path, warehouse: Engine) -> Iterator[SplynxProcess]:
    """Yield a Splynx with a customer of staff's, inspected; the variables lead to it."""
    with (
        splynxes.fresh() as database,
        running(database, tmp_path) as started,
        world.at(started),
    ):
        started.customer(name="Of staff", login="theirs")
        world.create_marts(warehouse, CUSTOMERS)
        world.inspect(warehouse, started.url.removeprefix("http://"))
        world.accept(warehouse)
        yield started


def seen(server: SplynxProcess) -> dict[str, list[tuple[object, ...]]]:
    engine = server.database.engine
    found = {
        table: rows(engine, f"select {columns} from {table} where deleted = '0'")
        for table, columns in _SEEN.items()
    }
    live = "select v.* from customers_values v join customers c on c.id = v.id"
    found["customers_values"] = rows(engine, f"{live} where c.deleted = '0'")
    found["customer_info"] = rows(
        engine,
        "select i.customer_id, i.vat_id from customer_info i"
        " join customers c on c.id = i.customer_id where c.deleted = '0'",
    )
    return found


def loaded(run_id: str) -> Loaded:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RUN_ID", run_id)
        return world.run_load()


def rolled_back(run_id: str) -> Undone:
    with stage("rollback") as run:
        return roll_back(run, splynx_api(), world.MANIFEST, run_id, world.QUICK)


def ledger(warehouse: Engine) -> dict[str, list[tuple[object, ...]]]:
    return {
        "row_state": rows(
            warehouse,
            "select table_name, _sonar_key, row_key::text, state, new_hash, inserted_by, run_id,"
            " base::text, api::text from ops.row_state",
        ),
        "id_map": rows(
            warehouse, "select entity, _sonar_key, planned_id, target_id from ops.id_map"
        ),
        "pre_image": rows(warehouse, "select run_id, table_name from ops.pre_image"),
        "rest_undoing": rows(warehouse, "select * from ops.rest_undoing"),
    }


def change(warehouse: Engine, *statements: str) -> None:
    with warehouse.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    world.accept(warehouse, world.MANIFEST)


CHANGES = (
    "update splynx_staging.customers set city = 'Elsewhere', status = 'disabled',"
    " partner_id = 700100 where _sonar_key in ('account:2', 'account:4')",
    "insert into splynx_staging.partners values ('company:9', 700100, 'East')",
    "update splynx_staging.customer_info set vat_id = 'other' where customer_id = 700003",
    "update splynx_staging.customers_values set value = 'other' where _sonar_key = 'value:5'",
    "insert into splynx_staging.payments values"
    " ('payment:new', '3', 700900, 700003, '2025-03-02', 7, 'R-new', '')",
    "insert into splynx_staging.billing_transactions values"
    " ('payment:new', '3', 700900, 700003, 700900, 'credit', 7, 'Paid')",
)


def test_a_run_is_taken_back_and_then_the_one_before(
    warehouse: Engine, server: SplynxProcess
) -> None:
    empty, untold = seen(server), ledger(warehouse)
    loaded("first")
    before, told = seen(server), ledger(warehouse)
    change(warehouse, *CHANGES)
    loaded("second")
    assert seen(server) != before
    with pytest.raises(GateFailed, match=r"roll back second \(\d rows\) first"):
        rolled_back("first")

    second = rolled_back("second")
    assert seen(server) == before
    assert ledger(warehouse) == told
    assert (second.deleted, second.put_back, second.hidden) == (2, 4, 1)
    assert second.flagged == 2
    assert rolled_back("second").deleted == 0

    # Splynx takes a transaction of another source not away with its payment.
    server.execute("update payments set transaction_id = 0 where receipt_number = 'R-4'")
    first = rolled_back("first")
    assert seen(server) == empty
    assert ledger(warehouse) == untold
    notes = world.count(CUSTOMERS, "customer_notes")
    posted = sum(world.count(CUSTOMERS, name) for name in world.POSTED)
    assert first.deleted == posted - notes + 1
    assert first.flagged == first.deleted - 1  # the definition of the field is really gone
    made = CUSTOMERS + world.count(CUSTOMERS, "payments")
    assert first.hidden == notes + made - 1

    assert loaded("again").written.created == posted + 1 + 1  # the new partner and payment
    names = "select name, status from {} where login like 'login%%'{}"
    wanted = rows(warehouse, names.format("splynx_staging.customers", ""))
    assert rows(server.database.engine, names.format("customers", " and deleted = '0'")) == wanted


def test_what_staff_worked_on_stays_with_what_it_needs(
    warehouse: Engine, server: SplynxProcess
) -> None:
    loaded("first")
    server.execute("update customers set city = 'Of staff' where login = 'login2'")
    customer = server.scalar("select id from customers where login = 'login3'")
    body = {"customer_id": customer, "amount": 1, "payment_type": 1, "receipt_number": "theirs"}
    payment = server.create("admin/finance/payments", body)
    info = server.scalar("select id from customers where login = 'login5'")
    server.execute(f"update customer_info set vat_id = 'theirs' where customer_id = {info}")
    with pytest.raises(Unfinished) as stopped:
        rolled_back("first")
    stay = dict(line.split(": ", 1) for line in stopped.value.items)
    assert stay["customers account:2"] == "edited by staff since"
    assert "which stays, leads to it" in stay["customers account:3"]
    assert stay["customer_info info:5"] == "edited by staff since"
    assert stay["customers account:5"] == "needed by customer_info info:5"
    assert stay["partners company:1"].startswith("needed by customers account:")
    assert stay["customers_fields field:1"].startswith("needed by customers account:")
    left = rows(server.database.engine, "select login from customers where deleted = '0'")
    assert left == [("login2",), ("login3",), ("login5",), ("theirs",)]
    assert server.scalar(f"select count(*) from payments where id = {payment}") == 1
    kept = rows(warehouse, "select table_name || ' ' || _sonar_key from ops.rollback_kept")
    assert [row[0] for row in kept] == sorted(stay)

    server.execute("update customers set city = 'Town 2' where login = 'login2'")
    with pytest.raises(Unfinished) as stopped:
        rolled_back("first")
    assert "customers account:2" not in str(stopped.value.items)


def test_killed_anywhere_it_ends_the_same(warehouse: Engine, server: SplynxProcess) -> None:
    empty, untold = seen(server), ledger(warehouse)
    loaded("first")
    for deletions in (3, 9, 17):
        _killed(server, deletions)
        others_are_gone(warehouse)
    server.control("DELETE", "faults")
    rolled_back("first")
    assert seen(server) == empty
    assert ledger(warehouse) == untold


def _killed(server: SplynxProcess, deletions: int) -> None:
    """Start a rollback, and kill it when it has asked for so many deletions.

    However late the kill comes: it is asked to wait with the next one.
    """
    server.control("DELETE", "faults")
    count = counter(server, "admin", "DELETE")
    server.fault(
        kind="rate_limited", method="DELETE", after=deletions, retry_after=WAIT, times=None
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.load.rest.rest_world", "roll back", "first"],
        cwd=ROOT,
        env=dict(os.environ),
    )
    deadline = time.monotonic() + WAIT
    while count() < deletions:
        assert process.poll() is None, "the rollback ended before it was killed"
        assert time.monotonic() < deadline
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL


DOCUMENTS = replace(
    world.new_mart(
        "customer_documents",
        "customer",
        dict.fromkeys(("type", "title", "description", "filename_uploaded", "updated_at"), "text"),
        [("customer_id", "customers")],
        {"without": "they come with their files"},
    ),
    routes=frozenset({"mysql", "files"}),
    files=said_of("customer_documents"),
)
_DOCUMENT = """
create table splynx_staging.customer_documents as
select 'file:' || _customer_key as _sonar_key, _sonar_key as _customer_key, id, id as customer_id,
    'uploaded' as type, 'Lease' as title, 'Sonar file ' || _customer_key as description
from splynx_staging.customers where _customer_key in ('2', '3');
insert into ops.extract_file (source, _sonar_key, state, sha256, bytes, run_id)
select 'test', substr(_sonar_key, 6), 'stored', '{sha256}', 4, 'e1'
from splynx_staging.customer_documents
"""


def test_uploaded_documents_go_too_and_come_again(
    warehouse: Engine, server: SplynxProcess, tmp_path: Path
) -> None:
    with_files = Manifest((*world.MANIFEST.marts, DOCUMENTS), "files")
    content = b"%PDF"
    sha256 = hashlib.sha256(content).hexdigest()
    (tmp_path / sha256[:2]).mkdir()
    (tmp_path / sha256[:2] / sha256).write_bytes(content)
    with warehouse.begin() as connection:
        connection.exec_driver_sql(_DOCUMENT.format(sha256=sha256))

    def uploaded(run_id: str) -> Uploaded:
        with warehouse.connect() as connection:
            target = current(connection, rest_target_address())
        ledger_of_run = FileLedger(warehouse, target.name, run_id, read_uploads(with_files))
        work = upload_files(
            splynx_api(), ledger_of_run, 1, manners=world.QUICK, make_rows=True, store=tmp_path
        )
        return asyncio.run(work)

    untold = ledger(warehouse)
    loaded("first")
    assert uploaded("first").uploaded == 2
    shown = "select count(*) from customer_documents where deleted = '0'"
    assert server.scalar(shown) == 2
    with stage("rollback") as run:
        done = roll_back(run, splynx_api(), with_files, "first", world.QUICK)
    assert (done.files, done.kept, server.scalar(shown)) == (2, [], 0)
    assert "customer_documents" in done.not_looked
    assert ledger(warehouse) == untold
    for table in ("file_upload", "handover"):
        assert rows(warehouse, f"select 1 from ops.{table}") == []
    loaded("again")
    assert (uploaded("again").uploaded, server.scalar(shown)) == (2, 2)


@pytest.mark.usefixtures("server")
def test_the_command_knows_how_the_run_went(
    warehouse: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollback_commands, "read_manifest", lambda: world.MANIFEST)
    loaded("first")

    def said(run_id: str) -> str:
        arguments = ["rollback", "--run", run_id]
        result = CliRunner().invoke(commands.commands, arguments, catch_exceptions=False)
        return result.stdout

    with pytest.raises(ConfigError):  # by MySQL, which is not configured here
        said("no such run")
    deleted = said("first")
    assert "stay in Splynx's database, marked as deleted" in deleted
    assert rows(warehouse, "select 1 from ops.row_state") == []

    with warehouse.begin() as connection:
        noted = """update ops.step set detail = '{"route": "hybrid"}' where run_id = 'first'"""
        connection.exec_driver_sql(noted)
    with pytest.raises(ConfigError):  # a run by both routes is taken back by MySQL
        said("first")
