"""inventory_items with the data of their fields, and stock that is only counted."""

from __future__ import annotations

from random import Random

from sandbox.sonar.tenant.draft import OPENED, Draft, ids
from sandbox.sonar.tenant.network import SECRET_MARK
from sandbox.sonar.tenant.network.equipment import MAC, OF_MODELS, SERIAL
from sandbox.sonar.tenant.network.item_writer import ItemWriter
from sandbox.sonar.tenant.network.plan import Owner
from sandbox.sonar.tenant.traps import OF_ITEMS
from sandbox.sonar.tenant.users import LEAST
from sandbox.sonar.tenant.volumes import share

AT_SITES, IN_STORES = 6, 12  # percent of the items of a tenant whose number of them is given
USUAL_STORED, SOUND = 24, 4  # items that lie in stores; those that others repeat
MISSING = ("Address", "InternalLocation", "NetworkSite", "Vehicle")
ILLEGIBLE = ("see label", "02:5A:00:00", "unknown")


def items(draft: Draft) -> None:
    """Write what lies in stores, hangs at sites, stands at customers, then what traps ask for."""
    random, writer = draft.random("inventory_items"), ItemWriter(draft)
    stored, hung, standing = _numbers(draft, random)
    for index in range(stored):
        models = draft.network.models["customer" if index % 3 else "site"]
        writer.item(models[index % len(models)][0], _store(draft, index))
    sites = [row["id"] for row in draft.rows["network_sites"] if len(row["name"]) < 128]  # noqa: PLR2004
    for index in range(hung):
        models = draft.network.models["site"]
        writer.item(models[index % len(models)][0], ("NetworkSite", sites[index % len(sites)]))
    models = draft.network.models["customer"]
    for account, count in standing.items():
        first = None
        services = draft.network.services.get(account, [])
        for index in range(count):
            later = services[-1] if len(services) > 1 and index else None
            model = models[(int(account) + index) % len(models)][0]
            home = ("Address", draft.network.homes[account])
            item = writer.item(model, home, account=account, part_of=first, service=later)
            first = first or (item if int(account) % 4 == 0 else None)
    for trap in OF_ITEMS:
        for index in range(draft.wanted[trap]):
            _plant(draft, writer, trap, index)
    writer.tag(random)


def generic_items(draft: Draft) -> None:
    """Write generic_inventory_assignees and generic_inventory_items: cable and the like."""
    for key in range(1, draft.target.get("generic_inventory_assignees", 2) + 1):
        draft.add("generic_inventory_assignees", key, OPENED, {"name": f"Crew {key}"})
    numbers = ids(draft.random("generic_inventory_items"))
    models = draft.network.models["cable"]
    for index in range(draft.target.get("generic_inventory_items", 6)):
        owner = _store(draft, index)
        values = {
            "genericinventoryitemable_type": owner[0],
            "genericinventoryitemable_id": owner[1],
            "inventory_model_id": models[index % len(models)][0],
            "quantity": 100 * (index + 1),
        }
        draft.add("generic_inventory_items", next(numbers), OPENED, values)


def _numbers(draft: Draft, random: Random) -> tuple[int, int, dict[str, int]]:
    """Return how many items lie in stores, hang at sites, and stand at each account."""
    at_home = [account for account in draft.network.ordinary() if account in draft.network.homes]
    target = draft.left("inventory_items")
    carriers = [
        account
        for trap in ("ip_by_several_ways", "bare_host")
        for account in draft.network.carriers[trap]
        if account in draft.network.homes
    ]
    if target is None:
        stands = {key: random.choices((0, 1, 2), (10, 60, 30))[0] for key in at_home}
        hung = 3 * len(draft.rows["network_sites"])
        return USUAL_STORED, hung, {**stands, **dict.fromkeys(carriers, 1)}
    left = max(target - sum(draft.wanted[trap] for trap in OF_ITEMS), 0)
    hung, stored = left * AT_SITES // 100, left * IN_STORES // 100
    own = [int(account) for account in dict.fromkeys((*at_home, *carriers))]
    shared = share(random, left - hung - stored, own)
    return stored, hung, {str(account): count for account, count in shared.items()}


