"""What follows from all sales of an account: which credits fit, how often it was billed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping

from sandbox.sonar.rows import Row
from sandbox.sonar.tenant.draft import Draft

ONCE = frozenset({"ONETIME", "ADJUSTMENT"})
ENOUGH = 2500  # cents: a plan of so much bears the ordinary credits of an account


def keep_credits_that_fit(draft: Draft, ordinary: int, plans: Collection[str], filler: str) -> None:
    """Turn those of the first `ordinary` sales that are credits no plan can bear into `filler`.

    Credits without an end are borne by one data plan together, each of the others by one of its
    own. Accounts with planned sales have no credits beside those.
    """
    catalogue = {row["id"]: row for row in draft.rows["services"]}
    bearers = _bearers(draft, catalogue, plans)
    planned = {sale.account for sale in draft.sales}
    borne: dict[str, int] = defaultdict(int)
    for row in draft.rows["account_services"][:ordinary]:
        service, account = catalogue[row["service_id"]], row["account_id"]
        if service["application"] == "DEBIT" or service["type"] in ONCE:
            continue
        ending = service["type"] == "EXPIRING"
        free = bearers[account] > (1 if ending else 0)
        if not ending:
            free = free and borne[account] + service["amount"] <= ENOUGH
        if account in planned or not free:
            row["service_id"] = filler
        elif ending:
            bearers[account] -= 1
        else:
            borne[account] += service["amount"]


def bill(draft: Draft) -> None:
    """Set how often expiring services were billed, and the next date where it is told twice."""
    times = {
        row["service_id"]: row["times_to_run"] for row in draft.rows["expiring_service_details"]
    }
    for row in draft.rows["account_services"]:
        key = int(row["id"])
        if row["service_id"] in times and row["number_of_times_billed"] is None:
            row["number_of_times_billed"] = key % times[row["service_id"]]
        if key % 10 == 0 and row["next_bill_date"] is None:
            row["next_bill_date"] = draft.next_bill.get(row["account_id"])


def _bearers(draft: Draft, catalogue: Mapping[str, Row], plans: Collection[str]) -> Counter[str]:
    """Return how many data plans each account has that can bear a credit."""
    found: Counter[str] = Counter()
    for row in draft.rows["account_services"]:
        if row["service_id"] in plans:
            price = row["price_override"]
            cents = catalogue[row["service_id"]]["amount"] if price is None else price
            found[row["account_id"]] += cents * row["quantity"] >= ENOUGH
    return found
