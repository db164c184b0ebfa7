"""The traps of a tenant: their names, usual counts, and which accounts carry them.

Traps of one family never meet on an account; accounts that a customer rule rejects carry no trap of
another family, so that every record has one predictable outcome. Where a name joins two rejection
reasons, the first in the order of the rules counts. `shared_email` and `duplicate_username` need at
least two accounts to mean something.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random

from sandbox.sonar.tenant.volumes import fill

REJECTING = (
    "blank_name",
    "long_name",
    "unmapped_status",
    "long_city",
    "blank_name_and_long_city",
    "long_name_and_long_city",
)
BLANK_NAMES = frozenset({"blank_name", "blank_name_and_long_city"})
LONG_NAMES = frozenset({"long_name", "long_name_and_long_city"})
LONG_CITIES = frozenset({"long_city", "blank_name_and_long_city", "long_name_and_long_city"})
FAMILIES: Mapping[str, tuple[str, ...]] = {
    "form": ("archived_accounts", "child_accounts", "emoji_name", "nul_in_name"),
    "contact": (
        "no_contact",
        "several_primaries",
        "no_primary",
        "shared_email",
        "untidy_email",
        "duplicate_username",
        "username_like_id",
    ),
    "address": ("missing_mailing", "second_addresses", "no_address"),
    "billing": ("null_bill_day", "missing_billing_parameters"),
}
OF_RECORDS = (
    "orphan_account_services",
    "orphan_contacts",
    "orphan_billing_parameters",
    "foreign_contacts",
    "free_addresses",
    "foreign_addresses",
    "data_service_without_detail",
    "long_service_title",
    "not_data_services",
    "data_credit_services",
    "price_override",
    "quantity",
    "name_override",
)
NAMES = (*REJECTING, *(name for family in FAMILIES.values() for name in family), *OF_RECORDS)

DEMO: Mapping[str, int] = {
    "blank_name": 3,
    "long_name": 2,
    "unmapped_status": 0,
    "long_city": 3,
    "blank_name_and_long_city": 1,
    "long_name_and_long_city": 1,
    "archived_accounts": 9,
    "child_accounts": 8,
    "emoji_name": 3,
    "nul_in_name": 2,
    "no_contact": 5,
    "several_primaries": 6,
    "no_primary": 5,
    "shared_email": 6,
    "untidy_email": 7,
    "duplicate_username": 6,
    "username_like_id": 0,
    "missing_mailing": 40,
    "second_addresses": 7,
    "no_address": 4,
    "null_bill_day": 8,
    "missing_billing_parameters": 4,
    "orphan_account_services": 4,
    "orphan_contacts": 5,
    "orphan_billing_parameters": 3,
    "foreign_contacts": 9,
    "free_addresses": 260,
    "foreign_addresses": 60,
    "data_service_without_detail": 2,
    "long_service_title": 2,
    "not_data_services": 9,
    "data_credit_services": 1,
    "price_override": 9,
    "quantity": 6,
    "name_override": 7,
}
TINY: Mapping[str, int] = {
    "blank_name": 1,
    "archived_accounts": 1,
    "child_accounts": 1,
    "no_contact": 1,
    "shared_email": 2,
    "missing_mailing": 2,
    "null_bill_day": 1,
    "orphan_account_services": 1,
    "orphan_contacts": 1,
    "foreign_contacts": 1,
    "free_addresses": 2,
    "foreign_addresses": 1,
    "data_service_without_detail": 1,
    "not_data_services": 2,
    "price_override": 1,
}
# Of a full-size tenant: the demo's in proportion to the accounts, apart from the catalogue, which
# grows slowly, and the addresses of cards, bank accounts, sites and vendors.
REFERENCE: Mapping[str, int] = {
    **{name: round(count * 20.3) for name, count in DEMO.items()},
    "foreign_addresses": 8700,
}
REFERENCE_CATALOGUE: Mapping[str, int] = {
    "data_service_without_detail": 3,
    "long_service_title": 3,
    "data_credit_services": 2,
}


def counts(
    size: str, factor: float, chosen: Mapping[str, int], target: Mapping[str, int] | None = None
) -> dict[str, int]:
    """Return the count of every trap: the usual ones times `factor`, the chosen ones as given.

    With a `target` for the collections, the traps that fill them up are counted to meet it.
    """
    if unknown := sorted(set(chosen) - set(NAMES)):
        raise ValueError(f"unknown traps: {', '.join(unknown)}; known: {', '.join(NAMES)}")
    usual = _USUAL[size]
    scaled = {name: round(usual.get(name, 0) * factor) for name in NAMES}
    if target is None:
        return {**scaled, **chosen}
    scaled = {**scaled, **REFERENCE_CATALOGUE, **chosen}
    return {**scaled, **fill(scaled, target), **chosen}


_USUAL = {"tiny": TINY, "demo": DEMO, "reference": REFERENCE}


def needed_accounts(wanted: Mapping[str, int]) -> int:
    """Return how many accounts these traps need, with a few clean ones beside them."""
    largest = max(sum(wanted[name] for name in family) for family in FAMILIES.values())
    return sum(wanted[name] for name in REJECTING) + largest + 3


def assign(seed: int, accounts: Sequence[int], wanted: Mapping[str, int]) -> dict[int, set[str]]:
    """Return the traps of each account, drawn without order from all of them."""
    carried: dict[int, set[str]] = {account: set() for account in accounts}
    pool = _shuffled(seed, "rejecting", accounts)
    for name in REJECTING:
        for _ in range(wanted[name]):
            carried[pool.pop()].add(name)
    plain = sorted(pool)
    for family, names in FAMILIES.items():
        pool = _shuffled(seed, family, plain)
        for name in names:
            for _ in range(wanted[name]):
                carried[pool.pop()].add(name)
    return carried


def _shuffled(seed: int, purpose: str, accounts: Sequence[int]) -> list[int]:
    pool = list(accounts)
    Random(f"{seed}:{purpose}").shuffle(pool)
    return pool
