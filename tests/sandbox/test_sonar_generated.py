"""A whole schema served with rows made up by type: all of it answers, consistently."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from graphql import GraphQLSchema, get_named_type, is_leaf_type

from sandbox.sonar.__main__ import cli
from sandbox.sonar.engine import Engine, answer
from sandbox.sonar.generated.tenant import GeneratedStore, UnknownCountError
from sandbox.sonar.resolve import Scene
from sandbox.sonar.schema import (
    SCHEMA_FILE,
    NotASchemaError,
    load_schema,
    object_types,
    read_schema,
    root_queries,
)
from sandbox.sonar.store import Store
from tests.sandbox.sonar_process import ROOT, SonarProcess, running
from tests.sandbox.whole_schema import everything, published


def ask(schema: GraphQLSchema, store: Store, query: str, **variables: Any) -> Any:
    engine = Engine(schema)
    document = engine.read(query)
    result = answer(engine.execute(Scene(schema, store), document, variables))
    assert "errors" not in result, result["errors"][:3]
    return result["data"]


@pytest.fixture(scope="module")
def whole() -> tuple[GraphQLSchema, GeneratedStore]:
    schema = read_schema(published())
    return schema, GeneratedStore(schema, 5, 3)


@pytest.fixture(scope="module")
def sonar(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SonarProcess]:
    options = (f"--schema={SCHEMA_FILE}", "--rows=30", "--seed=2", "--count=contacts=0")
    with running(tmp_path_factory.mktemp("generated"), *options) as server:
        yield server


def test_every_root_query_of_the_published_schema_answers_with_every_field(
    whole: tuple[GraphQLSchema, GeneratedStore],
) -> None:
    schema, store = whole
    assert len(root_queries(schema)) == 318
    rows = {}
    for name, query in root_queries(schema).items():
        found = ask(schema, store, everything(schema, name))[name]
        held = found["entities"] if "entities" in (found or {}) else found
        rows[name] = len(held) if isinstance(held, list) else 1
        if query.paged and not query.asks:
            assert found["page_info"]["total_count"] == rows[name]
    assert rows == store.truth["counts"]


def test_references_and_owners_lead_to_rows(whole: tuple[GraphQLSchema, GeneratedStore]) -> None:
    _, store = whole
    accounts = {row["id"] for row in store.named("accounts").rows}
    for collection in ("debits", "invoices", "contracts", "transactions"):
        assert {row["account_id"] for row in store.named(collection).rows} <= accounts
    users = {row["id"] for row in store.named("users").rows}
    archived_by = {row["archived_by_user_id"] for row in store.named("accounts").rows}
    assert archived_by - {None} <= users
    for row in store.named("notes").rows:
        owners = store.of_entity(row["noteable_type"])
        assert owners is not None
        assert owners.get(row["noteable_id"]) is not None


def test_ids_are_sparse_and_some_are_large(whole: tuple[GraphQLSchema, GeneratedStore]) -> None:
    _, store = whole
    ends = [
        int(one.rows[-1]["id"])
        for one in store.collections.values()
        if one.rows and "id" in one.rows[-1]
    ]
    large = [end for end in ends if end > 2**31]
    assert 20 < len(large) < len(ends) / 2
    assert max(len(str(end)) for end in ends if end < 2**31) <= 2
    assert len({tuple(row["id"] for row in store.named(n).rows) for n in ("jobs", "tickets")}) == 2


def test_values_are_as_various_as_their_types(whole: tuple[GraphQLSchema, GeneratedStore]) -> None:
    _, store = whole
    rows = [row for one in store.collections.values() for row in one.rows if "updated_at" in row]
    stamps = [(row["created_at"], row["updated_at"]) for row in rows]
    assert all(datetime.fromisoformat(a) <= datetime.fromisoformat(b) for a, b in stamps)
    assert {stamp[-6:] for pair in stamps for stamp in pair} == {"+00:00", "-06:00", "+05:30"}
    values = Counter(type(value).__name__ for row in rows for value in row.values())
    assert values.keys() == {"str", "int", "float", "bool", "list", "NoneType"}
    assert 0.02 < values["NoneType"] / values.total() < 0.1


def test_rows_without_ids_repeat() -> None:
    rows = list(GeneratedStore(load_schema(), 5, 3).named("account_ip_assignments").rows)
    assert rows[0] == rows[-1] != rows[1]
    assert len(rows) == 5


def test_the_same_seed_gives_the_same_rows() -> None:
    schema = load_schema()
    one, same, other = (GeneratedStore(schema, 7, seed) for seed in (1, 1, 2))
    assert list(same.named("services").rows) == list(one.named("services").rows)
    assert list(one.named("accounts").rows) == list(same.named("accounts").rows)
    assert list(other.named("accounts").rows) != list(one.named("accounts").rows)


def test_secrets_are_recognisable() -> None:
    store = GeneratedStore(load_schema(), 3, 1)
    radius = store.named("radius_accounts").rows[0]
    assert radius["password"] == f"S3CR3T-RadiusAccount-password-{radius['id']}"
    assert store.truth["secrets"] == [
        "BankAccount.customer_profile_id",
        "BankAccount.routing_number",
        "BankAccount.token",
        "Contract.unique_link_key",
        "CreditCard.customer_profile_id",
        "CreditCard.token",
        "InboundMailbox.slack_webhook_url",
        "Payment.creation_token",
        "PersonalAccessToken.name",
        "PersonalAccessToken.token",
        "RadiusAccount.password",
        "RadiusServerCredential.value",
    ]


def test_a_schema_that_grows_is_served_without_further_code() -> None:
    schema = load_schema()
    store = GeneratedStore(schema, 4, 1)
    for name in root_queries(schema):
        assert ask(schema, store, everything(schema, name))[name] is not None
    leaves = {f"{kind.name}.{name}" for kind in object_types(schema) for name in kind.fields}
    assert set(store.truth["secrets"]) <= leaves


def test_links_are_the_same_from_both_sides(sonar: SonarProcess) -> None:
    query = """{ accounts(include_archived: true paginator: {page: 1, records_per_page: 500})
        { entities { id account_groups { entities { id } page_info { total_count } } } }
        account_groups(paginator: {page: 1, records_per_page: 500}) { entities { id
        accounts(include_archived: true) { entities { id } page_info { total_count } } } } }"""
    found = sonar.data(query)
    forward = {
        (account["id"], group["id"])
        for account in found["accounts"]["entities"]
        for group in account["account_groups"]["entities"]
    }
    backward = {
        (account["id"], group["id"])
        for group in found["account_groups"]["entities"]
        for account in group["accounts"]["entities"]
    }
    assert forward == backward
    assert len(forward) > 20
    counts = [one["account_groups"]["page_info"]["total_count"] for one in found["accounts"]["entities"]]  # fmt: skip  # noqa: E501
    assert sum(counts) == len(forward)
    assert max(counts) > 5


def test_inner_counts_add_up_to_the_rows_of_the_parents(sonar: SonarProcess) -> None:
    query = """{ services(paginator: {page: 1, records_per_page: 500}) { entities { id
            account_services { page_info { total_count } } } }
        account_services(paginator: {page: 1, records_per_page: 500}) { entities { service_id } } }"""  # noqa: E501
    found = sonar.data(query)
    held = Counter(row["service_id"] for row in found["account_services"]["entities"])
    told = {
        row["id"]: row["account_services"]["page_info"]["total_count"]
        for row in found["services"]["entities"]
    }
    assert {key: count for key, count in told.items() if count} == held


def test_everything_else_of_the_server_works_over_it(sonar: SonarProcess) -> None:
    count = '{ services(aggregation: [{field_name: "id", aggregation_function: MAX}]) { page_info { total_count } aggregations { value } } }'  # noqa: E501
    before = sonar.data(count)["services"]
    assert before["page_info"]["total_count"] == sonar.truth["counts"]["services"] == 30
    made = sonar.control("POST", "rows", {"action": "insert", "collection": "services"})
    after = sonar.data(count)["services"]
    assert after["aggregations"] == [{"value": made.body["key"]}]
    assert after["page_info"]["total_count"] == 31
    assert sonar.data("{ contacts { entities { id } } }")["contacts"]["entities"] == []
    sonar.control("POST", "faults", {"kind": "denied_field", "collection": "files", "field": "id"})
    assert "errors" in sonar.post("{ files { entities { id } } }").body
    sonar.control("DELETE", "faults")
    key = sonar.data("{ files { entities { id } } }")["files"]["entities"][0]["id"]
    assert sonar._send("GET", f"/api/files/{key}", None).status == 200


def test_the_schema_is_told_whole(whole: tuple[GraphQLSchema, GeneratedStore]) -> None:
    schema, store = whole
    described = ask(
        schema,
        store,
        "{ __schema { types { name fields { name type { kind name ofType { kind name ofType"
        " { kind name ofType { name } } } } args { name type { name ofType { name } } } } } } }",
    )["__schema"]["types"]
    told = {one["name"]: one for one in described}
    assert set(told) == set(schema.type_map)
    for kind in object_types(schema):
        fields = told[kind.name]["fields"]
        assert [one["name"] for one in fields] == list(kind.fields)
        for one in fields:
            field = kind.fields[one["name"]]
            inner = one["type"]
            while inner.get("ofType"):
                inner = inner["ofType"]
            assert inner["name"] == get_named_type(field.type).name
            assert [argument["name"] for argument in one["args"]] == list(field.args)
    assert any(is_leaf_type(kind) for kind in schema.type_map.values())


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("not a schema", "Syntax Error"),
        ("type Query { a: Missing }", "Unknown type: 'Missing'"),
        ("type Query { a: Thing } type Thing { id: Int }", "this is not a Sonar"),
        ("type Thing { id: Int }", "names no query root"),
        ("type Query { a: Int }", "must answer with an object type"),
    ],
)
def test_what_is_no_schema_is_refused(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "some.graphql"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(NotASchemaError, match=told) as refused:
        read_schema(path)
    assert "some.graphql" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_rows_of_what_is_no_collection_are_refused() -> None:
    for name in ("nonsense", "system_setting"):
        with pytest.raises(UnknownCountError, match=name):
            GeneratedStore(load_schema(), 1, 1, {name: 2})


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--schema", "missing.graphql"], "does not exist"),
        (["--schema", str(ROOT / "README.md")], "no schema"),
        (["--rows", "3"], "--rows needs --schema"),
        (["--schema", str(SCHEMA_FILE), "--size", "tiny"], "--size is not for a whole schema"),
        (["--schema", str(SCHEMA_FILE), "--count", "nonsense=1"], "nonsense is no collection"),
    ],
)
def test_a_wrong_order_ends_with_the_reason(options: list[str], told: str) -> None:
    ended = CliRunner().invoke(cli, ["serve", "--token", "x", *options])
    assert ended.exit_code == 2
    assert told in ended.stderr
