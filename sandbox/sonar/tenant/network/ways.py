"""The ways of addresses that traps ask for: one function each, which plants one of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sandbox.sonar.tenant.network.assigner import Assigner

NOT_ADDRESSES = ("10.64.300.7/32", "unknown", "10.64.0.9/64")
GONE = ("RadiusAccount", "UninventoriedMacAddress", "InventoryModelFieldData", "InventoryItem")
LONG = (
    "Static address by contract, forwarded to the recorder in the barn; see the site survey. " * 5
)
PREFIXES = (56, 64, 128)


def _same_ip(writer: Assigner, trap: str, index: int) -> None:
    network = writer.draft.network
    first, second = network.carriers[trap][2 * index : 2 * index + 2]
    pooled = index % 3 == 1  # the later one is fixed, the earlier one was lent
    place = network.host("soft" if pooled else "customers")
    keys = [
        writer.assign(first, writer.bearer(first), place, soft=pooled),
        writer.assign(second, writer.bearer(second), place),
    ]
    writer.draft.plant(trap, "ip_assignments", keys[0 if pooled else 1])


def _several_ways(writer: Assigner, trap: str, index: int) -> None:
    account = writer.draft.network.carriers[trap][index]
    place = writer.draft.network.host("customers")
    own = writer.draft.network.bearers.get(account, [])
    writer.assign(account, own[0] if own else ("Account", account), place)
    key = writer.assign(account, ("Account", account), place)
    writer.draft.plant(trap, "ip_assignments", key)


def _bare_host(writer: Assigner, trap: str, index: int) -> None:
    account = writer.draft.network.carriers[trap][index]
    place = writer.draft.network.host("customers")
    text = place[1].partition("/")[0]
    key = writer.assign(account, writer.bearer(account), place, text=text)
    writer.draft.plant(trap, "ip_assignments", key)


def _ipv6(writer: Assigner, trap: str, index: int) -> None:
    account = writer.draft.network.carriers[trap][index]
    place = writer.draft.network.prefix(PREFIXES[index % len(PREFIXES)])
    text = place[1].upper().replace("2001:DB8:", "2001:0DB8:") if index % 2 else None
    key = writer.assign(account, writer.bearer(account), place, text=text)
    writer.draft.plant(trap, "ip_assignments", key)


def _several_ipv6(writer: Assigner, trap: str, index: int) -> None:
    account = writer.draft.network.carriers[trap][index]
    for _ in range(2):
        key = writer.assign(account, ("Account", account), writer.draft.network.prefix(64))
    writer.draft.plant(trap, "ip_assignments", key)


def _routed(writer: Assigner, trap: str, index: int) -> None:
    account = writer.draft.network.carriers[trap][index]
    writer.assign(account, ("Account", account), writer.draft.network.host("customers"))
    key = writer.assign(account, ("Account", account), writer.draft.network.prefix(29))
    writer.draft.plant(trap, "ip_assignments", key)


def _soft(writer: Assigner, trap: str, index: int) -> None:
    account = writer.draft.network.carriers[trap][index]
    place = writer.draft.network.host("soft")
    key = writer.assign(account, writer.bearer(account), place, soft=True)
    writer.draft.plant(trap, "ip_assignments", key)


def _not_an_address(writer: Assigner, trap: str, index: int) -> None:
    account = writer.draft.network.carriers[trap][index]
    subnet, _ = writer.draft.network.subnets["customers"][0]
    text = NOT_ADDRESSES[index % len(NOT_ADDRESSES)]
    key = writer.assign(None, writer.bearer(account), (subnet, text))
    writer.draft.plant(trap, "ip_assignments", key)


def _long_reference(writer: Assigner, trap: str, index: int) -> None:
    account = writer.draft.network.carriers[trap][index]
    place = writer.draft.network.host("customers")
    said = (f"Recorder {index}", LONG)
    key = writer.assign(account, writer.bearer(account), place, said=said)
    writer.draft.plant(trap, "ip_assignments", key)


def _in_orphan(writer: Assigner, trap: str, index: int) -> None:
    """Assign an address of a subnet that hangs on no supernet, which was planted already."""
    account = writer.draft.network.carriers[trap][index]
    subnet, network = writer.draft.network.subnets["orphans"][index]
    place = (subnet, network.replace(".0/24", ".20/32"))
    writer.assign(account, writer.bearer(account), place)


def _orphan_owner(writer: Assigner, trap: str, index: int) -> None:
    owner = (GONE[index % len(GONE)], str(9_000_000 + index))
    key = writer.assign(None, owner, writer.draft.network.host("customers"))
    writer.draft.plant(trap, "ip_assignments", key)


def _missing_account(writer: Assigner, trap: str, index: int) -> None:
    missing = writer.draft.missing_accounts
    owner = ("Account", str(missing[index % len(missing)]))
    key = writer.assign(None, owner, writer.draft.network.host("customers"))
    writer.draft.plant(trap, "ip_assignments", key)


def _stored_item(writer: Assigner, trap: str, index: int) -> None:
    item = writer.draft.rows["inventory_items"][index]["id"]
    place = writer.draft.network.host("equipment")
    orphans = writer.draft.network.subnets.get("orphans", [])
    if index % 2 and orphans:
        subnet, network = orphans[0]
        place = (subnet, network.replace(".0/24", f".{40 + index}/32"))
    key = writer.assign(None, ("InventoryItem", item), place)
    writer.draft.plant(trap, "ip_assignments", key)


def _in_list_only(writer: Assigner, trap: str, index: int) -> None:
    network = writer.draft.network
    account = network.carriers[trap][index]
    _, address = network.host("customers")
    if index % 2:  # of no network that Sonar knows
        address = f"192.0.2.{10 + index % 200}/32"
    network.pairs[account, address] = None
    writer.draft.plant(trap, "account_ip_assignments", account)


PLANTED: Mapping[str, Callable[[Assigner, str, int], None]] = {
    "same_ip_two_accounts": _same_ip,
    "ip_by_several_ways": _several_ways,
    "bare_host": _bare_host,
    "ipv6_prefix": _ipv6,
    "several_ipv6": _several_ipv6,
    "routed_prefix": _routed,
    "soft_assignment": _soft,
    "not_an_address": _not_an_address,
    "long_reference": _long_reference,
    "orphan_subnet": _in_orphan,
    "orphan_ip_owner": _orphan_owner,
    "ip_of_missing_account": _missing_account,
    "ip_of_stored_item": _stored_item,
    "address_only_in_list": _in_list_only,
}
