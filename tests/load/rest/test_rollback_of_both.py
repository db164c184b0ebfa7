"""A run that wrote some tables over the API and others by MySQL is taken back as a whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine

from load import hybrid
from load.mysql.checksums import Sum, columns_of, table_sum
from load.planning.routes import HYBRID, assigned
from load.rest import rollback as rest
from load.rollback import run as rollback
from load.rollback.run import Undone, roll_back
from load.target.inspection import inspect
from runtime.errors import GateFailed, Unfinished
from runtime.manifest import Manifest
from runtime.run_ledger import stage
from runtime.settings import splynx_api, splynx_db
from tests.load.miniature import attest_switches
from tests.load.rest import rest_world as world
from tests.load.rest.test_rest_rollback import ledger
from tests.sandbox.splynx_process import SplynxProcess, running
from tests.services import Splynxes, plain

pytestmark = [pytest.mark.postgres, pytest.mark.mysql]

CUSTOMERS = 12
MOVED = ("services_internet", "payments")
MADE = tuple(  # Splynx makes them with each customer; caps are in no mart
    world.new_mart(
        f"customer_{name}",
        "customer",
        {"customer_id": "bigint", column: kind},
        [("customer_id", "customers")],
        {"item": f"admin/customers/customer-{name}/{{customer_id}}", "made": [{"by": "customers"}]},
        key=("customer_id",),
    )
    for name, column, kind in (
        ("billing", "blocking_period", "integer"), ("cap", "auto_cap", "varchar(1)"),
    )
)  # fmt: skip
MANIFEST = Manifest(
    tuple(
        replace(one, routes=frozenset({"mysql", "rest"})) for one in (*world.MANIFEST.marts, *MADE)
    ),
    "both",
)
_MORE = """
create table splynx_staging.customer_cap (
    _sonar_key text, _customer_key text, customer_id bigint, auto_cap text);
create table splynx_staging.customer_billing as
select _sonar_key, _customer_key, id as customer_id, 7 as blocking_period
from splynx_staging.customers;
update splynx_staging.customers set city = '' where city is null;
update splynx_staging.customer_info set vat_id = '' where vat_id is null
"""


@pytest.fixture
def server(
    splynxes: Splynxes, tmp_path: Path, warehouse: Engine, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SplynxProcess]:
    """Yield a Splynx in use, inspected through its database."""
    with splynxes.fresh() as database, running(database, tmp_path) as started, world.at(started):
        url = started.database.url.update_query_dict({"ssl_disabled": "true"})
        monkeypatch.setenv("SPLYNX_MYSQL_URL", plain(url))
        monkeypatch.setenv("SPLYNX_TARGET", splynx_db().address)
        started.customer(name="Of staff", login="theirs")
        _give_defaults(started)
        world.create_marts(warehouse, CUSTOMERS)
        with warehouse.begin() as connection:
            connection.exec_driver_sql(_MORE)
        with stage("inspect") as run:
            inspect(run, splynx_db(), MANIFEST)
        attest_switches(splynx_db().address)
        world.accept(warehouse, MANIFEST)
        yield started


def _give_defaults(server: SplynxProcess) -> None:
    """Let the database do without the columns that these small marts do not have."""
    zero: dict[str, str] = {
        "date": "'2025-01-01'",
        "datetime": "'2025-01-01'",
        "time": "'00:00:00'",
    }
    for one in MANIFEST.marts:
        ours = {column.name for column in one.columns}
        with server.database.engine.connect() as connection:
            rows = connection.exec_driver_sql(
                "select column_name, data_type, column_type from information_schema.columns"
                " where table_schema = database() and table_name = %s and is_nullable = 'NO'"
                " and column_default is null and extra not like '%%auto_increment%%'",
                (one.name,),
            ).all()
        for name, kind, whole in ((str(r[0]), str(r[1]), str(r[2])) for r in rows):
            if name in ours:
                continue
            default = whole[5:-1].split(",")[0] if kind == "enum" else zero.get(kind, "''")
            number = kind.endswith("int") or kind in {"decimal", "double", "float"}
            server.execute(
                f"alter table {one.name} alter column `{name}`"
                f" set default {0 if number else default}"
            )


def content(server: SplynxProcess) -> dict[str, Sum]:
    """Return the sum of every table of Splynx, marked rows included, without its own times."""
    with server.database.engine.connect() as connection:
        return {
            name: table_sum(connection, name, [c for c in columns if c[0] != "updated_at"])
            for name, columns in columns_of(connection).items()
        }


def loaded(run_id: str, moved: Sequence[str] = MOVED) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RUN_ID", run_id)
        with stage("load") as run:
            routes = assigned(MANIFEST, HYBRID, moved)
            both = hybrid.load(run, splynx_db(), splynx_api(), MANIFEST, routes)
            assert both.left == ()


def rolled_back(run_id: str) -> Undone:
    with stage("rollback") as run:
        return roll_back(run, splynx_db(), MANIFEST, run_id, splynx_api())


@pytest.mark.parametrize("moved", [MOVED, ("customers",)], ids=["last", "with parts"])
def test_the_state_after_is_the_state_before(
    warehouse: Engine, server: SplynxProcess, moved: Sequence[str]
) -> None:
    before, untold = content(server), ledger(warehouse)
    loaded("first", moved)
    done = rolled_back("first")
    assert (content(server), ledger(warehouse)) == (before, untold)
    assert done.over_api is not None
    assert done.over_api.deleted >= sum(world.count(CUSTOMERS, name) for name in MOVED)


def test_killed_in_either_half_it_ends_the_same(
    warehouse: Engine, server: SplynxProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, untold = content(server), ledger(warehouse)
    loaded("first")

    class KilledError(Exception):
        pass

    def killed(*_: object, **__: object) -> None:
        raise KilledError

    for module, name in ((rest, "write_down"), (rollback, "_forget"), (rollback, "_forget")):
        with monkeypatch.context() as patch, pytest.raises(KilledError):
            patch.setattr(module, name, killed)
            rolled_back("first")
    assert content(server) != before
    rolled_back("first")
    assert (content(server), ledger(warehouse)) == (before, untold)


def test_what_staff_edited_stays_on_both_sides_and_changes_are_put_back(
    warehouse: Engine, server: SplynxProcess
) -> None:
    empty = content(server)
    loaded("first")
    before = content(server)
    with warehouse.begin() as connection:
        changes = (("customers", "city = 'Moved'"), ("services_internet", "status = 'stopped'"))
        for table, change in changes:
            connection.exec_driver_sql(
                f"update splynx_staging.{table} set {change} where _customer_key = '4'"
            )
    world.accept(warehouse, MANIFEST)
    loaded("second")
    assert content(server) != before
    with pytest.raises(GateFailed, match=r"roll back second \(\d rows\) first"):
        rolled_back("first")
    rolled_back("second")
    assert content(server) == before

    server.execute("update services_internet set description = 'theirs' where login = 'net2'")
    with pytest.raises(Unfinished) as stopped:
        rolled_back("first")
    stay = dict(line.split(": ", 1) for line in stopped.value.items)
    assert stay["services_internet service:2"] == "edited by staff since"
    assert stay["customers account:2"] == "needed by services_internet service:2"
    assert "customers account:3" not in stay
    server.execute("update services_internet set description = 'Service 2' where login = 'net2'")
    rolled_back("first")
    assert content(server) == empty
