"""The network of a generated tenant: ways of addresses, and what the truth says of them."""

from __future__ import annotations

import ipaddress
from collections import Counter

import pytest

from sandbox.sonar.rows import Row
from sandbox.sonar.schema import load_schema
from sandbox.sonar.tenant import Tenant, generate
from sandbox.sonar.tenant.draft import Draft
from sandbox.sonar.tenant.outcome import MART, MERGED, Outcomes, excluded, rejected
from sandbox.sonar.tenant.truth_access import Access, outcomes
from sandbox.sonar.tenant.truth_inventory import mac_of

NETWORKS: dict[str, Outcomes] = {"subnets": {"1": MART}, "ip_pools": {"1": MERGED}}


@pytest.fixture(scope="module")
def demo() -> Tenant:
    return generate(load_schema(), "demo", 1)


def carriers(tenant: Tenant, trap: str) -> list[Row]:
    found = tenant.truth["traps"][trap]
    return [row for row in tenant.rows[found["collection"]] if row["id"] in found["keys"]]


def test_addresses_lie_in_their_subnets_unless_planted(demo: Tenant) -> None:
    subnets = {row["id"]: row["subnet"] for row in demo.rows["subnets"]}
    spoiled = set(demo.truth["traps"]["not_an_address"]["keys"])
    for row in demo.rows["ip_assignments"]:
        if row["id"] not in spoiled:
            address = ipaddress.ip_network(row["subnet"])
            assert address.subnet_of(ipaddress.ip_network(subnets[row["subnet_id"]]))  # type: ignore[arg-type]


def test_traps_of_addresses_show_in_the_rows(demo: Tenant) -> None:
    spelt = [row["subnet"] for row in carriers(demo, "ipv6_prefix")]
    assert {ipaddress.ip_network(text).prefixlen for text in spelt} == {56, 64, 128}
    assert any(text != str(ipaddress.ip_network(text)) for text in spelt)
    assert all("/" not in row["subnet"] for row in carriers(demo, "bare_host"))
    assert all(row["soft"] and row["ip_pool_id"] for row in carriers(demo, "soft_assignment"))
    assert all(len(row["reference"]) > 256 for row in carriers(demo, "long_reference"))
    assert all(r["removed_datetime"] is None for r in carriers(demo, "history_without_end"))
    macs = [row["mac_address"] for row in carriers(demo, "mac_spellings")]
    assert {len(mac) for mac in macs} == {12, 14, 17}
    assert all(mac_of(row["mac_address"]) is None for row in carriers(demo, "not_a_mac"))
    listed = Counter(row["subnet"] for row in demo.rows["account_ip_assignments"])
    assert sum(count > 1 for count in listed.values()) == 3, "same_ip_two_accounts"


def test_the_flat_list_names_what_reaches_accounts_and_a_little_more(demo: Tenant) -> None:
    networks = {
        str(ipaddress.ip_network(row["subnet"]))
        for row in demo.rows["ip_assignments"]
        if row["id"] not in demo.truth["traps"]["not_an_address"]["keys"]
    }
    only = {
        row["account_id"]
        for row in demo.rows["account_ip_assignments"]
        if str(ipaddress.ip_network(row["subnet"])) not in networks
    }
    assert only == set(demo.truth["traps"]["address_only_in_list"]["keys"])


def test_services_get_what_the_truth_says(demo: Tenant) -> None:
    access = demo.truth["access"]
    mart = demo.truth["outcomes"]["services_internet"]["mart"]
    assert 0 < len(access) <= mart
    routed = [given for given in access.values() if "/29" in given["ipv4_route"]]
    assert len(routed) == demo.truth["traps"]["routed_prefix"]["count"]
    assert all(given["taking_ipv4"] == "1" and given["ipv4"] for given in routed)
    pooled = sum(given["taking_ipv4"] == "2" for given in access.values())
    assert pooled == demo.truth["traps"]["soft_assignment"]["count"]
    logins = [given["login"].lower() for given in access.values() if given["login"]]
    assert len(logins) == len(set(logins))
    assert len(logins) == demo.truth["outcomes"]["radius_accounts"]["merged"]
    macs = [mac for given in access.values() for mac in given["mac"].split(",") if mac]
    assert len(macs) == len(set(macs))


def test_newer_tenants_name_the_service() -> None:
    newer = generate(load_schema(additions=True), "demo", 1)
    older = generate(load_schema(), "demo", 1)
    assert newer.truth["counts"] == older.truth["counts"]
    assert "account_service_id" not in older.rows["ip_assignments"][0]
    service = {row["id"]: row["account_id"] for row in newer.rows["account_services"]}
    for row in newer.rows["radius_accounts"]:
        assert row["account_service_id"] is None or (
            service[row["account_service_id"]] == row["account_id"]
        )
    assert newer.truth["access"] != older.truth["access"]


