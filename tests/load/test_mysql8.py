"""The loader against a MySQL 8 that the operator lends, by MYSQL8_TEST_URL; else nothing is run.

The URL is that of an account which may create and drop databases: a fresh one is made for each test
and dropped afterwards. The tests are those that run against MariaDB.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Engine, create_engine, make_url

from runtime.settings import splynx_db
from tests.load import (
    miniature,
    test_load_gates,
    test_load_mysql,
    test_load_parcels,
    test_load_resume,
    test_load_scope,
)
from tests.load.conftest import Scene
from tests.services import Splynx, plain

URL = os.environ.get("MYSQL8_TEST_URL", "")

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.mysql,
    pytest.mark.skipif(not URL, reason="MYSQL8_TEST_URL is not set: no MySQL 8 to test against"),
]

LIKE_MARIADB = [
    test_load_mysql.test_a_load_brings_every_value_and_a_second_one_writes_nothing,
    test_load_mysql.test_a_dry_run_plans_the_same_and_writes_nothing,
    test_load_mysql.test_a_change_in_sonar_updates_that_row_only,
    test_load_mysql.test_edits_of_staff_are_kept_and_told_apart,
    test_load_mysql.test_nothing_new_refers_to_what_staff_deleted,
    test_load_mysql.test_a_row_that_staff_changed_after_the_plan_is_not_overwritten,
    test_load_parcels.test_what_load_data_would_store_as_something_else_is_refused,
    test_load_parcels.test_parcels_are_bounded_and_hold_whole_clusters,
    test_load_gates.test_a_target_changed_since_inspection,
    test_load_gates.test_a_target_that_does_not_fit_lists_every_problem,
    test_load_gates.test_a_table_that_cannot_roll_back_is_refused_by_inspect,
    test_load_gates.test_an_id_of_somebody_else,
    test_load_gates.test_a_unique_key_of_somebody_else,
    test_load_resume.test_an_edit_by_staff_between_crash_and_resume_is_kept,
    test_load_resume.test_inspect_settles_what_a_killed_load_left,
    test_load_resume.test_an_update_that_was_not_committed_is_sent_again,
    test_load_scope.test_chosen_customers_bring_what_belongs_to_them_and_the_rest_follows,
    test_load_scope.test_a_table_that_others_need_cannot_be_skipped,
]


@pytest.fixture
def lent(warehouse: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """60 customers, ready to be loaded into a fresh database of the lent server."""
    name = f"sonar_test_{secrets.token_hex(4)}"
    admin = create_engine(make_url(URL), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql(f"create database `{name}` character set utf8mb4")
    try:
        url = make_url(URL).set(database=name)
        monkeypatch.setenv("SPLYNX_MYSQL_URL", plain(url))
        address = splynx_db().address
        monkeypatch.setenv("SPLYNX_TARGET", address)
        engine = create_engine(url)
        miniature.create_target(engine)
        sizes = miniature.create_marts(warehouse, 60)
        miniature.run_inspect()
        miniature.accept(warehouse)
        miniature.attest_switches(address)
        yield Scene(warehouse, Splynx(url, url, address, engine), sizes)
        engine.dispose()
    finally:
        with admin.connect() as connection:
            connection.exec_driver_sql(f"drop database `{name}`")
        admin.dispose()


def test_it_is_mysql_8(lent: Scene) -> None:
    version = str(lent.target_rows("select version()")[0][0])
    assert "mariadb" not in version.lower()
    assert int(version.split(".", maxsplit=1)[0]) >= 8


@pytest.mark.parametrize("test", LIKE_MARIADB, ids=lambda test: test.__name__)
def test_as_with_mariadb(lent: Scene, test: Callable[[Scene], None]) -> None:
    test(lent)
