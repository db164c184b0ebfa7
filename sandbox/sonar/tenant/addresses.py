"""addresses: those of accounts, of other owners, and free ones that wait for a customer."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

from sandbox.sonar.tenant.draft import OPENED, Account, Draft, ids, moment
from sandbox.sonar.tenant.traps import LONG_CITIES
from sandbox.sonar.tenant.words import LONG_TOWN, STREETS, TOWNS

OTHER_OWNERS = (
    "Company",
    "NetworkSite",
    "Vendor",
    "BankAccount",
    "CreditCard",
    "InventoryLocation",
)
THERE = {"NetworkSite": 6, "Vendor": 4, "InventoryLocation": 3}  # the least there is of an owner
PLENTY = ("CreditCard", "BankAccount")


def addresses(draft: Draft) -> None:
    """Write all addresses; the address that counts has the lowest id of its type."""
    random = draft.random("addresses")
    numbers = ids(random)
    for account in draft.accounts:
        for place in _of_account(random, account):
            owner = {"addressable_type": "Account", "addressable_id": account.key}
            created = moment(random, account.created)
            draft.add("addresses", next(numbers), created, {**place, **owner})
    for index in range(draft.wanted["foreign_addresses"]):
        kind, number = OTHER_OWNERS[index % len(OTHER_OWNERS)], 1 + index // len(OTHER_OWNERS)
        if number > THERE.get(kind, number):
            kind = PLENTY[number % len(PLENTY)]
        owner = {"addressable_type": kind, "addressable_id": str(number)}
        _stray(draft, random, next(numbers), owner, "foreign_addresses")
    for _ in range(draft.wanted["free_addresses"]):
        nobody = {"addressable_type": None, "addressable_id": None}
        _stray(draft, random, next(numbers), nobody, "free_addresses")


def _of_account(random: Random, account: Account) -> list[dict[str, Any]]:
    if "no_address" in account.traps:
        return []
    home = _place(random, serviceable=True)
    if account.traps & LONG_CITIES:
        home["city"] = LONG_TOWN
    places = [home]
    if "missing_mailing" not in account.traps:
        box = {"type": "MAILING", "line1": f"PO Box {random.randint(10, 999)}", "line2": None}
        places.append({**_place(random, serviceable=False), **box})
    if "second_addresses" in account.traps:
        second = _place(random, serviceable=False)
        second["type"] = "PHYSICAL" if account.id % 2 else "MAILING"
        places.append(second)
    return places


def _stray(
    draft: Draft, random: Random, key: int, owner: Mapping[str, str | None], trap: str
) -> None:
    place = {**_place(random, serviceable=trap == "free_addresses"), **owner}
    draft.add("addresses", key, moment(random, OPENED), place)
    draft.plant(trap, "addresses", str(key))


def _place(random: Random, *, serviceable: bool) -> dict[str, Any]:
    town = random.randrange(len(TOWNS))
    return {
        "type": "PHYSICAL",
        "line1": f"{random.randint(1, 9800)} {random.choice(STREETS)}",
        "line2": f"Unit {random.randint(1, 40)}" if random.random() < 0.1 else None,  # noqa: PLR2004
        "city": TOWNS[town],
        "zip": f"786{town:02d}",
        "country": "US",
        "subdivision": "US_TX",
        "county": "COUNTY_48453",
        "timezone": "AMERICACHICAGO",
        "latitude": f"{30.1 + town / 50 + random.random() / 100:.6f}",
        "longitude": f"{-97.9 + town / 60 + random.random() / 100:.6f}",
        "serviceable": serviceable,
        "is_anchor": False,
    }
