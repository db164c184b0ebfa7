"""Reads one collection: its rows by the walk that fits, its links to the end, its figures."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec
from graphql import GraphQLSchema

from extract import documents
from extract.client import Query, Sonar, Tally
from extract.discovery import Collection, Kind
from extract.failures import Denied, FieldsDenied, Unreachable
from extract.paging import Row, keyset, pages, whole
from extract.proof import Figures, server_figures
from extract.rows import Connection, connection, keyed, links, objects, with_links
from extract.selection import Link, select
from extract.spool import Spool
from runtime.errors import FatalSourceError, RetriableSourceError

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Extent:
    """How much is read: rows a page, rows in all (None: every row), depth of embedded objects."""

    page_size: int = 500
    sample: int | None = None
    max_depth: int = 2


class Reader:
    """One collection of one Sonar. `dropped` are fields that Sonar refused to this token."""

    def __init__(
        self,
        sonar: Sonar,
        schema: GraphQLSchema,
        collection: Collection,
        extent: Extent,
        tally: Tally,
    ) -> None:
        self.collection = collection
        self.tally = tally
        self.dropped: frozenset[str] = frozenset()
        self._sonar = sonar
        self._schema = schema
        self._extent = extent
        self._prepare()

    @property
    def link_names(self) -> tuple[str, ...]:
        """The links that say how many they are, so that they can be compared."""
        return tuple(link.name for link in self._links.values() if link.has_total)

    async def read(self, spool: Spool) -> AsyncIterator[int]:
        """Walk the collection into `spool`; yield the number of rows after each batch.

        Raises:
            Denied: the token may not read it.
            FatalSourceError, RetriableSourceError: as `Sonar.ask`.
        """
        async for batch in self._walk():
            await asyncio.to_thread(spool.add, batch)
            yield len(batch)

    async def figures(self) -> Figures:
        """Ask for Sonar's count and control totals; with what it cannot tell left out.

        A collection whose aggregation fails is asked for its count alone.
        """
        for with_sums in (True, False) if self.collection.has_aggregation else (False,):
            document = documents.totals(self.collection, with_sums=with_sums)
            if document is None:
                break
            try:
                data = await self._sonar.ask(Query(document), self.tally)
                return server_figures(connection(data.get(self.collection.name)))
            except Unreachable:
                raise
            except (FatalSourceError, RetriableSourceError) as exc:
                logger.warning(
                    "event=no_totals collection=%s sums=%s cause=%s",
                    self.collection.name,
                    with_sums,
                    exc,
                )
        return Figures(None)

    def _walk(self) -> AsyncIterator[Sequence[Row]]:
        size, sample = self._extent.page_size, self._extent.sample
        if self.collection.kind is Kind.FULL:
            return keyset(self._after, size, sample)
        if self.collection.kind is Kind.PAGE:
            return pages(self._page, size, sample)
        return self._whole()

    async def _after(self, last: int, size: int) -> Sequence[Row]:
        return await self._fetch(last=last, size=size)

    async def _page(self, page: int, size: int) -> Sequence[Row]:
        return await self._fetch(page=page, size=size)

    async def _whole(self) -> AsyncIterator[Sequence[Row]]:
        async for batch in whole(await self._fetch(), self._extent.sample):
            yield batch

    async def _fetch(self, **values: int) -> Sequence[Row]:
        raw = await self._answer(values)
        is_connection = self.collection.is_connection
        found = connection(raw).present if is_connection else objects(raw)
        rows = keyed(found, has_id=self.collection.has_id)
        if not self._links:
            return rows
        return [await self._complete(row) for row in rows]

    async def _answer(self, values: Mapping[str, int]) -> msgspec.Raw | None:
        while True:
            try:
                data = await self._sonar.ask(self._rows.with_values(**values), self.tally)
            except FieldsDenied as exc:
                self._drop(exc)
            else:
                return data.get(self.collection.name)

    def _drop(self, exc: FieldsDenied) -> None:
        if "id" in exc.fields or exc.fields <= self.dropped:
            raise Denied(str(exc)) from None
        logger.warning(
            "event=fields_dropped collection=%s fields=%s",
            self.collection.name,
            ",".join(sorted(exc.fields)),
        )
        self.dropped |= exc.fields
        self._prepare()

    def _prepare(self) -> None:
        selection = select(
            self._schema,
            self.collection,
            max_depth=self._extent.max_depth,
            dropped=self.dropped,
        )
        if not documents.row_body(selection):
            raise Denied("no field is left that may be read")
        self._rows = Query(documents.rows(self.collection, selection))
        self._links: dict[str, Link] = {link.name: link for link in selection.links}
        self._link_pages: dict[str, Query] = {}

    async def _complete(self, row: Row) -> Row:
        """Return the row with every link read to the end."""
        completed: dict[str, Sequence[msgspec.Raw]] = {}
        for name, link in links(row, tuple(self._links)):
            if self._turns_pages(name) and len(link.present) < (link.total or 0):
                completed[name] = await self._all_of(row, name, link)
        return with_links(row, completed) if completed else row

    def _turns_pages(self, name: str) -> bool:
        by_id = self.collection.kind is Kind.FULL
        return by_id and "paginator" in self._links[name].arguments

    def _link_page(self, name: str) -> Query:
        """Return the query for further pages of a link; few collections ever need theirs."""
        if name not in self._link_pages:
            document = documents.link_page(self.collection, self._links[name])
            self._link_pages[name] = Query(document)
        return self._link_pages[name]

    async def _all_of(self, row: Row, name: str, first: Connection) -> Sequence[msgspec.Raw]:
        found = {bytes(entity): entity for entity in first.present}
        number = 1
        while True:
            number += 1
            query = self._link_page(name).with_values(id=int(row.key), page=number)
            data = await self._sonar.ask(query, self.tally)
            owners = connection(data.get(self.collection.name)).present
            more = [
                link for owner in owners for _, link in links(Row(row.key, bytes(owner)), [name])
            ]
            entities = [entity for link in more for entity in link.present]
            if not entities:
                return list(found.values())
            found |= {bytes(entity): entity for entity in entities}
