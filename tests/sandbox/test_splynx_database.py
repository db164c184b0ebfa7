"""A Splynx database of the sandbox: seeded as a fresh installation, with two bounded accounts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DatabaseError

from runtime.errors import ConfigError
from runtime.settings import named_target, splynx_db
from sandbox.splynx.database import create_database, drop_database
from tests.services import Splynx, Splynxes

pytestmark = pytest.mark.mysql


@contextmanager
def _connected(url: URL) -> Iterator[Connection]:
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def test_it_holds_what_a_fresh_installation_holds(splynx: Splynx) -> None:
    with splynx.engine.connect() as connection:
        tables: Sequence[str] = connection.execute(text("show tables")).scalars().all()
        counts: dict[str, int] = {
            table: connection.execute(text(f"select count(*) from `{table}`")).scalar_one()
            for table in tables
        }
        main = connection.execute(
            text("select p.name, l.name from partners p, locations l where p.id = 1 and l.id = 1")
        ).one()
    assert {table: count for table, count in counts.items() if count} == {
        "roles": 7,
        "admins": 2,
        "partners": 1,
        "locations": 1,
        "tax": 2,
        "payments_types": 5,
        "billing_transactions_categories": 5,
        "ticket_statuses": 5,
        "ticket_types": 7,
        "ticket_groups": 3,
        "nas_types": 8,
        "inventory_stocks": 2,
        "inventory_products_categories": 1,
        "ip_network_categories": 2,
        "ip_host_categories": 2,
        "monitoring_groups": 1,
        "monitoring_producers": 1,
        "monitoring_types": 1,
        "scheduling_project": 1,
        "scheduling_project_category": 1,
        "scheduling_project_type": 1,
        "scheduling_workflow": 1,
        "scheduling_workflow_items": 3,
        "config": 18,
    }
    assert tuple(main) == ("Main", "Main")


def test_the_environment_names_it_twice(splynx: Splynx) -> None:
    db = splynx_db()
    assert db.address == splynx.address
    named_target(db)


def test_the_migration_account_writes_rows(splynx: Splynx) -> None:
    with _connected(splynx.url) as connection:
        connection.execute(text("insert into partners (id, name) values (2, 'Second 🌲')"))
        connection.execute(text("update partners set name = concat(name, '!') where id = 2"))
        name: str = connection.execute(text("select name from partners where id = 2")).scalar_one()
        connection.execute(text("delete from partners where id = 2"))
        connection.commit()
    assert name == "Second 🌲!"


@pytest.mark.parametrize(
    "statement",
    [
        "create table extra (id int)",
        "create temporary table extra (id int)",
        "alter table partners add column extra int",
        "drop table services_internet",
        "truncate table partners",
        "select count(*) from mysql.global_priv",
        "grant select on partners to splynx_admin@'127.0.0.1'",
    ],
)
def test_the_migration_account_does_nothing_else(splynx: Splynx, statement: str) -> None:
    with _connected(splynx.url) as connection, pytest.raises(DatabaseError, match="denied"):
        connection.execute(text(statement))


def test_the_migration_account_is_bounded_in_every_table(splynx: Splynx) -> None:
    with _connected(splynx.url) as connection:
        found: Sequence[Any] = connection.execute(
            text(
                "select table_name, column_name from information_schema.columns"
                " where table_schema = database() and ordinal_position = 1"
            )
        ).all()
        assert len(found) > 45
        for table, column in found:
            for allowed in (
                f"select * from `{table}` where false",
                f"insert into `{table}` select * from `{table}` where false",
                f"update `{table}` set `{column}` = `{column}` where false",
                f"delete from `{table}` where false",
            ):
                connection.execute(text(allowed))
            for denied in (
                f"truncate table `{table}`",
                f"drop table `{table}`",
                f"alter table `{table}` comment 'changed'",
                f"create index extra on `{table}` (`{column}`)",
                f"create trigger extra before insert on `{table}` for each row set @extra = 1",
            ):
                with pytest.raises(DatabaseError, match="denied"):
                    connection.execute(text(denied))


@pytest.mark.parametrize("account", ["url", "admin_url"])
def test_an_account_enters_one_database_only(
    splynxes: Splynxes, splynx: Splynx, account: str
) -> None:
    # An underscore in GRANT stands for any character unless it is escaped.
    neighbour = splynx.address.split("/")[1].replace("_", "x")
    with closing(splynxes.server.connect()) as root, root.cursor() as cursor:
        cursor.execute(f"create database `{neighbour}`")
        try:
            with (
                _connected(getattr(splynx, account)) as connection,
                pytest.raises(DatabaseError, match="denied"),
            ):
                connection.execute(text(f"use `{neighbour}`"))
        finally:
            cursor.execute(f"drop database `{neighbour}`")


def test_the_admin_account_may_do_anything_in_it(splynx: Splynx) -> None:
    with _connected(splynx.admin_url) as connection:
        connection.execute(text("create table extra (id int)"))
        connection.execute(text("drop table extra"))


def test_an_existing_database_keeps_its_rows_and_accounts(
    splynxes: Splynxes, splynx: Splynx
) -> None:
    with splynx.engine.begin() as connection:
        connection.execute(text("insert into partners (id, name) values (2, 'Second')"))
    again = create_database(splynxes.server, splynx.address.split("/")[1])
    assert (again.url, again.admin_url, again.address) == (
        splynx.url,
        splynx.admin_url,
        splynx.address,
    )
    with splynx.engine.connect() as connection:
        assert connection.execute(text("select count(*) from partners")).scalar_one() == 2


def test_a_half_made_database_is_made_again(splynxes: Splynxes) -> None:
    with closing(splynxes.server.connect()) as root, root.cursor() as cursor:
        cursor.execute("create database half")
        cursor.execute("create table half.roles (id int)")
    try:
        made = create_database(splynxes.server, "half")
        with _connected(made.url) as connection:
            assert connection.execute(text("select count(*) from roles")).scalar_one() == 7
    finally:
        drop_database(splynxes.server, "half")


def test_a_database_of_an_older_schema_is_named_and_left_alone(
    splynxes: Splynxes, splynx: Splynx
) -> None:
    with splynx.engine.begin() as connection:
        connection.execute(text("drop table ticket_messages"))
        connection.execute(text("insert into partners (id, name) values (2, 'Second')"))
    with pytest.raises(ConfigError, match=r"lacks 1 of .*ticket_messages.*make sandbox-reset"):
        create_database(splynxes.server, splynx.address.split("/")[1])
    with splynx.engine.connect() as connection:
        assert connection.execute(text("select count(*) from partners")).scalar_one() == 2


def test_zero_dates_and_strictness_are_those_of_splynx(splynx: Splynx) -> None:
    with splynx.engine.begin() as connection:
        last: list[str] = [
            row[0] for row in connection.execute(text("select cast(last_dt as char) from admins"))
        ]
        with pytest.raises(DatabaseError, match="Data too long"):
            connection.execute(
                text("insert into partners (name) values (:name)"), {"name": "x" * 65}
            )
    assert set(last) == {"0000-00-00 00:00:00"}
