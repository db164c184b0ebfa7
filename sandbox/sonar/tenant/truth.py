"""What a migration of a generated tenant has to come to, told from the generator alone.

The rules are those of the trap table, written a second time on purpose: the server, the extractor
and the models are measured against this file, so it shares nothing with them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from sandbox.sonar.rows import Row
from sandbox.sonar.tenant.accounts import UNMAPPED_STATUS
from sandbox.sonar.tenant.draft import Draft

LONGEST_NAME, LONGEST_CITY, LONGEST_TITLE = 256, 32, 64

Outcome = tuple[str, str]  # kind and rule; the rule is empty for mart and merged
MART: Outcome = ("mart", "")
MERGED: Outcome = ("merged", "")


def outcomes(draft: Draft) -> dict[str, dict[str, Outcome]]:
    """Return the outcome of every record, by entity and id."""
    customers = _customers(draft)
    contacts = _contacts(draft, customers)
    tariffs = _tariffs(draft)
    found = dict.fromkeys(_PER_CUSTOMER, customers)
    return {
        **found,
        "tariffs_internet": tariffs,
        "services_internet": _services(draft, customers, tariffs),
        "contacts": contacts,
        "phone_numbers": _phones(draft, contacts),
        "addresses": _addresses(draft, customers),
        "account_billing_parameters": {
            row["id"]: _of_account(customers, row["account_id"]) or MERGED
            for row in draft.rows["account_billing_parameters"]
        },
        "data_service_details": {
            row["id"]: _of_tariff(tariffs[row["service_id"]]) or MERGED
            for row in draft.rows["data_service_details"]
        },
    }


_PER_CUSTOMER = ("customers", "customer_info", "customer_cap", "customer_billing")


def summary(found: Mapping[str, Mapping[str, Outcome]]) -> dict[str, Any]:
    """Return the outcomes counted, by entity."""
    counted = {}
    for entity, records in found.items():
        tally = Counter(records.values())
        counted[entity] = {
            "mart": tally[MART],
            "merged": tally[MERGED],
            "excluded": _by_rule(tally, "excluded"),
            "rejected": _by_rule(tally, "rejected"),
        }
    return counted


def _by_rule(tally: Mapping[Outcome, int], kind: str) -> dict[str, int]:
    return {rule: count for (its, rule), count in sorted(tally.items()) if its == kind}


def _customers(draft: Draft) -> dict[str, Outcome]:
    statuses = {row["id"]: row["name"] for row in draft.rows["account_statuses"]}
    cities = {key: places[0]["city"] for key, places in _places(draft, "PHYSICAL").items()}
    found = {}
    for row in draft.rows["accounts"]:
        outcome = MART
        if not row["name"].strip():
            outcome = ("rejected", "missing_name")
        elif len(row["name"]) > LONGEST_NAME:
            outcome = ("rejected", "name_too_long")
        elif statuses[row["account_status_id"]] == UNMAPPED_STATUS:
            outcome = ("rejected", "unmapped_status")
        elif len(cities.get(row["id"], "")) > LONGEST_CITY:
            outcome = ("rejected", "city_too_long")
        found[row["id"]] = outcome
    return found


def _of_account(customers: Mapping[str, Outcome], account: str) -> Outcome | None:
    if account not in customers:
        return ("rejected", "account_missing")
    return None if customers[account] == MART else ("rejected", "customer_rejected")


def _contacts(draft: Draft, customers: Mapping[str, Outcome]) -> dict[str, Outcome]:
    winners: dict[str, str] = {}
    ranked = sorted(draft.rows["contacts"], key=lambda row: (not row["primary"], int(row["id"])))
    for row in ranked:
        if row["contactable_type"] == "Account":
            winners.setdefault(row["contactable_id"], row["id"])
    found: dict[str, Outcome] = {}
    for row in draft.rows["contacts"]:
        if row["contactable_type"] != "Account":
            found[row["id"]] = ("excluded", "owner_not_account")
            continue
        wins = winners[row["contactable_id"]] == row["id"]
        own = MERGED if wins else ("excluded", "secondary_contact")
        found[row["id"]] = _of_account(customers, row["contactable_id"]) or own
    return found


def _phones(draft: Draft, contacts: Mapping[str, Outcome]) -> dict[str, Outcome]:
    found: dict[str, Outcome] = {}
    served: set[str] = set()
    for row in sorted(draft.rows["phone_numbers"], key=lambda row: int(row["id"])):
        outcome = contacts[row["contact_id"]]
        if outcome == MERGED and row["contact_id"] in served:
            outcome = ("excluded", "secondary_phone")
        served.add(row["contact_id"])
        found[row["id"]] = outcome
    return found


def _places(draft: Draft, kind: str) -> dict[str, list[Row]]:
    places: dict[str, list[Row]] = defaultdict(list)
    for row in sorted(draft.rows["addresses"], key=lambda row: int(row["id"])):
        if row["addressable_type"] == "Account" and row["type"] == kind:
            places[row["addressable_id"]].append(row)
    return places


def _addresses(draft: Draft, customers: Mapping[str, Outcome]) -> dict[str, Outcome]:
    first = {
        places[0]["id"]
        for kind in ("PHYSICAL", "MAILING")
        for places in _places(draft, kind).values()
    }
    found: dict[str, Outcome] = {}
    for row in draft.rows["addresses"]:
        if row["addressable_type"] is None:
            found[row["id"]] = ("excluded", "free_address")
        elif row["addressable_type"] != "Account":
            found[row["id"]] = ("excluded", "owner_not_account")
        else:
            own = MERGED if row["id"] in first else ("excluded", "secondary_address")
            found[row["id"]] = _of_account(customers, row["addressable_id"]) or own
    return found


def _tariffs(draft: Draft) -> dict[str, Outcome]:
    detailed = {row["service_id"] for row in draft.rows["data_service_details"]}
    found: dict[str, Outcome] = {}
    for row in draft.rows["services"]:
        if row["type"] != "DATA" or row["application"] != "DEBIT":
            found[row["id"]] = ("excluded", "service_type_not_mapped")
        elif row["id"] not in detailed:
            found[row["id"]] = ("rejected", "missing_detail")
        elif len(row["name"]) > LONGEST_TITLE:
            found[row["id"]] = ("rejected", "title_too_long")
        else:
            found[row["id"]] = MART
    return found


def _of_tariff(tariff: Outcome) -> Outcome | None:
    if tariff[0] == "excluded":
        return tariff
    return None if tariff == MART else ("rejected", "tariff_rejected")


def _services(
    draft: Draft, customers: Mapping[str, Outcome], tariffs: Mapping[str, Outcome]
) -> dict[str, Outcome]:
    rows: Iterable[Row] = draft.rows["account_services"]
    return {
        row["id"]: _of_account(customers, row["account_id"])
        or _of_tariff(tariffs[row["service_id"]])
        or MART
        for row in rows
    }
