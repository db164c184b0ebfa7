"""The text by which Sonar is asked for counts and totals of a collection (pure).

What is totalled and what is compared travel as variables, so that the documents are short and the
same text serves every run: parsing 300 aggregators would take longer than Sonar's answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from extract.catalogue.discovery import Collection
from extract.sonar.client import Query

ALL_FUNCTIONS = ("SUM", "MIN", "MAX")
ONE_ROW = "paginator: {page: 1, records_per_page: 1}"  # its rows are not asked for, only its count

_TOTALS = " aggregations { field value aggregation_function }"


def aggregators(
    fields: Iterable[str], functions: Sequence[str] = ALL_FUNCTIONS
) -> list[dict[str, str]]:
    """Return the value of an `aggregation` argument that asks for `functions` of every field."""
    return [
        {"field_name": field, "aggregation_function": function}
        for field in fields
        for function in functions
    ]


def counted(
    collection: Collection, alias: str, *, search: str | None = None, sums: str | None = None
) -> str:
    """Return a root field that counts: `search` is an inline list, `sums` names a variable."""
    arguments = [ONE_ROW]
    if collection.takes_archived:
        arguments.append("include_archived: true")
    if search:
        arguments.append(f"search: [{search}]")
    if sums:
        arguments.append(f"aggregation: ${sums}")
    body = "page_info { total_count }" + (_TOTALS if sums else "")
    return f"{alias}: {collection.name}({', '.join(arguments)}) {{ {body} }}"


def document(name: str, variables: Mapping[str, str], fields: Sequence[str]) -> str:
    """Return a query of some root fields; `variables` maps names to GraphQL types."""
    declared = ", ".join(f"${variable}: {kind}" for variable, kind in variables.items())
    return f"query {name}{f'({declared})' if declared else ''} {{ {' '.join(fields)} }}"


@lru_cache(maxsize=256)
def query(text: str) -> Query:
    """Return the parsed document, kept: the looks of a run ask the same ones again."""
    return Query(text)
