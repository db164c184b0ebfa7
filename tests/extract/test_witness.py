"""The second witness: parents that count the rows which landed."""

from __future__ import annotations

from graphql import build_schema

from extract.catalogue.discovery import Kind, discover
from extract.catalogue.parents import Candidate, candidates, choose
from extract.proof.witness import compare
from tests.extract.landed import made_up
from tests.extract.published import published_schema

SCHEMA = """
type Query {
  customers(paginator: Int, search: Int, sorter: Int): Customers
  old_customers(paginator: Int, search: Int, sorter: Int): Customers
  groups(paginator: Int, search: Int, sorter: Int): Groups
  jobs(paginator: Int, search: Int, sorter: Int, include_archived: Boolean): Jobs
  users(paginator: Int, search: Int, sorter: Int): Users
}
type Page { total_count: Int }
type Customers { entities: [Customer] page_info: Page }
type Groups { entities: [Group] page_info: Page }
type Jobs { entities: [Job] page_info: Page }
type Users { entities: [User] page_info: Page }
type Customer {
  id: ID
  group_id: Int
  group: Group
  parent_customer_id: Int
  parent_customer: Customer
  customers(paginator: Int): Customers
  jobs(paginator: Int): Jobs
}
type Group { id: ID customers(paginator: Int): Customers open_jobs(paginator: Int): Jobs }
type Job {
  id: ID
  user_id: Int
  user: User
  closed_by_user_id: Int
  closed_by_user: User
  customer_id: Int
  customer: Customer
  group_id: Int
  group: Group
}
type User { id: ID jobs(paginator: Int): Jobs }
"""


def test_only_pairs_that_the_schema_makes_certain_can_testify() -> None:
    schema = build_schema(SCHEMA)
    known = {one.name: one for one in discover(schema)}
    everything = tuple(known.values())

    def found(name: str) -> list[tuple[str, str, str]]:
        pairs = candidates(schema, everything, known[name])
        return [(one.parent.name, one.connection, one.key) for one in pairs]

    assert found("customers") == [("groups", "customers", "group_id")]  # not itself
    assert found("old_customers") == []  # relations lead to `customers`
    assert found("groups") == []
    # Two ways to a user, a part of the jobs of a group, and archived jobs of a customer untold:
    assert found("jobs") == []
    without = build_schema(SCHEMA.replace(", include_archived: Boolean", ""))
    plain = {one.name: one for one in discover(without)}
    pairs = candidates(without, tuple(plain.values()), plain["jobs"])
    assert [(one.parent.name, one.key) for one in pairs] == [("customers", "customer_id")]


def test_most_of_the_published_collections_have_a_pair() -> None:
    schema = published_schema()
    collections = discover(schema)
    full = [one for one in collections if one.kind is Kind.FULL]
    found = {one.name: candidates(schema, collections, one) for one in full}
    assert len(full) == 269
    assert sum(map(bool, found.values())) == 149
    parents = {one.parent.name for pairs in found.values() for one in pairs}
    assert all(Kind.FULL is next(c.kind for c in collections if c.name == n) for n in parents)
    wanted = {"debits", "invoices", "payments", "tickets", "accounts"}
    assert {name for name in wanted if found[name]} == wanted


def _pair(parent: str, key: str) -> Candidate:
    return Candidate(made_up(parent), "things", key, takes_archived=False)


def test_the_small_parent_that_most_rows_name_is_chosen() -> None:
    groups, kinds, owners = _pair("groups", "g"), _pair("kinds", "k"), _pair("owners", "o")
    pairs, counts = (groups, kinds, owners), {"groups": 3, "kinds": 200, "owners": 201}
    assert choose(pairs, counts, {"": 9, "g": 4, "k": 7, "o": 9}) is kinds
    assert choose(pairs, counts, {"": 9, "g": 8, "k": 7, "o": 9}) is groups
    assert choose(pairs, counts, {"": 9, "g": 0, "k": 0, "o": 9}) is None
    assert choose(pairs, counts, {"": 0, "g": 0, "k": 0, "o": 0}) is groups  # nobody has any
    assert choose(pairs, {"groups": 0, "kinds": None}, {"": 9, "g": 4, "k": 7}) is None
    assert choose((), {}, {"": 9}) is None


def test_the_first_parent_that_differs_is_named_and_the_others_are_counted() -> None:
    pair = _pair("groups", "g")
    theirs = {"1": 5, "3": 12, "20": 1, "4": 0}
    assert compare(pair, theirs, {"1": 5, "3": 12, "20": 1, "99": 7}) == (
        "agrees: by groups.things over 4 parents"
    )
    assert compare(pair, theirs, {"1": 5, "3": 11, "20": 1}) == (
        "differs: groups 3 has 12 by Sonar, 11 landed"
    )
    assert compare(pair, theirs, {"1": 5, "4": 1, "3": 11}) == (
        "differs: groups 3 has 12 by Sonar, 11 landed (and 2 more parents)"
    )
