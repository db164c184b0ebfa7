"""The generated tenant: deterministic, fit for the schema, and true to its own traps."""

from __future__ import annotations

from collections import Counter

import orjson
import pytest
from graphql import GraphQLEnumType, GraphQLObjectType, get_named_type

from sandbox.sonar.schema import attributes, list_attributes, load_schema, root_queries
from sandbox.sonar.tenant import Tenant, generate
from sandbox.sonar.tenant.draft import Draft
from sandbox.sonar.tenant.traps import NAMES
from sandbox.sonar.tenant.truth import outcomes

RULES = {  # trap -> entity, kind of outcome, rule
    "long_city": ("customers", "rejected", "city_too_long"),
    "unmapped_status": ("customers", "rejected", "unmapped_status"),
    "orphan_account_services": ("services_internet", "rejected", "account_missing"),
    "rejected_customer_services": ("services_internet", "rejected", "customer_rejected"),
    "data_service_without_detail": ("tariffs_internet", "rejected", "missing_detail"),
    "long_service_title": ("tariffs_internet", "rejected", "title_too_long"),
    "orphan_contacts": ("contacts", "rejected", "account_missing"),
    "free_addresses": ("addresses", "excluded", "free_address"),
    "orphan_billing_parameters": ("account_billing_parameters", "rejected", "account_missing"),
}
OF_PEOPLE_AND_PLANS = {
    "long_company_name": ("customers", "rejected", "partner_rejected"),
    "long_group_name": ("labels", "rejected", "label_too_long"),
    "sonar_staff": ("admins", "excluded", "sonar_staff"),
    "user_without_role": ("admins", "rejected", "unmapped_role"),
    "blank_user_name": ("admins", "rejected", "missing_name"),
    "long_user_name": ("admins", "rejected", "name_too_long"),
    "long_user_login": ("admins", "rejected", "login_too_long"),
    "long_user_email": ("admins", "rejected", "email_too_long"),
    "field_owner_not_mapped": ("custom_fields", "excluded", "field_owner_not_mapped"),
    "duplicate_field_value": ("custom_field_data", "excluded", "duplicate_field_value"),
    "orphan_custom_field_data": ("custom_field_data", "rejected", "account_missing"),
    "note_of_missing_account": ("notes", "rejected", "account_missing"),
    "foreign_note": ("notes", "excluded", "owner_not_account"),
    "long_note": ("notes", "rejected", "message_too_long"),
    "call_log_of_missing_account": ("call_logs", "rejected", "account_missing"),
    "voice_without_detail": ("tariffs_voice", "rejected", "missing_detail"),
    "recurring_without_detail": ("tariffs_custom", "rejected", "missing_detail"),
    "empty_package": ("bundle", "rejected", "empty_package"),
    "package_with_credit": ("bundle", "rejected", "package_with_credit"),
    "package_member_rejected": ("bundle", "rejected", "package_member_rejected"),
    "long_package_name": ("bundle", "rejected", "title_too_long"),
    "rate_not_exact": ("tax", "rejected", "rate_not_exact"),
    "flat_tax": ("tax", "excluded", "flat_tax"),
    "rate_too_high": ("tax", "rejected", "rate_too_high"),
    "long_tax_name": ("tax", "rejected", "name_too_long"),
    "credit_without_host": ("account_services", "rejected", "no_service_for_discount"),
    "unassigned_did": ("dids", "excluded", "did_not_assigned"),
    "did_without_voice_service": ("did_assignments", "rejected", "no_voice_service"),
    "did_of_missing_account": ("did_assignments", "rejected", "account_missing"),
}
OF_SUPPORT = {
    "unused_group": ("ticket_groups", "excluded", "group_unused"),
    "unused_category": ("ticket_types", "excluded", "category_unused"),
    "unused_job_type": ("scheduling_project", "excluded", "job_type_unused"),
    "ticket_of_missing_account": ("ticket", "rejected", "account_missing"),
    "ticket_of_rejected_account": ("ticket", "rejected", "customer_rejected"),
    "ticket_of_missing_site": ("ticket", "rejected", "owner_missing"),
    "spam_ticket": ("ticket", "excluded", "spam"),
    "long_sender_email": ("ticket_replies", "rejected", "email_too_long"),
    "reply_of_missing_ticket": ("ticket_replies", "rejected", "ticket_missing"),
    "comment_of_missing_ticket": ("ticket_comments", "rejected", "ticket_missing"),
    "recipient_without_message": (
        "ticket_recipients",
        "excluded",
        "recipient_without_message",
    ),
    "job_of_missing_account": ("scheduling_task", "rejected", "account_missing"),
    "check_in_of_missing_job": ("scheduling_task_worklog", "rejected", "job_missing"),
    "check_in_by_staff": ("scheduling_task_worklog", "rejected", "admin_missing"),
    "task_of_account": ("tasks", "excluded", "task_of_account"),
    "task_of_item": ("tasks", "excluded", "task_owner_not_mapped"),
    "task_of_missing_job": ("tasks", "rejected", "job_missing"),
    "contract_of_missing_account": ("contracts", "rejected", "account_missing"),
    "unlinked_files": ("files", "excluded", "file_of_nobody"),
    "orphan_files": ("files", "rejected", "account_missing"),
    "file_of_missing_ticket": ("files", "rejected", "ticket_missing"),
    "file_without_message": ("files", "excluded", "file_without_message"),
    "note_of_missing_job": ("notes", "rejected", "job_missing"),
}
OF_THE_NETWORK = {
    "long_site_name": ("network_sites", "rejected", "name_too_long"),
    "disabled_inline_device": ("routers", "excluded", "device_disabled"),
    "duplicate_router_ip": ("routers", "rejected", "duplicate_router_ip"),
    "long_device_name": ("routers", "rejected", "name_too_long"),
    "wide_ipv6": ("supernets", "rejected", "prefix_not_supported"),
    "orphan_subnet": ("subnets", "rejected", "supernet_missing"),
    "not_a_network": ("subnets", "rejected", "not_a_network"),
    "pool_outside_subnet": ("ip_pools", "rejected", "pool_outside_subnet"),
    "not_a_range": ("ip_pools", "rejected", "not_a_range"),
    "pool_of_missing_subnet": ("ip_pools", "rejected", "subnet_missing"),
    "same_ip_two_accounts": ("ip_assignments", "rejected", "duplicate_address"),
    "several_ipv6": ("ip_assignments", "rejected", "several_ipv6"),
    "orphan_ip_owner": ("ip_assignments", "rejected", "owner_missing"),
    "ip_of_missing_account": ("ip_assignments", "rejected", "account_missing"),
    "not_an_address": ("ip_assignments", "rejected", "not_an_address"),
    "duplicate_radius_login": ("radius_accounts", "rejected", "duplicate_login"),
    "long_radius_login": ("radius_accounts", "rejected", "login_too_long"),
    "radius_without_service": ("radius_accounts", "rejected", "radius_account_without_service"),
    "duplicate_mac": ("uninventoried_mac_addresses", "rejected", "duplicate_mac"),
    "not_a_mac": ("uninventoried_mac_addresses", "rejected", "not_a_mac"),
    "duplicate_serial": ("inventory_model_field_data", "rejected", "duplicate_serial"),
    "duplicate_item_mac": ("inventory_model_field_data", "rejected", "duplicate_mac"),
    "blank_serial": ("inventory_model_field_data", "excluded", "blank_value"),
    "secret_field": ("inventory_model_field_data", "excluded", "secret_field"),
    "item_of_missing_owner": ("inventory_items", "rejected", "owner_missing"),
    "lost_item": ("inventory_items", "excluded", "lost_item"),
    "generic_model": ("inventory_items", "excluded", "generic_model"),
    "long_model_name": ("inventory_items", "rejected", "product_rejected"),
    "archived_vendor": ("inventory_suppliers", "excluded", "vendor_archived"),
}
MERGED = {  # trap -> entity, how many more of its records are merged than without the trap
    "duplicate_subnet": ("subnets", 1),
    "partial_pool": ("ip_pools", 1),
    "ip_by_several_ways": ("ip_assignments", 1),
    "duplicate_manufacturer": ("inventory_vendors", 1),
    "duplicate_category": ("inventory_products_categories", 1),
}
PER_CUSTOMER = {"customer_info", "customer_cap", "customer_billing"}


