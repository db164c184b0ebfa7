"""Secrets go from Sonar to Splynx and lie nowhere else; what is done is done once."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from load.handover import commands
from load.handover.allowed import FROM_SONAR, PAYMENTS, PORTAL
from load.handover.run import Result, Sides, hand_over
from load.handover.secret import Secret
from load.handover.sonar import read
from load.rest.client import Manners
from load.rest.failures import Forbidden
from load.target.targets import Target
from load.writing.intents import found_hashes
from runtime.errors import ConfigError, SourceError, Unfinished
from runtime.manifest import Manifest, Mart, MartColumn
from runtime.run_ledger import stage
from runtime.settings import ROOT, SonarApi
from tests.load.handover.scenery import (
    CUSTOMERS,
    Login,
    cards,
    clear,
    fill_splynx,
    fill_warehouse,
    logins,
    order,
    reset,
    set_password,
)
from tests.load.rest.talking import api, arrivals, counter
from tests.sandbox.sonar_process import running as serving
from tests.sandbox.splynx_process import SplynxProcess, fresh
from tests.services import Sonar, Splynxes, others_are_gone, plain

pytestmark = [pytest.mark.postgres, pytest.mark.mysql]

QUICK = Manners(delay=0.01, retries=2, timeout=30)
WAIT = 120  # of a busy machine
NETWORK = FROM_SONAR[0]


@dataclass(frozen=True, slots=True)
class World:
    """Both systems, the ledgers between them, and what Sonar knows."""

    warehouse: Engine
    sonar: Sonar
    server: SplynxProcess
    target: Target
    found: list[Login]
    folder: Path

    def hand_over(self, *kinds: Any) -> Result:
        """Run the handover in this process."""
        source = SonarApi(self.sonar.url, "127.0.0.1", self.sonar.token)
        with stage("handover") as run:
            sides = Sides(source, api(self.server, "token"), manners=QUICK)
            return hand_over(run, self.target, sides, kinds or (NETWORK, PORTAL))

    def invite(self, *options: str) -> Path:
        """Run the command in this process; return where its list is, if nobody says another."""
        commands.handover_command.main(["--only", "portal", *options], standalone_mode=False)
        return self.folder / "build" / "handover" / "invitations.csv"

    def command(self, *options: str) -> subprocess.Popen[str]:
        """Start the handover as an operator does."""
        return subprocess.Popen(
            [sys.executable, "-m", "load", "handover", *options],
            cwd=ROOT,
            env=dict(os.environ),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def states(self, table: str) -> dict[str, str]:
        """Return what the ledger says, by key."""
        with self.warehouse.connect() as connection:
            rows = connection.exec_driver_sql(
                "select _sonar_key, state from ops.handover where table_name = %s", (table,)
            )
            return {row[0]: row[1] for row in rows}

    def execute(self, statement: str) -> None:
        """Change the warehouse."""
        with self.warehouse.begin() as connection:
            connection.exec_driver_sql(statement, {})

    def network(self) -> dict[str, str]:
        """Return the passwords of the services in Splynx, by Sonar's key."""
        return {login.key: self.server.get(login.path)["password"] for login in self.found}

    def portal(self) -> dict[int, str]:
        """Return the passwords of the customers in Splynx."""
        keys = {login.customer for login in self.found}
        return {key: self.server.get(f"{CUSTOMERS}/{key}")["password"] for key in keys}


@pytest.fixture(scope="module")
def tenant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sonar]:
    with serving(tmp_path_factory.mktemp("sonar"), "--size", "tiny", "--seed", "1") as process:
        yield Sonar(process.url, process.token, process.truth)


@pytest.fixture(scope="module")
def server(
    splynxes: Splynxes, tenant: Sonar, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SplynxProcess]:
    for made in fresh(splynxes, tmp_path_factory.mktemp("splynx")):
        fill_splynx(made, logins(tenant))
        yield made


