"""How many rows the collections of a full-size tenant have: `volumes.csv` beside this module.

`observed` figures were counted once in a production instance, `assumed` ones are estimates with
their reason, `derived` ones follow from other collections. Collections that `grow` follow the
factor; catalogues stay as they are.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random

from sandbox.sonar.tenant.catalogue import FURTHER

WITHOUT_DETAILS = (  # plans that have no data_service_details
    "data_service_without_detail",
    "voice_without_detail",
    "recurring_without_detail",
    "duplicate_service_title",
)
FILE = Path(__file__).with_name("volumes.csv")


@dataclass(frozen=True, slots=True)
class Volume:
    """The figure of one collection."""

    collection: str
    rows: int
    basis: str  # observed, assumed, or derived from others
    grows: bool
    reason: str


@cache
def volumes() -> Sequence[Volume]:
    """Return the table, in the order of the file."""
    with FILE.open(encoding="utf-8", newline="") as file:
        return tuple(
            Volume(
                line["collection"],
                int(line["rows"]),
                line["basis"],
                line["grows"] == "yes",
                line["reason"],
            )
            for line in csv.DictReader(file)
        )


def targets(factor: float) -> dict[str, int]:
    """Return the rows of each collection of a reference tenant, but of derived ones, by factor."""
    return {
        volume.collection: round(volume.rows * factor) if volume.grows else volume.rows
        for volume in volumes()
        if volume.basis != "derived"
    }


def fill(wanted: Mapping[str, int], target: Mapping[str, int]) -> dict[str, int]:
    """Return the counts of the traps that make up what ordinary records leave of a target.

    Every account has a home and a mailing address and one row of billing parameters, apart from the
    traps that say otherwise; every data plan has its details. What was taken back of payments is
    planted whole.
    """
    addresses = 2 * (target["accounts"] - wanted["no_address"])
    addresses += wanted["second_addresses"] - wanted["missing_mailing"]
    addresses += wanted["foreign_addresses"]
    parameters = target["accounts"] - wanted["missing_billing_parameters"]
    services = target["data_service_details"] + len(FURTHER)
    services += sum(wanted[trap] for trap in WITHOUT_DETAILS)
    refunds, voids = target["refunded_payments"], target["voided_payments"]
    left = {
        "refunded_payment": refunds - refunds // 3,
        "partial_refund": refunds // 3,
        "voided_payment": voids,
        # Each refund is a reversal too, and so is every second void.
        "reversed_payment": target["reversed_payments"] - refunds - voids // 2,
        "free_addresses": target["addresses"] - addresses,
        "orphan_billing_parameters": target["account_billing_parameters"] - parameters,
        "not_data_services": target["services"] - services,
        "unassigned_did": target["dids"] - target["did_assignments"],
    }
    return {trap: max(count, 0) for trap, count in left.items()}


def share(random: Random, total: int, keys: Iterable[int]) -> dict[int, int]:
    """Share `total` among `keys` as evenly as it goes; who gets one more is drawn."""
    among = list(keys)
    if not among:
        return {}
    each, rest = divmod(max(total, 0), len(among))
    luckier = set(random.sample(among, rest))
    return {key: each + (key in luckier) for key in among}