def as_bytes(tenant: Tenant) -> bytes:
    pairs = sorted((f"{left}-{right}", value) for (left, right), value in tenant.links.items())
    rows = {name: list(rows) for name, rows in tenant.rows.items()}
    return orjson.dumps([rows, pairs, tenant.truth])


@pytest.fixture(scope="module")
def demo() -> Tenant:
    return generate(load_schema(), "demo", 1)


def test_the_same_seed_gives_the_same_bytes(demo: Tenant) -> None:
    again = generate(load_schema(), "demo", 1)
    other = generate(load_schema(), "demo", 2)
    assert as_bytes(again) == as_bytes(demo)
    assert as_bytes(other) != as_bytes(demo)


def test_a_factor_multiplies_accounts_and_traps(demo: Tenant) -> None:
    double = generate(load_schema(), "demo", 1, factor=2)
    assert double.truth["counts"]["accounts"] == 2 * demo.truth["counts"]["accounts"] == 1000
    assert double.truth["traps"]["blank_name"]["count"] == 6


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize(("size", "factor"), [("tiny", 1), ("demo", 1), ("reference", 0.03)])
def test_rows_fit_the_schema(size: str, factor: float, seed: int) -> None:
    schema = load_schema()
    traps = {"unmapped_status": 1, "username_like_id": 2}
    tenant = generate(schema, size, seed, factor, traps)
    wrong = []
    for query in root_queries(schema).values():
        entity = schema.type_map[query.entity]
        assert isinstance(entity, GraphQLObjectType)
        known = attributes(entity)
        for row in tenant.rows[query.name]:
            unknown = set(row) - set(known) - list_attributes(entity)
            wrong += [f"{query.name}.{name} is unknown" for name in unknown]
            for name in list_attributes(entity):
                kind = get_named_type(entity.fields[name].type)
                allowed = kind.values if isinstance(kind, GraphQLEnumType) else None
                found = row[name]
                strange = [v for v in found if allowed is not None and v not in allowed]
                wrong += [f"{query.name}.{name} holds {value!r}" for value in strange]
            for name, attribute in known.items():
                value = row.get(name)
                if value is None:
                    wrong += [f"{query.name}.{name} is null"] if attribute.required else []
                    continue
                kind = get_named_type(entity.fields[name].type)
                expected = {"Int": int, "Float": float, "Boolean": bool}.get(kind.name, str)
                if type(value) is not expected:
                    wrong.append(f"{query.name}.{name} is {value!r}")
                if isinstance(kind, GraphQLEnumType) and value not in kind.values:
                    wrong.append(f"{query.name}.{name} holds {value!r}")
    assert wrong == []


