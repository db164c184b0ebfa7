"""What becomes of sites, networks, pools and routers, by the rules of the mapping."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping

from sandbox.sonar.rows import Row
from sandbox.sonar.tenant.draft import Draft
from sandbox.sonar.tenant.outcome import MART, MERGED, Outcome, Outcomes, excluded, rejected

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
LONGEST_SITE, LONGEST_ROUTER, LONGEST_NETWORK = 128, 64, 256
IPV6_PREFIXES = range(32, 65)
LOADED = (MART, MERGED)
FAMILIES = {4: "ipv4_networks", 6: "ipv6_networks"}


def outcomes(draft: Draft) -> dict[str, Outcomes]:
    """Return the outcomes of sites, supernets, subnets, pools and inline devices."""
    supernets, subnets = networks(draft)
    found = {
        "network_sites": {
            row["id"]: _named(row["name"], LONGEST_SITE) for row in draft.rows["network_sites"]
        },
        "supernets": supernets,
        "subnets": subnets,
        "ip_pools": _pools(draft, subnets),
        "routers": _routers(draft.rows["inline_devices"]),
    }
    for version, mart in FAMILIES.items():
        found[mart] = {
            f"{kind}:{row['id']}": MART
            for kind, collection in (("supernet", "supernets"), ("subnet", "subnets"))
            for row in draft.rows[collection]
            if found[collection][row["id"]] == MART
            and ipaddress.ip_network(row["subnet"], strict=False).version == version
        }
    found["ipv4_networks_ip"] = {
        f"subnet:{row['id']}|{address}": MART
        for row in draft.rows["subnets"]
        if f"subnet:{row['id']}" in found["ipv4_networks"]
        for address in ipaddress.IPv4Network(row["subnet"], strict=False).hosts()
    }
    return found


def endnets(draft: Draft, subnets: Mapping[str, Outcome]) -> list[Network]:
    """Return the networks of the subnets that are in a mart."""
    return [
        ipaddress.ip_network(row["subnet"], strict=False)
        for row in draft.rows["subnets"]
        if subnets[row["id"]] == MART
    ]


def parsed(text: str) -> Network | None:
    """Return a network, its host bits masked out, None for what is none."""
    try:
        return ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        return None


def networks(draft: Draft) -> tuple[Outcomes, Outcomes]:
    """Return what becomes of supernets and of subnets; of two alike the first keeps its place."""
    taken: set[Network] = set()
    supernets = {row["id"]: _network(row, taken) for row in _in_order(draft.rows["supernets"])}
    subnets: Outcomes = {}
    for row in _in_order(draft.rows["subnets"]):
        subnets[row["id"]] = _network(row, taken, has_supernet=row["supernet_id"] in supernets)
    return supernets, subnets


def _network(row: Row, taken: set[Network], *, has_supernet: bool = True) -> Outcome:
    network = parsed(row["subnet"])
    if network is None:
        return rejected("not_a_network")
    if network.version == 6 and network.prefixlen not in IPV6_PREFIXES:  # noqa: PLR2004
        return rejected("prefix_not_supported")
    if not has_supernet:
        return rejected("supernet_missing")
    if len(row["name"] or "") > LONGEST_NETWORK:
        return rejected("name_too_long")
    if network in taken:
        return MERGED
    taken.add(network)
    return MART


def _pools(draft: Draft, subnets: Mapping[str, Outcome]) -> Outcomes:
    texts = {row["id"]: row["subnet"] for row in draft.rows["subnets"]}
    found: Outcomes = {}
    for row in draft.rows["ip_pools"]:
        ends = _ends(row["ip_range"])
        if ends is None:
            found[row["id"]] = rejected("not_a_range")
        elif row["subnet_id"] not in subnets:
            found[row["id"]] = rejected("subnet_missing")
        elif subnets[row["subnet_id"]] not in LOADED:
            found[row["id"]] = rejected("subnet_rejected")
        else:
            network = ipaddress.ip_network(texts[row["subnet_id"]], strict=False)
            inside = all(end in network for end in ends)
            found[row["id"]] = MERGED if inside else rejected("pool_outside_subnet")
    return found


def _ends(
    text: str,
) -> tuple[ipaddress.IPv4Address | ipaddress.IPv6Address, ...] | None:
    try:
        low, high = (ipaddress.ip_address(end.strip()) for end in text.split("-"))
    except ValueError:
        return None
    return (low, high) if low.version == high.version and int(low) <= int(high) else None


def _routers(rows: Iterable[Row]) -> Outcomes:
    found: Outcomes = {}
    taken: set[str] = set()
    for row in _in_order(rows):
        outcome = _named(row["name"], LONGEST_ROUTER)
        if not row["enabled"]:
            outcome = excluded("device_disabled")
        elif outcome == MART and row["ip_address"] in taken:
            outcome = rejected("duplicate_router_ip")
        if outcome == MART:
            taken.add(row["ip_address"])
        found[row["id"]] = outcome
    return found


def _named(name: str, longest: int) -> Outcome:
    if not name.strip():
        return rejected("missing_name")
    return rejected("name_too_long") if len(name) > longest else MART


def _in_order(rows: Iterable[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: int(row["id"]))
