"""Questions that ask everything of a schema: each root query with every field one step deep."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLType,
    get_named_type,
    is_leaf_type,
    is_required_argument,
    is_required_input_field,
)
from graphql.type.definition import GraphQLList, GraphQLNonNull

PUBLISHED = Path(__file__).resolve().parents[3] / "shared/reference/sonar/schema.graphql"

_VALUES: Mapping[str, str] = {
    "Int64Bit": "1",
    "Int": "1",
    "Float": "1.5",
    "Boolean": "true",
    "Datetime": '"2020-01-01T00:00:00+00:00"',
    "Date": '"2020-01-01"',
}


def published() -> Path:
    """Return the published schema, or skip the test where it is absent."""
    if not PUBLISHED.exists():
        pytest.skip("Sonar's public schema is not on this machine")
    return PUBLISHED


def everything(schema: GraphQLSchema, name: str) -> str:
    """Return the query that asks a root query for all it has."""
    assert schema.query_type is not None
    field = schema.query_type.fields[name]
    return f"{{ {name}{_given(field)} {_body(get_named_type(field.type), depth=2)} }}"


def _given(field: GraphQLField) -> str:
    given = [
        f"{name}: {_literal(argument.type)}"
        for name, argument in field.args.items()
        if is_required_argument(argument) or name == "include_archived"
    ]
    return f"({', '.join(given)})" if given else ""


def _literal(kind: GraphQLType) -> str:
    if isinstance(kind, GraphQLNonNull):
        return _literal(kind.of_type)
    if isinstance(kind, GraphQLList):
        return f"[{_literal(kind.of_type)}]"
    if isinstance(kind, GraphQLEnumType):
        return str(next(iter(kind.values)))
    if isinstance(kind, GraphQLInputObjectType):
        inner = (
            f"{name}: {_literal(field.type)}"
            for name, field in kind.fields.items()
            if is_required_input_field(field)
        )
        return f"{{{', '.join(inner)}}}"
    return _VALUES.get(get_named_type(kind).name, '"x"')


def _body(kind: object, *, depth: int) -> str:
    assert isinstance(kind, GraphQLObjectType | GraphQLInterfaceType)
    parts = ["__typename"]
    for name, field in kind.fields.items():
        inner = get_named_type(field.type)
        if is_leaf_type(inner):
            parts.append(name)
        elif name in ("entities", "page_info"):
            parts.append(f"{name} {_body(inner, depth=depth)}")
        elif depth > 1 and name != "aggregations":
            parts.append(f"{name}{_given(field)} {_body(inner, depth=depth - 1)}")
    return f"{{ {' '.join(parts)} }}"
