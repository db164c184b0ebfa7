"""What changed between two schemas, and which collections read what changed (pure).

graphql-core finds and grades the differences. What a collection reads is told by its own query:
every field and type that it names, in the old schema or the new one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from graphql import (
    FieldNode,
    GraphQLSchema,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    get_named_type,
    parse,
    visit,
)
from graphql.utilities import BreakingChange, DangerousChange, find_schema_changes

from extract.catalogue.discovery import Collection, discover
from extract.catalogue.selection import select
from extract.source_docs.facts import Change

_COORDINATE = re.compile(r"\b([_A-Za-z]\w*)\.([_A-Za-z]\w*)(?:\(([_A-Za-z]\w*):?\))?")
_DEMANDED = re.compile(r"^A required |!\.$")  # an argument that nobody passed so far
_WORD = re.compile(r"[_A-Za-z]\w*")
# Sonar's conventions for connections: the arguments that a walk passes.
_OURS = frozenset({"paginator", "sorter", "search", "aggregation", "include_archived"})
_SEVERITIES = ("breaking", "dangerous", "safe")


def schema_changes(old: GraphQLSchema, new: GraphQLSchema, *, max_depth: int) -> list[Change]:
    """Return the differences: breaking ones first, then by whether the extraction reads them."""
    found = find_schema_changes(old, new)
    if not found:
        return []
    readers = _readers(old, max_depth)
    for coordinate, names in _readers(new, max_depth).items():
        readers.setdefault(coordinate, set()).update(names)
    changes = [
        Change(
            severity=_severity(change),
            kind=change.type.name.removesuffix("_SAFE").replace("_", " ").lower(),
            what=change.description,
            touches=tuple(sorted(_touched(change.description, readers))),
        )
        for change in found
        if not change.type.name.startswith("DESCRIPTION")
    ]
    return sorted(
        changes,
        key=lambda c: (_SEVERITIES.index(c.severity), not c.touches, c.kind, c.what),
    )


def _severity(change: object) -> str:
    if isinstance(change, BreakingChange):
        return "breaking"
    return "dangerous" if isinstance(change, DangerousChange) else "safe"


def _touched(what: str, readers: Mapping[str, set[str]]) -> set[str]:
    """Return the readers of what a difference is about: a field, its type's members, or a type."""
    named = _COORDINATE.search(what)
    if named is None:
        words = _WORD.findall(what)
        return set().union(*(readers.get(word, set()) for word in words))
    owner, member, argument = named.groups()
    if argument and argument not in _OURS and not _DEMANDED.search(what):
        return set()
    return readers.get(f"{owner}.{member}", set()) | readers.get(f"{owner}.*", set())


def _readers(schema: GraphQLSchema, max_depth: int) -> dict[str, set[str]]:
    """Return who reads `Type`, `Type.field` and, of types without fields, `Type.*`."""
    found: dict[str, set[str]] = {}
    for collection in discover(schema):
        if not collection.skipped:
            for coordinate in _coordinates(schema, collection, max_depth):
                found.setdefault(coordinate, set()).add(collection.name)
    return found


def _coordinates(schema: GraphQLSchema, collection: Collection, max_depth: int) -> set[str]:
    selection = select(schema, collection, max_depth=max_depth)
    links = [f"{link.name} {{ entities {{ {link.body} }} }}" for link in selection.links]
    body = " ".join([*selection.leaves, *selection.embedded, *links])
    if not body:
        return set()
    if collection.is_connection:
        body = f"entities {{ {body} }}"
    query = parse(f"{{ {collection.name} {{ {body} }} }}", no_location=True)
    types, found = TypeInfo(schema), set[str]()

    class Collect(Visitor):
        def enter_field(self, node: FieldNode, *_: Any) -> None:  # noqa: ANN401
            parent, output = types.get_parent_type(), types.get_type()
            if parent is None or output is None:
                return
            named = get_named_type(output)
            found.update((f"{parent.name}.{node.name.value}", named.name))
            if not hasattr(named, "fields"):
                found.add(f"{named.name}.*")

    visit(query, TypeInfoVisitor(types, Collect()))
    return found
