"""How often each trap is planted in a tenant of a size."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.sonar.tenant.traps import NAMES, OF_PLANS, OF_USERS
from sandbox.sonar.tenant.volumes import fill

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
    "long_company_name": 0,
    "several_phones": 6,
    "phones_beyond_256": 1,
    "bill_day_29_to_31": 6,
    "several_months_to_bill": 12,
    "next_bill_date_missing": 3,
    "long_group_name": 1,
    "duplicate_user_login": 2,
    "duplicate_user_email": 2,
    "login_of_target": 1,
    "sonar_staff": 2,
    "disabled_user": 3,
    "user_without_role": 1,
    "unmapped_role": 0,
    "blank_user_name": 1,
    "long_user_name": 1,
    "long_user_login": 1,
    "long_user_email": 1,
    "field_owner_not_mapped": 2,
    "duplicate_field_value": 3,
    "orphan_custom_field_data": 2,
    "note_of_missing_account": 4,
    "foreign_note": 12,
    "sticky_note": 9,
    "long_note": 1,
    "call_log_of_missing_account": 3,
    "voice_without_detail": 1,
    "recurring_without_detail": 1,
    "duplicate_service_title": 2,
    "avalara_tax_definition": 1,
    "empty_package": 1,
    "package_with_credit": 1,
    "package_member_rejected": 1,
    "long_package_name": 1,
    "rate_not_exact": 1,
    "flat_tax": 1,
    "rate_too_high": 1,
    "long_tax_name": 0,
    "several_taxes": 2,
    "package_sales": 14,
    "rejected_package_sales": 2,
    "one_time_charge": 5,
    "one_time_credit": 2,
    "expired_service": 6,
    "expiring_charge": 6,
    "several_credits": 4,
    "expiring_credit": 5,
    "credit_without_host": 2,
    "yearly_service": 4,
    "voice_lines": 8,
    "unassigned_did": 12,
    "did_without_voice_service": 2,
    "did_of_missing_account": 1,
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
    "several_months_to_bill": 1,
    "duplicate_user_login": 1,
    "sonar_staff": 1,
    "disabled_user": 1,
    "duplicate_field_value": 1,
    "note_of_missing_account": 1,
    "foreign_note": 1,
    "sticky_note": 1,
    "call_log_of_missing_account": 1,
    "recurring_without_detail": 1,
    "package_member_rejected": 1,
    "flat_tax": 1,
    "several_taxes": 1,
    "avalara_tax_definition": 1,
    "package_sales": 2,
    "one_time_charge": 1,
    "expired_service": 1,
    "several_credits": 1,
    "credit_without_host": 1,
    "voice_lines": 1,
    "unassigned_did": 1,
    "did_without_voice_service": 1,
}
# Of a full-size tenant: the demo's in proportion to the accounts, apart from the catalogue, which
# grows slowly, and the addresses of cards, bank accounts, sites and vendors.
REFERENCE: Mapping[str, int] = {
    **{name: round(count * 20.3) for name, count in DEMO.items()},
    "foreign_addresses": 8700,
    "phones_beyond_256": 3,
    "voice_lines": 15,
    "did_without_voice_service": 1,
    "did_of_missing_account": 1,
    "orphan_custom_field_data": 1,
    "duplicate_field_value": 2,
    **dict.fromkeys(("blank_user_name", "long_user_name", "long_user_login", "long_user_email"), 1),
    "user_without_role": 1,
    "long_note": 2,
}
REFERENCE_CATALOGUE: Mapping[str, int] = {
    "data_service_without_detail": 3,
    "long_service_title": 3,
    "data_credit_services": 2,
    **{name: DEMO[name] for name in OF_PLANS},
    "long_group_name": 1,
    "field_owner_not_mapped": 0,
    **{name: DEMO[name] + 1 for name in OF_USERS},
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
