"""A load over REST: what arrives, what a second run does, and what stays out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine

from load import __main__ as commands
from load.rest import command as rest_command
from runtime.errors import ConfigError, Unfinished
from tests.load.rest import rest_world as world
from tests.load.rest.talking import counter
from tests.sandbox.splynx_process import SplynxProcess, running
from tests.services import Splynxes

pytestmark = [pytest.mark.postgres, pytest.mark.mysql]

CUSTOMERS = 24
WRITES = ("POST", "PUT", "DELETE")

# What the marts say and what Splynx holds, each joined by names instead of ids.
_BOTH = (
    (
        "select c.name, c.login, c.status, coalesce(c.city, ''), c.date_add::text, p.name,"
        " coalesce(m.name, ''), v.value, coalesce(i.vat_id, '')"
        " from splynx_staging.customers c"
        " join splynx_staging.partners p on p.id = c.partner_id"
        " left join splynx_staging.customers m on m.id = c.parent_id"
        " join splynx_staging.customers_values v on v.id = c.id"
        " join splynx_staging.customer_info i on i.customer_id = c.id",
        "select c.name, c.login, c.status, c.city, cast(c.date_add as char), p.name,"
        " coalesce(m.name, ''), v.value, i.vat_id"
        " from customers c join partners p on p.id = c.partner_id"
        " left join customers m on m.id = c.parent_id"
        " join customers_values v on v.id = c.id and v.name = 'sonar_key'"
        " join customer_info i on i.customer_id = c.id",
    ),
    (
        "select c.name, n.datetime::text, n.title, n.comment from splynx_staging.customer_notes n"
        " join splynx_staging.customers c on c.id = n.customer_id",
        "select c.name, cast(n.datetime as char), n.title, n.comment from customer_notes n"
        " join customers c on c.id = n.customer_id",
    ),
    (
        "select c.name, t.title, s.login, s.unit_price::text from splynx_staging.services_internet"
        " s join splynx_staging.customers c on c.id = s.customer_id"
        " join splynx_staging.tariffs_internet t on t.id = s.tariff_id",
        "select c.name, t.title, s.login, cast(s.unit_price as char) from services_internet s"
        " join customers c on c.id = s.customer_id join tariffs_internet t on t.id = s.tariff_id",
    ),
    (
        "select c.name, p.receipt_number, p.amount::text, t.description, t.total::text"
        " from splynx_staging.payments p join splynx_staging.customers c on c.id = p.customer_id"
        " join splynx_staging.billing_transactions t on t.payment_id = p.id",
        "select c.name, p.receipt_number, cast(p.amount as char), t.description,"
        " cast(t.total as char) from payments p join customers c on c.id = p.customer_id"
        " join billing_transactions t on t.payment_id = p.id",
    ),
)


@pytest.fixture
def server(splynxes: Splynxes, tmp_path: Path, warehouse: Engine) -> Iterator[SplynxProcess]:
    """Yield a Splynx of this test's own, inspected; the operator's variables lead to it."""
    with (
        splynxes.fresh() as database,
        running(database, tmp_path) as started,
        world.at(started),
    ):
        world.create_marts(warehouse, CUSTOMERS)
        world.inspect(warehouse, started.url.removeprefix("http://"))
        world.accept(warehouse)
        yield started


def rows(engine: Engine, statement: str) -> list[tuple[object, ...]]:
    with engine.connect() as connection:
        return sorted(tuple(row) for row in connection.exec_driver_sql(statement, ()))


def assert_same(warehouse: Engine, server: SplynxProcess) -> None:
    for ours, theirs in _BOTH:
        wanted = rows(warehouse, ours)
        assert wanted
        assert rows(server.database.engine, theirs) == wanted


def _refusals(warehouse: Engine) -> list[tuple[object, ...]]:
    return rows(
        warehouse,
        "select table_name, _sonar_key, cause from ops.refusal where run_id ="
        " (select run_id from ops.run order by started_at desc limit 1)",
    )


def _change(warehouse: Engine, statement: str) -> None:
    with warehouse.begin() as connection:
        connection.exec_driver_sql(statement)
    world.accept(warehouse)


def _writes(server: SplynxProcess) -> Callable[[], int]:
    counts = [counter(server, "admin", method) for method in WRITES]
    return counts[0]  # one counter counts all slow ones


def test_everything_arrives_and_a_second_run_writes_nothing(
    warehouse: Engine, server: SplynxProcess
) -> None:
    first = world.run_load()
    assert_same(warehouse, server)
    assert first.written.created == sum(world.count(CUSTOMERS, name) for name in world.POSTED)
    states = rows(warehouse, "select distinct state from ops.row_state")
    assert states == [("written",)]
    for mart in world.MANIFEST.marts:
        recorded = f"select _sonar_key from ops.row_state where table_name = '{mart.name}'"
        assert len(rows(warehouse, recorded)) == world.count(CUSTOMERS, mart.name), mart.name
    assert rows(warehouse, "select 1 from ops.row_state where inserted_by is null") == []

    writes = _writes(server)
    second = world.run_load()
    assert writes() == 0
    assert (second.plan.writes, second.written.created, second.written.proven) == (0, 0, 0)


def test_the_commands_say_what_they_would_do_and_what_they_did(
    warehouse: Engine, server: SplynxProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rest_command, "read_manifest", lambda: world.MANIFEST)

    def said(*arguments: str) -> list[str]:
        result = CliRunner().invoke(
            commands.commands, ["run", "--route", "rest", *arguments], catch_exceptions=False
        )
        assert result.exit_code == 0
        return [" ".join(line.split()) for line in result.stdout.splitlines()]

    writes = _writes(server)
    dry = said("--dry-run")
    assert writes() == 0
    assert f"customers {CUSTOMERS} 0 0 0 0" in dry
    assert dry[-1].endswith(" rows would be sent")
    assert any(line.startswith("customers account:3: POST ") for line in dry)
    assert "Customer é" not in str(dry)
    assert rows(warehouse, "select 1 from ops.row_state") == []
    done = said("--accounts", "2")
    assert done[-3].startswith("over the API: ")
    assert done[-2].startswith("created ")
    assert server.scalar("select count(*) from customers") == 1
    for option in (("--max-passes", "2"), ("--no-remap",), ("--debug-records",)):
        with pytest.raises(ConfigError, match=f"{option[0]} is of the MySQL route"):
            said(*option)


def test_a_change_sends_what_changed_and_leaves_staffs_work(
    warehouse: Engine, server: SplynxProcess
) -> None:
    world.run_load()
    _change(
        warehouse,
        "update splynx_staging.customers set city = 'Elsewhere', status = 'disabled'"
        " where _sonar_key in ('account:2', 'account:4');"
        "update splynx_staging.customer_info set vat_id = 'other' where customer_id = 700003",
    )
    changed = world.run_load()
    assert (changed.written.created, changed.written.changed) == (0, 3)
    assert_same(warehouse, server)

    server.execute("update customers set city = 'Of staff' where login = 'login3'")
    _change(
        warehouse,
        "update splynx_staging.customers set name = 'Customer é III'"
        " where _sonar_key = 'account:3'",
    )
    renamed = world.run_load()
    assert renamed.written.kept == ["customers account:3: city"]
    there = server.row("select name, city, status from customers where login = 'login3'")
    assert tuple(there) == ("Customer é III", "Of staff", "active")
    server.execute("update customers set city = '' where login = 'login3'")
    assert_same(warehouse, server)


def test_a_row_at_fault_keeps_its_customers_new_and_nobody_else(
    warehouse: Engine, server: SplynxProcess
) -> None:
    """One payment is refused, and one customer's town is changed by Splynx itself."""
    amount = "update splynx_staging.payments set amount = %s where _sonar_key = 'payment:4'"
    _change(warehouse, amount % 0)
    for event in ("insert", "update"):
        server.execute(
            f"create trigger meddle_{event} before {event} on customers for each row"
            " set new.city = if(new.login = 'login5', 'Meddled', new.city)"
        )
    with pytest.raises(Unfinished) as stopped:
        world.run_load()
    assert stopped.value.exit_code == 6
    meddled, refused = sorted(stopped.value.items)
    assert meddled == "customers account:5: read back otherwise than it was sent: city"
    assert refused.startswith("payments payment:4: ")
    found = rows(server.database.engine, "select name, status from customers")
    assert {("Customer é 4", "new"), ("Customer é 5", "new"), ("Customer é 2", "active")} < {*found}
    assert {
        ("customers", "account:5", "differs"),
        ("payments", "payment:4", "server"),
        ("services_internet", "service:4", "reference"),
    } < {*_refusals(warehouse)}
    assert server.scalar("select count(*) from services_internet where login = 'net4'") == 0

    _change(warehouse, amount % 4.5)
    for event in ("insert", "update"):
        server.execute(f"drop trigger meddle_{event}")
    world.run_load()
    assert_same(warehouse, server)


