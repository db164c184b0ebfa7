"""An entity type with the tenant behind it: its attributes, and the rows at its relations' ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from graphql import GraphQLInterfaceType, GraphQLObjectType, GraphQLSchema, get_named_type

from sandbox.sonar.schema import (
    Attribute,
    RelationKind,
    attributes,
    relation,
    relations,
)
from sandbox.sonar.store import Row, Store


@dataclass(frozen=True, slots=True)
class Subject:
    """What filters and sorters are read against."""

    schema: GraphQLSchema
    store: Store
    kind: GraphQLObjectType | GraphQLInterfaceType

    @property
    def attributes(self) -> Mapping[str, Attribute]:
        """The leaf fields by name."""
        return attributes(self.kind)

    @property
    def relations(self) -> frozenset[str]:
        """The names of the fields that lead to other rows; an interface has none."""
        return relations(self.kind) if isinstance(self.kind, GraphQLObjectType) else frozenset()

    @classmethod
    def for_type(cls, schema: GraphQLSchema, store: Store, name: str) -> Self:
        """Return the subject for an entity type or interface by its name."""
        kind = schema.type_map[name]
        if not isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            raise TypeError(f"{name} must be an entity type")
        return cls(schema, store, kind)

    def of(self, name: str) -> Subject:
        """Return the subject for another entity type or interface of the same tenant."""
        return Subject.for_type(self.schema, self.store, name)

    def end(self, name: str) -> Subject:
        """Return the subject at the end of a relation; for an owner, what all owners share."""
        followed = relation(self.schema, self._object, name)
        return self.of(followed.target or get_named_type(self.kind.fields[name].type).name)

    def follow(self, row: Row, name: str) -> tuple[Subject | None, Sequence[Row]]:
        """Return the rows at the end of a relation, and what they are.

        No subject: the row has no owner, or one of a type that is not modelled.
        """
        followed = relation(self.schema, self._object, name)
        if followed.kind is RelationKind.LOOSE:
            found_loose = self.store.loose(row, name, followed.target)
            return self.of(followed.target), found_loose
        entity = followed.target or row.get(followed.type_column)
        collection = self.store.of_entity(entity) if entity else None
        if collection is None or entity is None:
            return None, ()
        rows: Sequence[Row]
        match followed.kind:
            case RelationKind.PARENT | RelationKind.OWNER:
                found = collection.get(row.get(followed.column) or "")
                rows = () if found is None else (found,)
            case RelationKind.ONE_CHILD | RelationKind.CHILDREN:
                rows = collection.where(**{followed.column: row["id"]})
            case RelationKind.OWNED:
                owner = {followed.type_column: self.kind.name, followed.column: row["id"]}
                rows = collection.where(**owner)
            case RelationKind.LINKED:
                rows = self.store.linked(self.kind.name, row["id"], entity)
        return self.of(entity), rows

    @property
    def _object(self) -> GraphQLObjectType:
        if not isinstance(self.kind, GraphQLObjectType):
            raise TypeError(f"{self.kind.name} has no relations")
        return self.kind
