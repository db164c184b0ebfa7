"""Which fields are asked for: leaves, links, embedded objects; never secrets."""

from __future__ import annotations

import re

import pytest
from graphql import (
    FieldsOnCorrectTypeRule,
    GraphQLSchema,
    KnownArgumentNamesRule,
    NoUndefinedVariablesRule,
    ScalarLeafsRule,
    ValuesOfCorrectTypeRule,
    VariablesInAllowedPositionRule,
    build_schema,
    parse,
    validate,
)

from extract.catalogue import documents
from extract.catalogue.discovery import Collection, discover
from extract.catalogue.selection import Link, Selection, select
from extract.proof import totals
from tests.extract.published import published_schema

SDL = """
scalar Int64Bit
input Paginator { page: Int! records_per_page: Int! }
enum SortDirection { ASC DESC }
input Sorter { attribute: String! direction: SortDirection! }
enum RangeOperator { GT EQ }
input IntegerSearch { attribute: String! search_value: Int64Bit! operator: RangeOperator! }
input Search { integer_fields: [IntegerSearch] }
enum AggregationFunction { SUM MIN MAX }
input Aggregator { field_name: String! aggregation_function: AggregationFunction! }
type PageInfo { total_count: Int! }
type Aggregation { field: String! value: String aggregation_function: AggregationFunction! }
interface OwnerInterface { id: Int64Bit! }
enum Colour { RED }
type Account implements OwnerInterface {
  id: Int64Bit!
  name: String
  colour: Colour
  portal_password: String
  api_key_present: Boolean
  token_id: Int64Bit
  unique_link_key: String
  groups(paginator: Paginator, sorter: [Sorter]): GroupConnection!
  addresses(paginator: Paginator): AddressConnection!
  notes(paginator: Paginator): NoteConnection!
  shape: Shape
  owner: OwnerInterface
  parent: Account
  distance(to: String!): Int
}
type AccountConnection {
  entities: [Account]! page_info: PageInfo! aggregations: [Aggregation]!
}
type Group {
  id: Int64Bit! name: String
  accounts(include_archived: Boolean, paginator: Paginator): AccountConnection!
}
type GroupConnection { entities: [Group]! page_info: PageInfo! }
type Address { id: Int64Bit! account_id: Int64Bit account: Account }
type AddressConnection { entities: [Address]! page_info: PageInfo! }
type Note { id: Int64Bit! noteable_id: Int64Bit noteable: OwnerInterface }
type NoteConnection { entities: [Note]! page_info: PageInfo! }
type Shape { kind: String secret_word: String corners: CornerConnection! inner: Shape edge: Edge }
type Edge { length: Int end: End }
type End { name: String }
type Corner { id: Int64Bit! x: Float }
type CornerConnection { entities: [Corner]! }
type Query {
  accounts(
    paginator: Paginator, sorter: [Sorter], search: [Search], aggregation: [Aggregator],
    include_archived: Boolean
  ): AccountConnection!
  groups(paginator: Paginator, sorter: [Sorter], search: [Search]): GroupConnection!
  addresses(paginator: Paginator, sorter: [Sorter], search: [Search]): AddressConnection!
  notes(paginator: Paginator): NoteConnection!
}
"""


@pytest.fixture(name="schema", scope="module")
def _schema() -> GraphQLSchema:
    return build_schema(SDL)


def _collection(schema: GraphQLSchema, name: str) -> Collection:
    return next(c for c in discover(schema) if c.name == name)


def _accounts(schema: GraphQLSchema, max_depth: int = 2) -> Selection:
    return select(schema, _collection(schema, "accounts"), max_depth=max_depth)


def test_leaves_are_taken_and_secrets_are_not(schema: GraphQLSchema) -> None:
    selection = _accounts(schema)
    assert selection.leaves == ("id", "name", "colour", "api_key_present", "token_id")
    assert selection.secrets == ("portal_password", "unique_link_key")


def test_a_relation_without_a_key_on_either_side_is_a_link(schema: GraphQLSchema) -> None:
    assert [link.name for link in _accounts(schema).links] == ["groups"]
    groups = select(schema, _collection(schema, "groups"), max_depth=2)
    assert [link.name for link in groups.links] == ["accounts"]
    assert "include_archived: true" in documents.row_body(groups)


def test_a_relation_whose_rows_name_their_owner_is_no_link(schema: GraphQLSchema) -> None:
    addresses = select(schema, _collection(schema, "addresses"), max_depth=2)
    assert addresses.links == ()
    assert addresses.leaves == ("id", "account_id")


