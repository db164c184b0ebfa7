"""The query documents that read rows, as text; each is parsed once and sent many times.

Shapes follow Sonar's conventions: by id with `search` on integer `id` and `sorter`, what changed
with `updated_at` in the same search (criteria of one search are ANDed), pages by `paginator`.
Values travel as variables. There is never a second bound on one attribute: whether Sonar ANDs
those is not certain, so a reader stops by itself where its range ends.
"""

from __future__ import annotations

from collections.abc import Iterable

from extract.catalogue.discovery import Collection, Kind
from extract.catalogue.selection import Link, Selection

LINK_PAGE = 500  # ids are short; few rows have more links, and those are fetched in further pages
CHANGED = "updated_at"  # Sonar's convention: the instant of a row's last change

_BY_ID = 'sorter: [{attribute: "id", direction: ASC}]'
_AFTER = 'integer_fields: [{attribute: "id", search_value: $last, operator: GT}]'
_SINCE = f'datetime_fields: [{{attribute: "{CHANGED}", search_value: $since, operator: GTE}}]'
_EXACTLY = 'search: [{integer_fields: [{attribute: "id", search_value: $id, operator: EQ}]}]'
_SIZED = "paginator: {page: 1, records_per_page: $size}"
_PAGE = "paginator: {page: $page, records_per_page: $size}"
_ONE_ROW = "paginator: {page: 1, records_per_page: 1}"


def _field(name: str, arguments: Iterable[str], body: str) -> str:
    given = ", ".join(arguments)
    return f"{name}({given}) {{ {body} }}" if given else f"{name} {{ {body} }}"


def _archived(collection: Collection) -> list[str]:
    return ["include_archived: true"] if collection.takes_archived else []


def _link(link: Link, page: str, size: int) -> str:
    arguments = []
    if "include_archived" in link.arguments:
        arguments.append("include_archived: true")
    if "sorter" in link.arguments:
        arguments.append(_BY_ID)
    if "paginator" in link.arguments:
        arguments.append(f"paginator: {{page: {page}, records_per_page: {size}}}")
    total = " page_info { total_count }" if link.has_total else ""
    return _field(link.name, arguments, f"entities {{ {link.body} }}{total}")


def row_body(selection: Selection, link_size: int = LINK_PAGE) -> str:
    """Return what is selected of one row, with the first `link_size` ids of each link."""
    links = [_link(link, "1", link_size) for link in selection.links]
    return " ".join([*selection.leaves, *selection.embedded, *links])


def rows(collection: Collection, body: str, *, changed: bool = False) -> str:
    """Return the document that reads `body` of rows: the page after `$last`, page `$page`, or all.

    With `changed` only rows that changed at `$since` or later.
    """
    if collection.is_connection:
        body = f"entities {{ {body} }}"
    if collection.kind is Kind.FULL:
        search = f"search: [{{{', '.join([_AFTER, _SINCE] if changed else [_AFTER])}}}]"
        query = _field(collection.name, [search, _BY_ID, _SIZED, *_archived(collection)], body)
        since = ", $since: Datetime!" if changed else ""
        return f"query Rows($last: Int64Bit!, $size: Int!{since}) {{ {query} }}"
    if collection.kind is Kind.PAGE:
        query = _field(collection.name, [_PAGE, *_archived(collection)], body)
        return f"query Rows($page: Int!, $size: Int!) {{ {query} }}"
    return f"query Rows {{ {_field(collection.name, _archived(collection), body)} }}"


def link_page(collection: Collection, link: Link, size: int) -> str:
    """Return the document that reads page `$page` of a link: of row `$id`, or of the one object."""
    body = _link(link, "$page", size)
    if collection.kind is not Kind.FULL:
        query = _field(collection.name, _archived(collection), body)
        return f"query LinkPage($page: Int!) {{ {query} }}"
    arguments = [_EXACTLY, _ONE_ROW, *_archived(collection)]
    query = _field(collection.name, arguments, f"entities {{ {body} }}")
    return f"query LinkPage($id: Int64Bit!, $page: Int!) {{ {query} }}"
