"""What becomes of equipment and of who sold it, by the rules of the mapping."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from sandbox.sonar.rows import Row
from sandbox.sonar.tenant.draft import Draft
from sandbox.sonar.tenant.outcome import (
    MART,
    MERGED,
    Outcome,
    Outcomes,
    excluded,
    of_account,
    rejected,
)

LONGEST = 128  # names of vendors, suppliers, categories, products and stocks
LONGEST_PHONES, JOINED = 64, ", "
SECRETS = ("LTEAUTHKEY", "OPOPC")
HEX = frozenset("0123456789ABCDEF")
MAC_DIGITS = 12
OWNERS: Mapping[str, str] = {  # type of owner -> whose records they are
    "Address": "addresses",
    "InternalLocation": "internal_locations",
    "InventoryLocation": "inventory_locations",
    "NetworkSite": "network_sites",
    "User": "users",
    "Vehicle": "vehicles",
}
STOCKS = ("inventory_locations", "internal_locations", "vehicles")
WITH_STOCKS = ("Account", "InventoryLocation", "InternalLocation", "NetworkSite", "User", "Vehicle")


def outcomes(draft: Draft, customers: Outcomes, admins: Outcomes) -> dict[str, Outcomes]:
    """Return the outcomes of makers, vendors, models, fields, stores, items and their data."""
    categories = _once(draft.rows["inventory_model_categories"])
    vendors = _once(draft.rows["manufacturers"])
    found = {
        "inventory_vendors": vendors,
        "inventory_suppliers": {
            row["id"]: excluded("vendor_archived") if row["archived"] else _named(row["name"])
            for row in draft.rows["vendors"]
        },
        "inventory_products_categories": categories,
        "inventory_products": {
            row["id"]: _product(row, categories, vendors) for row in draft.rows["inventory_models"]
        },
        **{name: {r["id"]: _named(r["name"]) for r in draft.rows[name]} for name in STOCKS},
    }
    items = _items(draft, customers, admins, found["inventory_products"])
    found["inventory_items"] = items
    found["inventory_model_field_data"] = _data(draft, items)
    found["inventory_model_fields"] = _fields(draft, found["inventory_model_field_data"])
    found["inventory_stocks"] = _stocks(draft, found)
    return found


def of_people(
    draft: Draft, people: Mapping[str, Outcomes], sites: Outcomes, suppliers: Outcomes
) -> dict[str, Outcomes]:
    """Return addresses, contacts and phone numbers with those that sites and suppliers take."""
    addresses, contacts = dict(people["addresses"]), dict(people["contacts"])
    phones = dict(people["phone_numbers"])
    owners = {"NetworkSite": sites, "Vendor": suppliers}
    seen: set[tuple[str, str]] = set()
    for row in _in_order(draft.rows["addresses"]):
        owner = (row["addressable_type"], row["addressable_id"])
        if owners.get(owner[0], {}).get(owner[1]) == MART and owner not in seen:
            seen.add(owner)
            addresses[row["id"]] = MERGED
    length: dict[str, int] = {}  # contact -> characters of its numbers so far
    ranked = sorted(draft.rows["contacts"], key=lambda row: (not row["primary"], int(row["id"])))
    named: set[str] = set()
    for row in ranked:
        vendor = row["contactable_id"]
        if row["contactable_type"] != "Vendor" or vendor in named or suppliers.get(vendor) != MART:
            continue
        named.add(vendor)
        contacts[row["id"]], length[row["id"]] = MERGED, -len(JOINED)
    for row in _in_order(draft.rows["phone_numbers"]):
        contact = row["contact_id"]
        if contact in length:
            extension = row.get("extension")
            length[contact] += len(JOINED) + len(row["number"])
            length[contact] += 2 + len(extension) if extension else 0
            if length[contact] <= LONGEST_PHONES:
                phones[row["id"]] = MERGED
    return {"addresses": addresses, "contacts": contacts, "phone_numbers": phones}


def mac_of(text: str) -> str | None:
    """Return a MAC address in its one spelling, None for what is none."""
    digits = text.upper().translate(str.maketrans("", "", ":.- "))
    if len(digits) != MAC_DIGITS or set(digits) - HEX:
        return None
    return ":".join(digits[place : place + 2] for place in range(0, MAC_DIGITS, 2))


def _once(rows: Iterable[Row]) -> Outcomes:
    """Return the outcomes of named records; those of equal names become one."""
    found: Outcomes = {}
    taken: set[str] = set()
    for row in _in_order(rows):
        outcome, name = _named(row["name"]), row["name"].strip().lower()
        if outcome == MART and name in taken:
            outcome = MERGED
        elif outcome == MART:
            taken.add(name)
        found[row["id"]] = outcome
    return found


def _product(row: Row, categories: Outcomes, vendors: Outcomes) -> Outcome:
    if row["generic"]:
        return excluded("generic_model")
    if (outcome := _named(row["name"])) != MART:
        return outcome
    if categories[row["inventory_model_category_id"]][0] == "rejected":
        return rejected("category_rejected")
    is_gone = vendors[row["manufacturer_id"]][0] == "rejected"
    return rejected("manufacturer_rejected") if is_gone else MART


def _items(draft: Draft, customers: Outcomes, admins: Outcomes, products: Outcomes) -> Outcomes:
    there = {kind: {r["id"] for r in draft.rows[name]} for kind, name in OWNERS.items()}
    accounts = {
        row["id"]: row["addressable_id"]
        for row in draft.rows["addresses"]
        if row["addressable_type"] == "Account"
    }
    found: Outcomes = {}
    for row in draft.rows["inventory_items"]:
        kind, owner = row["inventoryitemable_type"], row["inventoryitemable_id"]
        product, outcome = products[row["inventory_model_id"]], MART
        if row["status"] == "LOST":
            outcome = excluded("lost_item")
        elif product[0] == "excluded":
            outcome = product
        elif product != MART:
            outcome = rejected("product_rejected")
        elif owner not in there[kind]:
            outcome = rejected("owner_missing")
        elif kind == "Address" and owner in accounts:
            outcome = of_account(customers, accounts[owner]) or MART
        elif kind == "User" and admins[owner] != MART:
            outcome = rejected("admin_missing")
        found[row["id"]] = outcome
    return found


def _data(draft: Draft, items: Outcomes) -> Outcomes:
    fields = {row["id"]: row for row in draft.rows["inventory_model_fields"]}
    serials, macs = set[str](), set[str]()
    found: Outcomes = {}
    held: dict[str, list[Row]] = defaultdict(list)
    for row in draft.rows["inventory_model_field_data"]:
        held[row["inventory_item_id"]].append(row)
    for item in sorted(held, key=int):
        rows = sorted(held[item], key=lambda row: _rank(fields[row["inventory_model_field_id"]]))
        has_serial = has_mac = False
        for row in rows:
            field = fields[row["inventory_model_field_id"]]
            outcome = _datum(items.get(item), field, row["value"])
            name, mac = field["name"].lower(), mac_of(row["value"])
            if outcome == MERGED and "serial" in name and not has_serial:
                has_serial, serial = True, row["value"].strip().lower()
                outcome = rejected("duplicate_serial") if serial in serials else MERGED
                serials.add(serial)
            elif outcome == MERGED and mac and _is_mac(field) and not has_mac:
                has_mac = True
                outcome = rejected("duplicate_mac") if mac in macs else MERGED
                macs.add(mac)
            found[row["id"]] = outcome
    return found


def _is_mac(field: Row) -> bool:
    return field["type"] == "MAC_ADDRESS" or "mac" in field["name"].lower()


def _rank(field: Row) -> tuple[bool, int]:
    return not field["primary"], int(field["id"])


def _datum(item: Outcome | None, field: Row, value: str) -> Outcome:
    if item is None:
        return rejected("item_missing")
    if item[0] == "excluded":
        return item
    if item != MART:
        return rejected("item_rejected")
    if field["type"] in SECRETS:
        return excluded("secret_field")
    return MERGED if value.strip() else excluded("blank_value")


def _fields(draft: Draft, data: Outcomes) -> Outcomes:
    used = {
        row["inventory_model_field_id"]
        for row in draft.rows["inventory_model_field_data"]
        if data[row["id"]] == MERGED
    }
    return {
        row["id"]: excluded("secret_field")
        if row["type"] in SECRETS
        else MERGED
        if row["id"] in used
        else excluded("field_without_data")
        for row in draft.rows["inventory_model_fields"]
    }


def _stocks(draft: Draft, found: Mapping[str, Outcomes]) -> Outcomes:
    """Return what things lie in: stores, shelves, vehicles, sites, and the addresses of nobody."""
    stocks = {f"{name}:{key}": o for name in STOCKS for key, o in found[name].items() if o == MART}
    sites = {row["id"] for row in draft.rows["network_sites"] if _named(row["name"]) == MART}
    places = {row["id"]: row for row in draft.rows["addresses"]}
    for row in draft.rows["inventory_items"]:
        kind, owner = row["inventoryitemable_type"], row["inventoryitemable_id"]
        if kind == "Address" and owner in places:
            kind, owner = (places[owner][f"addressable_{part}"] for part in ("type", "id"))
        if kind == "NetworkSite" and owner in sites:
            stocks[f"site:{owner}"] = MART
        elif kind not in WITH_STOCKS and row["inventoryitemable_id"] in places:
            stocks["free_addresses"] = MART
    return stocks


def _named(name: str) -> Outcome:
    if not name.strip():
        return rejected("missing_name")
    return rejected("name_too_long") if len(name) > LONGEST else MART


def _in_order(rows: Iterable[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: int(row["id"]))
