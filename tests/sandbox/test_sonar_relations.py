"""Relation filters, polymorphic owners and links between many, over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.sandbox.sonar_process import SonarProcess, running

WHOLE = "paginator: {page: 1, records_per_page: 1000}"


@pytest.fixture(scope="module")
def sonar(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SonarProcess]:
    options = ("--size", "tiny", "--seed", "3", "--trap", "archived_accounts=2")
    with running(tmp_path_factory.mktemp("relations"), *options) as server:
        yield server


def rows(server: SonarProcess, collection: str, fields: str) -> list[Any]:
    archived = "include_archived: true" if collection == "accounts" else ""
    query = f"{{ {collection}({archived} {WHOLE}) {{ entities {{ id {fields} }} }} }}"
    found: list[Any] = server.data(query)[collection]["entities"]
    return found


def found(server: SonarProcess, collection: str, arguments: str) -> set[str]:
    query = f"{{ {collection}({WHOLE} {arguments}) {{ entities {{ id }} }} }}"
    return {row["id"] for row in server.data(query)[collection]["entities"]}


def text(attribute: str, value: str) -> str:
    return (
        f'[{{string_fields: [{{attribute: "{attribute}", search_value: "{value}", match: true}}]}}]'
    )


@pytest.fixture(scope="module")
def owned(sonar: SonarProcess) -> dict[str, list[Any]]:
    """Return the contacts of each live account."""
    live = [row["id"] for row in rows(sonar, "accounts", "archived_at") if not row["archived_at"]]
    contacts = rows(sonar, "contacts", "name email_address contactable_type contactable_id")
    return {
        key: [
            c for c in contacts if (c["contactable_type"], c["contactable_id"]) == ("Account", key)
        ]
        for key in live
    }


def test_rows_by_what_a_relation_holds(sonar: SonarProcess, owned: dict[str, list[Any]]) -> None:
    shared = {
        key
        for key, contacts in owned.items()
        if any("rentals0" in (c["email_address"] or "") for c in contacts)
    }
    assert 0 < len(shared) < len(owned)
    item = f'relation: "contacts", search: {text("email_address", "rentals0")}'
    filters = f"reverse_relation_filters: [{{{item}}}]"
    assert found(sonar, "accounts", filters) == shared
    nested = f"search: [{{{filters}}}]"
    assert found(sonar, "accounts", nested) == shared
    empty = f"reverse_relation_filters: [{{{item}, is_empty: true}}]"
    assert found(sonar, "accounts", empty) == set(owned) - shared
    general = 'reverse_relation_filters: [{relation: "contacts", general_search: "RENTALS0"}]'
    assert found(sonar, "accounts", general) == shared


def test_a_relation_that_is_empty(sonar: SonarProcess, owned: dict[str, list[Any]]) -> None:
    filters = 'reverse_relation_filters: [{{relation: "contacts", is_empty: {}}}]'
    having = {key for key, contacts in owned.items() if contacts}
    assert 0 < len(having) < len(owned)
    assert found(sonar, "accounts", filters.format("false")) == having
    assert found(sonar, "accounts", filters.format("true")) == set(owned) - having


@pytest.mark.parametrize("second", ["1", "2"], ids=["and", "or"])
def test_groups(sonar: SonarProcess, owned: dict[str, list[Any]], second: str) -> None:
    grouped = {
        row["id"] for row in rows(sonar, "accounts", "account_groups { entities { id } }")
        if row["account_groups"]["entities"]
    }  # fmt: skip
    several = {
        key for key, contacts in owned.items() if any("e" in c["name"].lower() for c in contacts)
    }
    live = set(owned)
    assert grouped & several & live
    assert (grouped ^ several) & live
    filters = f"""reverse_relation_filters: [
        {{relation: "contacts", search: {text("name", "e")}}}
        {{relation: "account_groups", group: "{second}"}}]"""
    expected = grouped & several if second == "1" else grouped | several
    assert found(sonar, "accounts", filters) == expected & live


def test_a_path_of_relations(sonar: SonarProcess, owned: dict[str, list[Any]]) -> None:
    telephones = rows(sonar, "phone_numbers", "number contact_id")
    number = next(
        t["number"] for t in telephones if any(t["contact_id"] == c["id"] for c in owned["1"])
    )
    callers = {t["contact_id"] for t in telephones if t["number"] == number}
    item = f'relation: "contacts.phone_numbers", search: {text("number", number)}'
    expected = {key for key, contacts in owned.items() if callers & {c["id"] for c in contacts}}
    assert found(sonar, "accounts", f"reverse_relation_filters: [{{{item}}}]") == expected
    named = text("name", owned["1"][0]["name"])
    up = f'reverse_relation_filters: [{{relation: "contact", search: {named}}}]'
    own = {t["id"] for t in telephones if t["contact_id"] == owned["1"][0]["id"]}
    assert own
    assert found(sonar, "phone_numbers", up) == own


def test_a_relation_to_an_owner(sonar: SonarProcess) -> None:
    contacts = rows(sonar, "contacts", "contactable_type contactable_id")
    live = {row["id"] for row in rows(sonar, "accounts", "archived_at") if not row["archived_at"]}
    assert {c["contactable_type"] for c in contacts} == {"Account", "NetworkSite"}
    owned = {
        c["id"]
        for c in contacts
        if c["contactable_type"] != "Account" or c["contactable_id"] in live
    }
    filters = 'reverse_relation_filters: [{{relation: "contactable", is_empty: {}}}]'
    assert found(sonar, "contacts", filters.format("false")) == owned
    assert found(sonar, "contacts", filters.format("true")) == {c["id"] for c in contacts} - owned
    one = """reverse_relation_filters: [{relation: "contactable", search: [{integer_fields: [
        {attribute: "id", search_value: 1, operator: EQ}]}]}]"""
    expected = {c["id"] for c in contacts if c["contactable_id"] == "1"} & owned
    assert len(expected) > 1, "of the account and of the site"
    assert found(sonar, "contacts", one) == expected


def test_a_filter_inside_a_relation(sonar: SonarProcess, owned: dict[str, list[Any]]) -> None:
    sorter = 'sorter: [{attribute: "name", direction: DESC}]'
    contacts = f"contacts({WHOLE} search: {text('name', 'o')} {sorter})"
    fields = f"{contacts} {{ entities {{ id name }} page_info {{ total_count }} }}"
    for account in rows(sonar, "accounts", fields):
        got = account["contacts"]["entities"]
        if account["id"] in owned:
            expected = [c for c in owned[account["id"]] if "o" in c["name"].lower()]
            names = sorted((c["name"] for c in expected), reverse=True)
            assert [c["name"] for c in got] == names
            assert account["contacts"]["page_info"]["total_count"] == len(names)


@pytest.mark.parametrize(
    "item",
    [
        'relation: "debts"',
        'relation: "contacts.debts"',
        'relation: "name"',
        'relation: ""',
        'relation: "contacts", search: [{exists: ["nothing"]}]',
    ],
)
def test_a_relation_that_does_not_exist_is_refused(sonar: SonarProcess, item: str) -> None:
    answer = sonar.post(
        f"{{ accounts(reverse_relation_filters: [{{{item}}}]) {{ entities {{ id }} }} }}"
    )
    assert answer.body["errors"][0]["message"] == "validation"
    assert answer.body["data"] is None


def test_owners_by_inline_fragments(sonar: SonarProcess) -> None:
    owner = """__typename id ... on Account { name account_status { name } }
        ... on NetworkSite { name } ... on Vendor { name }
        ... on Company { name country }"""
    of_files = """ ... on Address { line1 } ... on Job { complete } ... on TicketReply { body }
        ... on HandwrittenSignature { signer_name }"""
    shown_by = {
        "Address": "line1",
        "Job": "complete",
        "TicketReply": "body",
        "HandwrittenSignature": "signer_name",
    }
    queries = {
        "contacts": ("contactable", {"Account", "NetworkSite"}),
        "addresses": ("addressable", {"Account", "Company", "NetworkSite", "Vendor"}),
        "files": ("fileable", {"Account", "Company", *shown_by}),
    }
    for collection, (name, kinds) in queries.items():
        possible = owner + of_files if collection == "files" else owner
        if collection == "contacts":
            possible = possible.replace("... on Company { name country }", "")
        fields = f"{name}_type {name}_id {name}(include_archived: true) {{ {possible} }}"
        met = set()
        for row in rows(sonar, collection, fields):
            shown = row[name]
            if shown is None:
                continue
            met.add(shown["__typename"])
            assert (shown["__typename"], shown["id"]) == (row[f"{name}_type"], row[f"{name}_id"])
            assert shown_by.get(shown["__typename"], "name") in shown
        assert met == kinds, collection
    lost = [
        row for row in rows(sonar, "files", "fileable_type fileable { id }") if not row["fileable"]
    ]
    kinds = {row["fileable_type"] for row in lost}
    assert {None, "MassEmail", "TestReadOnlyFileModel", "Account"} <= kinds


def test_links_exist_in_both_directions(sonar: SonarProcess) -> None:
    forward = {
        (account["id"], group["id"])
        for account in rows(sonar, "accounts", "account_groups { entities { id } }")
        for group in account["account_groups"]["entities"]
    }
    backward = {
        (account["id"], group["id"])
        for group in rows(
            sonar, "account_groups", "accounts(include_archived: true) { entities { id } }"
        )
        for account in group["accounts"]["entities"]
    }
    assert forward == backward
    assert forward
    live = 'reverse_relation_filters: [{relation: "accounts"}]'
    hidden = {r["id"] for r in rows(sonar, "accounts", "archived_at") if r["archived_at"]}
    assert len(hidden) == 2
    expected = {group for account, group in forward if account not in hidden}
    assert found(sonar, "account_groups", live) == expected
