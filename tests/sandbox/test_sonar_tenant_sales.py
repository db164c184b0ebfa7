"""People, plans and services of a generated tenant: what is planted shows in the rows."""

from __future__ import annotations

from calendar import monthrange
from collections import Counter, defaultdict
from datetime import date

import pytest
from graphql import GraphQLObjectType

from sandbox.sonar.schema import RelationKind, load_schema, relation, root_queries
from sandbox.sonar.tenant import Tenant, generate
from sandbox.sonar.tenant.draft import AS_OF
from sandbox.sonar.tenant.traps import NAMES
from sandbox.sonar.tenant.users import UNMAPPED_ROLE

LOST = {  # references that lead nowhere on purpose: the trap that says how often
    ("account_services", "account_id"): ("orphan_account_services",),
    ("account_billing_parameters", "account_id"): ("orphan_billing_parameters",),
    ("services", "company_id"): ("service_of_missing_company",),
    ("call_logs", "account_id"): ("call_log_of_missing_account",),
    ("did_assignments", "account_id"): ("did_of_missing_account",),
    ("notes", "Account"): ("note_of_missing_account",),
    ("contacts", "Account"): ("orphan_contacts",),
    ("custom_field_data", "Account"): ("orphan_custom_field_data",),
    ("files", "Account"): ("orphan_files",),
    ("files", "Ticket"): ("file_of_missing_ticket",),
    ("tickets", "Account"): ("ticket_of_missing_account",),
    ("tickets", "NetworkSite"): ("ticket_of_missing_site",),
    ("ticket_replies", "ticket_id"): ("reply_of_missing_ticket",),
    ("ticket_comments", "ticket_id"): ("comment_of_missing_ticket",),
    ("jobs", "Account"): ("job_of_missing_account",),
    ("job_check_ins", "job_id"): ("check_in_of_missing_job",),
    ("tasks", "Job"): ("task_of_missing_job",),
    ("notes", "Job"): ("note_of_missing_job",),
    ("contracts", "account_id"): ("contract_of_missing_account",),
    ("subnets", "supernet_id"): ("orphan_subnet",),
    ("ip_pools", "subnet_id"): ("pool_of_missing_subnet",),
    ("ip_assignments", "Account"): ("ip_of_missing_account",),
}
OF_OWNERS = {  # of any of several types
    "ip_assignments": "orphan_ip_owner",
    "inventory_items": "item_of_missing_owner",
}
OF_MONEY = {
    ("debits", "account_id"): ("orphan_debit",),
    ("payments", "account_id"): ("orphan_payment",),
    ("credits", "account_id"): ("orphan_credit",),
    ("credits", "invoice_id"): ("orphan_credit",),
}
OF_OTHERS = {
    ("addresses", "BankAccount"),
    ("addresses", "CreditCard"),
    ("addresses", "Company"),
    ("notes", "Contact"),
    ("custom_field_data", "Contact"),
}


@pytest.fixture(scope="module")
def demo() -> Tenant:
    return generate(load_schema(), "demo", 1)


def carriers(tenant: Tenant, trap: str) -> set[str]:
    return set(tenant.truth["traps"][trap]["keys"])


