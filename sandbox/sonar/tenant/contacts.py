"""contacts, phone_numbers and phone_number_types."""

from __future__ import annotations

from itertools import pairwise
from random import Random
from typing import Any

from sandbox.sonar.tenant.addresses import THERE
from sandbox.sonar.tenant.draft import OPENED, Account, Draft, ids, moment
from sandbox.sonar.tenant.volumes import share
from sandbox.sonar.tenant.words import FIRST_NAMES, LAST_NAMES, ROLES

PHONE_TYPES = (("Home", False), ("Mobile", True), ("Work", False), ("Fax", False))
AREAS = ("512", "737", "830", "979")
SEVERAL_PHONES = 4
TOO_MANY = 26  # numbers of ten digits: with commas more than 256 characters
SEVERAL = frozenset({"several_primaries", "no_primary"})
DOMAINS = ("example.com", "example.net", "example.org")


def contacts(draft: Draft) -> None:
    """Write the contacts of accounts, of missing accounts, of network sites and vendors."""
    random = draft.random("contacts")
    numbers = ids(random)
    twins, sharing = _pairs(draft, "duplicate_username"), _pairs(draft, "shared_email")
    successors = dict(pairwise(account.id for account in draft.accounts))
    shared = _shared(draft)
    for account in draft.accounts:
        people = _people(random, account, shared.get(account.id))
        if account.id in twins:
            pair, place = twins[account.id]
            people[0]["username"] = f"{'Portal' if place % 2 else 'portal'}.User{pair}"
        if account.id in sharing:
            people[0]["email_address"] = f"rentals{sharing[account.id][0]}@example.org"
        if "username_like_id" in account.traps:
            people[0]["username"] = str(successors.get(account.id, draft.accounts[0].id))
        for person in people:
            created = moment(random, account.created)
            owner = {"contactable_type": "Account", "contactable_id": account.key}
            draft.add("contacts", next(numbers), created, {**owner, **person})
    for index in range(draft.wanted["orphan_contacts"]):
        owner = {"contactable_type": "Account", "contactable_id": _missing(draft, index)}
        _stray(draft, random, next(numbers), owner, "orphan_contacts")
    for index in range(draft.wanted["foreign_contacts"]):
        kind = ("NetworkSite", "Vendor")[index % 2]
        owner = {"contactable_type": kind, "contactable_id": str(1 + index // 2 % THERE[kind])}
        _stray(draft, random, next(numbers), owner, "foreign_contacts")


def phone_numbers(draft: Draft) -> None:
    """Write phone_number_types and phone_numbers: none to two for a contact, more by traps."""
    for key, (name, capable) in enumerate(PHONE_TYPES, start=1):
        draft.add("phone_number_types", key, OPENED, {"name": name, "sms_capable": capable})
    random = draft.random("phone_numbers")
    numbers = ids(random)
    left = draft.left("phone_numbers")
    owners = [int(contact["id"]) for contact in draft.rows["contacts"]]
    trapped = _with_many(draft)
    ordinary = [owner for owner in owners if owner not in trapped]
    shared = {} if left is None else share(random, left - sum(trapped.values()), ordinary)
    for owner in owners:
        count = trapped.get(owner, shared.get(owner))
        for _ in range(random.choices((0, 1, 2), (10, 65, 25))[0] if count is None else count):
            area, line = random.choice(AREAS), f"{random.randint(0, 99):02d}"
            extension = str(random.randint(10, 99)) if random.random() < 0.05 else None  # noqa: PLR2004
            values = {
                "contact_id": str(owner),
                "country": "US",
                "extension": None if trapped.get(owner) == TOO_MANY else extension,
                "number": f"{area}55501{line}",
                "number_formatted": f"({area}) 555-01{line}",
                "phone_number_type_id": str(random.randint(1, len(PHONE_TYPES))),
                "sms_opt_in": random.random() < 0.5,  # noqa: PLR2004
            }
            draft.add("phone_numbers", next(numbers), moment(random, OPENED), values)


def _with_many(draft: Draft) -> dict[int, int]:
    """Return the contacts that have more numbers than usual: the first ones of the carriers."""
    counts = {"several_phones": SEVERAL_PHONES, "phones_beyond_256": TOO_MANY}
    wanted = {
        account.key: counts[trap]
        for account in draft.accounts
        for trap in account.traps & counts.keys()
    }
    found: dict[int, int] = {}
    for contact in draft.rows["contacts"]:
        if contact["contactable_type"] == "Account" and contact["contactable_id"] in wanted:
            found[int(contact["id"])] = wanted.pop(contact["contactable_id"])
    return found


def _pairs(draft: Draft, trap: str) -> dict[int, tuple[int, int]]:
    """Return the group and the place of each carrier, two to a group and the odd one with them."""
    carriers = [account.id for account in draft.accounts if trap in account.traps]
    last = max(len(carriers) // 2 - 1, 0)
    return {key: (min(place // 2, last), place) for place, key in enumerate(carriers)}


def _shared(draft: Draft) -> dict[int, int]:
    """Return how many contacts each account gets where the number of all is given."""
    left = draft.left("contacts")
    if left is None:
        return {}
    least = {account.id: _least(account) for account in draft.accounts}
    left -= sum(least.values())
    left -= draft.wanted["orphan_contacts"] + draft.wanted["foreign_contacts"]
    plain = [account.id for account in draft.accounts if least[account.id] == 1]
    more = share(draft.random("contacts of accounts"), left, plain)
    return {key: count + more.get(key, 0) for key, count in least.items()}


def _least(account: Account) -> int:
    if "no_contact" in account.traps:
        return 0
    return 2 if account.traps & SEVERAL else 1


def _people(random: Random, account: Account, count: int | None) -> list[dict[str, Any]]:
    if "no_contact" in account.traps:
        return []
    several = account.traps & SEVERAL
    if count is None:
        count = random.randint(2, 3) if several else random.choices((1, 2), (85, 15))[0]
    people = [_person(random, account, number) for number in range(count)]
    for number, person in enumerate(people):
        person["primary"] = number == 0
        if several:
            person["primary"] = "several_primaries" in several
    if "untidy_email" in account.traps:
        people[0]["email_address"] = f"  {account.first}.{account.id}@Example.COM "
    return people


def _person(random: Random, account: Account, number: int) -> dict[str, Any]:
    first = account.first if number == 0 else random.choice(FIRST_NAMES)
    box = f"{first}{account.id}.{number}".lower()
    mail = f"{box}@{random.choice(DOMAINS)}"
    return {
        "name": f"{first} {account.last}",
        "role": random.choice(ROLES) if number or account.kind != "RESIDENTIAL" else None,
        "email_address": None if random.random() < 0.05 else mail,  # noqa: PLR2004
        "username": box if random.random() < 0.65 else None,  # noqa: PLR2004
        "language": "en",
        "marketing_opt_in": random.random() < 0.5,  # noqa: PLR2004
    }


def _stray(draft: Draft, random: Random, key: int, owner: dict[str, Any], trap: str) -> None:
    first, last = random.choice(FIRST_NAMES), random.choice(LAST_NAMES)
    values = {
        **owner,
        "name": f"{first} {last}",
        "email_address": f"stray{key}@example.net",
        "language": "en",
        "primary": True,
    }
    draft.add("contacts", key, moment(random, OPENED), values)
    draft.plant(trap, "contacts", str(key))


def _missing(draft: Draft, index: int) -> str:
    return str(draft.missing_accounts[index % len(draft.missing_accounts)])
