"""What a load refuses before it writes, each with its exit code and nothing written."""

from __future__ import annotations

import socket
import subprocess
import sys

import pytest
from sqlalchemy import make_url

from load.run import plan_only
from runtime.errors import ConfigError, GateFailed, MigrationError, TargetError
from runtime.run_ledger import stage
from runtime.settings import ROOT, splynx_db
from tests.load import miniature
from tests.load.conftest import Scene
from tests.services import plain

pytestmark = [pytest.mark.postgres, pytest.mark.mysql]


def refused(scene: Scene, kind: type[MigrationError], words: str) -> MigrationError:
    before = miniature.content(scene.splynx.engine)
    with pytest.raises(kind, match=words) as error:
        miniature.run_load()
    assert "\n" not in str(error.value)
    assert miniature.content(scene.splynx.engine) == before
    assert scene.rows("select 1 from ops.row_state") == []
    assert scene.rows(
        "select exit_code from ops.step where step = 'load' order by started_at desc limit 1"
    ) == [(kind.exit_code,)]
    return error.value


def test_a_target_changed_since_inspection(scene: Scene) -> None:
    scene.target("alter table clients modify login varchar(63) not null")
    refused(scene, GateFailed, r"changed since it was inspected \(clients\)")


def test_a_target_that_does_not_fit_lists_every_problem(scene: Scene) -> None:
    scene.target("alter table clients modify name varchar(20) not null")
    scene.target("alter table clients modify status enum('new','disabled') not null")
    scene.target("alter table plans add column colour int not null")
    scene.target("alter table client_info modify vat varchar(31) character set latin1 not null")
    miniature.run_inspect()
    miniature.accept(scene.warehouse)
    error = refused(scene, GateFailed, "do not fit the target in 5 places")
    assert isinstance(error, GateFailed)
    assert [problem.split(": ")[0] for problem in error.report["contract"]] == [
        "plans.colour",
        "clients.name",
        "clients.status",
        "client_info.vat",
        "client_info.vat",
    ]
    assert sum("our guess" in problem for problem in error.report["contract"]) == 2


def test_a_table_that_cannot_roll_back_is_refused_by_inspect(scene: Scene) -> None:
    scene.target("alter table notes engine=MyISAM")
    with pytest.raises(GateFailed, match="notes is MyISAM"):
        miniature.run_inspect()


