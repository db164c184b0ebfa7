"""The traps of a tenant: their names, and which accounts carry them.

Traps of one family never meet on an account; accounts that a customer rule rejects carry no trap of
another family, so that every record has one predictable outcome. Where a name joins two rejection
reasons, the first in the order of the rules counts. `shared_email` and `duplicate_username` need at
least two accounts to mean something.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random

from sandbox.sonar.tenant.support.traps import NAMES as OF_SUPPORT

REJECTING = (
    "blank_name",
    "long_name",
    "unmapped_status",
    "long_city",
    "blank_name_and_long_city",
    "long_name_and_long_city",
    "long_company_name",
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
        "several_phones",
        "phones_beyond_256",
    ),
    "address": ("missing_mailing", "second_addresses", "no_address"),
    "billing": (
        "null_bill_day",
        "missing_billing_parameters",
        "bill_day_29_to_31",
        "several_months_to_bill",
        "next_bill_date_missing",
    ),
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
OF_PEOPLE = (
    "long_group_name",
    "duplicate_user_login",
    "duplicate_user_email",
    "login_of_target",
    "sonar_staff",
    "disabled_user",
    "user_without_role",
    "unmapped_role",
    "blank_user_name",
    "long_user_name",
    "long_user_login",
    "long_user_email",
    "field_owner_not_mapped",
    "duplicate_field_value",
    "orphan_custom_field_data",
    "note_of_missing_account",
    "foreign_note",
    "sticky_note",
    "long_note",
    "call_log_of_missing_account",
)
OF_USERS = (
    "duplicate_user_login",
    "duplicate_user_email",
    "login_of_target",
    "sonar_staff",
    "disabled_user",
)
OF_PLANS = (
    "voice_without_detail",
    "recurring_without_detail",
    "duplicate_service_title",
    "avalara_tax_definition",
    "empty_package",
    "package_with_credit",
    "package_member_rejected",
    "long_package_name",
    "rate_not_exact",
    "flat_tax",
    "rate_too_high",
    "long_tax_name",
    "several_taxes",
    "service_of_missing_company",
)
OF_SALES = (
    "package_sales",
    "rejected_package_sales",
    "one_time_charge",
    "one_time_credit",
    "expired_service",
    "expiring_charge",
    "several_credits",
    "expiring_credit",
    "credit_without_host",
    "yearly_service",
    "voice_lines",
    "unassigned_did",
    "did_without_voice_service",
    "did_of_missing_account",
)
OF_MONEY = (
    "void_invoice",
    "reversed_debit",
    "reversed_uninvoiced_debit",
    "refunded_payment",
    "partial_refund",
    "voided_payment",
    "reversed_payment",
    "voided_credit",
    "failed_payment",
    "pending_payment",
    "parent_pays_child",
    "uninvoiced_debit",
    "prorated_debit",
    "multi_month_invoice",
    "linked_debit",
    "tax_folded",
    "several_taxes_on_debit",
    "tax_on_discount",
    "zero_tax",
    "late_fee_only",
    "discount_unapplied",
    "reversed_discount",
    "payment_unapplied",
    "zero_debit",
    "quantity_debit",
    "expired_card",
    "several_cards",
    "autopay_card",
    "orphan_debit",
    "orphan_payment",
    "orphan_credit",
)
OF_NETWORKS = (
    "long_site_name",
    "disabled_inline_device",
    "duplicate_router_ip",
    "long_device_name",
    "wide_ipv6",
    "duplicate_subnet",
    "orphan_subnet",
    "not_a_network",
    "long_network_name",
    "partial_pool",
    "pool_outside_subnet",
    "not_a_range",
    "pool_of_missing_subnet",
)
OF_ACCESS = (
    "two_data_services",
    "same_ip_two_accounts",
    "ip_by_several_ways",
    "bare_host",
    "ipv6_prefix",
    "several_ipv6",
    "routed_prefix",
    "soft_assignment",
    "history_without_end",
    "orphan_ip_owner",
    "ip_of_missing_account",
    "ip_of_stored_item",
    "not_an_address",
    "long_reference",
    "address_only_in_list",
    "duplicate_radius_login",
    "long_radius_login",
    "radius_without_service",
    "duplicate_mac",
    "mac_spellings",
    "not_a_mac",
)
OF_ITEMS = (  # each brings an item of its own
    "duplicate_serial",
    "duplicate_item_mac",
    "blank_serial",
    "mac_field_not_a_mac",
    "secret_field",
    "item_at_free_address",
    "item_of_vehicle",
    "item_of_user",
    "item_of_missing_owner",
    "lost_item",
    "failed_item",
    "generic_model",
    "long_model_name",
)
OF_EQUIPMENT = (
    "duplicate_manufacturer",
    "duplicate_category",
    "archived_vendor",
    "field_without_data",
)
NAMES = (
    *REJECTING,
    *(name for family in FAMILIES.values() for name in family),
    *OF_RECORDS,
    *OF_PEOPLE,
    *OF_PLANS,
    *OF_SALES,
    *OF_MONEY,
    *OF_NETWORKS,
    *OF_ACCESS,
    *OF_ITEMS,
    *OF_EQUIPMENT,
    *OF_SUPPORT,
)


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
