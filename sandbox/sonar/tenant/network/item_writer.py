"""Writes single items with what the fields of their model hold."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from sandbox.sonar.tenant.draft import OPENED, Draft, ids, moment
from sandbox.sonar.tenant.network import SECRET_MARK
from sandbox.sonar.tenant.network.equipment import EXTRA, MAC
from sandbox.sonar.tenant.network.plan import Owner

COSTS = (None, 4999, 8950, 12_000, 31_525)
Changes = Mapping[str, str | None]  # field -> value, None: nothing


class ItemWriter:
    """Writes items with what their model's fields hold, and keeps what later ones repeat."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self._random = draft.random("inventory items of a model")
        self._numbers = ids(draft.random("numbers of inventory_items"))
        self._data = ids(draft.random("inventory_model_field_data"))
        self._tags: list[tuple[str, str]] = []  # item and field that may hold a tag
        self.made = 0

    def item(  # noqa: PLR0913  what an item can have beside model and owner
        self,
        model: str,
        owner: Owner,
        *,
        account: str | None = None,
        part_of: str | None = None,
        service: str | None = None,
        status: str = "FUNCTIONAL",
        changes: Changes | None = None,
    ) -> str:
        """Write an item and its data; `changes` says what fields hold instead."""
        key, self.made = next(self._numbers), self.made + 1
        values = {
            "account_service_id": service,
            "flapping": False,
            "icmp_status_flap_count": 0,
            "inventory_model_id": model,
            "inventoryitemable_type": owner[0],
            "inventoryitemable_id": owner[1],
            "metadata": None,
            "parent_inventory_item_id": part_of,
            "purchase_price": COSTS[key % len(COSTS)],
            "quantity": 2 if key % 11 == 0 else None,
            "snmp_status_flap_count": 0,
            "status": status,
        }
        created = moment(self._random, OPENED)
        self.draft.add("inventory_items", key, created, values)
        for field, name, kind in self.draft.network.fields.get(model, ()):
            value = (changes or {}).get(name, self._value(key, name, kind))
            if (name, kind) == EXTRA:
                self._tags.append((str(key), field))
            if value is None:
                continue
            data = self._write(str(key), field, value)
            if account is not None and kind == MAC[1] and not changes:
                bearer = ("InventoryModelFieldData", data)
                self.draft.network.bearers.setdefault(account, []).append(bearer)
        if account is not None and not changes:
            bearers = self.draft.network.bearers.setdefault(account, [])
            bearers.append(("InventoryItem", str(key)))
        return str(key)

    def held(self, item: str, name: str) -> str:
        """Return what a field of an item holds."""
        return next(
            str(row["value"])
            for row in self.draft.rows["inventory_model_field_data"]
            if row["inventory_item_id"] == item
            and row["inventory_model_field_id"] in self._of_name(name)
        )

    def datum(self, item: str, name: str) -> str:
        """Return the id of what a field of an item holds."""
        return next(
            str(row["id"])
            for row in reversed(self.draft.rows["inventory_model_field_data"])
            if row["inventory_item_id"] == item
            and row["inventory_model_field_id"] in self._of_name(name)
        )

    def tag(self, random: Random) -> None:
        """Write tags of some items: as many as the target leaves, of every third without one."""
        left = self.draft.left("inventory_model_field_data")
        count = len(self._tags) // 3 if left is None else min(left, len(self._tags))
        for item, field in sorted(random.sample(self._tags, count), key=lambda pair: int(pair[0])):
            self._write(item, field, f"T-{int(item):05d}")

    def _of_name(self, name: str) -> set[str]:
        listed = self.draft.network.fields.values()
        return {field for fields in listed for field, its, _ in fields if its == name}

    def _value(self, key: int, name: str, kind: str) -> str | None:
        if (name, kind) == EXTRA or kind == "OPOPC":
            return None
        if kind == "LTEAUTHKEY":
            return f"{SECRET_MARK}lte-{key:06x}-{self._random.getrandbits(40):010x}"
        if kind == "IMSI":
            return f"00101{key:010d}"
        if "MAC" in name:
            mac = self.draft.network.mac()
            return mac if kind == MAC[1] else mac.lower()
        return f"SN{key:07d}"

    def _write(self, item: str, field: str, value: str) -> str:
        key = next(self._data)
        values = {"inventory_item_id": item, "inventory_model_field_id": field, "value": value}
        self.draft.add("inventory_model_field_data", key, moment(self._random, OPENED), values)
        return str(key)