@pytest.fixture
def world(
    warehouse: Engine,
    server: SplynxProcess,
    tenant: Sonar,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[World]:
    found = logins(tenant)
    address = server.url.removeprefix("http://")
    fill_warehouse(warehouse, address, found)
    for name, value in {
        "SONAR_URL": tenant.url,
        "SONAR_API_KEY": tenant.token,
        "SPLYNX_URL": server.url,
        "SPLYNX_API_KEY": server.key,
        "SPLYNX_API_SECRET": server.secret,
        "SPLYNX_AUTH": "basic",
        "SPLYNX_TARGET": address,
        "BUILD_DIR": str(tmp_path / "build"),
        "LOCAL_DIR": str(tmp_path / "local"),
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("SPLYNX_MYSQL_URL", raising=False)
    monkeypatch.setattr(commands, "BUILD", tmp_path / "build")
    monkeypatch.setenv("ENV_FILE", str(tmp_path / "none"))
    yield World(warehouse, tenant, server, Target(address, 1), found, tmp_path)
    reset(server, found)
    clear(tenant)


def everything_written(world: World) -> str:
    """Return every row of every table of the warehouse, and every file of the run, as text."""
    parts: list[str] = []
    with world.warehouse.connect() as connection:
        tables: list[str] = list(
            connection.exec_driver_sql(
                "select quote_ident(table_schema) || '.' || quote_ident(table_name)"
                " from information_schema.tables where table_type = 'BASE TABLE'"
                " and table_schema not in ('pg_catalog', 'information_schema')"
            ).scalars()
        )
        for table in tables:
            parts += connection.exec_driver_sql(f"select t::text from {table} as t").scalars()
    for folder in ("build", "local"):
        for path in (world.folder / folder).rglob("*"):
            if path.is_file():
                parts.append(path.read_text(encoding="utf-8", errors="replace"))
    return "\n".join(parts)


def test_each_service_gets_its_password_and_nothing_else_holds_one(world: World) -> None:
    process = world.command()
    said, _ = process.communicate(timeout=WAIT)
    assert process.returncode == 0, said
    assert world.network() == {login.key: login.password for login in world.found}
    portal = world.portal()
    assert len(set(portal.values())) == len(portal) > 1
    assert all(len(password) == 24 for password in portal.values())

    written = everything_written(world)
    assert str(world.found[0].customer) in written  # the search would find something
    for secret in [*portal.values(), *(login.password for login in world.found)]:
        assert secret not in said
        assert secret not in written
    assert set(world.states("services_internet").values()) == {"handed_over"}
    assert f"network passwords: {len(world.found)} handed over" in said

    assert world.hand_over().ends == {NETWORK.what: {}, PORTAL.what: {}}
    assert world.portal() == portal


def test_invitations_name_keys_and_persons_only_where_asked(world: World) -> None:
    text = world.invite().read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    assert {int(row["splynx_customer"]) for row in rows} == set(world.portal())
    assert set(rows[0]) == {"sonar_account", "splynx_customer", "handed_over_at"}
    assert "planted" not in text
    asked_for = world.folder / "named.csv"
    world.invite("--invitations", str(asked_for))
    named = asked_for.read_text(encoding="utf-8")
    assert "ada@planted.example" in named
    assert asked_for.stat().st_mode & 0o077 == 0
    assert not any(password in named for password in world.portal().values())


def test_killed_on_the_way_it_goes_on_and_sends_no_second_portal_password(world: World) -> None:
    customers = {login.customer for login in world.found}
    arrived = 3
    world.server.fault(kind="dropped", method="PUT", path=CUSTOMERS, after=arrived, times=None)
    before = arrivals(world.server)
    process = world.command("--only", "portal")
    deadline = time.monotonic() + WAIT
    try:
        while arrivals(world.server) < before + len(customers) + arrived + 1:
            assert time.monotonic() < deadline
            assert process.poll() is None
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()
    others_are_gone(world.warehouse)
    assert set(world.states("customers").values()) == {"intended"}
    while sum(map(bool, world.portal().values())) < arrived:  # the server may still be at it
        assert time.monotonic() < deadline
    first = {key: password for key, password in world.portal().items() if password}
    assert len(first) == arrived < len(customers)

    world.server.control("DELETE", "faults")
    puts = counter(world.server, CUSTOMERS, "PUT")
    world.hand_over(PORTAL)
    assert puts() == len(customers) - len(first)
    assert first.items() <= world.portal().items()
    assert all(world.portal().values())
    assert set(world.states("customers").values()) == {"handed_over"}


def test_who_has_a_password_keeps_it(world: World) -> None:
    customer = world.found[0].customer
    body = {"password": "chosen by himself"}
    assert world.server.call("PUT", f"{CUSTOMERS}/{customer}", json=body).status == 202
    matched = world.found[-1].account
    world.execute(
        "update ops.row_state set inserted_by = null"
        f" where table_name = 'customers' and _sonar_key = '{matched}'"
    )
    world.hand_over(PORTAL)
    states = world.states("customers")
    assert states[world.found[0].account] == "kept"
    assert matched not in states
    assert world.portal()[customer] == "chosen by himself"
    assert world.portal()[world.found[-1].customer] == ""


def test_a_changed_password_goes_again_and_an_empty_one_never(world: World) -> None:
    changed, emptied = world.found[:2]
    world.hand_over(NETWORK)
    set_password(world.sonar, changed.key, "N3W-one")
    set_password(world.sonar, emptied.key, None)
    assert world.hand_over(NETWORK).ends == {NETWORK.what: {}}  # dbt has not seen it yet
    world.execute(
        "update audit.audit_access_credentials set changed_at = now()"
        f" where _sonar_key in ('{changed.key}', '{emptied.key}')"
    )
    result = world.hand_over(NETWORK)
    assert result.ends == {NETWORK.what: {"handed_over": 1, "empty": 1}}
    found = world.network()
    assert (found[changed.key], found[emptied.key]) == ("N3W-one", emptied.password)
    set_password(world.sonar, changed.key, changed.password)
    set_password(world.sonar, emptied.key, emptied.password)


def test_another_splynx_gets_nothing(world: World) -> None:
    world.server.execute("update services_internet set login = concat('x', login)")
    puts = counter(world.server, CUSTOMERS, "PUT")
    with pytest.raises(ConfigError, match="lead to the same Splynx"):
        world.hand_over(NETWORK)
    assert puts() == 0
    assert set(world.states("services_internet").values()) == {"not_ours"}


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"kind": "denied_field", "field": "password"}, "does not give radius_accounts.password"),
        ({"kind": "denied_collection"}, "does not give radius_accounts.password"),
        ({"kind": "expired_token"}, "refuses the token"),
    ],
    ids=lambda value: value["kind"] if isinstance(value, dict) else "",
)
def test_sonar_may_deny_it(world: World, fault: dict[str, str], said: str) -> None:
    collection = {} if fault["kind"] == "expired_token" else {"collection": "radius_accounts"}
    order(world.sonar, "faults", {**fault, **collection})
    puts = counter(world.server, CUSTOMERS, "PUT")
    with pytest.raises(ConfigError, match=said):
        world.hand_over(NETWORK)
    assert puts() == 0


