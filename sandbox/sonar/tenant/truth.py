"""What a migration of a generated tenant has to come to, told from the generator alone.

The rules are those of the mapping, written a second time on purpose: the server, the extractor and
the models are measured against these modules, so they share nothing with them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import Any

from sandbox.sonar.tenant import (
    truth_desk,
    truth_field,
    truth_inventory,
    truth_network,
    truth_people,
    truth_plans,
    truth_services,
)
from sandbox.sonar.tenant.accounts import UNMAPPED_STATUS
from sandbox.sonar.tenant.draft import Draft
from sandbox.sonar.tenant.outcome import (
    MART,
    MERGED,
    Outcome,
    Outcomes,
    of_account,
    rejected,
)

LONGEST_NAME, LONGEST_CITY = 256, 32
DEFAULT_DAY, LAST_DAY = 1, 28  # of bills: where Sonar knows none, and of Splynx

_PER_CUSTOMER = ("customers", "customer_info", "customer_cap", "customer_billing")
COLLECTIONS: Mapping[str, str] = {  # entity -> whose records it accounts for, where names differ
    "customers": "accounts",
    "partners": "companies",
    "admins": "users",
    "labels": "account_groups",
    "tariffs_internet": "services",
    "tariffs_voice": "services",
    "tariffs_custom": "services",
    "tariffs_one_time": "services",
    "services_internet": "account_services",
    "services_voice": "account_services",
    "services_custom": "account_services",
    "bundle": "packages",
    "tax": "taxes",
    "routers": "inline_devices",
    "inventory_vendors": "manufacturers",
    "inventory_suppliers": "vendors",
    "inventory_products_categories": "inventory_model_categories",
    "inventory_products": "inventory_models",
    "ticket": "tickets",
    "ticket_types": "ticket_categories",
    "scheduling_project": "job_types",
    "scheduling_task": "jobs",
    "scheduling_task_worklog": "job_check_ins",
}


def outcomes(draft: Draft) -> dict[str, Outcomes]:
    """Return the outcome of every record, by entity and id."""
    people = truth_people.outcomes(draft, customers(draft))
    desk = truth_desk.outcomes(draft, people["customers"])
    plans = truth_plans.outcomes(draft)
    network = truth_network.outcomes(draft)
    inventory = truth_inventory.outcomes(draft, people["customers"], people["admins"])
    suppliers = inventory["inventory_suppliers"]
    field = truth_field.outcomes(draft, people["customers"], people["admins"], desk)
    people["notes"] |= truth_field.notes_of_jobs(draft, field)
    return {
        **dict.fromkeys(_PER_CUSTOMER, people["customers"]),
        **people,
        **truth_inventory.of_people(draft, people, network["network_sites"], suppliers),
        **network,
        **inventory,
        **desk.found,
        **field,
        **plans,
        **truth_services.outcomes(draft, people["customers"], plans),
        "account_billing_parameters": {
            row["id"]: of_account(people["customers"], row["account_id"]) or MERGED
            for row in draft.rows["account_billing_parameters"]
        },
    }


def customers(draft: Draft) -> Outcomes:
    """Return what becomes of the accounts."""
    statuses = {row["id"]: row["name"] for row in draft.rows["account_statuses"]}
    companies = truth_people.partners(draft)
    cities = truth_people.cities(draft)
    found = {}
    for row in draft.rows["accounts"]:
        outcome = MART
        if not row["name"].strip():
            outcome = rejected("missing_name")
        elif len(row["name"]) > LONGEST_NAME:
            outcome = rejected("name_too_long")
        elif statuses[row["account_status_id"]] == UNMAPPED_STATUS:
            outcome = rejected("unmapped_status")
        elif len(cities.get(row["id"], "")) > LONGEST_CITY:
            outcome = rejected("city_too_long")
        elif companies.get(row.get("company_id") or "", MART)[0] == "rejected":
            outcome = rejected("partner_rejected")
        found[row["id"]] = outcome
    return found


def billing_days(draft: Draft, found: Outcomes) -> dict[str, int]:
    """Return how many customers are billed on which day of the month."""
    told = {row["account_id"]: row["bill_day"] for row in draft.rows["account_billing_parameters"]}
    days: Counter[int] = Counter()
    for row in draft.rows["accounts"]:
        if found[row["id"]] == MART:
            due = row["next_bill_date"]
            day = told.get(row["id"]) or (date.fromisoformat(due).day if due else DEFAULT_DAY)
            days[min(day, LAST_DAY)] += 1
    return {str(day): count for day, count in sorted(days.items())}


def summary(found: Mapping[str, Mapping[str, Outcome]]) -> dict[str, Any]:
    """Return the outcomes counted, by entity."""
    return {entity: told(Counter(records.values())) for entity, records in found.items()}


def told(tally: Mapping[Outcome, int]) -> dict[str, Any]:
    """Return counted outcomes as the truth has them."""
    return {
        "mart": tally.get(MART, 0),
        "merged": tally.get(MERGED, 0),
        "excluded": _by_rule(tally, "excluded"),
        "rejected": _by_rule(tally, "rejected"),
    }


def collections(draft: Draft, found: Mapping[str, Mapping[str, Outcome]]) -> dict[str, str]:
    """Return the collection whose records an entity accounts for; some marts have none."""
    return {
        entity: COLLECTIONS.get(entity, entity)
        for entity in sorted(found)
        if COLLECTIONS.get(entity, entity) in draft.rows
    }


def _by_rule(tally: Mapping[Outcome, int], kind: str) -> dict[str, int]:
    return {rule: count for (its, rule), count in sorted(tally.items()) if its == kind}
