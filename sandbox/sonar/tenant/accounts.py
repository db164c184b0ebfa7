"""accounts and what describes them: account_statuses, account_types, account_groups, companies."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta
from random import Random
from typing import Any

from sandbox.sonar.tenant import billing
from sandbox.sonar.tenant.draft import AS_OF, OPENED, Account, Draft, ids, stamp
from sandbox.sonar.tenant.traps import BLANK_NAMES, LONG_NAMES, assign
from sandbox.sonar.tenant.words import EMOJI, FIRST_NAMES, LAST_NAMES, OFFICES, TOWNS, TRADES

STATUSES = (  # name, activates the account, weight among ordinary accounts
    ("Active", True, 78),
    ("Active - Courtesy", True, 2),
    ("Suspended", True, 3),
    ("Delinquent", True, 3),
    ("Seasonal", False, 2),
    ("Pending Install", False, 2),
    ("Disconnected", False, 3),
    ("Lead", False, 2),
    ("Inactive", False, 2),
    ("Collections", False, 1),
    ("Void", False, 1),
    ("Test", True, 1),
    ("Archived", False, 0),
)
ACTIVATES = {name: activates for name, activates, _ in STATUSES}
UNMAPPED_STATUS = "Winter Hold"
ARCHIVED_STATUS = "Archived"
TYPES = (
    ("Residential", "RESIDENTIAL", 80),
    ("Business", "COMMERCIAL", 17),
    ("Government", "GOVERNMENT", 3),
)
GROUPS = (
    "Autopay Discount", "Annual Prepay", "Co-op Member", "Fixed Wireless", "Fiber", "Grant Area",
    "Legacy Plan", "Paperless", "School Program", "Tower Host", "VIP",
)  # fmt: skip
LONG_GROUP = "Households of the Rural Broadband Expansion Grant Area, Phase Two, Tower"
COMPANIES = ("Poplar Ridge Networks", "Poplar Ridge Business", "Cedar Hollow Cable")
LONG_COMPANY = "Cooperative of the Subscribers of the Former Alder Creek Telephone Exchange"


def describe(draft: Draft) -> None:
    """Write companies, account_statuses, account_types and account_groups."""
    names = COMPANIES[: draft.target.get("companies")]
    if draft.wanted.get("long_company_name"):
        names = (*names, LONG_COMPANY)
    for key, name in enumerate(names, start=1):
        company = {"name": name, "country": "US", "default": key == 1, "enabled": True}
        looks = {"primary_color": "#205080", "secondary_color": "#f0f4f8"}
        site = {"website_address": "https://www.example.com", "phone_number": "5125550100"}
        draft.add(
            "companies",
            key,
            OPENED,
            {**company, **looks, **site, "isp_type": "WIRELESS", "show_remittance_slip": False},
        )
    statuses = [(name, activates) for name, activates, _ in STATUSES]
    if draft.wanted["unmapped_status"]:
        statuses.append((UNMAPPED_STATUS, False))
    for key, (name, activates) in enumerate(statuses, start=1):
        draft.add(
            "account_statuses",
            key,
            OPENED,
            {**_look(), "name": name, "activates_account": activates},
        )
    for key, (name, kind, _) in enumerate(TYPES, start=1):
        draft.add("account_types", key, OPENED, {**_look(), "name": name, "type": kind})
    several = min(draft.wanted["long_group_name"], len(GROUPS))
    for key, name in enumerate(GROUPS, start=1):
        is_long = key > len(GROUPS) - several
        title = f"{LONG_GROUP} {key}" if is_long else name
        draft.add("account_groups", key, OPENED, {"name": title})
        if is_long:
            draft.plant("long_group_name", "account_groups", str(key))


def accounts(draft: Draft) -> None:
    """Write the accounts, and note the ids that deleted accounts left behind."""
    random = draft.random("accounts")
    numbers = ids(random)
    keys = [next(numbers) for _ in range(draft.size)]
    carried = assign(draft.seed, keys, draft.wanted)
    for index, key in enumerate(keys):
        draft.accounts.append(_person(random, key, index / draft.size, frozenset(carried[key])))
    draft.missing_accounts = sorted(set(range(1, keys[-1])) - set(keys))
    draft.missing_accounts += range(keys[-1] + 100_000, keys[-1] + 100_100)
    parents = [account for account in draft.accounts if not account.traps]
    billing.plan(draft)
    for account in draft.accounts:
        _write(draft, random, account, parents)


def account_groups(draft: Draft) -> None:
    """Link accounts with groups; the first group holds more accounts than a page shows."""
    random = draft.random("account_groups")
    pairs = []
    for account in draft.accounts:
        groups = {key for key in range(2, len(GROUPS) + 1) if random.random() < 0.05}  # noqa: PLR2004
        if random.random() < 0.4:  # noqa: PLR2004
            groups.add(1)
        pairs += [(account.key, str(group)) for group in sorted(groups)]
    draft.links["Account", "AccountGroup"] = pairs


def status_key(name: str) -> str:
    """Return the id of a status."""
    names = [status for status, _, _ in STATUSES]
    return str(len(names) + 1 if name == UNMAPPED_STATUS else names.index(name) + 1)


def business_company(draft: Draft) -> str:
    """Return the id of the company that serves businesses."""
    return "2" if draft.target.get("companies", len(COMPANIES)) > 1 else "1"


def _person(random: Random, key: int, age: float, traps: frozenset[str]) -> Account:
    kind = random.choices([kind for _, kind, _ in TYPES], [weight for *_, weight in TYPES])[0]
    span = (AS_OF - timedelta(days=60) - OPENED).total_seconds()
    created = OPENED + timedelta(seconds=int(span * age) + random.randint(0, 50_000))
    first, last = random.choice(FIRST_NAMES), random.choice(LAST_NAMES)
    return Account(key, kind, first, last, created, traps)


def _write(draft: Draft, random: Random, account: Account, parents: list[Account]) -> None:
    status = random.choices([name for name, *_ in STATUSES], [weight for *_, weight in STATUSES])[0]
    archived = updated = None
    if "archived_accounts" in account.traps:
        status = ARCHIVED_STATUS
        archived = account.created + (AS_OF - account.created) * 0.7
        updated = archived
    if "unmapped_status" in account.traps:
        status = UNMAPPED_STATUS
    if "next_bill_date_missing" in account.traps and archived is None:
        status = STATUSES[0][0]
    parent = random.choice(parents)
    active = ACTIVATES.get(status, False)
    values: dict[str, Any] = {
        "account_status_id": status_key(status),
        "account_type_id": str([kind for _, kind, _ in TYPES].index(account.kind) + 1),
        "activation_date": account.created.date().isoformat() if active else None,
        "activation_time": "15:30:00" if active else None,
        "archived_at": None if archived is None else stamp(archived),
        "archived_by_user_id": None if archived is None else "3",
        "company_id": _company(draft, account),
        "is_delinquent": status in ("Delinquent", "Collections"),
        "is_eligible_for_archive": status == "Disconnected",
        "name": _name(random, account),
        "next_bill_date": _next_bill_date(draft, random, account) if active else None,
        "next_recurring_charge_amount": random.choice((4500, 5900, 7900)) if active else 0,
        "parent_account_id": parent.key if "child_accounts" in account.traps else None,
    }
    draft.add("accounts", account.id, account.created, values, updated)
    draft.next_bill[account.key] = values["next_bill_date"]
    for trap in sorted(account.traps):
        draft.plant(trap, "accounts", account.key)


def _name(random: Random, account: Account) -> str:
    if account.kind == "COMMERCIAL":
        name = f"{account.last} {random.choice(TRADES)} LLC"
    elif account.kind == "GOVERNMENT":
        name = f"{random.choice(TOWNS)} {random.choice(OFFICES)}"
    else:
        name = f"{account.first} {account.last}"
    if account.traps & BLANK_NAMES:
        return random.choice(("", "   "))
    if account.traps & LONG_NAMES:
        return f"{name}, " + "held in trust for the heirs of the old homestead, " * 6 + name
    if "emoji_name" in account.traps:
        return f"{name} {random.choice(EMOJI)}"
    if "nul_in_name" in account.traps:
        return f"{name[:3]}\x00{name[3:]}"
    return name


def _company(draft: Draft, account: Account) -> str:
    if "long_company_name" in account.traps:
        return str(draft.rows["companies"][-1]["id"])
    if account.kind == "COMMERCIAL":
        return business_company(draft)
    every = int(business_company(draft)) == len(COMPANIES) - 1
    return "3" if every and account.id % 7 == 3 else "1"  # noqa: PLR2004  the towns it took over


def _next_bill_date(draft: Draft, random: Random, account: Account) -> str | None:
    """Return the first bill day after the tenant's day, or a later one of who pays for months."""
    _, terms = draft.terms.get(account.id, (0, {}))
    own = random.randint(1, 28)  # of an account that bills on the day it began
    day, months = terms.get("bill_day") or own, terms.get("months_to_bill", 1)
    if "next_bill_date_missing" in account.traps:
        return None
    found = _on(AS_OF.date(), 0, day)
    first = 0 if found > AS_OF.date() else 1
    return _on(AS_OF.date(), first + account.id % months, day).isoformat()


def _on(start: date, months: int, day: int) -> date:
    """Return a day of the month so many months later; a month too short bills on its last day."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return date(year, month + 1, min(day, monthrange(year, month + 1)[1]))


def _look() -> dict[str, Any]:
    return {"color": "#3c7d3c", "icon": "ADD759610"}
