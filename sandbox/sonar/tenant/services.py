"""services, data_service_details and account_services."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from random import Random
from typing import Any

from sandbox.sonar.tenant.accounts import business_company
from sandbox.sonar.tenant.catalogue import OTHERS
from sandbox.sonar.tenant.credits import bill, keep_credits_that_fit
from sandbox.sonar.tenant.draft import AS_OF, OPENED, Account, Draft, Sale, ids, moment
from sandbox.sonar.tenant.traps import REJECTING
from sandbox.sonar.tenant.volumes import share

PLANS = (  # name, cents, kbit/s down, kbit/s up, technology, how often it is sold
    ("Fiber 100", 4900, 100_000, 100_000, "FIBER", 24),
    ("Fiber 300", 6900, 300_000, 300_000, "FIBER", 18),
    ("Fiber Gig", 8900, 1_000_000, 1_000_000, "FIBER", 9),
    ("Wireless 10", 3995, 10_000, 2_000, "UNLICENSEDTERRESTRIALFIXEDWIRELESS", 8),
    ("Wireless 25", 5495, 25_000, 5_000, "UNLICENSEDTERRESTRIALFIXEDWIRELESS", 16),
    ("Wireless 50", 6995, 50_000, 10_000, "LICENSEDTERRESTRIALFIXEDWIRELESS", 10),
    ("Business Fiber 500", 17900, 500_000, 500_000, "FIBER", 5),
    ("Business Wireless 100", 14995, 100_000, 50_000, "LICENSEDTERRESTRIALFIXEDWIRELESS", 4),
    ("DSL 6 (closed)", 2995, 6_000, 768, "ASYMMETRICXDSL", 3),
    ("Courtesy Line", 0, 50_000, 10_000, "FIBER", 2),
)
OTHERS_PERCENT = 25  # of the services of an account where their number is given
LONG_TITLE = "Rural Broadband Expansion Grant Area Residential Wireless 25 by 5 Unlimited"
COMPANY_GONE = "service_of_missing_company"


def services(draft: Draft) -> None:
    """Write the catalogue and the data_service_details of its data plans."""
    numbers = ids(draft.random("services"))
    details = ids(draft.random("data_service_details"))
    for name, cents, down, up, technology, _ in PLANS:
        key = _service(draft, next(numbers), name, "DATA", "DEBIT", cents)
        _detail(draft, next(details), key, (down, up, technology))
    for index in range(_former_plans(draft)):
        name, cents, down, up, technology, _ = PLANS[index % len(PLANS)]
        title = f"{name} ({2024 - index // len(PLANS)})"
        key = _service(draft, next(numbers), title, "DATA", "DEBIT", cents)
        _detail(draft, next(details), key, (down, up, technology))
    for index, row in enumerate(draft.rows["services"][: draft.wanted[COMPANY_GONE]]):
        row["company_id"] = str(100 + index)  # no company has three digits
        draft.plant(COMPANY_GONE, "services", row["id"])
    for index in range(draft.wanted["not_data_services"]):
        offer = OTHERS[index % len(OTHERS)]
        name = f"{offer.name} {index // len(OTHERS) + 1}" if index >= len(OTHERS) else offer.name
        key = _service(draft, next(numbers), name, offer.type, offer.application, offer.cents)
        draft.plant("not_data_services", "services", key)
    speed = (25_000, 5_000, "UNLICENSEDTERRESTRIALFIXEDWIRELESS")
    for index in range(draft.wanted["data_service_without_detail"]):
        key = _service(draft, next(numbers), f"Pilot Plan {index + 1}", "DATA", "DEBIT", 4500)
        draft.plant("data_service_without_detail", "services", key)
    for index in range(draft.wanted["long_service_title"]):
        title = f"{LONG_TITLE} {index + 1}"
        key = _service(draft, next(numbers), title, "DATA", "DEBIT", 5495)
        _detail(draft, next(details), key, speed)
        draft.plant("long_service_title", "services", key)
    for index in range(draft.wanted["data_credit_services"]):
        title = f"Loyalty Credit {index + 1}"
        key = _service(draft, next(numbers), title, "DATA", "CREDIT", 500)
        _detail(draft, next(details), key, speed)
        draft.plant("data_credit_services", "services", key)


def account_services(draft: Draft) -> None:
    """Write what each account has; orphans and rejected accounts have ordinary data plans only."""
    random = draft.random("account_services")
    numbers = ids(random)
    plans, others = _offered(draft)
    troubled = [
        key
        for trap in ("data_service_without_detail", "long_service_title", "data_credit_services")
        for key in (draft.planted[trap].keys if trap in draft.planted else ())
    ]
    ordinary: list[dict[str, Any]] = []
    plain = [account for account in draft.accounts if not account.traps & set(REJECTING)]
    buyers: dict[int, list[str]] = defaultdict(list)
    for key in troubled:
        for account in random.sample(plain, min(3, len(plain))):
            buyers[account.id].append(key)
    sold, added = _shared(draft, [account.id for account in plain], len(others), buyers)
    for account in draft.accounts:
        rejected = bool(account.traps & set(REJECTING))
        for service in _sold(random, account, plans, sold.get(account.id)):
            row = _sale(draft, random, next(numbers), account, service)
            if rejected:
                draft.plant("rejected_customer_services", "account_services", row["id"])
            else:
                ordinary.append(row)
        count = 0 if rejected else random.choices((0, 1, 2, 3), (40, 35, 15, 10))[0]
        count = added.get(account.id, count)
        extras = random.sample(others, min(count, len(others)))
        for service in [*extras, *buyers[account.id]]:
            _sale(draft, random, next(numbers), account, service)
    for index in range(draft.wanted["orphan_account_services"]):
        missing = str(draft.missing_accounts[-1 - index % len(draft.missing_accounts)])
        values = _sale_values(missing, random.choice(plans))
        number = next(numbers)
        draft.add("account_services", number, moment(random, OPENED), values)
        draft.plant("orphan_account_services", "account_services", str(number))
    count = len(draft.rows["account_services"])
    for sale in draft.sales:
        _planned(draft, random, next(numbers), sale)
    _override(draft, ordinary)
    keep_credits_that_fit(draft, count, plans, others[0] if others else plans[0])
    bill(draft)


def _former_plans(draft: Draft) -> int:
    """Return how many plans of earlier years make up the number of data plans."""
    left = draft.left("data_service_details")
    if left is None:
        return 0
    return max(left - draft.wanted["long_service_title"] - draft.wanted["data_credit_services"], 0)


def _shared(
    draft: Draft, plain: list[int], others: int, buyers: Mapping[int, list[str]]
) -> tuple[dict[int, int], dict[int, int]]:
    """Return the plans and the other services of each account where the number of all is given."""
    left = draft.left("account_services")
    if left is None:
        return {}, {}
    random = draft.random("account_services of accounts")
    left -= draft.wanted["orphan_account_services"] + len(draft.accounts) - len(plain)
    left -= sum(map(len, buyers.values())) + len(draft.sales)
    added = share(random, min(left * OTHERS_PERCENT // 100, others * len(plain)), plain)
    return share(random, left - sum(added.values()), plain), added


def _offered(draft: Draft) -> tuple[list[str], list[str]]:
    rows = draft.rows["services"]
    plans = [row["id"] for row in rows[: len(PLANS) + _former_plans(draft)]]
    others = draft.planted.get("not_data_services")
    return plans, [] if others is None else others.keys


def _sold(random: Random, account: Account, plans: list[str], given: int | None) -> list[str]:
    if given is not None:
        count = given
    elif account.traps & set(REJECTING):
        count = 1
    elif "archived_accounts" in account.traps:
        count = random.choices((0, 1), (60, 40))[0]
    else:
        count = random.choices((0, 1, 2), (7, 85, 8))[0]
    weights = [weight for *_, weight in PLANS] + [1] * (len(plans) - len(PLANS))
    return random.choices(plans, weights, k=count)


def _override(draft: Draft, ordinary: list[dict[str, Any]]) -> None:
    for trap in ("price_override", "quantity", "name_override"):
        random = draft.random(trap)
        rows = random.sample(ordinary, min(draft.wanted[trap], len(ordinary)))
        for row in sorted(rows, key=lambda row: int(row["id"])):
            if trap == "price_override":
                row["price_override"] = random.choice((0, 1995, 3333, 4250))
                row["price_override_reason"] = "Retention offer"
            elif trap == "quantity":
                row["quantity"] = random.randint(2, 5)
            else:
                row["name_override"] = f"Barn link {row['id']}"
            draft.plant(trap, "account_services", row["id"])


def _sale(draft: Draft, random: Random, key: int, account: Account, service: str) -> dict[str, Any]:
    created = moment(random, account.created)
    return draft.add("account_services", key, created, _sale_values(account.key, service))


def _planned(draft: Draft, random: Random, key: int, sale: Sale) -> None:
    created = moment(random, OPENED + (AS_OF - OPENED) / 2)
    draft.add(
        "account_services",
        key,
        created,
        {**_sale_values(sale.account, sale.service), **sale.values},
    )
    if sale.trap is not None:
        draft.plant(sale.trap, "account_services", str(key))


def _sale_values(account: str, service: str) -> dict[str, Any]:
    return {
        "account_id": account,
        "service_id": service,
        "quantity": 1,
        "price_override": None,
        "name_override": None,
        "next_bill_date": None,
        "number_of_times_billed": None,
        "package_id": None,
        "unique_package_relationship_id": None,
    }


def _service(  # noqa: PLR0913, PLR0917  the columns of a catalogue entry
    draft: Draft, key: int, name: str, kind: str, application: str, amount: int | None
) -> str:
    values = {
        "name": name,
        "type": kind,
        "application": application,
        "amount": amount,
        "company_id": business_company(draft) if name.startswith("Business") else None,
        "display_if_zero": False,
        "enabled": "closed" not in name,
    }
    draft.add("services", key, OPENED, values)
    return str(key)


def _detail(draft: Draft, key: int, service: str, speed: tuple[int, int, str]) -> None:
    down, up, technology = speed
    values = {
        "service_id": service,
        "billing_frequency": 1,
        "download_speed_kilobits_per_second": down,
        "upload_speed_kilobits_per_second": up,
        "technology_code": technology,
    }
    draft.add("data_service_details", key, OPENED, values)
