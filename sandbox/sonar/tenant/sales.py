"""What chosen accounts have beside the ordinary: packages, credits, voice lines, charges that end.

Planned before account_services are written, so that a tenant with a given number of them leaves
room. Credits bring the plan that bears them, so that it never depends on chance whether they fit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from itertools import cycle
from typing import Any

from sandbox.sonar.rows import Row
from sandbox.sonar.tenant.catalogue import (
    BONUS,
    CREDITS,
    INSTALMENT,
    LINES,
    MANUAL_CHARGE,
    PHONE,
    PROMOTION,
    VISIT,
    YEARLY,
)
from sandbox.sonar.tenant.draft import Account, Draft, Sale, of_name
from sandbox.sonar.tenant.traps import REJECTING

HOSTS = ("Fiber 100", "Fiber 300")  # plans that bear the planned credits
TOO_MUCH = 900_000  # cents: more than any service costs


def plan(draft: Draft) -> None:
    """Note the sales that traps ask for, each on an account of its own while there are enough."""
    accounts = _buyers(draft)
    for trap, sell in _SALES.items():
        for index in range(draft.wanted[trap]):
            sell(draft, next(accounts).key, trap, index)
    for trap in ("voice_without_detail", "recurring_without_detail"):
        for service in draft.planted[trap].keys if trap in draft.planted else ():
            draft.sales.append(Sale(next(accounts).key, service, None, {}))
    for _ in range(draft.wanted["two_data_services"]):
        account = next(accounts).key
        _sell(draft, account, HOSTS[0], "two_data_services")
        _sell(draft, account, HOSTS[1])


def _buyers(draft: Draft) -> Iterator[Account]:
    """Yield accounts that are billed every month, again and again in one drawn order."""
    sound = [
        account
        for account in draft.accounts
        if not account.traps & {*REJECTING, "archived_accounts", "several_months_to_bill"}
    ]
    billed = [account for account in sound if draft.next_bill[account.key]] or sound
    draft.random("sales").shuffle(billed)
    return cycle(billed)


def _sell(draft: Draft, account: str, name: str, trap: str | None = None, **values: object) -> None:
    draft.sales.append(Sale(account, of_name(draft, name), trap, values))


def _package_sales(draft: Draft, account: str, trap: str, index: int) -> None:
    closed = {
        key
        for name in ("empty_package", "package_with_credit", "package_member_rejected")
        for key in (draft.planted[name].keys if name in draft.planted else ())
    }
    sound = [row for row in draft.rows["packages"] if row["id"] not in closed]
    package = sound[index % len(sound)]
    _package(draft, account, package, trap, index)
    if index % 5 == 0:  # the same package a second time
        _package(draft, account, package, None, index + 1_000_000)
    if index % 4 == 0 and not package["rollup_services"]:
        _sell(draft, account, CREDITS[0])


def _rejected_package_sales(draft: Draft, account: str, trap: str, index: int) -> None:
    rejected = draft.planted.get("package_member_rejected")
    if rejected is not None:
        keys = {row["id"]: row for row in draft.rows["packages"]}
        package = keys[rejected.keys[index % len(rejected.keys)]]
        _package(draft, account, package, trap, index + 2_000_000)


def _package(draft: Draft, account: str, package: Row, trap: str | None, number: int) -> None:
    prices = {row["id"]: row["amount"] for row in draft.rows["services"]}
    members = [r for r in draft.rows["package_services"] if r["package_id"] == package["id"]]
    for place, member in enumerate(members):
        values: dict[str, Any] = {
            "package_id": package["id"],
            "unique_package_relationship_id": f"sale-{number:07d}",
            "quantity": member["quantity"],
        }
        if place == 0 and number % 3 == 0:
            values["price_override"] = prices[member["service_id"]] - 500
            values["price_override_reason"] = "Bundle price of last year"
        planted = trap if place == 0 else None
        draft.sales.append(Sale(account, member["service_id"], planted, values))


def _one_time_charge(draft: Draft, account: str, trap: str, index: int) -> None:
    if index % 2:
        _sell(draft, account, MANUAL_CHARGE, trap, price_override=1234)
    else:
        _sell(draft, account, VISIT, trap)


def _one_time_credit(draft: Draft, account: str, trap: str, _: int) -> None:
    _sell(draft, account, BONUS, trap)


def _expired_service(draft: Draft, account: str, trap: str, index: int) -> None:
    if index % 2:
        _sell(draft, account, PROMOTION, trap, number_of_times_billed=6 + index % 3)
    else:
        _sell(draft, account, INSTALMENT, trap, number_of_times_billed=12)


def _expiring_charge(draft: Draft, account: str, trap: str, index: int) -> None:
    _sell(draft, account, INSTALMENT, trap, number_of_times_billed=index % 12)


def _several_credits(draft: Draft, account: str, trap: str, index: int) -> None:
    for host in HOSTS:
        _sell(draft, account, host)
    _sell(draft, account, CREDITS[0], trap)
    _sell(draft, account, CREDITS[1])
    _sell(draft, account, PROMOTION, number_of_times_billed=index % 6)


def _expiring_credit(draft: Draft, account: str, trap: str, index: int) -> None:
    _sell(draft, account, HOSTS[0])
    _sell(draft, account, PROMOTION, trap, number_of_times_billed=index % 6)


def _credit_without_host(draft: Draft, account: str, trap: str, index: int) -> None:
    reason = {"price_override": TOO_MUCH, "price_override_reason": "Settlement"}
    if index % 2:
        _sell(draft, account, PROMOTION, trap, number_of_times_billed=0, **reason)
    else:
        _sell(draft, account, CREDITS[0], trap, **reason)


def _yearly_service(draft: Draft, account: str, trap: str, index: int) -> None:
    following = draft.next_bill[account]
    if following is None:
        _sell(draft, account, YEARLY, trap)
        return
    first = date.fromisoformat(following)
    month = first.month - 1 + index % 12
    year = first.year + month // 12
    due = date(year, month % 12 + 1, min(first.day, 28))
    _sell(draft, account, YEARLY, trap, next_bill_date=due.isoformat())


def _voice_lines(draft: Draft, account: str, trap: str, index: int) -> None:
    _sell(draft, account, LINES if index % 3 == 0 else PHONE, trap)


_SALES: Mapping[str, Callable[[Draft, str, str, int], None]] = {
    "package_sales": _package_sales,
    "rejected_package_sales": _rejected_package_sales,
    "one_time_charge": _one_time_charge,
    "one_time_credit": _one_time_credit,
    "expired_service": _expired_service,
    "expiring_charge": _expiring_charge,
    "several_credits": _several_credits,
    "expiring_credit": _expiring_credit,
    "credit_without_host": _credit_without_host,
    "yearly_service": _yearly_service,
    "voice_lines": _voice_lines,
}
