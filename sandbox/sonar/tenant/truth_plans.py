"""What becomes of the catalogue, of packages and of taxes, by the rules of the mapping."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from decimal import Decimal

from sandbox.sonar.rows import Row
from sandbox.sonar.tenant.draft import Draft
from sandbox.sonar.tenant.outcome import (
    MART,
    MERGED,
    Outcome,
    Outcomes,
    excluded,
    of_tariff,
    rejected,
)
from sandbox.sonar.tenant.truth_people import partners

LONGEST_TITLE = 64
DECIMALS, TOO_HIGH = 4, 100
TABLES: Mapping[tuple[str, str], str] = {
    ("DATA", "DEBIT"): "tariffs_internet",
    ("VOICE", "DEBIT"): "tariffs_voice",
    ("RECURRING", "DEBIT"): "tariffs_custom",
    ("EXPIRING", "DEBIT"): "tariffs_custom",
    ("ONETIME", "DEBIT"): "tariffs_one_time",
    ("ADJUSTMENT", "DEBIT"): "tariffs_one_time",
}
DETAILS: Mapping[str, str] = {  # types of plans that need details
    "DATA": "data_service_details",
    "VOICE": "voice_service_details",
    "RECURRING": "recurring_service_details",
    "EXPIRING": "expiring_service_details",
}
IN_BUNDLES = ("tariffs_internet", "tariffs_voice", "tariffs_custom")
AVAILABLE = {**dict.fromkeys(TABLES.values(), "services"), "bundle": "packages"}
WHERE = {"locations": ("default",), "customer_categories": ("person", "company")}
BILLING_TYPES = ("recurring", "prepaid", "prepaid_monthly")
OTHERS = "services"  # the entity of what is no plan


def outcomes(draft: Draft) -> dict[str, Outcomes]:
    """Return the outcomes of services by table, details, packages and taxes."""
    found = _services(draft)
    services = every(found)
    for collection in (*DETAILS.values(), "overage_service_details", "adjustment_service_details"):
        found[collection] = {
            row["id"]: _detail(collection, services[row["service_id"]])
            for row in draft.rows[collection]
        }
    found["voice_service_generic_parameters"] = {
        row["id"]: found["voice_service_details"][row["voice_service_detail_id"]]
        for row in draft.rows["voice_service_generic_parameters"]
    }
    found |= _packages(draft, found)
    return found | _taxes(draft, services) | _availability(draft, found)


def every(found: Mapping[str, Outcomes]) -> Outcomes:
    """Return the outcome of every service, whatever its table."""
    tables = dict.fromkeys((*TABLES.values(), OTHERS))
    return {key: outcome for table in tables for key, outcome in found[table].items()}


def _services(draft: Draft) -> dict[str, Outcomes]:
    details = {
        kind: {row["service_id"] for row in draft.rows[collection]}
        for kind, collection in DETAILS.items()
    }
    found: dict[str, Outcomes] = {table: {} for table in (*TABLES.values(), OTHERS)}
    for row in draft.rows["services"]:
        kind, key = row["type"], row["id"]
        table = TABLES.get((kind, row["application"]))
        if table is not None:
            found[table][key] = MART
            if kind in details and key not in details[kind]:
                found[table][key] = rejected("missing_detail")
        elif kind == "OVERAGE":
            found[OTHERS][key] = excluded("overage_not_mapped")
        elif kind in DETAILS:
            found[OTHERS][key] = MERGED
        else:
            found[OTHERS][key] = excluded("credit_without_service")
    names = {row["id"]: row["name"] for row in draft.rows["services"]}
    for table in set(TABLES.values()):
        for key in _too_long({key: names[key] for key in found[table]}):
            if found[table][key] == MART:
                found[table][key] = rejected("title_too_long")
    return found


def _too_long(names: Mapping[str, str]) -> Iterator[str]:
    """Yield whose title is too long; the later ones of equal titles are told apart by their id."""
    taken: set[str] = set()
    for key in sorted(names, key=int):
        name = names[key].strip()
        title = f"{name} ({key})" if name.lower() in taken else name
        taken.add(name.lower())
        if len(title) > LONGEST_TITLE:
            yield key


def _detail(collection: str, service: Outcome) -> Outcome:
    if service == MART and collection == "adjustment_service_details":
        return excluded("adjustment_limit_not_mapped")
    return of_tariff(service) or MERGED


def _packages(draft: Draft, found: Mapping[str, Outcomes]) -> dict[str, Outcomes]:
    loaded = {
        key: table
        for table in IN_BUNDLES
        for key, outcome in found[table].items()
        if outcome == MART
    }
    credits = {row["id"] for row in draft.rows["services"] if row["application"] == "CREDIT"}
    members: dict[str, list[str]] = defaultdict(list)
    for row in draft.rows["package_services"]:
        members[row["package_id"]].append(row["service_id"])
    long = set(_too_long({row["id"]: row["name"] for row in draft.rows["packages"]}))
    bundles: Outcomes = {}
    for row in draft.rows["packages"]:
        key, services = row["id"], members[row["id"]]
        if not services:
            bundles[key] = rejected("empty_package")
        elif credits & set(services):
            bundles[key] = rejected("package_with_credit")
        elif set(services) - set(loaded):
            bundles[key] = rejected("package_member_rejected")
        else:
            bundles[key] = rejected("title_too_long") if key in long else MART
    links: dict[str, Outcomes] = {f"bundle_to_{table}": {} for table in IN_BUNDLES}
    for key, services in members.items():
        for service in services if bundles[key] == MART else ():
            links[f"bundle_to_{loaded[service]}"][f"{key}:{service}"] = MART
    own = {
        row["id"]: MERGED if bundles[row["package_id"]] == MART else rejected("package_rejected")
        for row in draft.rows["package_services"]
    }
    return {"bundle": bundles, "package_services": own, **links}


def _availability(draft: Draft, found: Mapping[str, Outcomes]) -> dict[str, Outcomes]:
    """Return the links that make plans and packages available.

    Of one company, of every where none is named, of the default one where theirs has no partner.
    """
    there = [key for key, outcome in partners(draft).items() if outcome in (MART, MERGED)]
    default = next((row["id"] for row in draft.rows["companies"] if row["default"]), None)
    companies = {
        table: {row["id"]: row.get("company_id") for row in draft.rows[collection]}
        for table, collection in AVAILABLE.items()
    }
    links: dict[str, Outcomes] = {}
    for table, company_of in companies.items():
        loaded = [key for key, outcome in found[table].items() if outcome == MART]
        sides = {**WHERE, "billing_types": BILLING_TYPES if table != "tariffs_one_time" else ()}
        for what, values in sides.items():
            if values:
                pairs = (f"{key}:{value}" for key in loaded for value in values)
                links[f"{table}_to_{what}"] = dict.fromkeys(pairs, MART)
        links[f"{table}_to_partners"] = {
            f"{key}:{company}": MART
            for key in loaded
            for company in there
            if company_of[key] in (None, company)
            or (company == default and company_of[key] not in there)
        }
    return links


def _taxes(draft: Draft, services: Outcomes) -> dict[str, Outcomes]:
    taxes = {row["id"]: _tax(row) for row in draft.rows["taxes"]}
    mapped = Counter(
        row["service_id"] for row in draft.rows["service_taxes"] if taxes[row["tax_id"]] == MART
    )
    links = {}
    for row in draft.rows["service_taxes"]:
        service, tax = services[row["service_id"]], taxes[row["tax_id"]]
        if service[0] == "rejected":
            outcome = rejected("tariff_rejected")
        elif service != MART:
            outcome = excluded("tax_of_other_service")
        elif tax[0] == "excluded":
            outcome = tax
        elif tax != MART:
            outcome = rejected("tax_rejected")
        else:
            outcome = excluded("several_taxes") if mapped[row["service_id"]] > 1 else MERGED
        links[row["id"]] = outcome
    return {"tax": taxes, "service_taxes": links}


def _tax(row: Row) -> Outcome:
    rate = Decimal(str(row["rate"]))
    if row["application"] == "FLAT":
        return excluded("flat_tax")
    if len(row["name"]) > LONGEST_TITLE:
        return rejected("name_too_long")
    if rate >= TOO_HIGH:
        return rejected("rate_too_high")
    is_exact = rate == round(rate, DECIMALS)
    return MART if is_exact else rejected("rate_not_exact")