@pytest.mark.parametrize("size", ["tiny", "demo"])
def test_every_reference_leads_to_a_record_apart_from_planted_ones(size: str) -> None:
    schema = load_schema()
    tenant = generate(schema, size, 7)
    queries = root_queries(schema)
    of_entity = {query.entity: query.name for query in queries.values()}
    there = {name: {r.get("id") for r in rows} for name, rows in tenant.rows.items()}
    lost: Counter[tuple[str, str]] = Counter()
    for query in queries.values():
        entity = schema.type_map[query.entity]
        assert isinstance(entity, GraphQLObjectType)
        for name in [n for n, f in entity.fields.items() if f.args]:
            way = relation(schema, entity, name)
            if way.kind not in (RelationKind.PARENT, RelationKind.OWNER):
                continue
            for row in tenant.rows[query.name]:
                target = way.target or row.get(way.type_column)
                key = row.get(way.column)
                if key is None or target not in of_entity or key in there[of_entity[target]]:
                    continue
                lost[query.name, way.column if way.target else target] += 1
    planted = {
        place: sum(tenant.truth["traps"][trap]["count"] for trap in traps)
        for place, traps in (LOST | OF_MONEY).items()
    }
    for collection, trap in OF_OWNERS.items():
        places = [place for place in lost if place[0] == collection and place not in planted]
        assert sum(lost.pop(place) for place in places) == tenant.truth["traps"][trap]["count"]
    payers = lost.pop(("credits", "Payment"), 0) + lost.pop(("credits", "Discount"), 0)
    assert payers == tenant.truth["traps"]["orphan_credit"]["count"] > 0
    strangers = {
        place: count
        for place, count in lost.items()
        if place not in OF_OTHERS and not place[0].startswith("core_")
    }
    assert strangers == {place: count for place, count in planted.items() if count}


@pytest.mark.parametrize("seed", [1, 2])
def test_bill_dates_lie_on_the_bill_day_after_the_tenants_day(seed: int) -> None:
    tenant = generate(load_schema(), "demo", seed)
    terms = {row["account_id"]: row for row in tenant.rows["account_billing_parameters"]}
    days, months = Counter[int](), Counter[int]()
    for row in tenant.rows["accounts"]:
        told = row["next_bill_date"]
        if told is None or terms.get(row["id"], {}).get("bill_day") is None:
            continue
        due, term = date.fromisoformat(told), terms[row["id"]]
        last = monthrange(due.year, due.month)[1]
        assert due > AS_OF.date()
        assert due.day == min(term["bill_day"], last)
        ahead = (due.year - AS_OF.year) * 12 + due.month - AS_OF.month
        assert 0 <= ahead <= term["months_to_bill"]
        days[term["bill_day"]] += 1
        months[term["months_to_bill"]] += 1
    assert max(days) > 28
    assert set(months) == {1, 3, 12}
    for trap, column, usual in (
        ("bill_day_29_to_31", "bill_day", range(29)),
        ("several_months_to_bill", "months_to_bill", range(2)),
    ):
        owners = {k for k in carriers(tenant, trap) if k in terms}
        found = {k for k, r in terms.items() if (r[column] or 0) not in usual}
        accounts = {row["id"] for row in tenant.rows["accounts"]}
        assert found & accounts == owners, trap
    silent = {
        row["id"]
        for row in tenant.rows["accounts"]
        if row["next_bill_date"] is None and row["account_status_id"] == "1"
    }
    assert silent == carriers(tenant, "next_bill_date_missing")


def test_what_ends_was_billed_less_often_than_it_runs_unless_planted(demo: Tenant) -> None:
    times = {r["service_id"]: r["times_to_run"] for r in demo.rows["expiring_service_details"]}
    sold = [row for row in demo.rows["account_services"] if row["service_id"] in times]
    spent = {r["id"] for r in sold if r["number_of_times_billed"] >= times[r["service_id"]]}
    assert spent == carriers(demo, "expired_service")
    others = [r for r in demo.rows["account_services"] if r["service_id"] not in times]
    assert {row["number_of_times_billed"] for row in others} == {None}
    dates = {row["id"]: row["next_bill_date"] for row in demo.rows["accounts"]}
    yearly = carriers(demo, "yearly_service")
    for row in demo.rows["account_services"]:
        if row["next_bill_date"] is not None and row["id"] not in yearly:
            assert row["next_bill_date"] == dates[row["account_id"]]
    assert all(r["next_bill_date"] for r in demo.rows["account_services"] if r["id"] in yearly)