def test_ids_are_unique_and_have_gaps(demo: Tenant) -> None:
    for name, rows in demo.rows.items():
        keys = [row["id"] for row in rows if "id" in row]
        assert len(keys) == len(set(keys)), name
    ids = [int(row["id"]) for row in demo.rows["accounts"]]
    assert max(ids) > len(ids)


def test_references_lead_to_records_apart_from_planted_orphans(demo: Tenant) -> None:
    accounts = {row["id"] for row in demo.rows["accounts"]}
    services = {row["id"] for row in demo.rows["services"]}
    lost = [r["id"] for r in demo.rows["account_services"] if r["account_id"] not in accounts]
    assert sorted(lost, key=int) == demo.truth["traps"]["orphan_account_services"]["keys"]
    assert all(row["service_id"] in services for row in demo.rows["account_services"])
    assert all(row["account_id"] in accounts for row in demo.rows["radius_accounts"])


@pytest.mark.parametrize("trap", sorted(RULES))
def test_a_trap_comes_to_its_outcome(trap: str) -> None:
    entity, kind, rule = RULES[trap]
    chosen = {} if trap == "rejected_customer_services" else {trap: 5}
    truth = generate(load_schema(), "demo", 4, traps=chosen).truth
    assert truth["outcomes"][entity][kind][rule] == truth["traps"][trap]["count"] > 0


def test_traps_of_people_and_plans_come_to_their_outcomes() -> None:
    chosen = dict.fromkeys(OF_PEOPLE_AND_PLANS, 5)
    truth = generate(load_schema(), "demo", 4, traps=chosen).truth
    for trap, (entity, kind, rule) in OF_PEOPLE_AND_PLANS.items():
        found = truth["outcomes"][entity][kind].get(rule, 0)
        assert (trap, found) == (trap, 5)
        assert truth["traps"][trap]["count"] == 5


