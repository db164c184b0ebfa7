"""Whether marts still stand is told without their content, and never wrongly."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from runtime.manifest import Manifest, Mart
from runtime.standing import _is_before, mark, stands

pytestmark = pytest.mark.postgres

MANIFEST = Manifest(
    (
        Mart("things", "kept", (), ("id",), "foundation", frozenset(), (), (), "observed",
             frozenset()),
    ),
    "one",
)  # fmt: skip


def _built(warehouse: Engine) -> None:
    with warehouse.begin() as connection:
        connection.exec_driver_sql(
            "create schema kept; create table kept.things as"
            " select i as id, 'thing ' || i as name from generate_series(1, 50) as i"
        )


def test_what_nobody_touched_stands(warehouse: Engine) -> None:
    _built(warehouse)
    with warehouse.connect() as connection:
        made = mark(connection, MANIFEST)
    with warehouse.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("create table kept.others as select 1 as a")
        connection.exec_driver_sql("vacuum (analyze, freeze) kept.things")
        assert stands(connection, MANIFEST, made)
        assert not stands(connection, Manifest(MANIFEST.marts, "another"), made)
        assert not stands(connection, MANIFEST, None)


@pytest.mark.parametrize(
    "change",
    [
        "update kept.things set name = 'other' where id = 7",
        "delete from kept.things where id = 7",
        "insert into kept.things values (51, 'thing 51')",
        "delete from kept.things where id = 7; insert into kept.things values (7, 'other')",
        "alter table kept.things add column more text default 'new'",
        "alter table kept.things rename column name to title",
        "truncate kept.things",
        "create table kept.new as select id, 'other ' || id as name from kept.things;"
        " drop table kept.things; alter table kept.new rename to things",
    ],
)
def test_whatever_changed_does_not_stand(warehouse: Engine, change: str) -> None:
    _built(warehouse)
    with warehouse.connect() as connection:
        made = mark(connection, MANIFEST)
        assert stands(connection, MANIFEST, made)
    with warehouse.begin() as connection:
        connection.exec_driver_sql(change)
    with warehouse.connect() as connection:
        assert not stands(connection, MANIFEST, made)


def test_what_was_written_while_it_was_looked_at_does_not_stand(warehouse: Engine) -> None:
    _built(warehouse)
    with warehouse.connect() as writer, warehouse.connect() as connection:
        writer.exec_driver_sql("update kept.things set name = 'other' where id = 7")
        made = mark(connection, MANIFEST)
        connection.rollback()
        writer.commit()
        assert not stands(connection, MANIFEST, made)


def test_transactions_are_counted_around() -> None:
    assert _is_before(5, 6)
    assert not _is_before(6, 6)
    assert not _is_before(7, 6)
    assert _is_before(2**32 - 3, 2**32 + 4)
    assert not _is_before(9, 2**32 + 4)
