"""What equipment there is and where it lies: makers, vendors, models, their fields, stores."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import cycle
from typing import Any

from sandbox.sonar.tenant.addresses import THERE
from sandbox.sonar.tenant.draft import OPENED, Draft, ids
from sandbox.sonar.tenant.words import TOWNS

MANUFACTURERS = (
    "Cobalt Wireless", "Fernway Networks", "Halden Optics", "Kestrel Radio", "Lumen & Pine",
    "Marble Point Electric", "Northgate Antenna", "Ostrava Cable",
)  # fmt: skip
VENDORS = ("Bluff Supply", "Creekside Distribution", "Depot 41", "Eastern Wire", "Farm & Fiber")
CATEGORIES = ("Radios", "Routers", "Optical Terminals", "Switches", "Antennas", "Cable", "Modems")
SERIAL, MAC = ("Serial Number", "TEXT"), ("MAC Address", "MAC_ADDRESS")
SECRETS = (("Auth Key", "LTEAUTHKEY"), ("OPc", "OPOPC"))
EXTRA = ("Asset Tag", "TEXT")  # of every model, filled in for some items
SPARE = ("Firmware", "Purchase Lot", "Shelf")  # fields that nobody fills in
LONG_MODEL = "Outdoor unit with integrated antenna, surge protection and mounting kit, revised " * 2


@dataclass(frozen=True, slots=True)
class Model:
    """A model that is bought: name, place of its category, use, and what is noted of each item."""

    name: str
    category: int
    use: str  # customer, site, modem or cable
    fields: tuple[tuple[str, str], ...]


MODELS = (
    Model("CR-5 Radio", 0, "customer", (SERIAL, MAC)),
    Model("HomeHub 2 Router", 1, "customer", (SERIAL, ("WAN MAC", "TEXT"))),
    Model("GP-100 Optical Terminal", 2, "customer", (SERIAL, MAC)),
    Model("LM-1 Modem", 6, "modem", (SERIAL, MAC, ("IMSI", "IMSI"), *SECRETS)),
    Model("Sector 90 Radio", 0, "site", (SERIAL, MAC)),
    Model("SW-24 Switch", 3, "site", (SERIAL, MAC)),
    Model("Panel Antenna", 4, "site", (("Serial No.", "TEXT"),)),
    Model("Outdoor Cable", 5, "cable", ()),
    Model("Patch Cords", 5, "cable", ()),
)
OF_MODELS = ("generic_model", "long_model_name")


def catalogue(draft: Draft) -> None:
    """Write manufacturers, vendors, inventory_model_categories and inventory_models."""
    _named(draft, "manufacturers", MANUFACTURERS, "duplicate_manufacturer", {})
    icon = {"icon": "ADD759610", "general_ledger_code_id": None}
    _named(draft, "inventory_model_categories", CATEGORIES, "duplicate_category", icon)
    archived = draft.wanted["archived_vendor"]
    count = max(draft.target.get("vendors", len(VENDORS) + archived) - archived, THERE["Vendor"])
    for key in range(1, count + archived + 1):
        number = f" {key // len(VENDORS) + 1}" if key > len(VENDORS) else ""
        values = {
            "archived": key > count,
            "automate_approved_purchase_orders": False,
            "currency": "USD",
            "name": f"{VENDORS[key % len(VENDORS)]}{number}",
            "payment_terms": "NET_30",
        }
        draft.add("vendors", key, OPENED, values)
        if key > count:
            draft.plant("archived_vendor", "vendors", str(key))
    _models(draft)
    _fields(draft)


def stores(draft: Draft) -> None:
    """Write inventory_locations, internal_locations and vehicles."""
    count = max(draft.target.get("inventory_locations", 3), THERE["InventoryLocation"])
    for key in range(1, count + 1):
        values = {
            "default_shipping_location": key == 1,
            "geopoint": f"30.{key:06d}, -97.750000" if key % 2 else None,
            "name": f"Warehouse {TOWNS[key % len(TOWNS)]} {key}",
        }
        draft.add("inventory_locations", key, OPENED, values)
    numbers = ids(draft.random("internal_locations"))
    for index in range(draft.target.get("internal_locations", 5)):
        values = {"inventory_location_id": str(1 + index % count), "name": f"Shelf {index + 1}"}
        draft.add("internal_locations", next(numbers), OPENED, values)
    _vehicles(draft)


def _vehicles(draft: Draft) -> None:
    numbers = ids(draft.random("vehicles"))
    days = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    for index in range(draft.target.get("vehicles", 4)):
        values: dict[str, Any] = {
            **{f"gps_tracking_day_{day}": False for day in days},
            "gps_tracking_always": False,
            "gps_tracking_enabled": False,
            "gps_tracking_end_time": "18:00:00",
            "gps_tracking_start_time": "07:00:00",
            "manufacturer": "Prairie",
            "model": "Box Van",
            "name": f"Van {index + 1}",
            "year": 2012 + index % 12,
        }
        draft.add("vehicles", next(numbers), OPENED, values)


def _named(
    draft: Draft, collection: str, names: tuple[str, ...], trap: str, more: Mapping[str, Any]
) -> None:
    """Write so many different names, then names that are there already, spelt otherwise."""
    twice = draft.wanted[trap]
    count = max(draft.target.get(collection, len(names) + twice) - twice, len(names))
    numbers = ids(draft.random(collection))
    for index in range(count + twice):
        key, base = next(numbers), names[index % len(names)]
        if index < count:
            name = base if index < len(names) else f"{base} {index // len(names) + 1}"
        else:
            base = names[(index - count) % len(names)]
            name = base.upper() if index % 2 else f" {base.lower()} "
        draft.add(collection, key, OPENED, {**more, "name": name})
        if index >= count:
            draft.plant(trap, collection, str(key))


def _models(draft: Draft) -> None:
    numbers = ids(draft.random("inventory_models"))
    planted = sum(draft.wanted[trap] for trap in OF_MODELS)
    count = draft.target.get("inventory_models", len(MODELS) + planted) - planted
    makers = cycle(row["id"] for row in draft.rows["manufacturers"])
    categories = [row["id"] for row in draft.rows["inventory_model_categories"]]
    repeated = draft.planted.get("duplicate_category")
    for index in range(max(count, len(MODELS))):
        model = MODELS[index % len(MODELS)]
        name = model.name if index < len(MODELS) else f"{model.name} v{index // len(MODELS) + 1}"
        category = categories[model.category]
        if repeated is not None and index % 4 == 0:
            category = repeated.keys[index % len(repeated.keys)]
        key = next(numbers)
        _model(draft, key, name, (next(makers), category), generic=model.use == "cable")
        draft.network.models.setdefault(model.use, []).append((str(key), model.fields))
    for trap in OF_MODELS:
        for index in range(draft.wanted[trap]):
            key, is_long = next(numbers), trap == "long_model_name"
            name = f"{LONG_MODEL}{index}" if is_long else f"Connectors {index}"
            _model(draft, key, name, (next(makers), categories[0]), generic=not is_long)
            draft.plant(trap, "inventory_models", str(key))
            draft.network.models.setdefault(trap, []).append((str(key), (SERIAL,)))


def _model(draft: Draft, key: int, name: str, of: tuple[str, str], *, generic: bool) -> None:
    values = {
        "default_vendor_id": "1" if key % 2 else None,
        "device_type": "OTHER",
        "enabled": True,
        "generic": generic,
        "icon": "ADD759610",
        "inventory_model_category_id": of[1],
        "is_segmentable": False,
        "manufacturer_id": of[0],
        "model_name": name.split(maxsplit=1)[0],
        "name": name,
        "quantity": None,
        "unit_of_measurement": "FEET" if generic else None,
    }
    draft.add("inventory_models", key, OPENED, values)


def _fields(draft: Draft) -> None:
    """Write the fields of the models: those that items fill in, then those that stay empty."""
    numbers = ids(draft.random("inventory_model_fields"))
    models = [model for listed in draft.network.models.values() for model in listed]
    for model, fields in models:
        for name, kind in (*fields, *([EXTRA] if fields else [])):
            required = (name, kind) != EXTRA and kind != "OPOPC"
            key = _field(draft, next(numbers), model, (name, kind), required=required)
            draft.network.fields.setdefault(model, []).append((key, name, kind))
    empty = _empty(models)
    for _ in range(draft.wanted["field_without_data"]):
        key = _field(draft, next(numbers), *next(empty), required=False)
        draft.plant("field_without_data", "inventory_model_fields", key)
    for _ in range(draft.left("inventory_model_fields") or 0):
        _field(draft, next(numbers), *next(empty), required=False)


def _empty(
    models: list[tuple[str, tuple[tuple[str, str], ...]]],
) -> Iterator[tuple[str, tuple[str, str]]]:
    number = 0
    while True:
        for model, _ in models:
            yield model, (f"{SPARE[number % len(SPARE)]} {number}", "TEXT")
            number += 1


def _field(draft: Draft, key: int, model: str, field: tuple[str, str], *, required: bool) -> str:
    values = {
        "inventory_model_id": model,
        "name": field[0],
        "primary": field == SERIAL,
        "regexp": None,
        "required": required,
        "secondary_type": None,
        "type": field[1],
        "unique": "GLOBAL" if field == MAC else "NONE",
    }
    draft.add("inventory_model_fields", key, OPENED, values)
    return str(key)