def test_a_module_that_is_off_parks_its_tables(warehouse: Engine, server: SplynxProcess) -> None:
    server.control("POST", "modules", {"module": "internet", "on": False})
    with pytest.raises(Unfinished) as stopped:
        world.run_load()
    assert sorted(stopped.value.items) == [
        f"services_internet: {CUSTOMERS // 2} rows wait",
        "tariffs_internet: 3 rows wait",
    ]
    assert {cause for *_, cause in _refusals(warehouse)} == {"module_off"}
    assert server.scalar("select count(*) from customers where status = 'active'") > 10

    server.control("POST", "modules", {"module": "internet", "on": True})
    again = world.run_load()
    assert again.written.created == 3 + CUSTOMERS // 2
    assert again.written.changed == 0
    assert_same(warehouse, server)


def test_what_was_written_is_read_back_by_lists(server: SplynxProcess) -> None:
    """What has no list is read alone, once. How much a list holds depends on the machine."""
    read = counter(server, "admin", "GET")
    loaded = world.run_load()
    assert loaded.written.proven == sum(
        world.count(CUSTOMERS, mart.name)
        for mart in world.MANIFEST.marts
        if mart.name != "customers_values"
    )
    assert read() < loaded.written.proven * 0.75


def test_what_the_api_does_not_take_is_said_and_its_customers_stay_new(
    warehouse: Engine, server: SplynxProcess
) -> None:
    with pytest.raises(Unfinished) as stopped:
        world.run_load(manifest=world.without("tariffs_internet"))
    assert [item.split(" rows:")[0] for item in stopped.value.items] == [
        "tariffs_internet: 3",
        f"services_internet: {CUSTOMERS // 2}",
    ]
    assert server.scalar("select count(*) from services_internet") == 0
    new = "select login from customers where status = 'new' and login in ('login2', 'login3')"
    assert rows(server.database.engine, new) == [("login2",)]
    assert ("services_internet", "service:2", "route") in _refusals(warehouse)

    of_rows, *_ = [counter(server, "admin", method) for method in ("GET", *WRITES)]
    with pytest.raises(Unfinished) as again:
        world.run_load(manifest=world.without("tariffs_internet"))
    assert of_rows() == 0
    # Half of them have a service; two more are the parents of such.
    assert f"{CUSTOMERS // 2 + 2} rows are there but for" in again.value.items[-1]

    world.run_load()
    assert_same(warehouse, server)


def test_what_looks_alike_is_told_apart_or_left_to_people(
    warehouse: Engine, server: SplynxProcess
) -> None:
    """Three plans have one title, two payments of staff have the number of one of ours."""
    _change(warehouse, "update splynx_staging.tariffs_internet set title = 'Plan'")
    for _ in range(2):
        body = {"customer_id": server.customer(), "amount": 1, "payment_type": 1}
        server.create("admin/finance/payments", {**body, "receipt_number": "R-4"})
    for path in ("admin/tariffs/internet", "admin/finance/payments"):
        server.fault(kind="lost_reply", method="POST", path=path, times=None)
    with pytest.raises(Unfinished) as stopped:
        world.run_load()
    assert [item.split(":")[:2] for item in stopped.value.items] == [["payments payment", "4"]]
    assert "3 times" in stopped.value.items[0]
    assert ("payments", "payment:4", "found_twice") in _refusals(warehouse)
    assert server.scalar("select count(*) from payments where receipt_number = 'R-8'") == 1
    given = rows(
        warehouse, "select distinct target_id from ops.id_map where entity = 'tariffs_internet'"
    )
    there = rows(server.database.engine, "select id from tariffs_internet where title = 'Plan'")
    assert given == there
    assert len(there) == 3