@pytest.mark.parametrize(
    ("depth", "expected"),
    [
        (0, ()),
        (1, ("shape { kind }",)),
        (2, ("shape { kind corners { entities { id x } } edge { length } }",)),
        (3, ("shape { kind corners { entities { id x } } edge { length end { name } } }",)),
    ],
)
def test_embedded_objects_stop_at_the_depth_and_at_cycles(
    schema: GraphQLSchema, depth: int, expected: tuple[str, ...]
) -> None:
    assert _accounts(schema, depth).embedded == expected


def test_a_refused_field_can_be_dropped(schema: GraphQLSchema) -> None:
    dropped = frozenset({"name", "groups"})
    selection = select(schema, _collection(schema, "accounts"), max_depth=2, dropped=dropped)
    assert "name" not in selection.leaves
    assert selection.links == ()


@pytest.mark.parametrize("name", ["accounts", "groups", "addresses", "notes"])
def test_every_document_is_valid_against_the_schema(schema: GraphQLSchema, name: str) -> None:
    _validate_all(schema, _collection(schema, name))


def test_every_document_is_valid_against_the_published_schema() -> None:
    schema = published_schema()
    for collection in discover(schema):
        if collection.skipped is None:
            _validate_all(schema, collection)


def test_links_of_the_published_schema_are_the_known_ones() -> None:
    schema = published_schema()
    links = {
        f"{collection.name}.{link.name}"
        for collection in discover(schema)
        if collection.skipped is None
        for link in select(schema, collection, max_depth=2).links
    }
    assert set(_KNOWN_LINKS) <= links
    assert len(links) == 118


def test_no_secret_of_the_published_schema_is_selected() -> None:
    schema = published_schema()
    suspicious = re.compile(
        r"password|secret|\btoken\b|_token\b|credential|routing_number|passphrase|community"
        r"|\bapi_key\b|unique_link_key"
    )
    selected = {
        f"{collection.name}.{found.group()}"
        for collection in discover(schema)
        if collection.skipped is None
        for found in [
            suspicious.search(documents.row_body(select(schema, collection, max_depth=2)))
        ]
        if found
    }
    assert selected == {"password_policy.password"}  # minimum_password_strength, a number


def _validate_all(schema: GraphQLSchema, collection: Collection) -> None:
    selection = select(schema, collection, max_depth=2)
    body = documents.row_body(selection)
    texts = [documents.rows(collection, body)]
    if collection.walk == "keyset":
        texts.append(documents.rows(collection, "id"))
        if documents.CHANGED in selection.leaves:
            texts.append(documents.rows(collection, body, changed=True))
    if collection.walk in {"keyset", "singleton"}:
        texts += [documents.link_page(collection, link, 500) for link in _paged(selection)]
    if collection.has_aggregation:
        total = totals.counted(collection, "c0", sums="sums")
        texts.append(totals.document("Look", {"sums": "[Aggregator!]!"}, [total]))
    elif collection.walk == "page" and collection.has_total:
        texts.append(totals.document("Look", {}, [totals.counted(collection, "c0")]))
    for text in texts:
        assert validate(schema, parse(text), _RULES) == [], collection.name


# Those that our documents could break; with all of graphql-core's rules this takes 20 s.
_RULES = (
    FieldsOnCorrectTypeRule,
    KnownArgumentNamesRule,
    NoUndefinedVariablesRule,
    ScalarLeafsRule,
    ValuesOfCorrectTypeRule,
    VariablesInAllowedPositionRule,
)


def _paged(selection: Selection) -> list[Link]:
    return [link for link in selection.links if "paginator" in link.arguments]


# The list that people made of the published schema by hand; many links are seen from either side.
_KNOWN_LINKS = (
    "accounts.account_groups",
    "accounts.geo_tax_zones",
    "tickets.ticket_categories",
    "tickets.inventory_items",
    "tickets.network_sites",
    "jobs.users",
    "ticket_groups.users",
    "job_types.services",
    "job_types.companies",
    "contacts.message_categories",
    "contacts.email_categories",
    "vehicles.users",
    "custom_fields.companies",
    "account_groups.services",
    "address_lists.account_groups",
    "address_lists.account_statuses",
    "address_lists.account_types",
    "address_lists.services",
    "address_lists.usage_based_billing_policies",
    "radius_groups.account_groups",
    "radius_groups.account_statuses",
    "radius_groups.account_types",
    "radius_groups.services",
    "radius_groups.usage_based_billing_policies",
    "ip_pools.dhcp_servers",
    "inline_devices.subnets",
    "schedule_availabilities.users",
    "schedule_availabilities.job_types",
    "schedule_blockers.users",
    "schedule_time_offs.users",
    "schedule_addresses.users",
    "alerting_rotations.users",
    "tax_exemptions.avalara_tax_categories",
    "invoice_templates.account_types",
    "invoice_templates.companies",
    "bank_account_processors.companies",
    "credit_card_processors.companies",
    "data_usage_histories.available_rollover_histories",
    "network_site_serviceable_address_lists.addresses",
    "geofences.polygons",
)