def test_traps_of_the_network_come_to_their_outcomes() -> None:
    chosen = dict.fromkeys((*OF_THE_NETWORK, *MERGED), 5)
    truth = generate(load_schema(), "demo", 4, traps=chosen).truth
    for trap, (entity, kind, rule) in OF_THE_NETWORK.items():
        assert (trap, truth["outcomes"][entity][kind].get(rule, 0)) == (trap, 5)
        assert truth["traps"][trap]["count"] == 5
    for trap, (entity, each) in MERGED.items():
        assert truth["outcomes"][entity]["merged"] >= 5 * each, trap


def test_traps_of_tickets_jobs_and_files_come_to_their_outcomes() -> None:
    truth = generate(load_schema(), "demo", 4, traps=dict.fromkeys(OF_SUPPORT, 5)).truth
    for trap, (entity, kind, rule) in OF_SUPPORT.items():
        assert (trap, truth["outcomes"][entity][kind].get(rule, 0)) == (trap, 5)
        assert truth["traps"][trap]["count"] == 5


def test_of_two_reasons_the_first_counts() -> None:
    chosen = dict.fromkeys(("blank_name", "long_name", "long_city"), 0)
    chosen |= {"blank_name_and_long_city": 4, "long_name_and_long_city": 3}
    truth = generate(load_schema(), "demo", 4, traps=chosen).truth
    rejected = {"missing_name": 4, "name_too_long": 3}
    assert truth["outcomes"]["customers"]["rejected"] == rejected


@pytest.mark.parametrize("trap", NAMES)
def test_every_trap_has_the_count_that_was_asked_for(trap: str) -> None:
    planted = generate(load_schema(), "tiny", 5, traps={trap: 4}).truth["traps"][trap]
    assert planted["count"] == 4
    assert len(set(planted["keys"])) == 4


def test_a_tenant_without_traps_loses_nothing() -> None:
    truth = generate(load_schema(), "demo", 6, traps=dict.fromkeys(NAMES, 0)).truth
    assert all(not found["rejected"] for found in truth["outcomes"].values())
    assert truth["outcomes"]["customers"]["mart"] == truth["counts"]["accounts"] == 500


@pytest.mark.parametrize(("size", "seed"), [("tiny", 1), ("demo", 1), ("demo", 2)])
def test_every_record_has_one_outcome(size: str, seed: int) -> None:
    truth = generate(load_schema(), size, seed).truth
    totals: Counter[str] = Counter()
    for entity, collection in truth["collections"].items():
        if entity not in PER_CUSTOMER:
            found = truth["outcomes"][entity]
            rules = [*found["excluded"].values(), *found["rejected"].values()]
            totals[collection] += found["mart"] + found["merged"] + sum(rules)
    assert len(totals) > 20
    assert totals == {name: truth["counts"][name] for name in totals}


def test_contact_traps_show_in_the_rows(demo: Tenant) -> None:
    carriers = {name: set(found["keys"]) for name, found in demo.truth["traps"].items()}
    owned = [row for row in demo.rows["contacts"] if row["contactable_type"] == "Account"]
    primaries = Counter(row["contactable_id"] for row in owned if row["primary"])
    accounts = {row["id"] for row in demo.rows["accounts"]}
    assert {k for k, n in primaries.items() if n > 1} == carriers["several_primaries"]
    without = accounts - {row["contactable_id"] for row in owned}
    assert without == carriers["no_contact"]
    assert accounts - set(primaries) == carriers["no_primary"] | carriers["no_contact"]
    names = Counter(row["username"].lower() for row in owned if row.get("username"))
    twice = {name for name, count in names.items() if count > 1}
    twins = {r["contactable_id"] for r in owned if (r.get("username") or "").lower() in twice}
    assert twins == carriers["duplicate_username"]
    mails = Counter(row["email_address"] for row in owned if row.get("email_address"))
    shared = {r["contactable_id"] for r in owned if mails[r.get("email_address")] > 1}
    assert shared == carriers["shared_email"]


def test_account_traps_show_in_the_rows(demo: Tenant) -> None:
    carriers = {name: set(found["keys"]) for name, found in demo.truth["traps"].items()}
    rows = demo.rows["accounts"]
    assert {r["id"] for r in rows if r["archived_at"]} == carriers["archived_accounts"]
    assert {r["id"] for r in rows if r["parent_account_id"]} == carriers["child_accounts"]
    assert {r["id"] for r in rows if "\x00" in r["name"]} == carriers["nul_in_name"]
    four_bytes = {r["id"] for r in rows if any(ord(c) > 0xFFFF for c in r["name"])}
    assert four_bytes == carriers["emoji_name"]
    blank = carriers["blank_name"] | carriers["blank_name_and_long_city"]
    assert {r["id"] for r in rows if not r["name"].strip()} == blank
    parameters = {row["account_id"] for row in demo.rows["account_billing_parameters"]}
    assert {r["id"] for r in rows} - parameters == carriers["missing_billing_parameters"]


