"""Writes single assignments, and notes which account each of them reaches."""

from __future__ import annotations

from sandbox.sonar.tenant.draft import OPENED, Draft, ids, moment
from sandbox.sonar.tenant.network.plan import Owner


class Assigner:
    """Writes assignments, and notes the pair of account and address where they reach one."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self._random = draft.random("ip_assignments")
        self._numbers = ids(self._random)

    def assign(  # noqa: PLR0913  what an assignment can have beside its owner and address
        self,
        account: str | None,
        owner: Owner,
        place: tuple[str, str],
        *,
        text: str | None = None,
        soft: bool = False,
        said: tuple[str | None, str | None] = (None, None),
    ) -> str:
        """Write an assignment; `place` is subnet and address, `text` how the address is spelt."""
        key = next(self._numbers)
        subnet, address = place
        values = {
            "description": said[0],
            "ip_pool_id": self.draft.network.pools[subnet] if soft else None,
            "ipassignmentable_type": owner[0],
            "ipassignmentable_id": owner[1],
            "reference": said[1],
            "soft": soft,
            "subnet": text or address,
            "subnet_id": subnet,
            **self.draft.network.of_service(account, owner),
        }
        self.draft.add("ip_assignments", key, moment(self._random, OPENED), values)
        if account is not None:
            self.draft.network.pairs[account, address] = None
        return str(key)

    def bearer(self, account: str) -> Owner:
        """Return what of an account bears an address: one of what it has, or the account itself."""
        own = self.draft.network.bearers.get(account, [])
        return self._random.choice([*own, *own, ("Account", account)])

    def of_equipment(self, index: int) -> None:
        """Write the address of a site or of an item there."""
        place = self.draft.network.host("equipment")
        sites = self.draft.rows["network_sites"]
        hung = self._hung()
        owner: Owner = ("NetworkSite", sites[index % len(sites)]["id"])
        if index % 3 and hung:
            owner = hung[index // 3 % len(hung)][index % 3 - 1]
        self.assign(None, owner, place, said=("Management", None))

    def _hung(self) -> list[tuple[Owner, Owner]]:
        """Return items at sites and the datum that holds their MAC address, or the item again."""
        if self.draft.network.hung:
            return self.draft.network.hung
        at = {
            row["id"]
            for row in self.draft.rows["inventory_items"]
            if row["inventoryitemable_type"] == "NetworkSite"
        }
        found: dict[str, Owner] = {}
        for row in self.draft.rows["inventory_model_field_data"]:
            if row["inventory_item_id"] in at and row["value"].startswith("02:5A"):
                found[row["inventory_item_id"]] = ("InventoryModelFieldData", row["id"])
        self.draft.network.hung = [
            (("InventoryItem", key), found.get(key, ("InventoryItem", key)))
            for key in sorted(at, key=int)
        ]
        return self.draft.network.hung
