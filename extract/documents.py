"""The query documents of a collection, as text; each is parsed once and sent many times.

Shapes follow Sonar's conventions: keyset by `search` on integer `id` with `sorter`, pages by
`paginator`, control totals by `aggregation`. Values travel as variables.
"""

from __future__ import annotations

from extract.discovery import Collection, Kind
from extract.selection import Link, Selection

LINK_PAGE = 500  # ids are short; few rows have more links, and those are fetched in further pages

_BY_ID = 'sorter: [{attribute: "id", direction: ASC}]'
_AFTER = 'search: [{integer_fields: [{attribute: "id", search_value: $last, operator: GT}]}]'
_EXACTLY = 'search: [{integer_fields: [{attribute: "id", search_value: $id, operator: EQ}]}]'
_ONE_ROW = "paginator: {page: 1, records_per_page: 1}"
_TOTALS = ", ".join(
    f'{{field_name: "id", aggregation_function: {function}}}' for function in ("SUM", "MIN", "MAX")
)


def _field(name: str, arguments: list[str], body: str) -> str:
    given = f"({', '.join(arguments)})" if arguments else ""
    return f"{name}{given} {{ {body} }}"


def _archived(collection: Collection) -> list[str]:
    return ["include_archived: true"] if collection.takes_archived else []


def _link(link: Link, page: str) -> str:
    arguments = []
    if "include_archived" in link.arguments:
        arguments.append("include_archived: true")
    if "sorter" in link.arguments:
        arguments.append(_BY_ID)
    if "paginator" in link.arguments:
        arguments.append(f"paginator: {{page: {page}, records_per_page: {LINK_PAGE}}}")
    total = " page_info { total_count }" if link.has_total else ""
    return _field(link.name, arguments, f"entities {{ {link.body} }}{total}")


def row_body(selection: Selection) -> str:
    """Return what is selected of one row."""
    links = [_link(link, "1") for link in selection.links]
    return " ".join([*selection.leaves, *selection.embedded, *links])


def rows(collection: Collection, selection: Selection) -> str:
    """Return the document that reads rows: the page after `$last`, page `$page`, or everything."""
    body = row_body(selection)
    if collection.is_connection:
        body = f"entities {{ {body} }}"
    if collection.kind is Kind.FULL:
        page = "paginator: {page: 1, records_per_page: $size}"
        arguments = [_AFTER, _BY_ID, page, *_archived(collection)]
        query = _field(collection.name, arguments, body)
        return f"query Rows($last: Int64Bit!, $size: Int!) {{ {query} }}"
    if collection.kind is Kind.PAGE:
        page = "paginator: {page: $page, records_per_page: $size}"
        query = _field(collection.name, [page, *_archived(collection)], body)
        return f"query Rows($page: Int!, $size: Int!) {{ {query} }}"
    return f"query Rows {{ {_field(collection.name, _archived(collection), body)} }}"


def totals(collection: Collection, *, with_sums: bool) -> str | None:
    """Return the document that asks for the count and the totals of id; None if impossible."""
    if not collection.has_total:
        return None
    arguments = [_ONE_ROW, *_archived(collection)]
    body = "page_info { total_count }"
    if with_sums:
        arguments.append(f"aggregation: [{_TOTALS}]")
        body += " aggregations { field value aggregation_function }"
    return f"query Totals {{ {_field(collection.name, arguments, body)} }}"


def link_page(collection: Collection, link: Link) -> str:
    """Return the document that reads page `$page` of one row's link."""
    arguments = [_EXACTLY, _ONE_ROW, *_archived(collection)]
    query = _field(collection.name, arguments, f"entities {{ {_link(link, '$page')} }}")
    return f"query LinkPage($id: Int64Bit!, $page: Int!) {{ {query} }}"
