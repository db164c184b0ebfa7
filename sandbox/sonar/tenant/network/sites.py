"""network_sites, inline_devices, and the plan that the other writers follow."""

from __future__ import annotations

from sandbox.sonar.tenant.addresses import THERE
from sandbox.sonar.tenant.draft import OPENED, Draft, ids
from sandbox.sonar.tenant.traps import REJECTING
from sandbox.sonar.tenant.words import TOWNS

KINDS = ("Tower", "Grain Elevator", "Water Tank", "Cabinet", "Ridge")
DEVICES = (("Core", "MIKROTIK"), ("Shaper", "PACKETLOGIC"), ("Edge", "MIKROTIK"))
LONG_SITE = (
    "Microwave relay on the grain elevator of the former cooperative at the crossing of " * 2
)
LONG_DEVICE = "Inline device of the eastern ring, rack seven, shelf two, on loan from the co-op"
DATA = ("DATA", "DEBIT")


def plan(draft: Draft) -> None:
    """Note the data services and homes of accounts, and draw who carries a trap of the network."""
    kinds = {row["id"]: (row["type"], row["application"]) for row in draft.rows["services"]}
    doubtful = {
        key
        for trap in ("data_service_without_detail", "long_service_title")
        for key in (draft.planted[trap].keys if trap in draft.planted else ())
    }
    known = {account.key for account in draft.accounts}
    draft.network.since = {account.key: account.created for account in draft.accounts}
    found = draft.network.services
    for row in draft.rows["account_services"]:
        account, service = row["account_id"], row["service_id"]
        if account in known and kinds[service] == DATA and service not in doubtful:
            found.setdefault(account, []).append(row["id"])
    for row in draft.rows["addresses"]:
        if row["addressable_type"] == "Account" and row["type"] == "PHYSICAL":
            draft.network.homes.setdefault(row["addressable_id"], row["id"])
    refused = {account.key for account in draft.accounts if account.traps & set(REJECTING)}
    refused |= {account.key for account in draft.accounts if "no_address" in account.traps}
    sound = sorted(found.keys() - refused, key=int)
    draft.network.appoint(draft.random("network"), sound, draft.wanted)


def network_sites(draft: Draft) -> None:
    """Write the sites; the first ones have the ids that addresses and contacts name."""
    random = draft.random("network_sites")
    planted = draft.wanted["long_site_name"]
    count = max(draft.target.get("network_sites", 8) - planted, THERE["NetworkSite"])
    for key in range(1, count + planted + 1):
        town = TOWNS[key % len(TOWNS)]
        name = f"{KINDS[key % len(KINDS)]} {town} {key}"
        latitude, longitude = 30 + random.random(), -98 + random.random()
        blank = " " if key % 2 else ""
        values = {
            "name": f"{LONG_SITE}{key}" if key > count else name,
            "geopoint": None if key % 5 == 0 else f"{latitude:.6f},{blank}{longitude:.6f}",
            "height_in_meters": float(key % 60),
            **({"company_id": "1"} if draft.network.names_services else {}),
        }
        draft.add("network_sites", key, OPENED, values)
        if key > count:
            draft.plant("long_site_name", "network_sites", str(key))


def inline_devices(draft: Draft) -> None:
    """Write what shapes traffic: ordinary devices, disabled ones, ones that share an address."""
    random = draft.random("inline_devices")
    numbers = ids(random)
    traps = ("disabled_inline_device", "duplicate_router_ip", "long_device_name")
    planted = [(trap, index) for trap in traps for index in range(draft.wanted[trap])]
    count = max(draft.target.get("inline_devices", 3 + len(planted)) - len(planted), 1)
    for index in range(count + len(planted)):
        trap, nth = planted[index - count] if index >= count else (None, 0)
        name, kind = DEVICES[index % len(DEVICES)]
        shared = trap == "duplicate_router_ip"
        values = {
            "all_subnets": index == 0,
            "bandwidth_collection_queued": False,
            "enabled": trap != "disabled_inline_device",
            "ip_address": f"172.31.255.{10 + (nth % count if shared else index)}",
            "name": f"{LONG_DEVICE} {nth}" if trap == "long_device_name" else f"{name} {index + 1}",
            "port": "8728" if kind == "MIKROTIK" else None,
            "status": "UP" if trap is None else "DOWN",
            "synchronization_queued": False,
            "type": kind,
        }
        key = next(numbers)
        draft.add("inline_devices", key, OPENED, values)
        if trap is not None:
            draft.plant(trap, "inline_devices", str(key))