def test_planted_secrets_carry_the_marker(demo: Tenant) -> None:
    for name, field in (
        ("radius_accounts", "password"),
        ("radius_server_credentials", "value"),
        ("inventory_model_field_data", "value"),
        ("personal_access_tokens", "token"),
        ("contracts", "unique_link_key"),
    ):
        rows = demo.rows[name]
        if name == "inventory_model_field_data":
            secret = demo.truth["traps"]["secret_field"]["keys"]
            rows = [row for row in rows if row["id"] in secret]
        assert rows
        assert all(row[field].startswith("SANDBOX-SECRET-") for row in rows)
    assert b"SANDBOX-SECRET-" not in orjson.dumps(demo.truth)


def test_an_unknown_trap_is_refused() -> None:
    with pytest.raises(ValueError, match="no_such_trap"):
        generate(load_schema(), "tiny", 1, traps={"no_such_trap": 1})


def written(rows: dict[str, list[dict[str, object]]]) -> Draft:
    """Return a draft that holds a few rows written by hand, with the fields the rules read."""
    draft = Draft(1, 1, {})
    draft.rows.update({"account_statuses": [{"id": "1", "name": "Active"}], **rows})
    return draft


def account(key: str, name: str = "Somebody") -> dict[str, object]:
    return {"id": key, "name": name, "account_status_id": "1"}


def contact(key: str, owner: str, *, primary: bool, kind: str = "Account") -> dict[str, object]:
    return {"id": key, "contactable_type": kind, "contactable_id": owner, "primary": primary}


def phone(key: str, owner: str) -> dict[str, object]:
    return {"id": key, "contact_id": owner, "number": "5125550100"}


def test_the_lowest_primary_wins_and_the_others_become_notes() -> None:
    found = outcomes(
        written(
            {
                "accounts": [account("1"), account("2", " ")],
                "contacts": [
                    contact("1", "1", primary=False),
                    contact("10", "1", primary=True),
                    contact("9", "1", primary=True),
                    contact("3", "2", primary=True),
                    contact("4", "77", primary=True),
                    contact("5", "1", primary=True, kind="Vendor"),
                ],
                "phone_numbers": [
                    phone("10", "9"),
                    phone("2", "9"),
                    phone("3", "10"),
                    phone("4", "3"),
                    phone("5", "4"),
                    phone("6", "5"),
                ],
            }
        )
    )
    assert found["contacts"] == {
        "1": ("mart", ""),
        "10": ("mart", ""),
        "9": ("merged", ""),
        "3": ("rejected", "customer_rejected"),
        "4": ("rejected", "account_missing"),
        "5": ("excluded", "owner_not_account"),
    }
    assert found["phone_numbers"] == {
        "2": ("merged", ""),
        "10": ("merged", ""),
        "3": ("merged", ""),
        "4": ("rejected", "customer_rejected"),
        "5": ("rejected", "account_missing"),
        "6": ("excluded", "owner_not_account"),
    }


def test_the_city_of_the_first_physical_address_counts() -> None:
    long_town = "x" * 33

    def place(key: str, owner: str, kind: str, city: str) -> dict[str, object]:
        owned = {"addressable_type": "Account", "addressable_id": owner}
        return {"id": key, "type": kind, "city": city, **owned}

    found = outcomes(
        written(
            {
                "accounts": [account("1"), account("2"), account("3", "n" * 257)],
                "addresses": [
                    place("1", "1", "MAILING", long_town),
                    place("3", "1", "PHYSICAL", long_town),
                    place("2", "1", "PHYSICAL", "Short"),
                    place("4", "2", "PHYSICAL", long_town),
                    place("5", "3", "PHYSICAL", long_town),
                ],
            }
        )
    )
    assert found["customers"] == {
        "1": ("mart", ""),
        "2": ("rejected", "city_too_long"),
        "3": ("rejected", "name_too_long"),
    }
    assert found["addresses"]["3"] == ("mart", "")
    assert [found["addresses"][key] for key in "12"] == [("merged", "")] * 2
    assert found["addresses"]["4"] == ("rejected", "customer_rejected")
