"""What becomes of addresses, logins and MAC addresses of customers, by the rules of the mapping."""

from __future__ import annotations

import ipaddress
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.sonar.rows import Row
from sandbox.sonar.tenant.draft import Draft
from sandbox.sonar.tenant.outcome import (
    MART,
    MERGED,
    Outcome,
    Outcomes,
    excluded,
    of_account,
    rejected,
)
from sandbox.sonar.tenant.truth_inventory import OWNERS, mac_of
from sandbox.sonar.tenant.truth_network import Network, endnets, parsed

LONGEST_LOGIN, LONGEST_ROUTE = 128, 512
LAST_SINGLE = 64  # prefixes of IPv6 from here on are a link, shorter ones are delegated
NO_SERVICE = rejected("no_internet_service")


@dataclass(slots=True)
class Address:
    """An address on its way to a service; `order` puts what only the flat list has last."""

    key: str
    account: str
    service: str
    network: Network
    order: int
    soft: bool
    pool: str | None = None
    repeats: bool = False  # the flat list names what an assignment says already


@dataclass(slots=True)
class Access:
    """Outcomes by collection, and what each service gets."""

    found: dict[str, Outcomes] = field(default_factory=dict)
    services: dict[str, dict[str, Any]] = field(default_factory=dict)


class _World:
    """Accounts, their services, and the ways by which a record reaches them."""

    def __init__(self, draft: Draft, customers: Outcomes, services: Outcomes) -> None:
        self.draft, self.customers = draft, customers
        self.services: dict[str, list[str]] = defaultdict(list)
        for row in _in_order(draft.rows["account_services"]):
            if services.get(row["id"]) == MART:
                self.services[row["account_id"]].append(row["id"])
        self.there = {kind: {r["id"] for r in draft.rows[n]} for kind, n in OWNERS.items()}
        self.homes = {
            row["id"]: row["addressable_id"]
            for row in draft.rows["addresses"]
            if row["addressable_type"] == "Account"
        }
        self.items = {
            row["id"]: (
                row["inventoryitemable_type"],
                row["inventoryitemable_id"],
                row["account_service_id"],
                row["status"],
            )
            for row in draft.rows["inventory_items"]
        }
        self.item_of = {
            row["id"]: row["inventory_item_id"] for row in draft.rows["inventory_model_field_data"]
        }
        self.radius = {row["id"]: row for row in draft.rows["radius_accounts"]}
        self.macs = {r["id"]: r for r in draft.rows["uninventoried_mac_addresses"]}
        self.turn = self._turns()

    def _turns(self) -> dict[str, str | None]:
        """Return the service of each RADIUS account: the one that it names, else the next left."""
        turns: dict[str, str | None] = {}
        logins: dict[str, list[Row]] = defaultdict(list)
        for row in _in_order(self.radius.values()):
            logins[row["account_id"]].append(row)
        for account, rows in logins.items():
            own = self.services[account]
            names = {row["id"]: row.get("account_service_id") for row in rows}
            named = {service for service in names.values() if service in own}
            left = iter([service for service in own if service not in named])
            for key, service in names.items():
                if service not in own:
                    turns[key] = next(left, None)
                elif service in named:
                    turns[key] = service
                    named.discard(service)
                else:
                    turns[key] = None
        return turns

    def lost(self, account: str) -> Outcome | None:
        """Return why a record of this account cannot be bound, None where it can."""
        lost = of_account(self.customers, account)
        return lost or (None if self.services[account] else NO_SERVICE)

    def service(self, account: str, *told: str | None) -> str:
        """Return the first service told that is the account's own, else its first one."""
        own = self.services[account]
        return next((service for service in told if service in own), own[0])

    def reached(self, row: Row) -> tuple[str | None, tuple[str | None, ...]] | None:
        """Return the account (None: nobody's) and the services told; None: the owner is gone."""
        kind, owner = row["ipassignmentable_type"], row["ipassignmentable_id"]
        told: tuple[str | None, ...] = (row.get("account_service_id"),)
        if kind == "Account":
            return owner, told
        if kind == "NetworkSite":
            return (None, ()) if owner in self.there[kind] else None
        if kind in {"RadiusAccount", "UninventoriedMacAddress"}:
            record = (self.radius if kind == "RadiusAccount" else self.macs).get(owner)
            if record is None:
                return None
            more = (record.get("account_service_id"), self.turn.get(owner))
            return record["account_id"], (*told, *(more if kind == "RadiusAccount" else more[:1]))
        item = self.items.get(self.item_of.get(owner, "") if "Field" in kind else owner)
        if item is None or item[1] not in self.there[item[0]]:
            return None
        account = self.homes.get(item[1]) if item[0] == "Address" else None
        return account, (*told, item[2])