def judged(rows: dict[str, list[Row]]) -> Access:
    """Return what becomes of rows written by hand; accounts 1 and 2 are customers."""
    draft = Draft(1, 1, {})
    draft.rows.update(
        {
            "account_services": [
                {"id": "10", "account_id": "1"},
                {"id": "11", "account_id": "1"},
                {"id": "20", "account_id": "2"},
            ],
            "subnets": [{"id": "1", "subnet": "10.0.0.0/24"}],
            **rows,
        }
    )
    services = dict.fromkeys(("10", "11", "20"), MART)
    return outcomes(draft, {"1": MART, "2": MART, "3": rejected("x")}, services, NETWORKS)


def of(owner: str, key: str, subnet: str, **more: object) -> Row:
    kind, _, its = owner.partition(":")
    row = {"id": key, "ipassignmentable_type": kind, "ipassignmentable_id": its}
    return {**row, "subnet": subnet, "soft": False, "ip_pool_id": None, "subnet_id": "1", **more}


def radius(key: str, account: str, username: str) -> Row:
    return {"id": key, "account_id": account, "username": username}


def test_logins_go_to_services_in_order_and_addresses_follow_them() -> None:
    access = judged(
        {
            "radius_accounts": [
                radius("5", "1", "b"),
                radius("4", "1", "a"),
                radius("6", "1", "c"),
                radius("7", "2", "A"),
                radius("8", "3", "d"),
                radius("9", "9", "e"),
            ],
            "ip_assignments": [
                of("RadiusAccount:5", "1", "10.0.0.5/32"),
                of("Account:1", "2", "10.0.0.6"),
                of("Account:1", "3", "10.0.0.6/32"),
                of("RadiusAccount:6", "4", "2001:db8::/56"),
                of("RadiusAccount:77", "5", "10.0.0.9/32"),
                of("Account:2", "6", "10.0.0.8/32", soft=True),
                of("Account:2", "7", "10.0.0.9/32", soft=True, ip_pool_id="1"),
                of("Account:2", "8", "10.0.1.300"),
            ],
        }
    )
    assert access.found["radius_accounts"] == {
        "4": MERGED,
        "5": MERGED,
        "6": rejected("radius_account_without_service"),
        "7": rejected("duplicate_login"),
        "8": rejected("customer_rejected"),
        "9": rejected("account_missing"),
    }
    assert access.found["ip_assignments"] == {
        **dict.fromkeys("12347", MERGED),
        "5": rejected("owner_missing"),
        "6": excluded("dynamic_address"),
        "8": rejected("not_an_address"),
    }
    first, second = access.services["10"], access.services["11"]
    assert (first["login"], first["ipv4"]) == ("a", "10.0.0.6")
    assert first["ipv6_delegated"] == "2001:db8::/56"
    assert (second["login"], second["ipv4"]) == ("b", "10.0.0.5")
    assert (access.services["20"]["login"], access.services["20"]["taking_ipv4"]) == (None, "2")


def test_of_two_accounts_the_fixed_address_wins_and_the_list_shares_the_fate() -> None:
    access = judged(
        {
            "ip_assignments": [
                of("Account:1", "1", "10.0.0.5/32", soft=True, ip_pool_id="1"),
                of("Account:2", "2", "10.0.0.5"),
                of("Account:2", "3", "10.0.0.7"),
            ],
            "account_ip_assignments": [
                {"account_id": "1", "subnet": "10.0.0.5"},
                {"account_id": "2", "subnet": "10.0.0.5/32"},
                {"account_id": "2", "subnet": "10.0.0.4"},
            ],
        }
    )
    lost = rejected("duplicate_address")
    assert access.found["ip_assignments"] == {"1": lost, "2": MERGED, "3": MERGED}
    assert list(access.found["account_ip_assignments"].values()) == [lost, MERGED, MERGED]
    assert access.services["20"]["ipv4"] == "10.0.0.5"
    assert access.services["20"]["ipv4_route"] == "10.0.0.7/32,10.0.0.4/32"


def test_of_two_accounts_the_mac_that_bears_an_address_wins() -> None:
    macs = [
        {"id": "1", "account_id": "1", "mac_address": "02:5A:00:00:00:01"},
        {"id": "2", "account_id": "2", "mac_address": "025a.0000.0001"},
        {"id": "3", "account_id": "2", "mac_address": "nothing"},
    ]
    assigned = [of("UninventoriedMacAddress:2", "1", "10.0.0.5")]
    access = judged({"uninventoried_mac_addresses": macs, "ip_assignments": assigned})
    assert access.found["uninventoried_mac_addresses"] == {
        "1": rejected("duplicate_mac"),
        "2": MERGED,
        "3": rejected("not_a_mac"),
    }
    assert access.services["20"]["mac"] == "02:5A:00:00:00:01"