def test_packages_are_sold_whole(demo: Tenant) -> None:
    members = defaultdict(list)
    for row in demo.rows["package_services"]:
        members[row["package_id"]].append((row["service_id"], row["quantity"]))
    groups = defaultdict(list)
    for row in demo.rows["account_services"]:
        if row["package_id"] is not None:
            key = row["account_id"], row["package_id"], row["unique_package_relationship_id"]
            groups[key].append((row["service_id"], row["quantity"]))
    assert all(sold == members[package] for (_, package, _), sold in groups.items())
    assert len({unique for *_, unique in groups}) == len(groups)
    accounts = Counter(account for account, *_ in groups)
    assert max(accounts.values()) > 1, "one package twice on an account"
    rolled = {row["id"]: row["rollup_services"] for row in demo.rows["packages"]}
    assert {rolled[package] for _, package, _ in groups} == {True, False}
    first = carriers(demo, "package_sales") | carriers(demo, "rejected_package_sales")
    assert len(groups) > len(first)


def test_people_traps_show_in_the_rows(demo: Tenant) -> None:
    users = demo.rows["users"]
    logins = Counter(row["username"].strip().lower() for row in users)
    twice = {row["id"] for row in users if logins[row["username"].strip().lower()] > 1}
    assert carriers(demo, "duplicate_user_login") < twice
    assert len(twice) == 2 * len(carriers(demo, "duplicate_user_login"))
    mails = Counter(row["email_address"].strip().lower() for row in users)
    assert sum(n - 1 for n in mails.values()) == len(carriers(demo, "duplicate_user_email"))
    assert {r["id"] for r in users if not r["enabled"]} == carriers(demo, "disabled_user")
    assert {r["id"] for r in users if r["is_sonar_staff"]} == carriers(demo, "sonar_staff")
    assert {"1", "2", "3", "4", "5"} <= {row["id"] for row in users}
    roles = generate(load_schema(), "demo", 1, traps={"unmapped_role": 2})
    assert roles.rows["roles"][-1]["name"] == UNMAPPED_ROLE
    assert roles.truth["outcomes"]["roles"]["rejected"] == {"unmapped_role": 1}
    notes = demo.rows["notes"]
    assert {r["id"] for r in notes if r["priority"] != "NORMAL"} == carriers(demo, "sticky_note")
    assert any("<" in row["message"] for row in notes)
    assert any(ord(letter) > 0xFFFF for row in notes for letter in row["message"][:80])
    long = {row["id"] for row in notes if len(row["message"].encode()) > 65_535}
    assert long == carriers(demo, "long_note")
    assert Counter(row["default"] for row in demo.rows["companies"]) == {True: 1, False: 2}
    assert {row["company_id"] for row in demo.rows["accounts"]} == {"1", "2", "3"}


def test_phones_show_in_the_rows(demo: Tenant) -> None:
    owners = {
        row["id"]: row["contactable_id"]
        for row in demo.rows["contacts"]
        if row["contactable_type"] == "Account"
    }
    counts = Counter(row["contact_id"] for row in demo.rows["phone_numbers"])
    many = {owners.get(contact) for contact, count in counts.items() if count > 2}
    assert many == carriers(demo, "several_phones") | carriers(demo, "phones_beyond_256")
    assert demo.truth["outcomes"]["phone_numbers"]["excluded"]["phone_does_not_fit"] == 3


@pytest.mark.parametrize("seed", range(3, 9))
def test_only_planted_credits_have_no_host(seed: int) -> None:
    truth = generate(load_schema(), "demo", seed).truth
    rejected = truth["outcomes"]["account_services"]["rejected"]
    planted = truth["traps"]["credit_without_host"]["count"]
    assert rejected == {"no_service_for_discount": planted}
    assert truth["outcomes"]["account_services"]["merged"] > 20


def test_next_charges_are_those_of_billed_accounts(demo: Tenant) -> None:
    charges = demo.truth["next_charges"]
    for mart in ("services_internet", "services_voice", "services_custom"):
        assert 0 < charges[mart]["count"] < demo.truth["outcomes"][mart]["mart"]
        assert charges[mart]["first"] > AS_OF.date().isoformat()
    none = generate(load_schema(), "demo", 6, traps=dict.fromkeys(NAMES, 0)).truth
    assert none["next_charges"]["services_internet"]["cents"] > 0