def _store(draft: Draft, index: int) -> Owner:
    kind = ("InventoryLocation", "InternalLocation")[index % 2]
    listed = draft.rows["inventory_locations" if index % 2 == 0 else "internal_locations"]
    return kind, listed[index // 2 % len(listed)]["id"]


def _plant(draft: Draft, writer: ItemWriter, trap: str, index: int) -> None:
    """Write one item of a trap, and note the item or what one of its fields holds."""
    models = draft.network.models
    model = models["customer"][0][0]
    changes, field = _data_of(draft, writer, trap, index)
    if trap == "secret_field":
        model = models["modem"][0][0]
    if trap in OF_MODELS:  # the model is what was planted
        model = draft.planted[trap].keys[index]
    item = writer.item(
        model,
        _owner(draft, trap, index) or _store(draft, index),
        status={"lost_item": "LOST", "failed_item": "FAILED"}.get(trap, "FUNCTIONAL"),
        changes=changes,
    )
    if field is not None:
        draft.plant(trap, "inventory_model_field_data", writer.datum(item, field))
    elif trap not in OF_MODELS:
        draft.plant(trap, "inventory_items", item)


def _data_of(
    draft: Draft, writer: ItemWriter, trap: str, index: int
) -> tuple[dict[str, str | None], str | None]:
    """Return what the fields of a trap's item hold instead, and which of them is the trap."""
    second = index % 2
    if trap == "duplicate_serial":
        serial = writer.held(_stored(draft, index), SERIAL[0])
        return {SERIAL[0]: f" {serial.lower()} " if second else serial}, SERIAL[0]
    if trap == "duplicate_item_mac":
        plain = writer.held(_stored(draft, index), MAC[0]).replace(":", "")
        return {MAC[0]: plain if second else plain.lower()}, MAC[0]
    if trap == "blank_serial":
        return {SERIAL[0]: "  " if second else ""}, SERIAL[0]
    if trap == "mac_field_not_a_mac":
        return {MAC[0]: ILLEGIBLE[index % len(ILLEGIBLE)]}, MAC[0]
    if trap == "secret_field" and index % 3 == 2:  # noqa: PLR2004
        return {"Auth Key": None, "OPc": f"{SECRET_MARK}lte-opc-{index:06x}"}, "OPc"
    return {}, "Auth Key" if trap == "secret_field" else None


def _stored(draft: Draft, index: int) -> str:
    """Return an ordinary item of a store whose model has a MAC address."""
    listed = draft.network.fields.values()
    named = {field for fields in listed for field, name, _ in fields if name == MAC[0]}
    first = draft.rows["inventory_model_field_data"][: 2 * USUAL_STORED]
    sound = [row["inventory_item_id"] for row in first if row["inventory_model_field_id"] in named]
    return str(sound[index % min(len(sound), SOUND)])


def _owner(draft: Draft, trap: str, index: int) -> Owner | None:
    """Return who has an item of a trap, None where it lies in a store."""
    if trap == "item_at_free_address":
        free = draft.planted["free_addresses"].keys if draft.wanted["free_addresses"] else []
        return ("Address", free[index % len(free)]) if free else None
    if trap == "item_of_vehicle":
        vehicles = draft.rows["vehicles"]
        return "Vehicle", vehicles[index % len(vehicles)]["id"]
    if trap == "item_of_user":
        staff = [r["id"] for r in draft.rows["users"] if r["is_sonar_staff"]]
        ordinary = [r["id"] for r in draft.rows["users"][:LEAST]]
        among = staff if index % 3 == 2 and staff else ordinary  # noqa: PLR2004
        return "User", among[index % len(among)]
    if trap == "item_of_missing_owner":
        return MISSING[index % len(MISSING)], str(9_000_000 + index)
    if trap == "secret_field":
        return "Address", draft.network.homes[draft.network.carriers[trap][index]]
    return None
