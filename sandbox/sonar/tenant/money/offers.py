"""What an account is charged for and credited with, at which price, and which taxes there are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from sandbox.sonar.tenant.catalogue import (
    CREDITS,
    EXTRA_DATA,
    INSTALMENT,
    MANUAL_CHARGE,
    MESH,
    PHONE,
    PROMOTION,
    VISIT,
)
from sandbox.sonar.tenant.draft import Draft
from sandbox.sonar.tenant.money.documents import Levy, Sold
from sandbox.sonar.tenant.services import PLANS
from sandbox.sonar.tenant.taxes import TAXES

LEAST = 1995  # cents of the main line of an invoice
FEE = Levy("Regulatory Recovery Fee", 9_000)  # no tax of the instance is called so
LATE_FEE = 1500
EXTRAS = (MESH, INSTALMENT, PHONE, EXTRA_DATA, VISIT)
GRANTED = (CREDITS[0], PROMOTION, CREDITS[1])
UNPRICED = 1234  # cents of a charge whose service has no price


@dataclass(frozen=True, slots=True)
class Offers:
    """The lines that an account's invoices can have."""

    main: Sold
    extras: Sequence[Sold]
    granted: Sequence[Sold]
    manual: Sold
    levies: Sequence[Levy]


class Catalogue:
    """What every account can be sold, and what each has."""

    def __init__(self, draft: Draft) -> None:
        self._sold = {
            row["id"]: Sold(row["id"], row["name"], row["type"], row["amount"] or UNPRICED)
            for row in draft.rows["services"]
        }
        self._applications = {row["id"]: row["application"] for row in draft.rows["services"]}
        named = {sold.name: sold for sold in self._sold.values()}
        self._plan = named[PLANS[0][0]]
        self._extras = tuple(named[name] for name in EXTRAS)
        self._granted = tuple(named[name] for name in GRANTED)
        self._manual = named[MANUAL_CHARGE]
        self._levies = tuple(_levies(draft))
        self._had = self._of_accounts(draft)

    def of(self, account: str) -> Offers:
        """Return what an account is billed for: what it has, else what everybody can have."""
        had = self._had.get(account, ())
        plans = [one for one in had if one.type == "DATA" and one.cents >= LEAST]
        extras = [one for one in had if one.type != "DATA" and one.cents]
        return Offers(
            plans[0] if plans else self._plan,
            (*extras, *self._extras) if extras else self._extras,
            self._granted,
            self._manual,
            self._levies,
        )

    def _of_accounts(self, draft: Draft) -> Mapping[str, list[Sold]]:
        found: dict[str, list[Sold]] = defaultdict(list)
        for row in draft.rows["account_services"]:
            sold = self._sold[row["service_id"]]
            if self._applications[sold.service] == "CREDIT":
                continue
            override = row["price_override"]
            cents = sold.cents if override is None else override
            if cents <= 50_000:  # noqa: PLR2004  a settlement is no monthly charge
                found[row["account_id"]].append(sold._replace(cents=cents))
        return found


def _levies(draft: Draft) -> list[Levy]:
    names = {name for name, _ in TAXES}
    return [
        Levy(row["name"], int(Decimal(str(row["rate"])) * 10_000))
        for row in draft.rows["taxes"]
        if row["name"] in names
    ]
