"""The Splynx sandbox on a MariaDB that runs already, as in a container."""

from __future__ import annotations

from collections.abc import Iterator

import pymysql
import pytest
from sqlalchemy import create_engine

from runtime.errors import ConfigError, TargetError
from sandbox.named_mariadb import NAME, named
from sandbox.splynx.database import create_database, drop_database
from services.mariadb import MariaDb
from tests import services

pytestmark = pytest.mark.mysql

DATABASE = "somebodys"


@pytest.fixture
def server(splynxes: services.Splynxes, monkeypatch: pytest.MonkeyPatch) -> Iterator[MariaDb]:
    """Yield the server that the variable names; without our database before and after."""
    own = splynxes.server
    monkeypatch.setenv(NAME, own.url().render_as_string(hide_password=False))
    found = named()
    assert found is not None
    drop_database(found, DATABASE)
    yield found
    drop_database(found, DATABASE)


def test_a_database_is_made_there_and_found_again(server: MariaDb) -> None:
    made = create_database(server, DATABASE)
    engine = create_engine(made.url)
    with engine.begin() as connection:
        connection.exec_driver_sql("insert into partners (id, name) values (77, 'Seventy-seven')")
    assert create_database(server, DATABASE) == made
    with engine.connect() as connection:
        name: str = connection.exec_driver_sql(
            "select name from partners where id = 77"
        ).scalar_one()
    assert name == "Seventy-seven"
    engine.dispose()


def test_a_database_of_somebody_else_is_not_touched(server: MariaDb) -> None:
    admin = create_engine(server.url())
    with admin.begin() as connection:
        connection.exec_driver_sql(f"create database {DATABASE}")
        connection.exec_driver_sql(f"create table {DATABASE}.theirs (id int)")
    with pytest.raises(ConfigError, match="drop it yourself"):
        create_database(server, DATABASE)
    with admin.connect() as connection:
        assert connection.exec_driver_sql(f"select count(*) from {DATABASE}.theirs").scalar() == 0
    admin.dispose()


def test_only_a_server_of_ours_is_known_to_have_no_tls(
    server: MariaDb, splynxes: services.Splynxes, monkeypatch: pytest.MonkeyPatch
) -> None:
    without: list[bool] = []
    with monkeypatch.context() as patch:
        patch.setattr(pymysql, "connect", lambda **how: without.append(how["ssl_disabled"]))
        splynxes.server.connect()
        server.connect()
    assert without == [True, False]


def test_without_the_variable_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(NAME, raising=False)
    assert named() is None


@pytest.mark.parametrize(
    "url",
    [
        "mysql://root:secret-word@splynx.example.com:3306",
        "mysql://root:secret-word@192.0.2.7:3306",
        "mysql://migration:secret-word@127.0.0.1:3306",
        "postgresql://root:secret-word@127.0.0.1:5432",
        "no url at all",
    ],
)
def test_only_root_on_this_machine_will_do(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, url)
    with pytest.raises(ConfigError, match=NAME) as raised:
        named()
    assert "secret-word" not in str(raised.value)


def test_nobody_there_is_said_as_such(server: MariaDb, monkeypatch: pytest.MonkeyPatch) -> None:
    nobody = server.url().set(password="other-word")
    monkeypatch.setenv(NAME, nobody.render_as_string(hide_password=False))
    with pytest.raises(TargetError, match="does not let us in") as raised:
        named()
    assert "other-word" not in str(raised.value)