@pytest.mark.parametrize("kind", ["server_error", "rate_limited", "cut_off", "dropped"])
def test_what_passes_at_sonar_is_waited_for(world: World, kind: str) -> None:
    order(world.sonar, "faults", {"kind": kind, "times": 2})
    world.hand_over(NETWORK)
    assert world.network() == {login.key: login.password for login in world.found}


def test_sonar_may_stay_away(world: World) -> None:
    order(world.sonar, "faults", {"kind": "bad_gateway", "times": 99})
    with pytest.raises(SourceError, match="HTTP 502"):
        world.hand_over(NETWORK)


def _columns(*names: str) -> tuple[MartColumn, ...]:
    return tuple(MartColumn(name, "varchar", None, (), {}) for name in names)


def _mart(name: str, *columns: str) -> Mart:
    return Mart(
        name=name,
        schema="splynx_staging",
        columns=(MartColumn("id", "bigint", None, (), {}), *_columns(*columns)),
        key=("id",),
        group="customer",
        routes=frozenset({"mysql"}),
        references=(),
        business_keys=(),
        confidence="observed",
        collections=frozenset(),
    )


_MANIFEST = Manifest(
    (
        _mart("customers", "login", "password"),
        _mart("services_internet", "login", "password", "mac"),
    ),
    "x",
)


