"""Who of a tenant carries which trap of the network, and what its writers tell each other.

Carriers are accounts with a data service that comes through; each carries one trap while there are
enough of them, and has nothing of the ordinary beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import cycle, islice
from random import Random

CARRIED: Mapping[str, int] = {  # trap -> accounts that one of it takes
    "same_ip_two_accounts": 2,
    "ip_by_several_ways": 1,
    "bare_host": 1,
    "ipv6_prefix": 1,
    "several_ipv6": 1,
    "routed_prefix": 1,
    "soft_assignment": 1,
    "not_an_address": 1,
    "address_only_in_list": 1,
    "long_reference": 1,
    "orphan_subnet": 1,
    "duplicate_radius_login": 2,
    "long_radius_login": 1,
    "radius_without_service": 1,
    "duplicate_mac": 2,
    "mac_spellings": 1,
    "not_a_mac": 1,
    "secret_field": 1,
}
MANY = 3  # times as many sound accounts as carriers: then the carriers have nothing else

Owner = tuple[str, str]  # type and id
Fields = tuple[tuple[str, str], ...]  # name and type


@dataclass(slots=True)
class Plan:
    """What the writers of the network know of accounts, addresses and equipment so far."""

    services: dict[str, list[str]] = field(default_factory=dict)  # data services of accounts
    since: dict[str, datetime] = field(default_factory=dict)  # when accounts were made
    carriers: dict[str, list[str]] = field(default_factory=dict)  # accounts, by trap
    carrying: frozenset[str] = frozenset()  # accounts that have nothing of the ordinary
    homes: dict[str, str] = field(default_factory=dict)  # address of an account
    bearers: dict[str, list[Owner]] = field(default_factory=dict)  # what can bear its addresses
    bearing: list[tuple[str, Owner]] = field(default_factory=list)  # must bear one
    subnets: dict[str, list[tuple[str, str]]] = field(default_factory=dict)  # role -> id and text
    pools: dict[str, str] = field(default_factory=dict)  # subnet -> pool
    pairs: dict[tuple[str, str], None] = field(default_factory=dict)  # account and its address
    handed: dict[str, int] = field(default_factory=dict)  # addresses handed out, by role
    models: dict[str, list[tuple[str, Fields]]] = field(default_factory=dict)  # by use
    fields: dict[str, list[tuple[str, str, str]]] = field(default_factory=dict)  # of a model
    hung: list[tuple[Owner, Owner]] = field(default_factory=list)  # items at sites, their MAC
    macs: int = 0
    names_services: bool = False  # whether records say which service they belong to
    told: dict[Owner, str | None] = field(default_factory=dict)  # the service that a bearer names

    def appoint(self, random: Random, sound: list[str], wanted: Mapping[str, int]) -> None:
        """Draw the carriers of every trap from the sound accounts."""
        random.shuffle(sound)
        turn = cycle(sound)
        for trap, each in CARRIED.items():
            self.carriers[trap] = list(islice(turn, each * wanted[trap])) if sound else []
        taken = {account for accounts in self.carriers.values() for account in accounts}
        if MANY * len(taken) <= len(sound):
            self.carrying = frozenset(taken)

    def ordinary(self) -> Iterator[str]:
        """Yield the accounts with a data service that carry no trap of the network."""
        return (account for account in self.services if account not in self.carrying)

    def of_service(
        self, account: str | None, bearer: Owner | None = None, nth: int = 0
    ) -> dict[str, str | None]:
        """Return what a record says of its service: the one of its bearer, else the n-th last."""
        if not self.names_services:
            return {}
        own = self.services.get(account or "", [])
        last = own[-1 - nth] if nth < len(own) else None
        return {"account_service_id": self.told.get(bearer, last) if bearer else last}

    def mac(self) -> str:
        """Return a MAC address that nobody has."""
        self.macs += 1
        octets = self.macs.to_bytes(4, "big")
        return ":".join(["02", "5A", *(f"{octet:02X}" for octet in octets)])

    def host(self, role: str) -> tuple[str, str]:
        """Return the subnet and the text of an address that nobody has, of subnets of a role."""
        place = self.handed.get(role, 0)
        self.handed[role] = place + 1
        among = self.subnets[role]
        key, text = among[place % len(among)]
        first = text.rpartition(".")[0]
        return key, f"{first}.{10 + place // len(among)}/32"

    def prefix(self, length: int) -> tuple[str, str]:
        """Return the subnet and the text of a prefix that nobody has: /29, /56, /64 or /128."""
        role = "routed" if length == 29 else "delegated" if length < 64 else "links"  # noqa: PLR2004
        place = self.handed.get(role, 0)
        self.handed[role] = place + 1
        key, text = self.subnets[role][0]
        network = text.partition("/")[0]
        if role == "routed":
            first, _, third, _ = network.split(".")
            inner = 1 + place % 30  # neither the first address of the network nor its last
            return key, f"{first}.18.{int(third) + place // 30}.{inner * 8}/29"
        start = network.removesuffix("::")
        if role == "delegated":
            return key, f"{start}:{place * 256:x}::/{length}"
        return key, f"{start}:{place:x}::{'1' if length > 64 else ''}/{length}"  # noqa: PLR2004
