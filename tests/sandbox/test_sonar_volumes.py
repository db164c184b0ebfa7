"""The reference tenant: as many rows as its table says, consistent, and held in little memory."""

from __future__ import annotations

import csv
from collections import Counter
from random import Random

import pytest

from runtime.settings import ROOT
from sandbox.sonar.rows import PACKED_FROM, Rows
from sandbox.sonar.schema import load_schema, root_queries
from sandbox.sonar.tenant import Tenant, generate
from sandbox.sonar.tenant.trap_counts import REFERENCE_CATALOGUE
from sandbox.sonar.tenant.traps import NAMES
from sandbox.sonar.tenant.volumes import share, targets, volumes

FACTOR = 0.15  # `volumes --check` generates all of it, which takes a minute
PUBLISHED = ROOT.parent / "shared" / "reference" / "sonar" / "volumes.csv"


@pytest.fixture(scope="module")
def reference() -> Tenant:
    return generate(load_schema(), "reference", 1, FACTOR)


def keys(tenant: Tenant, collection: str) -> set[str]:
    return {row["id"] for row in tenant.rows[collection]}


def ledger(tenant: Tenant) -> dict[str, int]:
    """Return how many transactions follow from the other collections."""
    rows, void = tenant.rows, {r["id"] for r in tenant.rows["invoices"] if r["void"]}
    accounts = keys(tenant, "accounts")
    debits = sum(
        r["account_id"] in accounts
        and r.get("invoice_id") not in void
        and ("invoice_id" in r or not r["reversed"])
        for r in rows["debits"]
    )
    discounts = sum(not r["reversed"] for r in rows["discounts"])
    payments = sum(r["account_id"] in accounts for r in rows["payments"])
    told = {(r["payment_id"], r["amount"]) for r in rows["reversed_payments"]}
    others = (r for name in ("refunded_payments", "voided_payments") for r in rows[name])
    taken = len(rows["reversed_payments"])
    taken += sum((r["payment_id"], r["amount"]) not in told for r in others)
    owners = {r["id"]: r["account_id"] for r in rows["invoices"]}
    moved = sum(
        not r["void"] and owners.get(r["invoice_id"], r["account_id"]) != r["account_id"]
        for r in rows["credits"]
    )
    return {"transactions": debits + discounts + payments + taken + 2 * moved}


def test_the_table_names_every_collection() -> None:
    assert [volume.collection for volume in volumes()] == sorted(root_queries(load_schema()))


def test_every_figure_is_published_or_has_a_reason() -> None:
    if not PUBLISHED.exists():
        pytest.skip("the recorded volumes are not at hand")
    with PUBLISHED.open(encoding="utf-8", newline="") as file:
        observed = {
            line["collection"]: int(line["rows"])
            for line in csv.DictReader(file)
            if line["basis"] == "observed"
        }
    for volume in volumes():
        if volume.basis == "observed":
            assert volume.rows == observed[volume.collection], volume.collection
        else:
            assert volume.basis in ("assumed", "derived")
            assert volume.collection not in observed
            assert volume.reason


def test_the_reference_tenant_has_the_rows_of_the_table(reference: Tenant) -> None:
    counts = {name: len(rows) for name, rows in reference.rows.items()}
    assert reference.truth["counts"] == counts
    assert counts == targets(FACTOR) | ledger(reference)
    (derived,) = (volume for volume in volumes() if volume.basis == "derived")
    assert counts[derived.collection] == pytest.approx(FACTOR * derived.rows, rel=0.01)


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("factor", [0.01, 0.05])
def test_a_factor_keeps_to_the_table(factor: float, seed: int) -> None:
    tenant = generate(load_schema(), "reference", seed, factor)
    assert tenant.truth["counts"] == targets(factor) | ledger(tenant)
    assert targets(factor)["accounts"] == round(10_158 * factor)
    assert targets(factor)["account_statuses"] == 13


def test_without_traps_the_rows_are_still_those_of_the_table() -> None:
    strays = {"free_addresses", "not_data_services", "orphan_billing_parameters", "unassigned_did"}
    strays |= {"refunded_payment", "partial_refund", "voided_payment", "reversed_payment"}
    none = dict.fromkeys(set(NAMES) - strays - set(REFERENCE_CATALOGUE), 0)
    tenant = generate(load_schema(), "reference", 3, 0.02, none)
    truth = tenant.truth
    assert truth["counts"] == targets(0.02) | ledger(tenant)
    assert truth["traps"]["free_addresses"]["count"] > 0


@pytest.mark.parametrize("start", range(8))
def test_traps_can_be_chosen(start: int) -> None:
    chosen = dict.fromkeys(NAMES[start::8], 4)
    planted = generate(load_schema(), "reference", 5, 0.01, chosen).truth["traps"]
    for trap in chosen:
        assert (trap, planted[trap]["count"], len(set(planted[trap]["keys"]))) == (trap, 4, 4)


