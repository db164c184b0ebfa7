"""A migrated world in small: a Sonar with RADIUS accounts, a Splynx over REST, and ledgers between.

The rows of Splynx and of the warehouse are written by hand, as a load by MySQL leaves them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import requests
from sqlalchemy import Engine, text

from tests.sandbox.splynx_process import SplynxProcess
from tests.services import Sonar

CUSTOMERS = "admin/customers/customer"
GIVEN_AWAY = 1000  # Splynx's id of a record is Sonar's and this
_RADIUS = "{ radius_accounts { entities { id account_id username password updated_at } } }"
_CARDS = "{ credit_cards { entities { id account_id token customer_profile_id updated_at } } }"
_MARTS = """
create schema splynx_staging;
create schema audit;
create table splynx_staging.customers (
    _sonar_key text, _customer_key text, login text, name text, email text, status text);
create table splynx_staging.services_internet (
    _sonar_key text, _customer_key text, login text);
create table audit.audit_access_credentials (
    _sonar_key text, _customer_key text, record_key text, changed_at timestamptz);
create table audit.audit_payment_credentials (
    _sonar_key text, _customer_key text, account_id bigint, collection text, record_key text,
    changed_at timestamptz, field text, attribute text);
"""


@dataclass(frozen=True, slots=True)
class Login:
    """A RADIUS account as Sonar has it; its id is also the key of its service."""

    key: str
    account: str
    username: str
    password: str
    changed_at: str

    @property
    def service(self) -> int:
        """The service's id in Splynx."""
        return int(self.key) + GIVEN_AWAY

    @property
    def customer(self) -> int:
        """The customer's id in Splynx."""
        return int(self.account) + GIVEN_AWAY

    @property
    def path(self) -> str:
        """Where the service is in Splynx."""
        return f"{CUSTOMERS}/{self.customer}/internet-services--{self.service}"


def graphql(sonar: Sonar, query: str) -> Any:
    """Return the data of a query."""
    return _post(sonar, "/api/graphql", {"query": query})["data"]


def order(sonar: Sonar, what: str, body: Mapping[str, Any]) -> None:
    """Give the Sonar sandbox an order."""
    _post(sonar, f"/_sandbox/{what}", body)


def set_password(sonar: Sonar, key: str, password: str | None) -> None:
    """Let somebody at Sonar change the password of a RADIUS account."""
    values = {"password": password}
    change = {"action": "update", "collection": "radius_accounts", "key": key, "values": values}
    order(sonar, "rows", change)


def clear(sonar: Sonar) -> None:
    """Forget every fault that was ordered of Sonar."""
    requests.delete(
        f"{sonar.url}/_sandbox/faults",
        headers={"Authorization": f"Bearer {sonar.token}"},
        timeout=30,
    )


def _post(sonar: Sonar, path: str, body: Mapping[str, Any]) -> Any:
    answer = requests.post(
        sonar.url + path,
        json=body,
        headers={"Authorization": f"Bearer {sonar.token}"},
        timeout=30,
    )
    assert answer.status_code == 200, answer.status_code
    return answer.json()


def logins(sonar: Sonar) -> list[Login]:
    """Return the RADIUS accounts of the tenant, one of each name, as the models choose them."""
    rows = graphql(sonar, _RADIUS)["radius_accounts"]["entities"]
    named = {row["username"].lower(): row for row in sorted(rows, key=lambda r: -int(r["id"]))}
    found = (
        Login(r["id"], r["account_id"], r["username"], r["password"], r["updated_at"])
        for r in named.values()
    )
    return sorted(found, key=lambda login: int(login.key))


def cards(sonar: Sonar) -> list[Mapping[str, Any]]:
    """Return the cards of the tenant, with what a processor charges."""
    found: list[Mapping[str, Any]] = graphql(sonar, _CARDS)["credit_cards"]["entities"]
    return found


def fill_splynx(server: SplynxProcess, found: Sequence[Login]) -> None:
    """Write customers and services without passwords, as a load by MySQL does."""
    with server.database.engine.begin() as connection:
        connection.exec_driver_sql("set session sql_mode = ''")  # what is not said is empty
        for customer in sorted({login.customer for login in found}):
            connection.exec_driver_sql(
                "insert into customers (id, partner_id, location_id, status, login, name)"
                " values (%s, 1, 1, 'active', %s, 'Ada')",
                (customer, f"login{customer}"),
            )
        for login in found:
            connection.exec_driver_sql(
                "insert into services_internet (id, customer_id, tariff_id, status, login)"
                " values (%s, %s, 1, 'active', %s)",
                (login.service, login.customer, login.username),
            )


def reset(server: SplynxProcess, found: Sequence[Login]) -> None:
    """Take back whatever a test did to Splynx."""
    server.control("DELETE", "faults")
    server.control("POST", "modules", {"module": "internet", "on": True})
    server.execute("update permissions_api_key set action = 'update' where action = 'none'")
    server.execute("update customers set password = ''")
    for login in found:
        server.execute(
            "update services_internet set password = '', login = :login where id = :id",
            login=login.username,
            id=login.service,
        )


def fill_warehouse(engine: Engine, address: str, found: Sequence[Login]) -> str:
    """Write marts and ledgers; return the target's name."""
    target = f"{address}#1"
    with engine.begin() as connection:
        connection.exec_driver_sql(_MARTS)
        connection.execute(
            text(
                "insert into ops.target (target, address, epoch, dialect, version, sql_mode,"
                " charset, local_infile, run_id)"
                " values (:t, :a, 1, 'mariadb', '', '', '', false, 'r1')"
            ),
            {"t": target, "a": address},
        )
        accounts = {login.account: login.customer for login in found}
        for account, customer in accounts.items():
            connection.execute(
                text(
                    "insert into splynx_staging.customers"
                    " values (:k, :k, :login, 'Ada', 'ada@planted.example', 'active')"
                ),
                {"k": account, "login": f"login{customer}"},
            )
            write_down(connection, target, "customers", account, customer)
        for login in found:
            connection.execute(
                text("insert into splynx_staging.services_internet values (:k, :c, :login)"),
                {"k": login.key, "c": login.account, "login": login.username},
            )
            connection.execute(
                text("insert into audit.audit_access_credentials values (:k, :c, :k, :at)"),
                {"k": login.key, "c": login.account, "at": login.changed_at},
            )
            write_down(connection, target, "services_internet", login.key, login.service)
    return target


def write_down(connection: Any, target: str, table: str, key: str, target_id: int) -> None:
    """Write that a load has inserted a row."""
    named = {"t": target, "table": table, "k": key, "id": target_id}
    connection.execute(
        text(
            "insert into ops.id_map (target, entity, _sonar_key, planned_id, target_id, run_id)"
            " values (:t, :table, :k, :id, :id, 'r1')"
        ),
        named,
    )
    connection.execute(
        text(
            "insert into ops.row_state (target, table_name, _sonar_key, row_key, state, new_hash,"
            " run_id, inserted_by) values (:t, :table, :k, cast(:key as jsonb), 'written', 'h',"
            " 'r1', 'r1')"
        ),
        {**named, "key": json.dumps({"id": target_id})},
    )
