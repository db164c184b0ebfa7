"""What only the private MariaDB promises: its mode, its one account, a missing installation."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pymysql
import pytest

from runtime.errors import ConfigError
from services import mariadb
from tests.services import Splynxes, temporary_folder

pytestmark = pytest.mark.mysql


def test_text_mode_and_engine(splynxes: Splynxes) -> None:
    with closing(splynxes.server.connect()) as connection, connection.cursor() as cursor:
        cursor.execute(
            "select @@character_set_server, @@sql_mode, @@default_storage_engine, @@time_zone,"
            " @@bind_address, @@local_infile"
        )
        assert cursor.fetchone() == (
            "utf8mb4",
            "STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION",
            "InnoDB",
            "+00:00",
            "127.0.0.1",
            1,
        )


def test_root_is_the_only_account_of_a_new_server() -> None:
    with temporary_folder("server") as folder:
        try:
            server = mariadb.up(folder)
            with closing(server.connect()) as connection, connection.cursor() as cursor:
                cursor.execute("select User, Host from mysql.user where User <> 'mariadb.sys'")
                assert [row for row in cursor.fetchall() if row[0] != "PUBLIC"] == [
                    ("root", "127.0.0.1")
                ]
            with pytest.raises(pymysql.err.OperationalError, match="Access denied"):
                pymysql.connect(host=server.host, port=server.port, user="root", password="")
        finally:
            mariadb.down(folder)


def test_a_long_path_still_gets_a_socket() -> None:
    with temporary_folder("server") as short:
        folder = short / ("long-" * 25)
        try:
            mariadb.up(folder)
            assert mariadb.status(folder) is not None
        finally:
            mariadb.down(folder)


def test_local_infile_can_be_off() -> None:
    with temporary_folder("server") as folder:
        try:
            server = mariadb.up(folder, options={"local-infile": "OFF"})
            with closing(server.connect()) as connection, connection.cursor() as cursor:
                cursor.execute("select @@local_infile")
                assert cursor.fetchone() == (0,)
        finally:
            mariadb.down(folder)


def test_a_missing_installation_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.which", lambda *_args, **_kwargs: None)
    with pytest.raises(ConfigError, match="mariadb-server-core"):
        mariadb.up(tmp_path / "server")
    assert not (tmp_path / "server").exists()
