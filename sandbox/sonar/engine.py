"""GraphQL requests over a tenant: parse, validate, execute, answer as JSON bytes.

graphql-core executes. One thing is done beside it: the plain leaf fields of a row are read in one
go, because resolving them one by one costs about 10 microseconds each (12,500 of them in a page
of 500 rows with 25 fields). Documents and introspection answers are kept, as clients repeat them.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import orjson
from graphql import (
    DocumentNode,
    ExecutionResult,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    execute_sync,
    parse,
    validate,
)
from graphql.execution.executor import Executor

from sandbox.sonar.resolve import Scene, resolve_field
from sandbox.sonar.schema import attributes

logger = logging.getLogger(__name__)

KEPT_DOCUMENTS = 256

Internal = Any  # types of graphql-core that it does not export


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed request text: its errors, or its syntax tree and the root fields it names."""

    text: str
    errors: tuple[GraphQLError, ...]
    tree: DocumentNode | None = None
    root_fields: frozenset[str] = frozenset()

    @property
    def introspects_only(self) -> bool:
        """Say whether the answer depends on the schema alone."""
        return bool(self.root_fields) and all(name.startswith("__") for name in self.root_fields)


class Engine:
    """Answers requests; holds no tenant."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self.schema = schema
        self._documents: OrderedDict[str, Document] = OrderedDict()
        self._introspections: dict[bytes, ExecutionResult] = {}

    def read(self, text: str) -> Document:
        """Parse and validate a request text."""
        document = self._documents.get(text)
        if document is None:
            document = self._documents[text] = self._parse(text)
            if len(self._documents) > KEPT_DOCUMENTS:
                self._documents.popitem(last=False)
        self._documents.move_to_end(text)
        return document

    def execute(
        self,
        scene: Scene,
        document: Document,
        variables: Mapping[str, Any] | None = None,
        operation: str | None = None,
    ) -> ExecutionResult:
        """Execute a document; errors are in the result."""
        if document.tree is None:
            return ExecutionResult(None, list(document.errors))
        if not document.introspects_only:
            return self._execute(scene, document.tree, variables, operation)
        key = orjson.dumps([document.text, variables, operation], option=orjson.OPT_SORT_KEYS)
        if key not in self._introspections:
            result = self._execute(scene, document.tree, variables, operation)
            self._introspections[key] = result
        return self._introspections[key]

    def _parse(self, text: str) -> Document:
        try:
            tree = parse(text)
        except GraphQLError as exc:
            return Document(text, (exc,))
        errors = validate(self.schema, tree)
        if errors:
            return Document(text, tuple(errors))
        return Document(text, (), tree, frozenset(_root_fields(tree)))

    def _execute(
        self,
        scene: Scene,
        tree: DocumentNode,
        variables: Mapping[str, Any] | None,
        operation: str | None,
    ) -> ExecutionResult:
        result = execute_sync(
            self.schema,
            tree,
            context_value=scene,
            variable_values=dict(variables or {}),
            operation_name=operation,
            field_resolver=resolve_field,
            executor_class=RowExecutor,
        )
        for error in result.errors or ():
            cause = error.original_error
            if cause is not None and not isinstance(cause, GraphQLError):
                logger.error("sandbox: a resolver failed", exc_info=cause)
        return result


def answer(result: ExecutionResult) -> dict[str, Any]:
    """Return the body of a result: `errors` only when there are some, `data` unless never run."""
    body: dict[str, Any] = {}
    if result.errors:
        body["errors"] = [error.formatted for error in result.errors]
    if result.data is not None or not result.errors or any(error.path for error in result.errors):
        body["data"] = result.data
    return body


class RowExecutor(Executor[Any]):
    """graphql-core's executor with a short cut for the leaf fields of rows."""

    def execute_fields(
        self,
        parent_type: GraphQLObjectType,
        source_value: Internal,
        path: Internal,
        grouped_field_set: Internal,
        position_context: Internal,
    ) -> Internal:
        """Read the plain leaves directly, leave everything else to graphql-core."""
        if type(source_value) is not dict:
            if parent_type.name == "__Type":
                return self._described(
                    parent_type, source_value, path, grouped_field_set, position_context
                )
            return super().execute_fields(
                parent_type, source_value, path, grouped_field_set, position_context
            )
        leaves, required, rest = self._plan(parent_type, grouped_field_set)
        get = source_value.get
        if any(get(name) is None for name in required):
            rest = grouped_field_set  # graphql-core words the error and nulls the right parent
        values: dict[str, Any] = {key: get(name) for key, name in leaves}
        if rest:
            others = super().execute_fields(parent_type, source_value, path, rest, position_context)
            values.update(cast("dict[str, Any]", others))  # execution is synchronous
        return values

    def _described(
        self, parent_type: GraphQLObjectType, kind: Internal, *rest: Internal
    ) -> Internal:
        """Describe a type; the thousands of arguments of one type share its description."""
        known = self.__dict__.setdefault("_descriptions", {})
        key = str(kind), id(rest[1])  # how it is written, and what is asked of it
        if key not in known:
            known[key] = super().execute_fields(parent_type, kind, *rest)
        return known[key]

    def _plan(
        self, parent_type: GraphQLObjectType, grouped_field_set: Internal
    ) -> tuple[list[tuple[str, str]], list[str], dict[str, Any]]:
        plans = self.__dict__.setdefault("_plans", {})
        plan = plans.get(id(grouped_field_set))
        if plan is None:
            known = attributes(parent_type)
            denied = self.context_value.denied_fields
            leaves: list[tuple[str, str]] = []
            required: list[str] = []
            rest: dict[str, Any] = {}
            for key, details in grouped_field_set.items():
                name = details[0].node.name.value
                leaves.append((key, name))  # a place for every field keeps the order asked for
                if name == "__typename" and "id" in known:
                    continue  # rows carry their type
                if name not in known or (parent_type.name, name) in denied:
                    rest[key] = details
                elif known[name].required:
                    required.append(name)
            plan = plans[id(grouped_field_set)] = (leaves, required, rest)
        return plan  # type: ignore[no-any-return]


def _root_fields(tree: DocumentNode) -> set[str]:
    fragments = {
        node.name.value: node
        for node in tree.definitions
        if isinstance(node, FragmentDefinitionNode)
    }
    names: set[str] = set()

    def visit(selections: SelectionSetNode) -> None:
        for node in selections.selections:
            if isinstance(node, FieldNode):
                names.add(node.name.value)
            elif isinstance(node, InlineFragmentNode):
                visit(node.selection_set)
            elif isinstance(node, FragmentSpreadNode):
                visit(fragments[node.name.value].selection_set)

    for node in tree.definitions:
        if isinstance(node, OperationDefinitionNode):
            visit(node.selection_set)
    return names