def test_a_wrong_password(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    url = make_url(scene.splynx.url).set(password="Wr0ng-Passw0rd")
    monkeypatch.setenv("SPLYNX_MYSQL_URL", plain(url))
    error = refused(scene, ConfigError, "error 1045")
    assert "Wr0ng" not in str(error)


def test_a_server_that_does_not_answer(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:  # bound but not listening: the port refuses, nobody else gets it
        taken.bind(("127.0.0.1", 0))
        url = make_url(scene.splynx.url).set(port=taken.getsockname()[1])
        monkeypatch.setenv("SPLYNX_MYSQL_URL", plain(url))
        monkeypatch.setenv("SPLYNX_TARGET", splynx_db().address)
        address = splynx_db().address
        scene.mart(f"update ops.target set address = '{address}', target = '{address}#1'")
        scene.mart(f"update ops.acceptance set target = '{address}#1'")
        refused(scene, TargetError, "no answer from the Splynx database")


def test_a_target_named_once_only(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPLYNX_TARGET", "splynx.example/splynx")
    refused(scene, ConfigError, "SPLYNX_TARGET says")


def test_a_new_epoch_needs_a_new_transform_and_acceptance(scene: Scene) -> None:
    assert miniature.run_inspect(new_epoch=True).target.epoch == 2
    refused(scene, GateFailed, "transform and accept again")


def test_gates_of_the_warehouse(scene: Scene) -> None:
    """Each change alone forbids the load; undone, the next one is tried."""
    for change, undo, words in _GATES:
        scene.mart(change)
        refused(scene, GateFailed, words)
        scene.mart(undo)
    assert miniature.run_load(dry_run=True).plan.writes == scene.sizes.rows


_GATES = [
    (
        "create table kept as select * from ops.target; delete from ops.target",
        "insert into ops.target select * from kept",
        "never inspected",
    ),
    (
        "insert into ops.target select 'other:3306/x#1', 'other:3306/x', 1, dialect, version,"
        " sql_mode, charset, local_infile, run_id from ops.target",
        "delete from ops.target where target = 'other:3306/x#1'",
        "the last inspection was of other:3306/x",
    ),
    (
        "create table accepted as select * from ops.acceptance; delete from ops.acceptance",
        "insert into ops.acceptance select * from accepted",
        "nothing was accepted yet",
    ),
    (
        "insert into ops.acceptance select 'a2', clock_timestamp(), target, extraction_run_id,"
        " fingerprint, 'refused', '[]' from ops.acceptance",
        "delete from ops.acceptance where run_id = 'a2'",
        "the last acceptance refused this build",
    ),
    (
        "update splynx_staging.notes set body = body || '!' where id = 3",
        "update splynx_staging.notes set body = rtrim(body, '!') where id = 3",
        "fingerprint differs",
    ),
    (
        "update ops.extract_ledger set grade = 'sample'",
        "update ops.extract_ledger set grade = 'proven'",
        "extraction e1 is not complete for: accounts",
    ),
    (
        "create schema intermediate; create table intermediate.int_crosswalk as"
        " select 'other:3306/x#1' as target",
        "drop schema intermediate cascade",
        "ids were planned for another target",
    ),
]


def test_an_id_of_somebody_else(scene: Scene) -> None:
    scene.target("insert into plans (id, title, price, speed) values (2, 'Theirs', 1, 1)")
    error = refused(scene, GateFailed, "plans: the id of record 2 is in use by row 2")
    assert isinstance(error, GateFailed)
    with stage("plan") as run:
        plan = plan_only(run, splynx_db(), miniature.MANIFEST)
    assert [str(clash) for clash in plan.clashes] == error.report["collisions"]


@pytest.mark.parametrize("login", ["login7", "LOGIN7"])
def test_a_business_key_of_somebody_else(scene: Scene, login: str) -> None:
    scene.target(
        "insert into clients (id, login, name, balance, since, last_seen)"
        f" values (900, '{login}', 'Theirs', 0, '2024-01-01', '2024-01-01')"
    )
    error = refused(scene, GateFailed, "clients: login of record 7 is in use by row 900")
    assert "login7" not in str(error).lower()


def test_a_unique_key_of_somebody_else(scene: Scene) -> None:
    scene.target(
        "insert into clients (id, login, name, balance, since, last_seen)"
        " values (900, 'theirs', 'Theirs', 0, '2024-01-01', '2024-01-01')"
    )
    scene.target(
        "insert into subscriptions values (900, 900, 1, '2024-01-01', 'S1')",
    )
    refused(scene, GateFailed, "subscriptions: serial of record s1 is in use by row 900")


def test_a_repeated_record_key(scene: Scene) -> None:
    scene.mart("update splynx_staging.clients set _sonar_key = '2' where id = 3")
    miniature.accept(scene.warehouse)
    refused(scene, GateFailed, "1 rows with a missing or repeated _sonar_key")


def test_a_target_that_lost_all_our_rows(scene: Scene) -> None:
    miniature.run_load()
    for table in ("notes", "subscriptions", "client_info", "clients", "plans"):
        scene.target(f"delete from {table}")
    with pytest.raises(GateFailed, match="open a new epoch"):
        miniature.run_load()
    assert scene.target_rows("select count(*) from clients") == [(0,)]


def test_a_mart_whose_columns_changed_after_the_load(scene: Scene) -> None:
    miniature.run_load()
    scene.mart("update ops.row_state set new_hash = replace(new_hash, ':', ':0')")
    with pytest.raises(GateFailed, match="plans: 3 rows were written when the mart had other"):
        miniature.run_load()


def test_a_mart_that_was_not_built(scene: Scene) -> None:
    scene.mart("drop table splynx_staging.notes")
    refused(scene, ConfigError, "splynx_staging.notes")


@pytest.mark.usefixtures("scene")
def test_the_rest_route_without_an_address_is_refused() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "load", "run", "--route", "rest"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ended.returncode == 2
    assert "SPLYNX_URL" in ended.stderr
