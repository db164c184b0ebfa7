"""The doctor of the loader: what it says of a Splynx database, and how the command ends."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from load import doctor
from runtime.errors import ConfigError, MigrationError, Unfinished
from tests.load import miniature
from tests.services import Splynx, Splynxes, plain

pytestmark = pytest.mark.mysql

Lines = list[dict[str, str]]
ACCOUNT = "narrow"


@pytest.fixture
def narrow(splynx: Splynx, splynxes: Splynxes, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Yield an account that may select only, and turn SPLYNX_MYSQL_URL to it."""
    who = f"{ACCOUNT}@{splynxes.server.host}"
    with closing(splynxes.server.connect()) as root, root.cursor() as cursor:
        cursor.execute(f"create user {who} identified by 'narrow-password'")
        cursor.execute(f"grant select on `{splynx.url.database}`.* to {who}")
        url = splynx.url.set(username=ACCOUNT, password="narrow-password")
        monkeypatch.setenv("SPLYNX_MYSQL_URL", plain(url))
        yield who
        cursor.execute(f"drop user {who}")


@pytest.fixture
def examine(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Lines]:
    """Run the command, which has to end as told; return its lines."""
    monkeypatch.setattr(doctor, "read_manifest", lambda: miniature.MANIFEST)
    monkeypatch.setattr(doctor, "read_shapes", lambda manifest: manifest)
    monkeypatch.setattr(doctor, "endpoints", lambda _shapes: [])

    def run(ends: type[MigrationError] | None = None, code: int = 0) -> Lines:
        if ends is None:
            doctor.doctor_command.main(["--json"], standalone_mode=False)
        else:
            with pytest.raises(ends) as caught:
                doctor.doctor_command.main(["--json"], standalone_mode=False)
            assert caught.value.exit_code == code
        lines: Lines = json.loads(capsys.readouterr().out)
        return lines

    return run


def of(lines: Lines, what: str) -> list[str]:
    """Return what was said of one thing, each line led by its state."""
    return [f"{line['state']}: {line['says']}" for line in lines if line["what"] == what]


def test_without_a_splynx_nothing_is_wrong_yet(examine: Callable[..., Lines]) -> None:
    assert [line["state"] for line in examine()] == ["attention", "attention"]


def test_a_database_that_may_be_loaded(splynx: Splynx, examine: Callable[..., Lines]) -> None:
    miniature.create_target(splynx.engine)
    lines = examine()
    (server,) = of(lines, "Splynx's database")
    assert server.startswith("ok: mariadb 1")
    assert of(lines, "tables") == ["ok: all 5 that are loaded are there, and InnoDB"]
    assert of(lines, "rights") == ["ok: may read and write all 5 tables"]
    assert of(lines, "SPLYNX_TARGET") == ["ok: names the same Splynx a second time"]
    assert of(lines, "switches")[-1] == "ok: 9 of 9 at rest"
    assert of(lines, "LOAD DATA LOCAL")
    with splynx.engine.connect() as connection:
        assert connection.exec_driver_sql("select count(*) from clients").scalar() == 0


def test_tables_that_are_missing_or_cannot_roll_back(
    splynx: Splynx, examine: Callable[..., Lines]
) -> None:
    (missing,) = of(examine(MigrationError, 3), "tables")
    assert missing.startswith("mend: plans, clients, client_info, subscriptions, notes: not there")
    miniature.create_target(splynx.engine)
    with splynx.engine.begin() as connection:
        connection.exec_driver_sql("alter table notes engine=MyISAM")
    (wrong,) = of(examine(MigrationError, 3), "tables")
    assert wrong.startswith("mend: notes: not InnoDB")


def test_each_right_that_is_missing_is_named(
    splynx: Splynx, splynxes: Splynxes, narrow: str, examine: Callable[..., Lines]
) -> None:
    miniature.create_target(splynx.engine)
    (said,) = of(examine(ConfigError, 2), "rights")
    everywhere = "client_info, clients, notes, plans, subscriptions"
    for right in ("INSERT", "UPDATE", "DELETE"):
        assert f"no {right} on {everywhere}" in said
    assert "SELECT" not in said
    with closing(splynxes.server.connect()) as root, root.cursor() as cursor:
        # by role for one table, by table for others: lists of grants would have to be put together
        database = splynx.url.database
        for table in ("plans", "client_info", "subscriptions", "notes"):
            cursor.execute(f"grant insert, update, delete on `{database}`.{table} to {narrow}")
        cursor.execute(f"grant update, insert on `{database}`.clients to {narrow}")
    (said,) = of(examine(ConfigError, 2), "rights")
    assert said.startswith("mend: no DELETE on clients: grant select, insert, update, delete")


def test_switches_that_are_on_or_unknown_are_said(
    splynx: Splynx, examine: Callable[..., Lines]
) -> None:
    miniature.create_target(splynx.engine)
    with splynx.engine.begin() as connection:
        connection.exec_driver_sql("update config set value = '1' where `key` = 'auto_issue'")
        connection.exec_driver_sql("delete from config where `key` = 'process_deactivation'")
        connection.exec_driver_sql("delete from config where `key` = 'auto_pairing'")
    said = of(examine(), "switches")
    assert [line.split(":")[1].strip() for line in said[:-1]] == [
        "automatic_issuing",
        "payment_pairing",
    ]
    assert said[-1] == "ok: 6 of 9 at rest"


def test_a_target_of_another_name_and_a_server_that_is_away(
    splynx: Splynx, examine: Callable[..., Lines], monkeypatch: pytest.MonkeyPatch
) -> None:
    miniature.create_target(splynx.engine)
    monkeypatch.setenv("SPLYNX_TARGET", "elsewhere/splynx")
    (said,) = of(examine(ConfigError, 2), "SPLYNX_TARGET")
    assert said.startswith("mend: SPLYNX_TARGET says elsewhere/splynx")
    monkeypatch.setenv("SPLYNX_MYSQL_URL", plain(splynx.url.set(password="wrong-password")))
    lines = examine(ConfigError, 2)
    assert "check SPLYNX_MYSQL_URL and the grants" in of(lines, "Splynx's database")[0]
    assert "wrong-password" not in json.dumps(lines)


def test_a_parked_module_alone_ends_with_its_own_code(
    examine: Callable[..., Lines], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPLYNX_URL", "https://splynx.example.com")
    monkeypatch.setenv("SPLYNX_API_KEY", "some-key")
    monkeypatch.setenv("SPLYNX_API_SECRET", "some-secret")
    monkeypatch.setenv("SPLYNX_TARGET", "splynx.example.com")
    monkeypatch.setattr(doctor.by_rest, "examine", lambda *_arguments: ["ticket: is switched off"])
    examine(Unfinished, 6)