def test_usual_traps_grow_with_the_tenant(reference: Tenant) -> None:
    small = generate(load_schema(), "reference", 1, FACTOR / 4).truth["traps"]
    whole = reference.truth["traps"]
    for name in ("blank_name", "no_contact", "missing_mailing", "price_override"):
        assert whole[name]["count"] == pytest.approx(4 * small[name]["count"], rel=0.2)
    for name in (
        *("long_service_title", "data_service_without_detail"),
        *("duplicate_subnet", "pool_of_missing_subnet"),
    ):
        assert whole[name]["count"] == small[name]["count"] > 0


def test_links_lead_to_records_apart_from_planted_orphans(reference: Tenant) -> None:
    accounts = keys(reference, "accounts")
    services, contacts = keys(reference, "services"), keys(reference, "contacts")
    for trap, collection in (
        ("orphan_account_services", "account_services"),
        ("orphan_billing_parameters", "account_billing_parameters"),
    ):
        lost = [r["id"] for r in reference.rows[collection] if r["account_id"] not in accounts]
        assert sorted(lost, key=int) == reference.truth["traps"][trap]["keys"]
    assert {r["account_id"] for r in reference.rows["radius_accounts"]} <= accounts
    invoices = keys(reference, "invoices")
    assert {r.get("invoice_id") for r in reference.rows["debits"]} <= invoices | {None}
    assert {r["service_id"] for r in reference.rows["account_services"]} <= services
    assert {r["contact_id"] for r in reference.rows["phone_numbers"]} <= contacts
    companies = keys(reference, "companies")
    assert {r["company_id"] for r in reference.rows["accounts"]} <= companies
    known = companies | {None}
    lost = [r["id"] for r in reference.rows["services"] if r["company_id"] not in known]
    assert lost == reference.truth["traps"]["service_of_missing_company"]["keys"] != []
    data = {r["id"] for r in reference.rows["services"] if r["type"] == "DATA"}
    detailed = Counter(r["service_id"] for r in reference.rows["data_service_details"])
    assert max(detailed.values()) == 1
    without = reference.truth["traps"]["data_service_without_detail"]["keys"]
    assert data - set(detailed) == set(without)


def test_every_record_of_the_reference_tenant_has_one_outcome(reference: Tenant) -> None:
    counts, outcomes = reference.truth["counts"], reference.truth["outcomes"]
    totals: Counter[str] = Counter()
    for entity, collection in reference.truth["collections"].items():
        if entity not in {"customer_info", "customer_cap", "customer_billing"}:
            found = outcomes[entity]
            totals[collection] += found["mart"] + found["merged"]
            totals[collection] += sum([*found["excluded"].values(), *found["rejected"].values()])
    assert totals == {name: counts[name] for name in totals}


def test_big_collections_are_packed_and_answer_as_lists_do(reference: Tenant) -> None:
    schema = load_schema()
    addresses = reference.rows["addresses"]
    assert isinstance(addresses, Rows)
    assert len(addresses) >= PACKED_FROM
    packed = reference.store(schema).named("addresses")
    plain = Tenant(
        {"addresses": list(addresses)[: PACKED_FROM - 1]}, reference.links, reference.truth
    )
    listed = plain.store(schema).named("addresses")
    assert isinstance(listed.rows, list)
    assert list(packed.rows[: len(listed.rows)]) == listed.rows
    last = int(listed.rows[-1]["id"])
    for low, high in ((100, 300), (300, 100), (None, 20)):
        assert [packed.rows[i] for i in packed.between(low, high)] == [
            listed.rows[i] for i in listed.between(low, high)
        ]
    owner = {"addressable_type": "Account", "addressable_id": listed.rows[0]["addressable_id"]}
    assert list(packed.where(**owner)) == list(listed.where(**owner)) != []
    gone = listed.rows[9]["id"]
    stamps = {"created_at": "then", "updated_at": "then"}
    for store in (packed, listed):
        key = listed.rows[7]["id"]
        store.update(key, {"city": "Elsewhere", "_version": "9", "updated_at": "x"})
        store.delete(gone)
        assert store.get(gone) is None
        assert store.insert({"id": gone, "of_another_shape": True, **stamps}) == gone
        again = store.get(gone)
        assert again is not None
        assert again["of_another_shape"] is True
        assert store.insert({"id": str(last + 1_000_000)}) == str(last + 1_000_000)
        changed = store.get(key)
        assert changed is not None
        assert (changed["city"], changed["__typename"]) == ("Elsewhere", "Address")
        assert store.get("0") is None
        assert store.get("1x") is None
        assert store.rows[-1]["id"] == str(last + 1_000_000)
    places = packed.between(1, last)
    assert places == listed.between(1, last)
    assert [packed.rows[place] for place in places] == [listed.rows[place] for place in places]


@pytest.mark.parametrize(("total", "among"), [(0, 3), (2, 3), (3, 3), (10, 3), (5, 0)])
def test_shares_come_to_the_total(total: int, among: int) -> None:
    shared = share(Random(1), total, range(among))
    assert sum(shared.values()) == (total if among else 0)
    assert not shared or max(shared.values()) - min(shared.values()) <= 1