def outcomes(
    draft: Draft, customers: Outcomes, services: Outcomes, network: Mapping[str, Outcomes]
) -> Access:
    """Return the outcomes of addresses, logins and MAC addresses, and what each service gets."""
    world, access = _World(draft, customers, services), Access()
    access.found["radius_accounts"] = _logins(world, access)
    access.found["uninventoried_mac_addresses"] = _macs(world, access)
    within = endnets(draft, network["subnets"])
    candidates = _addresses(world, access, within)
    _bind(access, _apart(candidates, access), network["ip_pools"])
    _follow(candidates, access)
    access.found["ipv6_networks_ip"] = _of_ipv6(draft, access, within)
    return access


def monitored(draft: Draft, sites: Outcomes) -> Outcomes:
    """Return the items at sites that have an address, by themselves or by a field of theirs."""
    item_of = {r["id"]: r["inventory_item_id"] for r in draft.rows["inventory_model_field_data"]}
    bearing = set()
    for row in draft.rows["ip_assignments"]:
        kind, owner = row["ipassignmentable_type"], row["ipassignmentable_id"]
        network = address_of(row["subnet"])
        if network is not None and network.num_addresses == 1:
            bearing.add(owner if kind == "InventoryItem" else "")
            bearing.add(item_of.get(owner, "") if kind == "InventoryModelFieldData" else "")
    return {
        row["id"]: MART
        for row in draft.rows["inventory_items"]
        if row["inventoryitemable_type"] == "NetworkSite"
        and sites.get(row["inventoryitemable_id"]) == MART
        and row["status"] != "LOST"
        and row["id"] in bearing
    }


def _logins(world: _World, access: Access) -> Outcomes:
    found: Outcomes = {}
    taken: set[str] = set()
    for key, row in sorted(world.radius.items(), key=lambda pair: int(pair[0])):
        login, service = row["username"], world.turn[key]
        outcome = world.lost(row["account_id"]) or MERGED
        if outcome == MERGED and not login.strip():
            outcome = rejected("missing_login")
        elif outcome == MERGED and len(login) > LONGEST_LOGIN:
            outcome = rejected("login_too_long")
        elif outcome == MERGED and login.lower() in taken:
            outcome = rejected("duplicate_login")
        elif outcome == MERGED and service is None:
            outcome = rejected("radius_account_without_service")
        if outcome == MERGED and service is not None:
            taken.add(login.lower())
            _of(access, service)["login"] = login
        found[key] = outcome
    return found


def _macs(world: _World, access: Access) -> Outcomes:
    """Return what becomes of uninventoried MAC addresses; those of items only compete."""
    bearing = {
        (row["ipassignmentable_type"], row["ipassignmentable_id"])
        for row in world.draft.rows["ip_assignments"]
    }
    claims: dict[str, list[tuple[tuple[bool, int, int], str, str | None]]] = defaultdict(list)
    found: Outcomes = {}
    for key, row in world.macs.items():
        mac, account = mac_of(row["mac_address"]), row["account_id"]
        outcome = of_account(world.customers, account)
        outcome = outcome or (rejected("not_a_mac") if mac is None else world.lost(account))
        if outcome is None and mac is not None:
            rank = (("UninventoriedMacAddress", key) not in bearing, 0, int(key))
            claims[mac].append((rank, account, row.get("account_service_id")))
        found[key] = outcome or MERGED
    kinds = {row["id"]: row["type"] for row in world.draft.rows["inventory_model_fields"]}
    for row in world.draft.rows["inventory_model_field_data"]:
        item = world.items.get(row["inventory_item_id"])
        mac = mac_of(row["value"])
        if kinds[row["inventory_model_field_id"]] != "MAC_ADDRESS" or item is None or mac is None:
            continue
        if item[3] == "LOST":
            continue
        account = world.homes.get(item[1]) if item[0] == "Address" else None
        if account is not None and world.lost(account) is None:
            rank = (("InventoryModelFieldData", row["id"]) not in bearing, 1, int(row["id"]))
            claims[mac].append((rank, account, item[2]))
    for mac, claimed in claims.items():
        _, winner, told = min(claimed)
        _of(access, world.service(winner, told))["macs"].append(mac)
        for (_, source, key), account, _ in claimed:
            if source == 0 and account != winner:
                found[str(key)] = rejected("duplicate_mac")
    return found


def _addresses(world: _World, access: Access, within: list[Network]) -> list[Address]:
    """Note the outcome of every assignment and pair, and return those that reach a service."""
    found: Outcomes = {}
    candidates: list[Address] = []
    for row in _in_order(world.draft.rows["ip_assignments"]):
        key, network, way = row["id"], address_of(row["subnet"]), world.reached(row)
        if way is None or network is None:
            found[key] = rejected("owner_missing" if way is None else "not_an_address")
        elif way[0] is None:
            found[key] = MERGED if _lies(network, within) else excluded("not_a_customers")
        else:
            account = way[0]
            found[key] = world.lost(account) or MERGED
            if found[key] == MERGED:
                service = world.service(account, *way[1])
                pool, order = row["ip_pool_id"], int(key)
                candidates.append(Address(key, account, service, network, order, row["soft"], pool))
    known = {(one.account, one.network) for one in candidates}
    listed: Outcomes = {}
    last = candidates[-1].order if candidates else 0
    for place, row in enumerate(world.draft.rows["account_ip_assignments"], start=last + 1):
        account, network = row["account_id"], address_of(row["subnet"])
        key = f"{account}|{row['subnet']}"
        listed[key] = rejected("not_an_address") if network is None else MERGED
        if network is not None:
            listed[key] = world.lost(account) or MERGED
            service = world.service(account) if listed[key] == MERGED else ""
            only = (account, network) not in known
            if service:
                one = Address(key, account, service, network, place, soft=False, repeats=not only)
                candidates.append(one)
    access.found["ip_assignments"], access.found["account_ip_assignments"] = found, listed
    return candidates


