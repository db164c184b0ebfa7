"""The sandbox's schema file against the published one, and the relations told from its names."""

from __future__ import annotations

from pathlib import Path

import pytest
from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
    print_ast,
    validate_schema,
)

from sandbox.sonar.coverage import coverage
from sandbox.sonar.schema import (
    ADDITIONS_FILE,
    SCHEMA_FILE,
    RelationKind,
    load_schema,
    relation,
    root_queries,
)

Composite = GraphQLObjectType | GraphQLInterfaceType
PUBLISHED = Path(__file__).resolve().parents[3] / "shared/reference/sonar/schema.graphql"


@pytest.fixture(scope="module")
def published() -> GraphQLSchema:
    if not PUBLISHED.exists():
        pytest.skip(f"the published schema is not here: {PUBLISHED.name} under shared/reference")
    return build_schema(PUBLISHED.read_text(encoding="utf-8"), assume_valid=True)


def arguments(field_arguments: dict[str, GraphQLArgument]) -> dict[str, tuple[str, str]]:
    return {name: (str(a.type), _default(a)) for name, a in field_arguments.items()}


def _default(argument: GraphQLArgument | GraphQLInputField) -> str:
    node = argument.ast_node
    return "" if node is None or node.default_value is None else print_ast(node.default_value)


def contradictions(ours: GraphQLSchema, theirs: GraphQLSchema) -> list[str]:
    """Return every name of ours that the published schema lacks or spells otherwise."""
    found = []
    for name, mine in ours.type_map.items():
        other = theirs.type_map.get(name)
        if type(other) is not type(mine):
            found.append(f"{name}: published as {type(other).__name__}")
        elif _members(mine) != _members(other):
            found.append(f"{name}: other members")
        elif isinstance(mine, Composite) and isinstance(other, Composite):
            found += _field_contradictions(mine, other)
    return found


def _members(kind: GraphQLNamedType | None) -> object:
    if isinstance(kind, GraphQLEnumType):
        return list(kind.values)
    if isinstance(kind, GraphQLInputObjectType):
        return {name: (str(f.type), _default(f)) for name, f in kind.fields.items()}
    return None


def _field_contradictions(mine: Composite, other: Composite) -> list[str]:
    found = []
    missing = {i.name for i in mine.interfaces} - {i.name for i in other.interfaces}
    found += [f"{mine.name}: does not implement {name}" for name in sorted(missing)]
    for key, field in mine.fields.items():
        their = other.fields.get(key)
        if their is None:
            found.append(f"{mine.name}.{key}: not published")
        elif str(their.type) != str(field.type):
            found.append(f"{mine.name}.{key}: published as {their.type}")
        elif arguments(field.args) != arguments(their.args):
            found.append(f"{mine.name}.{key}: other arguments")
    return found


@pytest.mark.parametrize("files", [(SCHEMA_FILE,), (SCHEMA_FILE, ADDITIONS_FILE)])
def test_what_is_served_unchecked_is_a_valid_schema(files: tuple[Path, ...]) -> None:
    schema = build_schema("\n".join(file.read_text(encoding="utf-8") for file in files))
    assert validate_schema(schema) == []


def test_our_schema_contradicts_the_published_one_nowhere(published: GraphQLSchema) -> None:
    assert contradictions(load_schema(), published) == []


def test_every_attribute_of_an_entity_is_there(published: GraphQLSchema) -> None:
    left_out = []
    for query in root_queries(load_schema()).values():
        mine, other = load_schema().type_map[query.entity], published.type_map[query.entity]
        assert isinstance(mine, GraphQLObjectType)
        assert isinstance(other, GraphQLObjectType)
        leaves = {key for key, field in other.fields.items() if not field.args}
        left_out += [f"{query.entity}.{key}" for key in leaves - set(mine.fields)]
    assert left_out == []


def test_what_is_left_out_is_listed(published: GraphQLSchema) -> None:
    found = coverage(load_schema(), published)
    assert len(found.queries) == 318
    present = {name for name, served in found.queries.items() if served}
    assert present == set(root_queries(load_schema()))
    members = [member for left_out in found.members.values() for member in left_out]
    assert "logs" in found.members["Account"]
    assert [member for member in members if "(" in member] == [], "every argument is there"
    enums = {
        name for name in found.members if isinstance(published.type_map[name], GraphQLEnumType)
    }
    assert enums == set(), "every enum is whole"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("  name: String!\n", "  name: String\n"),
        ("  RESIDENTIAL", "  PRIVATE"),
        ("include_archived: Boolean", "archived: Boolean"),
        ("records_per_page: Int!", "per_page: Int!"),
        ("GeneralSearchMode = ROOT", "GeneralSearchMode = ROOT_PLUS_RELATIONS"),
    ],
)
def test_a_contradiction_is_found(published: GraphQLSchema, change: str, told: str) -> None:
    text = PUBLISHED.read_text(encoding="utf-8")
    assert change.strip() in text
    spoiled = SCHEMA_FILE.read_text(encoding="utf-8").replace(change.strip(), told.strip())
    assert contradictions(build_schema(spoiled, assume_valid=True), published)


def test_the_file_holds_no_description() -> None:
    lines = SCHEMA_FILE.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line.lstrip().startswith('"')] == []


@pytest.mark.parametrize(
    ("parent", "field", "kind", "column"),
    [
        ("Account", "account_status", RelationKind.PARENT, "account_status_id"),
        ("Account", "parent_account", RelationKind.PARENT, "parent_account_id"),
        ("Account", "child_accounts", RelationKind.CHILDREN, "parent_account_id"),
        ("Account", "account_billing_parameter", RelationKind.ONE_CHILD, "account_id"),
        ("Account", "account_services", RelationKind.CHILDREN, "account_id"),
        ("Account", "contacts", RelationKind.OWNED, "contactable_id"),
        ("Account", "account_groups", RelationKind.LINKED, ""),
        ("AccountGroup", "accounts", RelationKind.LINKED, ""),
        ("Address", "addressable", RelationKind.OWNER, "addressable_id"),
        ("Address", "linked_addresses", RelationKind.CHILDREN, "anchor_address_id"),
        ("Company", "addresses", RelationKind.OWNED, "addressable_id"),
        ("Service", "data_service_detail", RelationKind.ONE_CHILD, "service_id"),
        ("Service", "voice_service_detail", RelationKind.ONE_CHILD, "service_id"),
        ("AccountService", "package", RelationKind.PARENT, "package_id"),
        ("Account", "notes", RelationKind.OWNED, "noteable_id"),
        ("Note", "noteable", RelationKind.OWNER, "noteable_id"),
        ("User", "notes", RelationKind.CHILDREN, "user_id"),
        ("Role", "users", RelationKind.CHILDREN, "role_id"),
        ("CustomField", "companies", RelationKind.LINKED, ""),
    ],
)
def test_relations_are_told_from_names(
    parent: str, field: str, kind: RelationKind, column: str
) -> None:
    entity = load_schema().type_map[parent]
    assert isinstance(entity, GraphQLObjectType)
    found = relation(load_schema(), entity, field)
    assert (found.kind, found.column) == (kind, column)


def test_every_relation_can_be_followed() -> None:
    schema = load_schema()
    followed = 0
    for query in root_queries(schema).values():
        entity = schema.type_map[query.entity]
        assert isinstance(entity, GraphQLObjectType)
        for name, field in entity.fields.items():
            if field.args:
                relation(schema, entity, name)
                followed += 1
    assert followed > 20
