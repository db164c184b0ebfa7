"""services that are no data plans, with the details of each type, and the voice price list."""

from __future__ import annotations

from random import Random
from typing import Any

from sandbox.sonar.rows import Row
from sandbox.sonar.tenant.catalogue import FURTHER, MESH, OTHERS, Offer
from sandbox.sonar.tenant.draft import OPENED, Draft, ids

DETAILS = {
    "RECURRING": "recurring_service_details",
    "EXPIRING": "expiring_service_details",
    "VOICE": "voice_service_details",
    "OVERAGE": "overage_service_details",
    "ADJUSTMENT": "adjustment_service_details",
}
DEFINITION = 40  # of the tax service, whose list is not served
PARAMETERS = (  # of a voice plan: description, type, cents
    ("Additional Line", "LINES", 1200),
    ("Seat", "PBX_SEATS", 1800),
    ("Voicemail to E-mail", "OTHER", 300),
)


def further_services(draft: Draft) -> None:
    """Add to the catalogue what every tenant sells beside data, and what traps ask for."""
    last = int(draft.rows["services"][-1]["id"])
    numbers = ids(draft.random("further services"), last)
    rated = [offer for offer in FURTHER if offer.application == "DEBIT" and offer.cents]
    rated = rated[: draft.wanted["avalara_tax_definition"]]
    for offer in FURTHER:
        key = next(numbers)
        _service(draft, key, offer, definition=str(DEFINITION) if offer in rated else None)
        if offer in rated:
            draft.plant("avalara_tax_definition", "services", str(key))
    for trap, offer in (
        ("voice_without_detail", Offer("Party Line", "VOICE", "DEBIT", 1900)),
        ("recurring_without_detail", Offer("Equipment Insurance", "RECURRING", "DEBIT", 400)),
    ):
        for index in range(draft.wanted[trap]):
            key = next(numbers)
            _service(draft, key, offer, suffix=f" {index + 1}")
            draft.plant(trap, "services", str(key))
    for index in range(draft.wanted["duplicate_service_title"]):
        key = next(numbers)
        spelt = (MESH.upper(), MESH, MESH.lower())[index % 3]
        _service(draft, key, Offer(spelt, "RECURRING", "DEBIT", 1100))
        draft.plant("duplicate_service_title", "services", str(key))


def details(draft: Draft) -> None:
    """Write the details of every service but data plans and those that traps leave without."""
    random = draft.random("service details")
    without = {
        key
        for trap in ("voice_without_detail", "recurring_without_detail")
        for key in (draft.planted[trap].keys if trap in draft.planted else ())
    }
    offers = {offer.name: offer for offer in (*OTHERS, *FURTHER)}
    numbers = {collection: ids(draft.random(collection)) for collection in DETAILS.values()}
    for service in draft.rows["services"]:
        collection = DETAILS.get(service["type"])
        if collection is None or service["id"] in without:
            continue
        if collection == "adjustment_service_details" and draft.left(collection) == 0:
            continue
        offer = offers.get(service["name"].rstrip(" 0123456789"))
        values = _detail(random, service, offer)
        key = next(numbers[collection])
        draft.add(collection, key, OPENED, {"service_id": service["id"], **values})
        if collection == "adjustment_service_details" and key % 2:
            draft.links.setdefault(("AdjustmentServiceDetail", "Role"), []).append((str(key), "1"))


def voice_parameters(draft: Draft) -> None:
    """Write what can be added to a voice plan that charges."""
    charging = {row["id"] for row in draft.rows["services"] if row["application"] == "DEBIT"}
    numbers = ids(draft.random("voice_service_generic_parameters"))
    for detail in draft.rows["voice_service_details"]:
        if detail["service_id"] not in charging:
            continue
        for description, kind, cents in PARAMETERS:
            values = {
                "voice_service_detail_id": detail["id"],
                "description": description,
                "type": kind,
                "price": cents,
                "proratable": kind != "OTHER",
            }
            draft.add("voice_service_generic_parameters", next(numbers), OPENED, values)


def _detail(random: Random, service: Row, offer: Offer | None) -> dict[str, Any]:
    match service["type"]:
        case "OVERAGE":
            return {"gigabytes": 50}
        case "ADJUSTMENT":
            return {"amount": 20_000, "days": 30}
        case "VOICE":
            return _voice(random)
    values: dict[str, Any] = {"billing_frequency": offer.frequency if offer else 1}
    if service["type"] == "EXPIRING":
        values["times_to_run"] = offer.times if offer else 3
    return values


def _voice(random: Random) -> dict[str, Any]:
    unlimited = random.random() < 0.5  # noqa: PLR2004
    return {
        "billing_frequency": 1,
        "cost_per_minute_local_in_thousandths": None if unlimited else 3500,
        "cost_per_minute_long_distance_in_thousandths": 4900,
        "country": "US",
        "first_interval_in_seconds": 30,
        "inbound_toll_free_rate_per_minute_in_thousandths": 2900,
        "local_minutes": None if unlimited else 500,
        "long_distance_minutes": 100,
        "rollup_generic_parameters": False,
        "show_call_detail_records_on_invoice": random.random() < 0.5,  # noqa: PLR2004
        "sub_interval_in_seconds": 6,
        "sub_type": "VOICE",
        "unlimited_local_minutes": unlimited,
        "unlimited_long_distance_minutes": False,
    }


def _service(
    draft: Draft, key: int, offer: Offer, suffix: str = "", definition: str | None = None
) -> None:
    values = {
        "name": offer.name + suffix,
        "type": offer.type,
        "application": offer.application,
        "amount": offer.cents,
        "company_id": None,
        "display_if_zero": False,
        "enabled": True,
        "tax_definition_id": definition,
    }
    draft.add("services", key, OPENED, values)
