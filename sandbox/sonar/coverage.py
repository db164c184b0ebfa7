"""What of a published schema this sandbox serves, and what it leaves out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
)

from sandbox.sonar.schema import query_type

Composite = GraphQLObjectType | GraphQLInterfaceType


@dataclass(frozen=True, slots=True)
class Coverage:
    """Names present and left out; members are fields, arguments or enum values."""

    queries: Mapping[str, bool]  # root query -> present
    members: Mapping[str, tuple[str, ...]]  # type that is present -> its members left out
    types_present: int
    types_left_out: int


def coverage(ours: GraphQLSchema, published: GraphQLSchema) -> Coverage:
    """Compare two schemas by name."""
    present = query_type(ours).fields
    queries = {name: name in present for name in query_type(published).fields}
    names = [name for name in published.type_map if not name.startswith("__")]
    both = [name for name in names if name in ours.type_map]
    missing = {name: _missing(ours.type_map[name], published.type_map[name]) for name in both}
    missing[query_type(ours).name] -= queries.keys()  # they have a table of their own
    return Coverage(
        queries=queries,
        members={name: tuple(sorted(found)) for name, found in missing.items() if found},
        types_present=len(both),
        types_left_out=len(names) - len(both),
    )


def table(found: Coverage) -> Iterator[str]:
    """Yield the lines of a report: root queries, members of present types, totals."""
    yield "| root query | sandbox |"
    yield "|---|---|"
    for name, served in sorted(found.queries.items()):
        yield f"| {name} | {'present' if served else 'left out'} |"
    yield ""
    yield "| type | left out |"
    yield "|---|---|"
    for name, members in sorted(found.members.items()):
        yield f"| {name} | {', '.join(members)} |"
    yield ""
    present = sum(found.queries.values())
    yield f"root queries: {present} present, {len(found.queries) - present} left out"
    yield f"types: {found.types_present} present, {found.types_left_out} left out"


def _missing(mine: GraphQLNamedType, other: GraphQLNamedType) -> set[str]:
    missing = _members(other) - _members(mine)
    if isinstance(mine, Composite) and isinstance(other, Composite):
        for name, field in mine.fields.items():
            arguments = other.fields[name].args if name in other.fields else {}
            missing |= {f"{name}({argument}:)" for argument in set(arguments) - set(field.args)}
    return missing


def _members(kind: GraphQLNamedType) -> set[str]:
    if isinstance(kind, GraphQLEnumType):
        return set(kind.values)
    if isinstance(kind, GraphQLInputObjectType | Composite):
        return set(kind.fields)
    return set()
