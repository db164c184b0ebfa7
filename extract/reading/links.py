"""Links read to the end: what a row's nested connections hold beyond their first page.

A link is complete when it holds as many entities as its own `total_count` says. A row read while
its links changed may stay short of that; the warehouse's gaps tell, and the row is read again.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from extract.catalogue import documents
from extract.catalogue.discovery import Collection, Kind
from extract.catalogue.selection import Link
from extract.reading.paging import Row
from extract.reading.rows import Connection, connection, links, objects, with_links
from extract.sonar.client import Query, Sonar, Tally
from extract.sonar.failures import TooMuch


class Links:
    """The links of one collection; `size` is how many ids are asked for at a time."""

    def __init__(
        self, sonar: Sonar, collection: Collection, found: Sequence[Link], tally: Tally, size: int
    ) -> None:
        self.size = size
        self._sonar = sonar
        self._collection = collection
        self._links = {link.name: link for link in found}
        self._tally = tally
        self._queries: dict[str, Query] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """The links that say how many they are, so that they can be compared."""
        return tuple(link.name for link in self._links.values() if link.has_total)

    async def complete(self, rows: Sequence[Row]) -> Sequence[Row]:
        """Return the rows with every link that turns pages read to the end."""
        if not self._links:
            return rows
        return [await self._complete(row) for row in rows]

    async def _complete(self, row: Row) -> Row:
        completed: dict[str, Sequence[msgspec.Raw]] = {}
        for name, link in links(row, tuple(self._links)):
            if self._turns_pages(name) and len(link.present) < (link.total or 0):
                completed[name] = await self._all_of(row, name, link)
        return with_links(row, completed) if completed else row

    def _turns_pages(self, name: str) -> bool:
        # A row can be asked for alone by its id, or because there is only one.
        alone = self._collection.kind in {Kind.FULL, Kind.SINGLETON}
        return alone and "paginator" in self._links[name].arguments

    async def _all_of(self, row: Row, name: str, first: Connection) -> Sequence[msgspec.Raw]:
        found = {bytes(entity): entity for entity in first.present}
        number = 1
        while True:
            number += 1
            entities = [e for link in await self._page(row, name, number) for e in link.present]
            if not entities:
                return list(found.values())
            found |= {bytes(entity): entity for entity in entities}

    async def _page(self, row: Row, name: str, number: int) -> Sequence[Connection]:
        if name not in self._queries:
            document = documents.link_page(self._collection, self._links[name], self.size)
            self._queries[name] = Query(document)
        of_row = {"id": int(row.key)} if self._collection.kind is Kind.FULL else {}
        try:
            data = await self._sonar.ask(
                self._queries[name].with_values(page=number, **of_row), self._tally
            )
        except TooMuch as exc:  # a smaller page of rows would not help here
            raise TooMuch(f"{name} of row {row.key}: {exc}") from None
        raw = data.get(self._collection.name)
        is_connection = self._collection.is_connection
        owners = connection(raw).present if is_connection else objects(raw)
        return [link for owner in owners for _, link in links(Row(row.key, bytes(owner)), [name])]
