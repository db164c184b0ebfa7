"""Who has the network in Splynx: as the generator says; and who would lose it, found and named."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from expectations import access
from runtime.manifest import Manifest, marts_of
from tests.dbt.conftest import Slot
from tests.dbt.project import Built, Dbt
from tests.dbt.rebuilding import Rebuilder, Scene, scene

pytestmark = pytest.mark.postgres

_GIVEN = ("ipv4", "ipv4_route", "ipv6", "ipv6_delegated", "taking_ipv4", "taking_ipv6", "mac")
_NOTHING = {name: "0" if name.startswith("taking") else "" for name in _GIVEN}


def test_every_service_gets_what_the_generator_says(built: Built) -> None:
    expected = built.tenant.truth["access"]
    rows = built.rows(
        f"select _sonar_key, _customer_key, login, {', '.join(_GIVEN)}"
        " from splynx_staging.services_internet"
    )
    assert set(expected) <= {key for key, *_ in rows}
    for key, account, login, *given in rows:
        told = expected.get(key, {})
        found = {name: value or "" for name, value in zip(_GIVEN, given, strict=True)}
        found["mac"] = ",".join(sorted(found["mac"].split(",")))
        assert found == {name: told.get(name, _NOTHING[name]) for name in _GIVEN}, key
        assert login == (told.get("login") or f"{account}-{key}"), key


def test_the_demo_sign_offs_are_exactly_the_demo_losses(built: Built) -> None:
    lost = built.rows("select reason, count(*) from audit.audit_access_losses group by reason")
    signed = built.rows(
        "select reason, max_rows from seeds.map_accepted_access_losses where source = '127.0.0.1'"
    )
    assert sorted(signed) == sorted(lost)


@dataclass(frozen=True, slots=True)
class Rig:
    """The built tenant, and how its models are built again."""

    engine: Engine
    rebuilder: Rebuilder
    manifest: Manifest

    def rebuild(self, world: Scene, *changed: str) -> None:
        """Build the changed models again, and what follows for the network of customers."""

        def is_access(node: Any) -> bool:
            name = str(node["name"])
            return name.startswith(("int_access__", "audit_access", "audit_sonar_access")) or (
                name in {"audit_subscribers", "services_internet"}
            )

        names = self.rebuilder.following(*changed, only=is_access)
        self.rebuilder.build(world.connection, names or ["audit_access_losses", "audit_access"])


@pytest.fixture(scope="module")
def rig(slot: Slot, built_once: str, dbt_folder: Path) -> Iterator[Rig]:
    with slot.copy_of(built_once) as engine:
        document = Dbt(engine.url, dbt_folder).manifest()
        yield Rig(engine, Rebuilder(document, dbt_folder / "target"), marts_of(document))


@pytest.fixture
def world(rig: Rig) -> Iterator[Scene]:
    with scene(rig.engine, rig.rebuilder) as found:
        yield found


def _losses(world: Scene) -> set[tuple[Any, ...]]:
    return set(world.rows("select _sonar_key, reason from audit.audit_access_losses"))


@dataclass(frozen=True, slots=True)
class Fault:
    """What is planted, where {0} is the service that must lose and {1}, {2} are more of `pick`."""

    what: str
    pick: str
    plant: str
    reason: str
    changed: str = ""
    after: str = ""


_M = "splynx_staging"
_CLEAN = "select _sonar_key, _customer_key from audit.audit_access where reasons = ''"
# Services with something to lose that have lost nothing but their passwords.
_WHOLE = (
    "select a._sonar_key, a._customer_key from audit.audit_access as a"
    f" inner join {_M}.services_internet as s on a._sonar_key = s._sonar_key"
    " where a.reasons in ('', 'credential_not_moved') and "
)
_ALONE = (
    " and (select count(*) from audit.audit_access as o"
    " where o._customer_key = a._customer_key) = 1"
)


def _set(table: str, name: str, value: str, key: str) -> str:
    return (
        f"update raw_sonar.{table} set payload = jsonb_set(payload, '{{{{{name}}}}}', {value})"
        f" where _sonar_key = '{key}'"
    )


def _add(table: str, content: str) -> str:
    return (
        f"insert into raw_sonar.{table} (_sonar_key, payload, _run_id)"
        f" values ('999999', jsonb_build_object('id', '999999', {content}), 'r1')"
    )


_IN_MARTS = (
    Fault(
        "customer left out",
        _CLEAN,
        f"delete from {_M}.customers where _sonar_key = '{{1}}'",
        "customer_not_loaded",
        after="unknown_user",
    ),
    Fault(
        "service left out",
        _CLEAN,
        f"delete from {_M}.services_internet where _sonar_key = '{{0}}'",
        "service_not_loaded",
        after="unknown_user",
    ),
    Fault(
        "customer blocked",
        _CLEAN,
        f"update {_M}.customers set status = 'blocked' where _sonar_key = '{{1}}'",
        "customer_blocked",
        after="blocked",
    ),
    Fault(
        "customer new",
        _CLEAN,
        f"update {_M}.customers set status = 'new' where _sonar_key = '{{1}}'",
        "customer_new",
        after="blocked",
    ),
    Fault(
        "service stopped",
        _CLEAN,
        f"update {_M}.services_internet set status = 'stopped' where _sonar_key = '{{0}}'",
        "service_not_active",
        after="blocked",
    ),
    Fault(
        "deposit below zero",
        _CLEAN,
        f"update {_M}.customer_billing set deposit = -0.01 where _customer_key = '{{1}}'",
        "negative_balance",
        after="negative_balance",
    ),
    Fault(
        "plan left out",
        _CLEAN,
        f"delete from {_M}.tariffs_internet where id = (select tariff_id from"
        f" {_M}.services_internet where _sonar_key = '{{0}}')",
        "plan_missing",
        after="no_plan",
    ),
    Fault(
        "name spelt otherwise",
        _WHOLE + "s.login not like a._customer_key || '-%'",
        f"update {_M}.services_internet set login = login || 'x' where _sonar_key = '{{0}}'",
        "login_changed",
        after="unknown_user",
    ),
    Fault(
        "another device",
        _WHOLE + "s.mac is not null",
        f"update {_M}.services_internet set mac = '02:00:00:00:00:01' where _sonar_key = '{{0}}'",
        "mac_lost",
        after="wrong_mac",
    ),
    Fault(
        "another address",
        _WHOLE + "s.ipv4 is not null",
        f"update {_M}.services_internet set ipv4 = host(ipv4::inet + 1) where _sonar_key = '{{0}}'",
        "address_lost",
    ),
    Fault(
        "prefix dropped",
        _WHOLE + "s.ipv6 is not null",
        f"update {_M}.services_internet set ipv6 = null where _sonar_key = '{{0}}'",
        "address_lost",
    ),
    Fault(
        "pool left out",
        _WHOLE + "s.taking_ipv4 = '2'",
        f"delete from {_M}.ipv4_networks where id = (select ipv4_pool_id from"
        f" {_M}.services_internet where _sonar_key = '{{0}}')",
        "pool_missing",
    ),
    Fault(
        "pool forgotten",
        _WHOLE + "s.taking_ipv4 = '2'",
        f"update {_M}.services_internet set taking_ipv4 = '0', ipv4_pool_id = null"
        " where _sonar_key = '{0}'",
        "pool_missing",
    ),
    Fault(
        "network left out",
        _WHOLE + "s.ipv4 is not null",
        f"delete from {_M}.ipv4_networks where (network || '/' || mask)::inet >>="
        f" (select ipv4::inet from {_M}.services_internet where _sonar_key = '{{0}}')",
        "network_missing",
    ),
    Fault(
        "router without its secret",
        f"select 'router:planted', _sonar_key from {_M}.routers",
        f"insert into {_M}.routers select (jsonb_populate_record(r, jsonb_build_object("
        f"'_sonar_key', 'planted', 'id', 999999))).* from {_M}.routers as r"
        " where _sonar_key = '{1}'",
        "router_secret_not_moved",
    ),
)
_RADIUS = "'account_id', '{1}', 'username', 'planted'"
_IN_SONAR = (
    Fault(
        "password beside a name",
        _CLEAN.replace("audit_access", "audit_access as a") + " and sonar_logins is null" + _ALONE,
        _add("radius_accounts", _RADIUS),
        "credential_not_moved",
        "stg_sonar__radius_accounts",
        after="wrong_password",
    ),
    Fault(
        "more names than services",
        _WHOLE + "a.sonar_logins is not null" + _ALONE,
        _add("radius_accounts", _RADIUS),
        "login_lost",
        "stg_sonar__radius_accounts",
        after="unknown_user",
    ),
    Fault(
        "name of somebody else",
        "select a._sonar_key, mine._sonar_key, upper(other.username)"
        " from intermediate.int_access__logins as mine"
        " inner join audit.audit_access as a on mine.service_key = a._sonar_key"
        " inner join intermediate.int_access__logins as other"
        " on other.sonar_radius_account_id < mine.sonar_radius_account_id"
        " and other.reject_reason is null and other.exclude_rule is null"
        " where a.reasons = 'credential_not_moved'" + _ALONE,
        _set("radius_accounts", "username", "to_jsonb('{2}'::text)", "{1}"),
        "login_changed",
        "stg_sonar__radius_accounts",
        after="unknown_user",
    ),
    Fault(
        "device of somebody else",
        "select a._sonar_key, mine._sonar_key, other.mac"
        " from intermediate.int_access__macs as mine"
        " inner join audit.audit_access as a on mine.service_key = a._sonar_key"
        " inner join intermediate.int_access__macs as other"
        " on other.source_id < mine.source_id and other.collection = mine.collection"
        " and other.sonar_account_id <> mine.sonar_account_id and other.reject_reason is null"
        " where mine.collection = 'uninventoried_mac_addresses'"
        " and a.reasons in ('', 'credential_not_moved') and not exists (select 1 from"
        " staging.stg_sonar__ip_assignments as i where i.owner_type = 'UninventoriedMacAddress'"
        " and i.owner_id = mine.source_id)" + _ALONE,
        _set("uninventoried_mac_addresses", "mac_address", "to_jsonb('{2}'::text)", "{1}"),
        "mac_lost",
        "stg_sonar__uninventoried_mac_addresses",
        after="wrong_mac",
    ),
    Fault(
        "address of somebody else",
        "select a._sonar_key, mine._sonar_key, other.address_text"
        " from intermediate.int_access__bound as mine"
        " inner join audit.audit_access as a on mine.service_key = a._sonar_key"
        " inner join intermediate.int_access__bound as other"
        " on other.source_id < mine.source_id and other.slot = 'ipv4' and mine.slot = 'ipv4'"
        " and other.sonar_account_id <> mine.sonar_account_id and other.reject_reason is null"
        " where mine.collection = 'ip_assignments' and mine.reject_reason is null"
        " and a.reasons in ('', 'credential_not_moved')" + _ALONE,
        _set("ip_assignments", "subnet", "to_jsonb('{2}'::text)", "{1}"),
        "address_lost",
        "stg_sonar__ip_assignments",
    ),
    Fault(
        "address that is none",
        "select a._sonar_key, mine._sonar_key from intermediate.int_access__bound as mine"
        " inner join audit.audit_access as a on mine.service_key = a._sonar_key"
        " where mine.collection = 'ip_assignments' and mine.slot = 'ipv4'"
        " and a.reasons in ('', 'credential_not_moved')" + _ALONE,
        _set("ip_assignments", "subnet", "to_jsonb('10.0.0.256'::text)", "{1}"),
        "address_lost",
        "stg_sonar__ip_assignments",
    ),
    Fault(
        "pool that is gone",
        "select a._sonar_key, mine._sonar_key from intermediate.int_access__bound as mine"
        " inner join audit.audit_access as a on mine.service_key = a._sonar_key"
        " where mine.slot = 'pool' and mine.reject_reason is null and mine.exclude_rule is null"
        " and a.taking_ipv4 = '2' and a.reasons in ('', 'credential_not_moved')"
        " and mine.collection = 'ip_assignments' and mine.address_family = 4" + _ALONE,
        _set("ip_assignments", "ip_pool_id", "to_jsonb('999999'::text)", "{1}"),
        "pool_missing",
        "stg_sonar__ip_assignments",
    ),
    Fault(
        "nobody says which service",
        "select min(a.sonar_account_service_id)::text, a._customer_key from audit.audit_access as a"
        f" inner join {_M}.services_internet as s on a._sonar_key = s._sonar_key"
        " group by a._customer_key having count(*) > 1 and bool_and(a.reasons not like '%rule%')"
        " and min(a.sonar_account_service_id) = (select min(o._sonar_key::bigint)"
        f" from {_M}.services_internet as o where o._customer_key = a._customer_key)",
        _add(
            "uninventoried_mac_addresses",
            "'account_id', '{1}', 'mac_address', '02:00:00:00:00:01'",
        ),
        "bound_by_rule",
        "stg_sonar__uninventoried_mac_addresses",
    ),
)
_FAULTS = (*_IN_MARTS, *_IN_SONAR)


@pytest.mark.parametrize("fault", _FAULTS, ids=[fault.what for fault in _FAULTS])
def test_a_loss_of_access_is_found_and_named(fault: Fault, world: Scene, rig: Rig) -> None:
    picked = world.rows(f"select * from ({fault.pick}) as one order by one limit 1")
    assert picked, "the tenant has nobody to whom this can happen"
    before = _losses(world)
    world.execute(fault.plant.format(*picked[0]))

    rig.rebuild(world, *filter(None, [fault.changed]))

    loser = picked[0][0]
    assert (loser, fault.reason) in _losses(world) - before
    if fault.after:
        assert world.rows(
            f"select decision_after from audit.audit_access where _sonar_key = '{loser}'"
        ) == [(fault.after,)]
    found = [
        finding
        for finding in access.findings(access.gather(world.connection, rig.manifest))
        if f": {fault.reason}," in finding.what
    ]
    severity = "warning" if fault.reason == "bound_by_rule" else "critical"
    assert [finding.severity for finding in found] == [severity]


def test_a_signed_tenant_refuses_nothing_and_every_reason_has_its_fault(
    world: Scene, rig: Rig
) -> None:
    assert list(access.findings(access.gather(world.connection, rig.manifest))) == []
    named = world.rows("select reason from seeds.map_accepted_access_losses")
    planted = {fault.reason for fault in _FAULTS}
    assert {reason for (reason,) in named} <= planted
    assert len(planted) == 16