def test_where_we_read_the_database_the_rows_stay_ours(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the command does it; a row that staff had edited before stays theirs."""
    address = world.server.database.address
    monkeypatch.setenv("SPLYNX_MYSQL_URL", plain(world.server.database.url))
    monkeypatch.setenv("SPLYNX_TARGET", address)
    monkeypatch.setattr(commands, "read_manifest", lambda: _MANIFEST)
    for table in ("target", "id_map", "row_state"):
        world.execute(f"update ops.{table} set target = '{address}#1'")
    world.execute(f"update ops.target set address = '{address}'")
    written = _hashes(world)
    for (table, key), value in written.items():
        world.execute(
            f"update ops.row_state set new_hash = '{value}', crc = 7"
            f" where table_name = '{table}' and row_key ->> 'id' = '{key}'"
        )
    edited = world.found[0].service
    sql = "update services_internet set mac = 'AA' where id = :id"
    world.server.execute(sql, id=edited)
    try:
        commands.handover_command.main([], standalone_mode=False)
    finally:
        world.server.execute("update services_internet set mac = ''")
    with world.warehouse.connect() as connection:
        kept = {
            (row[0], row[1]): (row[2], row[3], row[4])
            for row in connection.exec_driver_sql(
                "select table_name, row_key ->> 'id', new_hash, crc, apart from ops.row_state"
            )
        }
    now = _hashes(world)
    theirs = ("services_internet", str(edited))
    assert kept.pop(theirs) == (written[theirs], 7, False)
    assert kept == {place: (now[place], None, True) for place in kept}
    assert all(now[place] != written[place] for place in kept)


def _hashes(world: World) -> dict[tuple[str, str], str]:
    """Return what the rows of Splynx hold now, as the loader tells them apart."""
    found = {}
    with world.server.database.engine.connect() as connection:
        for mart in _MANIFEST.marts:
            ids = {"customers": "customer", "services_internet": "service"}[mart.name]
            keys = [(key,) for key in sorted({getattr(login, ids) for login in world.found})]
            for key, value in found_hashes(connection, mart, keys).items():
                found[mart.name, key] = value
    return found


def test_a_missing_right_is_named(world: World) -> None:
    world.server.execute(
        "update permissions_api_key set action = 'none'"
        " where controller like '%internet-services' and action = 'update'"
    )
    with pytest.raises(Forbidden) as denied:
        world.hand_over(NETWORK)
    assert denied.value.exit_code == 2
    assert denied.value.action == "update"
    assert set(world.network().values()) == {""}
    world.server.execute("update permissions_api_key set action = 'update' where action = 'none'")
    world.hand_over(NETWORK)
    assert world.network() == {login.key: login.password for login in world.found}


def test_a_module_that_is_off_parks_its_secrets_only(world: World) -> None:
    world.server.control("POST", "modules", {"module": "internet", "on": False})
    with pytest.raises(Unfinished) as parked:
        world.hand_over()
    assert [item.split(":")[0] for item in parked.value.items] == [NETWORK.what]
    assert all(world.portal().values())
    world.server.control("POST", "modules", {"module": "internet", "on": True})
    result = world.hand_over()
    assert result.ends[NETWORK.what] == {"handed_over": len(world.found)}
    assert result.ends[PORTAL.what] == {}


def test_a_refusal_that_repeats_the_secret_is_told_without_it(world: World) -> None:
    secret = world.found[0].password
    body = [{"field": "password", "message": f"{secret} is too weak"}]
    path = world.found[0].path
    world.server.fault(kind="answer", method="PUT", path=path, status=422, body=body, times=None)
    process = world.command("--only", "network")
    said, _ = process.communicate(timeout=WAIT)
    assert process.returncode == 6, said
    assert f"services_internet {world.found[0].key}: HTTP 422: password" in said
    assert secret not in said
    assert secret not in everything_written(world)
    assert world.states("services_internet")[world.found[0].key] == "refused"


def test_lost_replies_and_ended_tokens_cost_nothing(world: World) -> None:
    for kind in ("lost_reply", "expire_tokens", "server_error"):
        world.server.fault(kind=kind, method="PUT", path=CUSTOMERS, times=1, after=1)
    world.hand_over()
    assert world.network() == {login.key: login.password for login in world.found}
    assert all(world.portal().values())


def test_somebody_elses_record_is_not_taken_for_the_one_asked_for() -> None:
    row = {"id": "6", "password": "open sesame", "updated_at": "2026-01-01T00:00:00+00:00"}
    assert read(NETWORK, ["5"], {"k5": {"entities": [row]}}) == {}
    told = read(NETWORK, ["6"], {"k6": {"entities": [row]}})["6"]
    assert told.secret is not None
    assert told.secret.reveal() == "open sesame"


@pytest.mark.parametrize(
    "show", [str, repr, "{}".format, "{:>40}".format, lambda s: f"{[s]}"], ids=range(5)
)
def test_a_secret_shows_stars(show: Callable[[Secret], str]) -> None:
    assert "open sesame" not in show(Secret("open sesame"))
    assert Secret("open sesame").reveal() == "open sesame"


def test_a_token_goes_to_the_field_that_its_processor_has_there(world: World) -> None:
    """And once: a second run sends nothing, until Sonar has another one."""
    accounts = {login.account: login.customer for login in world.found}
    card = next(c for c in cards(world.sonar) if c["account_id"] in accounts and c["token"])
    customer = accounts[card["account_id"]]
    world.server.execute("delete from payment_account_data")
    world.server.execute("replace into payment_account (id, title) values (5, 'Gateway')")
    for field, attribute in (("token", "field_3"), ("customer_profile_id", "field_1")):
        world.execute(
            "insert into audit.audit_payment_credentials values"
            f" ('card:{card['id']}', '{card['account_id']}', 5, 'credit_cards', '{card['id']}',"
            f" '{card['updated_at']}', '{field}', '{attribute}')"
        )
    assert world.hand_over(*PAYMENTS).ends["tokens of credit cards"] == {}  # it is not loaded

    world.execute(
        "insert into ops.row_state (target, table_name, _sonar_key, row_key, state, new_hash,"
        f" run_id) values ('{world.target.name}', 'payment_account_data', 'card:{card['id']}',"
        " '{}', 'written', 'h', 'r1')"
    )
    puts = counter(world.server, "admin/customers/customer-payment-accounts", "PUT")
    first = world.hand_over(*PAYMENTS)
    assert first.ends["tokens of credit cards"] == {"handed_over": 1}
    (held,) = world.server.get(f"admin/customers/customer-payment-accounts?id={customer}--5")
    assert held["field_3"] == card["token"]
    assert (held["field_1"] or None) == card["customer_profile_id"]
    sent = puts()
    assert world.hand_over(*PAYMENTS).ends["tokens of credit cards"] == {}
    assert puts() == sent
    assert card["token"] not in everything_written(world)

    world.server.execute("update payment_account_data set field_3 = 'old'")
    world.server.execute("update customers set login = 'else' where id = :id", id=customer)
    world.execute("update audit.audit_payment_credentials set changed_at = now()")
    with pytest.raises(Unfinished, match="without their secret"):
        world.hand_over(*PAYMENTS)
    world.server.execute(
        "update customers set login = :login where id = :id", login=f"login{customer}", id=customer
    )
    assert world.server.scalar("select field_3 from payment_account_data") == "old"
    assert world.hand_over(*PAYMENTS).ends["tokens of credit cards"] == {"handed_over": 1}
    assert world.server.scalar("select field_3 from payment_account_data") == card["token"]
