"""supernets, subnets and ip_pools: what addresses the tenant has, and which are handed out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sandbox.sonar.tenant.draft import OPENED, Draft, ids

LEAST_SUBNETS = 7
LONG_TITLE = "Customers of the Rural Broadband Expansion Grant Area, Phase Two, northern sectors"
OF_SUBNETS = ("duplicate_subnet", "orphan_subnet", "not_a_network", "long_network_name")
OF_POOLS = ("partial_pool", "pool_outside_subnet", "not_a_range", "pool_of_missing_subnet")
SUPERNETS = (
    ("Carrier grade", "100.64.0.0/16"),
    ("Equipment", "172.31.0.0/16"),
    ("Routed", "198.18.0.0/16"),
    ("Public", "203.0.113.0/24"),
    ("IPv6", "2001:db8::/32"),
)
USUAL_SUPERNETS, USUAL_SUBNETS, USUAL_POOLS = 6, 14, 6


def supernets(draft: Draft) -> None:
    """Write the supernets, those of customers last, and ones too wide for the other system."""
    numbers = ids(draft.random("supernets"))
    wide = draft.wanted["wide_ipv6"]
    count = draft.target.get("supernets", USUAL_SUPERNETS) - wide * ("supernets" in draft.target)
    customers = max(count - len(SUPERNETS), 1)
    named = [*SUPERNETS, *((f"Customers {n}", f"10.{64 + n}.0.0/16") for n in range(customers))]
    for index, (name, text) in enumerate(named):
        _supernet(draft, next(numbers), None if index == 1 else name, text)
    for index in range(wide):
        key = next(numbers)
        _supernet(draft, key, f"Reserved {index}", f"3fff:{index * 256:x}::/24")
        draft.plant("wide_ipv6", "supernets", str(key))


def subnets(draft: Draft) -> None:
    """Write the subnets by what they are for, then those that traps ask for."""
    numbers = ids(draft.random("subnets"))
    homes = {row["subnet"]: row["id"] for row in draft.rows["supernets"]}
    wide = draft.planted["wide_ipv6"].keys if draft.wanted["wide_ipv6"] else []
    planted = sum(draft.wanted[trap] for trap in OF_SUBNETS) + len(wide)
    usual = max(USUAL_SUBNETS, len(draft.accounts) // 60)
    count = draft.target.get("subnets", usual + planted) - planted
    roles = draft.network.subnets
    for role, kind, supernet, text in _layout(max(count, LEAST_SUBNETS), list(homes)):
        key = next(numbers)
        name = None if key % 4 == 0 else f"{role.title()} {text}"
        _subnet(draft, key, (name, text), homes[supernet], kind)
        roles.setdefault(role, []).append((str(key), text))
    first = roles["customers"]
    home = homes["10.64.0.0/16"]
    for index in range(draft.wanted["duplicate_subnet"]):
        text = first[index % len(first)][1].replace(".0/24", f".{7 + index}/24")
        _subnet(draft, key := next(numbers), ("Entered twice", text), home, "ACCOUNT")
        draft.plant("duplicate_subnet", "subnets", str(key))
    for index in range(draft.wanted["orphan_subnet"]):
        text = f"10.200.{index}.0/24"
        _subnet(draft, key := next(numbers), (None, text), str(9000 + index), "ACCOUNT")
        draft.plant("orphan_subnet", "subnets", str(key))
        roles.setdefault("orphans", []).append((str(key), text))
    for index in range(draft.wanted["not_a_network"]):
        text = ("10.64.300.0/24", "10.64.8.0/33", "tower block")[index % 3]
        _subnet(draft, key := next(numbers), ("Typed by hand", text), home, "EXCLUDED")
        draft.plant("not_a_network", "subnets", str(key))
    for index, supernet in enumerate(wide):  # a network that fits, under one that does not
        named = (f"Reserved {index}, first part", f"3fff:{index * 256:x}::/40")
        _subnet(draft, next(numbers), named, supernet, "EXCLUDED")
    for index in range(draft.wanted["long_network_name"]):
        names = (f"{LONG_TITLE} {index}", f"10.64.{250 - index}.0/24")
        _subnet(draft, key := next(numbers), names, home, "MIXED")
        draft.plant("long_network_name", "subnets", str(key))


def ip_pools(draft: Draft) -> None:
    """Write pools of whole subnets, of parts of them, and of none."""
    numbers = ids(draft.random("ip_pools"))
    roles = draft.network.subnets
    orphans = roles.get("orphans", [])
    planted = sum(draft.wanted[trap] for trap in OF_POOLS) + len(orphans)
    count = max(draft.target.get("ip_pools", USUAL_POOLS + planted) - planted, 1)
    customers = roles["customers"]
    whole = [*roles["soft"], *reversed(customers)][: count - 1]
    for subnet, text in whole:
        start = text.rpartition(".")[0]
        low, high = (0, 255) if int(subnet) % 3 == 0 else (1, 254)
        dash = " - " if int(subnet) % 4 == 0 else "-"
        pool = _pool(draft, next(numbers), subnet, f"{start}.{low}{dash}{start}.{high}")
        draft.network.pools.setdefault(subnet, pool)
    for index in range(count - len(whole)):  # the rest of them are parts of the IPv6 links
        start = roles["links"][0][1].partition("/")[0]
        _pool(draft, next(numbers), roles["links"][0][0], f"{start}{index}:100-{start}{index}:1ff")
    parts = {
        "partial_pool": "{start}.200-{start}.249",
        "pool_outside_subnet": "10.99.0.10-10.99.0.20",
        "not_a_range": "dynamic",
        "pool_of_missing_subnet": "10.98.0.10-10.98.0.20",
    }
    for trap, text in parts.items():
        for index in range(draft.wanted[trap]):
            subnet, network = customers[index % len(customers)]
            if trap == "pool_of_missing_subnet":
                subnet = str(9500 + index)
            key = next(numbers)
            _pool(draft, key, subnet, text.format(start=network.rpartition(".")[0]))
            draft.plant(trap, "ip_pools", str(key))
    for subnet, network in orphans:
        start = network.rpartition(".")[0]
        _pool(draft, next(numbers), subnet, f"{start}.1-{start}.254")


def _layout(count: int, supernets: list[str]) -> Iterator[tuple[str, str, str, str]]:
    """Yield role, type, supernet and text of so many subnets."""
    yield "soft", "ACCOUNT", "100.64.0.0/16", "100.64.0.0/24"
    yield "equipment", "NETWORK", "172.31.0.0/16", "172.31.0.0/24"
    yield "routed", "ACCOUNT", "198.18.0.0/16", "198.18.0.0/24"
    yield "delegated", "ACCOUNT", "2001:db8::/32", "2001:db8:1000::/40"
    yield "links", "MIXED", "2001:db8::/32", "2001:db8:2000::/48"
    yield "excluded", "EXCLUDED", "203.0.113.0/24", "203.0.113.0/26"
    customers = [text for text in supernets if text.startswith("10.")]
    for index in range(count - 6):
        if index % 20 == 19:  # noqa: PLR2004
            number = index // 20 + 1
            yield "soft", "ACCOUNT", "100.64.0.0/16", f"100.64.{number}.0/24"
        elif index % 10 == 9:  # noqa: PLR2004
            yield "equipment", "NETWORK", "172.31.0.0/16", f"172.31.{index // 10 + 1}.0/24"
        else:
            supernet = customers[index % len(customers)]
            kind = "MIXED" if index % 3 == 1 else "ACCOUNT"
            third = index // len(customers)
            yield "customers", kind, supernet, supernet.replace(".0.0/16", f".{third}.0/24")


def _supernet(draft: Draft, key: int, name: str | None, text: str) -> None:
    values = {"largest_cidr_available": 24, "name": name, "subnet": text}
    draft.add("supernets", key, OPENED, values)


def _subnet(
    draft: Draft, key: int, named: tuple[str | None, str], supernet: str, kind: str
) -> None:
    values: dict[str, Any] = {
        "largest_cidr_available": None if key % 3 == 0 else 27,
        "name": named[0],
        "poller_id": None,
        "polling_priority": 1,
        "subnet": named[1],
        "supernet_id": supernet,
        "type": kind,
    }
    draft.add("subnets", key, OPENED, values)


def _pool(draft: Draft, key: int, subnet: str, text: str) -> str:
    values = {
        "dhcp_server_identifier_id": None,
        "ip_range": text,
        "ips_available": 40 + key % 50,
        "name": None if key % 3 == 0 else f"Pool {key}",
        "subnet_id": subnet,
    }
    draft.add("ip_pools", key, OPENED, values)
    return str(key)
