"""The Sonar sandbox over HTTP: what an extractor relies on, and the truth computed once more."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from itertools import chain
from typing import Any

import pytest
import requests
from graphql import build_client_schema, get_introspection_query

from tests.sandbox.sonar_process import ROOT, TIMEOUT, SonarProcess, running

PAGED = (
    "account_billing_parameters",
    "account_groups",
    "account_services",
    "account_statuses",
    "account_types",
    "addresses",
    "companies",
    "contacts",
    "data_service_details",
    "phone_number_types",
    "phone_numbers",
    "radius_accounts",
    "radius_server_credentials",
    "services",
)
BY_ID = 'sorter: [{attribute: "id", direction: ASC}]'


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SonarProcess]:
    with running(tmp_path_factory.mktemp("demo"), "--size", "demo", "--seed", "1") as server:
        yield server


def ids(connection: Any) -> list[int]:
    return [int(entity["id"]) for entity in connection["entities"]]


def keyset(server: SonarProcess, collection: str, arguments: str = "") -> list[int]:
    """Read all ids of a collection page by page."""
    query = f"""query ($last: Int64Bit!) {{ found: {collection}({arguments} {BY_ID}
        search: [{{integer_fields: [{{attribute: "id", search_value: $last, operator: GT}}]}}]
        paginator: {{page: 1, records_per_page: 300}}) {{ entities {{ id }} }} }}"""
    found: list[int] = []
    last = 0
    while page := ids(server.data(query, last=last)["found"]):
        assert page[0] > last, "a keyset page has to start after the last id"
        found += page
        last = page[-1]
    return found


@pytest.mark.parametrize("token", ["", "wrong", "Bearer"])
def test_without_the_token_there_is_nothing(demo: SonarProcess, token: str) -> None:
    answer = demo.post("{ accounts { page_info { total_count } } }", token=token)
    assert (answer.status, answer.body) == (401, {"message": "Unauthenticated."})
    unsigned = requests.get(f"{demo.url}/_sandbox/faults", timeout=TIMEOUT)
    assert unsigned.status_code == 401


def test_counts_and_sums_equal_the_truth(demo: SonarProcess) -> None:
    for collection in PAGED:
        found = keyset(demo, collection)
        assert len(found) == len(set(found)) == demo.truth["counts"][collection], collection
        assert sum(found) == demo.truth["sums"][collection]["id"], collection
    every = keyset(demo, "accounts", "include_archived: true")
    assert len(every) == demo.truth["counts"]["accounts"]
    assert sum(every) == demo.truth["sums"]["accounts"]["id"]


def test_aggregates_equal_the_truth(demo: SonarProcess) -> None:
    sums = demo.truth["sums"]["services"]
    found = demo.data(
        """{ services(aggregation: [
            {field_name: "id", aggregation_function: SUM}
            {field_name: "amount", aggregation_function: SUM}
            {field_name: "id", aggregation_function: MIN}
            {field_name: "id", aggregation_function: MAX}
            {field_name: "id", aggregation_function: AVG}
            {field_name: "created_at", aggregation_function: MAX}
            {field_name: "type", aggregation_function: COUNT}
        ], paginator: {page: 9, records_per_page: 5})
        { aggregations { field value aggregation_function counts { value count } }
          page_info { page total_pages total_count records_per_page } entities { id } } }"""
    )["services"]
    all_ids = keyset(demo, "services")
    values = [one["value"] for one in found["aggregations"]]
    assert values[:2] == [str(sums["id"]), str(sums["amount"])]
    assert values[2:4] == [str(min(all_ids)), str(max(all_ids))]
    assert float(values[4]) == pytest.approx(sum(all_ids) / len(all_ids))
    assert values[5] == "2015-03-02T14:00:00+00:00"
    kinds = {bucket["value"]: int(bucket["count"]) for bucket in found["aggregations"][6]["counts"]}
    assert sum(kinds.values()) == len(all_ids)
    assert kinds["DATA"] > 10
    pages = -(-len(all_ids) // 5)
    info = {"page": 9, "total_pages": pages, "total_count": len(all_ids), "records_per_page": 5}
    assert found["page_info"] == info
    assert found["entities"] == []


def test_aggregates_follow_the_filters(demo: SonarProcess) -> None:
    found = demo.data(
        """{ accounts(search: [{integer_fields: [
            {attribute: "id", search_value: 10, operator: GTE}
            {attribute: "id", search_value: "20", operator: LT}]}],
            aggregation: [{field_name: "id", aggregation_function: SUM}])
        { entities { id } aggregations { value } page_info { total_count } }
        none: accounts(id: 0, aggregation: [
            {field_name: "id", aggregation_function: SUM}
            {field_name: "id", aggregation_function: MAX}]) { aggregations { value } } }"""
    )
    numbers = ids(found["accounts"])
    assert numbers
    assert all(10 <= number < 20 for number in numbers)
    assert found["accounts"]["aggregations"] == [{"value": str(sum(numbers))}]
    assert found["accounts"]["page_info"]["total_count"] == len(numbers)
    assert found["none"]["aggregations"] == [{"value": "0"}, {"value": None}]


def test_pages_cover_everything_once(demo: SonarProcess) -> None:
    query = """query ($page: Int!) { contacts(sorter: [{attribute: "id", direction: DESC}]
        paginator: {page: $page, records_per_page: 250}) { entities { id } } }"""
    pages = [ids(demo.data(query, page=page)["contacts"]) for page in (1, 2, 3, 4)]
    assert [len(page) for page in pages[:2]] == [250, 250]
    assert pages[3] == []
    assert list(chain.from_iterable(pages)) == sorted(keyset(demo, "contacts"), reverse=True)


@pytest.mark.parametrize(("page", "size"), [(1, 1001), (1, 0), (0, 10), (1, -5)])
def test_a_page_out_of_bounds_is_refused(demo: SonarProcess, page: int, size: int) -> None:
    paginator = f"paginator: {{page: {page}, records_per_page: {size}}}"
    answer = demo.post(f"{{ accounts({paginator}) {{ entities {{ id }} }} }}")
    assert answer.status == 200
    (error,) = answer.body["errors"]
    assert error["message"] == "validation"
    assert list(error["extensions"]["validation"]) == ["paginator"]
    assert answer.body["data"] is None


def test_without_a_paginator_a_page_has_a_hundred(demo: SonarProcess) -> None:
    found = demo.data("{ addresses { entities { id } page_info { records_per_page } } }")
    assert len(found["addresses"]["entities"]) == 100
    assert found["addresses"]["page_info"]["records_per_page"] == 100


def test_archived_accounts_come_only_when_asked_for(demo: SonarProcess) -> None:
    hidden = set(keyset(demo, "accounts", "include_archived: true")) - set(keyset(demo, "accounts"))
    planted = demo.truth["traps"]["archived_accounts"]
    assert hidden == {int(key) for key in planted["keys"]}
    assert len(hidden) == demo.truth["archived"] > 0
    key = planted["keys"][0]
    search = f'search: [{{string_fields: [{{attribute: "account_id", search_value: "{key}", match: true, partial_matching: false}}]}}]'  # noqa: E501
    bare, asked = (
        demo.data(
            f"{{ account_billing_parameters({search}) {{ entities {{ account{arguments}"
            " { id archived_at } } } }"
        )["account_billing_parameters"]["entities"][0]["account"]
        for arguments in ("", "(include_archived: true)")
    )
    assert bare is None
    assert asked["id"] == key
    assert asked["archived_at"].endswith("+00:00")


def test_search_by_instant(demo: SonarProcess) -> None:
    query = """query ($from: Datetime!, $to: Datetime!) { accounts(include_archived: true
        search: [{datetime_fields: [
            {attribute: "updated_at", search_value: $from, operator: GTE}
            {attribute: "updated_at", search_value: $to, operator: LT}]}]
        sorter: [{attribute: "updated_at", direction: ASC}, {attribute: "id", direction: ASC}]
        paginator: {page: 1, records_per_page: 1000}) { entities { id updated_at } } }"""
    edge = "2020-06-01T00:00:00+00:00"
    early = demo.data(query, **{"from": "2000-01-01T00:00:00Z", "to": edge})["accounts"]
    # The same instant, written in another zone.
    late = demo.data(query, **{"from": "2020-06-01T02:00:00+02:00", "to": "2100-01-01T00:00:00Z"})
    rows = late["accounts"]["entities"]
    assert early["entities"]
    assert rows
    assert max(row["updated_at"] for row in early["entities"]) < edge <= rows[0]["updated_at"]
    assert [row["updated_at"] for row in rows] == sorted(row["updated_at"] for row in rows)
    total = len(early["entities"]) + len(rows)
    assert total == demo.truth["counts"]["accounts"]


def test_several_searches_are_alternatives(demo: SonarProcess) -> None:
    low, high = keyset(demo, "contacts")[0], keyset(demo, "contacts")[-1]
    query = """query ($low: Int64Bit!, $high: Int64Bit!) { contacts(search: [
        {integer_fields: [{attribute: "id", search_value: $low, operator: EQ}]}
        {integer_fields: [{attribute: "id", search_value: $high, operator: EQ}]}])
        { entities { id } } }"""
    assert ids(demo.data(query, low=low, high=high)["contacts"]) == [low, high]


@pytest.mark.parametrize(
    ("search", "trap"),
    [
        ('{unset_fields: ["addressable_type"]}', ("addresses", "free_addresses")),
        ('{exists: ["parent_account_id"]}', ("accounts", "child_accounts")),
        (
            '{string_fields: [{attribute: "name", search_value: "BARN LINK", match: true}]}',
            None,
        ),
        (
            '{integer_fields: [{attribute: "quantity", search_value: 1, operator: GT}]'
            ' unset_fields: ["package_id"]}',
            ("account_services", "quantity"),
        ),
        ('{exists: ["name_override"]}', ("account_services", "name_override")),
    ],
)
def test_search_finds_planted_records(
    demo: SonarProcess, search: str, trap: tuple[str, str] | None
) -> None:
    collection, name = trap or ("services", "")
    query = f"""{{ {collection}(search: [{search}] {BY_ID}
        paginator: {{page: 1, records_per_page: 1000}}) {{ entities {{ id }} }} }}"""
    planted = demo.truth["traps"][name]["keys"] if trap else []
    assert ids(demo.data(query)[collection]) == [int(key) for key in planted]


def test_booleans_texts_and_shortcuts(demo: SonarProcess) -> None:
    found = demo.data(
        """{ yes: account_statuses(search: [{boolean_fields: [
                {attribute: "activates_account", search_value: true, operator: EQ}]}])
            { entities { name } }
        no: account_statuses(activates_account: false) { entities { name } }
        exact: account_statuses(search: [{string_fields: [{attribute: "name",
            search_value: "active", match: true, partial_matching: false}]}]) { entities { name } }
        not_partial: account_statuses(search: [{string_fields: [
            {attribute: "name", search_value: "active", match: false}]}]) { entities { name } }
        general: account_statuses(general_search: "suspend") { entities { name } }
        one: account_statuses(id: 2) { entities { name } } }"""
    )
    names = {key: [one["name"] for one in value["entities"]] for key, value in found.items()}
    assert len(names["yes"]) + len(names["no"]) == demo.truth["counts"]["account_statuses"] == 13
    assert names["exact"] == ["Active"]
    assert len(names["not_partial"]) == 13 - 3
    assert names["general"] == ["Suspended"]
    assert names["one"] == ["Active - Courtesy"]


@pytest.mark.parametrize(
    "arguments",
    [
        'search: [{integer_fields: [{attribute: "nothing", search_value: 1, operator: GT}]}]',
        'sorter: [{attribute: "nothing", direction: ASC}]',
        'aggregation: [{field_name: "nothing", aggregation_function: SUM}]',
        'aggregation: [{field_name: "name", aggregation_function: SUM}]',
        'search: [{reverse_relation_filters: [{relation: "debts"}]}]',
        'search: [{datetime_fields: [{attribute: "updated_at", search_value: "x", operator: GT}]}]',
    ],
)
def test_what_the_server_cannot_do_is_an_error(demo: SonarProcess, arguments: str) -> None:
    answer = demo.post(
        f"{{ accounts({arguments}) {{ entities {{ id }} aggregations {{ value }} }} }}"
    )
    assert answer.status == 200
    assert answer.body["errors"][0]["message"] == "validation"


def test_an_unknown_field_is_an_error_without_data(demo: SonarProcess) -> None:
    answer = demo.post("{ accounts { entities { balance } } }")
    assert answer.status == 200
    assert "balance" in answer.body["errors"][0]["message"]
    assert "data" not in answer.body
    assert demo.post("{ accounts {").body["errors"][0]["message"].startswith("Syntax Error")


def test_introspection_describes_the_schema_without_subscriptions(demo: SonarProcess) -> None:
    data = demo.data(get_introspection_query(descriptions=False))
    assert data["__schema"]["subscriptionType"] is None
    schema = build_client_schema(data)
    assert schema.query_type is not None
    assert {*PAGED, "accounts", "system_setting"} <= set(schema.query_type.fields)
    assert str(schema.query_type.fields["accounts"].args["include_archived"].type) == "Boolean"


def test_aliases_fragments_variables_and_typenames(demo: SonarProcess) -> None:
    found = demo.data(
        """query Many($size: Int!, $with: Boolean!) {
            a: contacts(paginator: {page: 1, records_per_page: $size}) { ...People }
            b: contacts(paginator: {page: 2, records_per_page: $size}) { ...People }
        }
        fragment People on ContactConnection {
            __typename page_info { __typename total_count }
            entities { __typename second: name key: id role @include(if: $with)
                contactable { __typename id ... on Account { name } } } }""",
        size=3,
        **{"with": False},
    )
    assert found["a"]["__typename"] == "ContactConnection"
    assert found["a"]["page_info"]["__typename"] == "PageInfo"
    one = found["a"]["entities"][0]
    assert list(one) == ["__typename", "second", "key", "contactable"]
    assert one["__typename"] == "Contact"
    assert one["contactable"]["__typename"] == "Account"
    assert one["contactable"]["name"]
    keys = [entity["key"] for part in "ab" for entity in found[part]["entities"]]
    assert len(set(keys)) == 6


def test_scalars_are_written_as_published(demo: SonarProcess) -> None:
    found = demo.data(
        """{ services(id: 1) { entities { id amount enabled type created_at } }
        system_setting { timezone currency instance_id } }"""
    )
    (service,) = found["services"]["entities"]
    assert service["id"] == "1"
    assert service["amount"] == 4900
    assert service["enabled"] is True
    assert service["created_at"] == "2015-03-02T14:00:00+00:00"
    settings = {"timezone": "AMERICACHICAGO", "currency": "USD", "instance_id": "900001"}
    assert found["system_setting"] == settings


def test_a_nul_arrives_as_it_is(demo: SonarProcess) -> None:
    key = demo.truth["traps"]["nul_in_name"]["keys"][0]
    found = demo.data(
        f"{{ accounts(id: {key}, include_archived: true) {{ entities {{ name }} }} }}"
    )
    assert "\x00" in found["accounts"]["entities"][0]["name"]


def test_many_to_many_links_in_both_directions(demo: SonarProcess) -> None:
    query = """query ($page: Int!) { account_groups(id: 1) { entities { accounts(
        include_archived: true, paginator: {page: $page, records_per_page: 1000})
        { entities { id } page_info { total_count } } } }
        all: accounts(include_archived: true, paginator: {page: 1, records_per_page: 1000})
        { entities { id account_groups { entities { id } page_info { total_count } } } } }"""
    found = demo.data(query, page=1)
    members = found["account_groups"]["entities"][0]["accounts"]
    backwards = [
        int(account["id"])
        for account in found["all"]["entities"]
        if "1" in [group["id"] for group in account["account_groups"]["entities"]]
    ]
    assert sorted(ids(members)) == sorted(backwards)
    assert members["page_info"]["total_count"] == len(backwards) > 100
    bare = demo.data("{ account_groups(id: 1) { entities { accounts { entities { id } } } } }")
    assert len(bare["account_groups"]["entities"][0]["accounts"]["entities"]) == 100


def test_other_relations(demo: SonarProcess) -> None:
    child = demo.truth["traps"]["child_accounts"]["keys"][0]
    found = demo.data(
        f"""{{ accounts(id: {child}) {{ entities {{ parent_account {{ id child_accounts
            {{ entities {{ id }} }} }} account_status {{ name }} account_type {{ type }}
            refused: account_status(name: "No such status") {{ name }} }} }} }}"""
    )
    (account,) = found["accounts"]["entities"]
    assert int(child) in ids(account["parent_account"]["child_accounts"])
    assert account["account_status"]["name"]
    assert account["refused"] is None


def test_kinds_of_queries_that_are_not_plain_collections(demo: SonarProcess) -> None:
    found = demo.data(
        """{ account_ip_assignments(paginator: {page: 1, records_per_page: 1000})
            { entities { account_id subnet } page_info { total_count } }
        available_reports { entities { name is_custom } }
        personal_access_tokens { entities { id } }
        get_next_ip_address_in_ip_pool(ip_pool_id: 1) { ip_address }
        map_overlays_within_box(north: 1, east: 1, south: 0, west: 0) { entities { name } } }"""
    )
    pairs = {(e["account_id"], e["subnet"]) for e in found["account_ip_assignments"]["entities"]}
    counts = demo.truth["counts"]
    assert len(pairs) == counts["account_ip_assignments"]
    assert len(found["available_reports"]["entities"]) == counts["available_reports"]
    assert len(found["personal_access_tokens"]["entities"]) == counts["personal_access_tokens"]
    assert found["get_next_ip_address_in_ip_pool"]["ip_address"] == "192.0.2.77"
    missing = demo.post("{ map_overlays_within_box(north: 1) { entities { name } } }")
    assert "required" in missing.body["errors"][0]["message"]


def test_a_page_holds_500_accounts(demo: SonarProcess) -> None:
    query = """{ accounts(include_archived: true, paginator: {page: 1, records_per_page: 500}) {
        entities { id sonar_unique_id created_at updated_at _version account_status_id
            account_type_id activation_date activation_time archived_at archived_by_user_id
            company_id data_usage_percentage geopoint is_delinquent is_eligible_for_archive name
            next_bill_date next_recurring_charge_amount parent_account_id a: id b: id c: name
            d: created_at e: updated_at } } }"""
    page = demo.data(query)["accounts"]["entities"]
    assert len(page) == len({row["id"] for row in page}) == 500
    assert all(row["a"] == row["b"] == row["id"] for row in page)
    assert all((row["c"], row["d"]) == (row["name"], row["created_at"]) for row in page)


def test_the_body_must_be_json_with_a_query(demo: SonarProcess) -> None:
    for body in (b"", b"{}", b"[1]", b"{cut"):
        response = requests.post(
            f"{demo.url}/api/graphql",
            data=body,
            headers={"Authorization": f"Bearer {demo.token}"},
            timeout=TIMEOUT,
        )
        assert response.status_code == 400


def test_a_start_without_a_token_or_with_an_unknown_trap_is_refused() -> None:
    environment = {k: v for k, v in os.environ.items() if k != "SANDBOX_SONAR_TOKEN"}
    for options in ([], ["--token", "x", "--trap", "no_such_trap=1"]):
        ended = subprocess.run(
            [sys.executable, "-m", "sandbox.sonar", "serve", *options],
            cwd=ROOT, env=environment, capture_output=True, text=True, timeout=TIMEOUT, check=False,
        )  # fmt: skip
        assert ended.returncode == 2
        assert ended.stdout == ""


def test_sigterm_ends_it_with_a_connection_open(tmp_path_factory: pytest.TempPathFactory) -> None:
    with running(tmp_path_factory.mktemp("term"), "--size", "tiny") as server:
        with requests.Session() as session:
            session.headers["Authorization"] = f"Bearer {server.token}"
            body = {"query": "{ __typename }"}
            answer = session.post(f"{server.url}/api/graphql", json=body, timeout=TIMEOUT)
            assert answer.json() == {"data": {"__typename": "Query"}}
            server.process.send_signal(signal.SIGTERM)
            assert server.process.wait(TIMEOUT) == 0
        with pytest.raises(requests.ConnectionError):
            server.post("{ __typename }")
