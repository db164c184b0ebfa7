"""What only the embedded Postgres promises: rights, locale, silence about data, its command."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest
from click.testing import CliRunner
from sqlalchemy import create_engine, text
from sqlalchemy.exc import IntegrityError, OperationalError

from runtime import settings
from runtime.errors import ConfigError
from services import __main__ as command
from services import postgres
from services.postgres import Postgres
from tests.services import temporary_folder

pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with temporary_folder("server") as made:
        try:
            yield made
        finally:
            postgres.down(made)


@pytest.fixture
def server(folder: Path) -> Postgres:
    return postgres.up(folder)


def test_the_role_makes_databases_and_is_not_superuser(server: Postgres) -> None:
    engine = create_engine(server.url())
    with engine.connect() as connection:
        rights = connection.execute(
            text("select rolsuper, rolcreatedb, rolcreaterole from pg_roles where rolname = :name"),
            {"name": server.user},
        ).one()
    engine.dispose()
    assert tuple(rights) == (False, True, False)


def test_text_is_utf8_with_the_same_rules_everywhere(server: Postgres) -> None:
    engine = create_engine(server.url())
    with engine.connect() as connection:
        locale = connection.execute(
            text(
                "select pg_encoding_to_char(encoding), datlocprovider, datlocale"
                " from pg_database where datname = current_database()"
            )
        ).one()
        upper: str = connection.execute(text("select upper('é')")).scalar_one()
    engine.dispose()
    assert (*locale, upper) == ("UTF8", "b", "C.UTF-8", "É")


@pytest.mark.parametrize("user", [postgres.USER, postgres.SUPERUSER])
def test_nobody_enters_without_the_password(server: Postgres, user: str) -> None:
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        psycopg2.connect(
            host=server.host, port=server.port, user=user, password="guess", dbname="postgres"
        )


def test_the_log_repeats_no_data(server: Postgres, folder: Path) -> None:
    engine = create_engine(server.url())
    with engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT")
        connection.execute(text("create temp table one (name text primary key)"))
        connection.execute(text("insert into one values ('recognisable-value')"))
        with pytest.raises(IntegrityError):
            connection.execute(text("insert into one values ('recognisable-value')"))
        with pytest.raises(OperationalError):
            connection.execute(
                text("select 'recognisable-value', pg_terminate_backend(pg_backend_pid())")
            )
        connection.invalidate()
    engine.dispose()
    log = (folder / "server.log").read_text()
    assert "terminating connection" in log  # fatal errors are logged, without their statement
    assert "recognisable-value" not in log


def test_a_stale_lock_with_a_living_pid_is_cleared(folder: Path) -> None:
    postgres.up(folder)
    postgres.down(folder)
    lock = folder / "data" / "postmaster.pid"
    # A pid is taken for a running server when the server's account could signal it.
    user = lock.parent.owner() if os.geteuid() == 0 else None
    with subprocess.Popen(["sleep", "60"], user=user) as other:
        lock.write_text(f"{other.pid}\n{folder / 'data'}\n1\n5432\n\n\n")
        postgres.up(folder)
        assert postgres.status(folder) is not None
        other.kill()


def test_a_cluster_without_its_passwords_is_left_alone() -> None:
    with temporary_folder("server") as lost:
        (lost / "data").mkdir()
        with pytest.raises(ConfigError, match=r"service\.json"):
            postgres.up(lost)


def test_the_command_starts_what_the_settings_lead_to(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "EMBEDDED_POSTGRES", folder)
    monkeypatch.setattr(settings, "EMBEDDED_POSTGRES", folder)
    runner = CliRunner()
    assert runner.invoke(command.cli, ["up"], catch_exceptions=False).exit_code == 0
    engine = create_engine(settings.warehouse_url())
    with engine.connect() as connection:
        assert connection.execute(text("select current_database()")).scalar_one() == "warehouse"
    engine.dispose()
    assert "up at 127.0.0.1:" in runner.invoke(command.cli, ["status"]).output
    assert "Postgres is down" in runner.invoke(command.cli, ["down"]).output
    assert "was not running" in runner.invoke(command.cli, ["down"]).output
    with pytest.raises(OperationalError):
        create_engine(settings.warehouse_url()).connect()


def test_nothing_is_started_beside_a_named_warehouse(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "EMBEDDED_POSTGRES", tmp_path / "postgres")
    monkeypatch.setenv("WAREHOUSE_URL", "postgresql://somebody@elsewhere/warehouse")
    result = CliRunner().invoke(command.cli, ["up"], catch_exceptions=False)
    assert "nothing is started" in result.output
    assert not (tmp_path / "postgres").exists()