def _apart(candidates: list[Address], access: Access) -> list[Address]:
    """Return one of each address: of two accounts the fixed one before the lent, then the first."""
    kept: dict[Network, Address] = {}
    for one in sorted(candidates, key=lambda one: (one.repeats, one.soft, one.order)):
        winner = kept.setdefault(one.network, one)
        if winner.account != one.account:
            _note(access, one, rejected("duplicate_address"))
    return sorted(kept.values(), key=lambda one: one.order)


def _bind(access: Access, addresses: list[Address], pools: Outcomes) -> None:
    """Hand the addresses to their services, in order; what does not fit is rejected."""
    for one in addresses:
        given, version = _of(access, one.service), one.network.version
        taking = f"taking_ipv{version}"
        if one.soft and one.pool is None:
            _note(access, one, excluded("dynamic_address"))
        elif one.soft and pools.get(one.pool or "") != MERGED:
            _note(access, one, rejected("pool_missing"))
        elif one.soft:
            given[taking] = "2" if given[taking] == "0" else given[taking]
        elif refused := _place(given, one.network):
            _note(access, one, refused)
        elif version == 6 or given["ipv4"]:  # noqa: PLR2004
            given[taking] = "1"
    for given in access.services.values():
        given["mac"] = ",".join(sorted(given.pop("macs")))


def _place(given: dict[str, Any], network: Network) -> Outcome | None:
    """Put an address where it belongs, or return why it cannot be put anywhere."""
    if network.version == 6:  # noqa: PLR2004
        place = "ipv6" if network.prefixlen >= LAST_SINGLE else "ipv6_delegated"
        if given[place]:
            return rejected("several_ipv6")
        given[place] = _text(network)
    elif network.num_addresses == 1 and not given["ipv4"]:
        given["ipv4"] = _text(network)
    else:
        route = ",".join(filter(None, (given["ipv4_route"], str(network))))
        if len(route) > LONGEST_ROUTE:
            return rejected("route_too_long")
        given["ipv4_route"] = route
    return None


def _follow(candidates: list[Address], access: Access) -> None:
    """Give records of the same account and address the outcome of the first of them."""
    first: dict[tuple[str, Network], Address] = {}
    for one in sorted(candidates, key=lambda one: (one.repeats, one.soft, one.order)):
        leader = first.setdefault((one.account, one.network), one)
        if leader is not one:
            _note(access, one, _noted(access, leader))


def _noted(access: Access, one: Address) -> Outcome:
    found = access.found["ip_assignments"]
    return found.get(one.key) or access.found["account_ip_assignments"][one.key]


def _note(access: Access, one: Address, outcome: Outcome) -> None:
    for collection in ("ip_assignments", "account_ip_assignments"):
        if one.key in access.found[collection]:
            access.found[collection][one.key] = outcome


def _of_ipv6(draft: Draft, access: Access, within: list[Network]) -> Outcomes:
    """Return the addresses in use within the IPv6 networks of the mart."""
    used: Outcomes = {}
    for row in draft.rows["ip_assignments"]:
        network = address_of(row["subnet"])
        if access.found["ip_assignments"][row["id"]] != MERGED or network is None:
            continue
        if network.version == 6 and _lies(network, within):  # noqa: PLR2004
            used[str(network)] = MART
    return used


def _lies(network: Network, within: list[Network]) -> bool:
    start, end = network.network_address, network.broadcast_address
    return any(start in each and end in each for each in within)


def address_of(text: str) -> Network | None:
    """Return a host or a network, None for neither; bits behind a prefix make it the host."""
    network = parsed(text)
    if network is None:
        return None
    host = ipaddress.ip_interface(text.strip()).ip
    return network if host == network.network_address else ipaddress.ip_network(host)


def _of(access: Access, service: str) -> dict[str, Any]:
    nothing: dict[str, Any] = {"login": None, "ipv4": "", "ipv4_route": "", "ipv6": ""}
    nothing |= {"ipv6_delegated": "", "taking_ipv4": "0", "taking_ipv6": "0", "macs": []}
    return access.services.setdefault(service, nothing)


def _text(network: Network) -> str:
    if network.num_addresses == 1:
        return str(ipaddress.ip_address(network.network_address))
    return str(network)


def _in_order(rows: Iterable[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: int(row["id"]))
