"""What becomes of what accounts have, and their next charges, by the rules of the mapping."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
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
    of_tariff,
    rejected,
)
from sandbox.sonar.tenant.truth_plans import TABLES, every

SERVICES: Mapping[str, str] = {
    "tariffs_internet": "services_internet",
    "tariffs_voice": "services_voice",
    "tariffs_custom": "services_custom",
}
OTHERS = "account_services"  # the entity of what has no table of its own
ONCE = ("ONETIME", "ADJUSTMENT")
NO_HOST = rejected("no_service_for_discount")


def outcomes(
    draft: Draft, customers: Outcomes, plans: Mapping[str, Outcomes]
) -> dict[str, Outcomes]:
    """Return the outcomes of account services by table, of packages sold, lines and numbers."""
    found = _account_services(draft, customers, every(plans))
    bundles = _bundles(draft, found, plans["bundle"])
    found[OTHERS] |= _credits(draft, found, plans["bundle"])
    found["services_bundle"] = bundles
    found["account_voice_service_details"] = _lines(draft, found)
    found |= _numbers(draft, customers, found["services_voice"])
    return found


def next_charges(draft: Draft, found: Mapping[str, Outcomes]) -> dict[str, Any]:
    """Return count, sum, first and last date of the next charges that Sonar knows, by mart."""
    dates = {row["id"]: row["next_bill_date"] for row in draft.rows["accounts"]}
    months = {
        row["account_id"]: row["months_to_bill"] for row in draft.rows["account_billing_parameters"]
    }
    rare = {
        row["service_id"]
        for collection in ("recurring_service_details", "expiring_service_details")
        for row in draft.rows[collection]
        if row["billing_frequency"] > 1
    }
    prices = _prices(draft)
    told: dict[str, list[tuple[str, int]]] = {mart: [] for mart in SERVICES.values()}
    for row in draft.rows["account_services"]:
        mart = next((m for m in told if found[m].get(row["id"]) == MART), None)
        date = row["next_bill_date"] or dates.get(row["account_id"])
        if mart is None or date is None:
            continue
        times = 1 if row["service_id"] in rare else months.get(row["account_id"], 1)
        told[mart].append((date, prices[row["id"]] * row["quantity"] * times))
    return {
        mart: {
            "count": len(charges),
            "cents": sum(cents for _, cents in charges),
            "first": min(charges)[0] if charges else None,
            "last": max(charges)[0] if charges else None,
        }
        for mart, charges in told.items()
    }


def _account_services(draft: Draft, customers: Outcomes, plans: Outcomes) -> dict[str, Outcomes]:
    """Return all but credits that are charged again and again, which need the others first."""
    catalogue = {row["id"]: row for row in draft.rows["services"]}
    found: dict[str, Outcomes] = {mart: {} for mart in (*SERVICES.values(), OTHERS)}
    spent = _spent(draft)
    for row in draft.rows["account_services"]:
        service = catalogue[row["service_id"]]
        table = TABLES.get((service["type"], service["application"]), "")
        own: Outcome | None = of_tariff(plans[service["id"]])
        if service["type"] in ONCE:
            charge = service["application"] == "DEBIT"
            own = excluded("one_time_charge" if charge else "one_time_credit")
        elif own is None and row["id"] in spent:
            own = excluded("expired_service")
        lost = of_account(customers, row["account_id"])
        found[SERVICES.get(table, OTHERS)][row["id"]] = lost or own or MART
    return found


def _spent(draft: Draft) -> set[str]:
    """Return the account services that were billed as often as they ever will be."""
    times = {
        row["service_id"]: row["times_to_run"] for row in draft.rows["expiring_service_details"]
    }
    return {
        row["id"]
        for row in draft.rows["account_services"]
        if row["service_id"] in times
        and (row["number_of_times_billed"] or 0) >= times[row["service_id"]]
    }


def _bundles(draft: Draft, found: Mapping[str, Outcomes], packages: Outcomes) -> Outcomes:
    return {
        f"{row['account_id']}:{row['unique_package_relationship_id']}": MART
        for row in draft.rows["account_services"]
        if row.get("package_id") is not None
        and packages.get(row["package_id"]) == MART
        and any(found[mart].get(row["id"]) == MART for mart in SERVICES.values())
    }


def _prices(draft: Draft) -> dict[str, int]:
    """Return the price of one of each account service in cents, voice lines included."""
    amounts = {row["id"]: row.get("amount") or 0 for row in draft.rows["services"]}
    parameters = {row["id"]: row["price"] for row in draft.rows["voice_service_generic_parameters"]}
    lines: dict[str, int] = defaultdict(int)
    for row in draft.rows["account_voice_service_details"]:
        price = row["price_override"]
        if price is None:
            price = parameters[row["voice_service_generic_parameter_id"]]
        lines[row["account_service_id"]] += price * row["quantity"]
    found = {}
    for row in draft.rows["account_services"]:
        price = row.get("price_override")
        price = amounts[row["service_id"]] if price is None else price
        found[row["id"]] = price + lines[row["id"]]
    return found


def _credits(draft: Draft, found: Mapping[str, Outcomes], packages: Outcomes) -> Outcomes:
    """Return which credits become discounts: what has no outcome of its own yet."""
    prices, catalogue = _prices(draft), {row["id"]: row for row in draft.rows["services"]}
    rolled = {row["id"] for row in draft.rows["packages"] if row["rollup_services"]}
    hosts: dict[str, list[tuple[int, int]]] = defaultdict(list)
    lasting: dict[str, list[Row]] = defaultdict(list)
    ending: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for row in draft.rows["account_services"]:
        amount, account = prices[row["id"]] * row.get("quantity", 1), row["account_id"]
        if any(found[mart].get(row["id"]) == MART for mart in SERVICES.values()):
            package = row.get("package_id")
            in_bundle = package in rolled and packages.get(package or "") == MART
            hosts[account].append((0 if in_bundle else -amount, int(row["id"])))
        elif found[OTHERS].get(row["id"]) == MART:
            if catalogue[row["service_id"]]["type"] == "EXPIRING":
                ending[account].append((-amount, int(row["id"])))
            else:
                lasting[account].append(row)
    told: Outcomes = {}
    for account in {*lasting, *ending}:
        free = sorted(hosts[account])
        if rows := lasting[account]:
            total = sum(prices[row["id"]] * row.get("quantity", 1) for row in rows)
            fits = bool(free) and -free[0][0] >= total
            told |= dict.fromkeys((row["id"] for row in rows), MERGED if fits else NO_HOST)
            free = free[1:] if fits else free
        for place, (amount, key) in enumerate(sorted(ending[account])):
            fits = place < len(free) and free[place][0] <= amount
            told[str(key)] = MERGED if fits else NO_HOST
    return told


def _lines(draft: Draft, found: Mapping[str, Outcomes]) -> Outcomes:
    sold = {row["id"] for row in draft.rows["account_services"]}
    told = {}
    for row in draft.rows["account_voice_service_details"]:
        service = row["account_service_id"]
        if service not in sold:
            told[row["id"]] = rejected("account_service_missing")
        else:
            loaded = found["services_voice"].get(service) == MART
            told[row["id"]] = MERGED if loaded else rejected("service_rejected")
    return told


def _numbers(draft: Draft, customers: Outcomes, voice: Outcomes) -> dict[str, Outcomes]:
    phoning: set[tuple[str, str | None]] = set()
    for row in draft.rows["account_services"]:
        if voice.get(row["id"]) == MART:
            phoning |= {(row["account_id"], row["service_id"]), (row["account_id"], None)}
    assignments, taken = {}, defaultdict(set)
    for row in draft.rows["did_assignments"]:
        served = (row["account_id"], row["service_id"]) in phoning
        outcome = of_account(customers, row["account_id"])
        outcome = outcome or (MERGED if served else rejected("no_voice_service"))
        assignments[row["id"]] = outcome
        taken[row["did_id"]].add(outcome)
    dids = {}
    for row in draft.rows["dids"]:
        outcomes_of = taken.get(row["id"])
        if outcomes_of is None:
            dids[row["id"]] = excluded("did_not_assigned")
        else:
            dids[row["id"]] = MERGED if MERGED in outcomes_of else rejected("assignment_rejected")
    return {"dids": dids, "did_assignments": assignments}
