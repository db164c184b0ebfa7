"""Reads one collection: pages of its rows, links to the end, without fields that are refused."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from graphql import GraphQLSchema

from extract.catalogue import documents
from extract.catalogue.discovery import Collection
from extract.catalogue.selection import Selection, select
from extract.reading.links import Links
from extract.reading.pace import Pace
from extract.reading.paging import Row
from extract.reading.rows import connection, keyed, objects, without_secrets
from extract.sonar.client import Query, Sonar, Tally
from extract.sonar.failures import Denied, FieldsDenied, TooMuch

logger = logging.getLogger(__name__)

DEFAULT_PAGE = 1000  # published clients are served a thousand rows at a time
_ONCE = 1  # retries where pages fail: asking for less comes next


@dataclass(frozen=True, slots=True)
class Extent:
    """How much is read: rows a page at most, rows in all (None: all), depth of embedded objects.

    Without `changes` every row is read in each run.
    """

    page_size: int = DEFAULT_PAGE
    sample: int | None = None
    max_depth: int = 2
    changes: bool = True


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
        self.pace = Pace(extent.page_size)
        self.dropped: frozenset[str] = frozenset()
        self._sonar = sonar
        self._schema = schema
        self._extent = extent
        self._link_size = documents.LINK_PAGE
        self._prepare()

    @property
    def link_names(self) -> tuple[str, ...]:
        """The links that say how many they are, so that they can be compared."""
        return self._links.names

    @property
    def tells_changes(self) -> bool:
        """Whether its rows say when they changed, so that the changed ones can be asked for."""
        return self._extent.changes and documents.CHANGED in self.selection.leaves

    @property
    def asks(self) -> str:
        """A hash of what is asked of a row, and the fields that were refused."""
        whole = self._select(frozenset())
        body = documents.row_body(whole, documents.LINK_PAGE)
        digest = hashlib.sha256(documents.rows(self.collection, body).encode()).hexdigest()
        return " ".join([digest, *sorted(self.dropped)])

    async def after(self, last: int, size: int, since: datetime | None = None) -> Sequence[Row]:
        """Return at most `size` rows with ids above `last`, lowest first; changed `since` then.

        Raises:
            Denied: the token may not read the collection.
            TooMuch: fewer rows may work. Others as `Sonar.ask`.
        """
        values: dict[str, Any] = {"last": last, "size": size}
        if since is not None:
            values["since"] = since.isoformat()
        changed = since is not None
        return await self._fetch(lambda: self._query(changed=changed).with_values(**values), size)

    async def page(self, number: int, size: int) -> Sequence[Row]:
        """Return page `number` of `size` rows; errors as `after`."""
        return await self._fetch(lambda: self._query().with_values(page=number, size=size), size)

    async def everything(self) -> Sequence[Row]:
        """Return the rows of a collection that comes in one answer; errors as `after`."""
        try:
            return await self._fetch(self._query, 1)
        except TooMuch as exc:
            if exc.page_maximum is None or not self.link_names:
                raise
            return await self._fetch(self._query, 1)

    async def id_after(self, last: int, since: datetime | None = None) -> int | None:
        """Return the next id after `last`, asking for nothing else of its row."""
        document = documents.rows(self.collection, "id", changed=since is not None)
        given = {} if since is None else {"since": since.isoformat()}
        data = await self._sonar.ask(
            Query(document, {"last": last, "size": 1, **given}), self.tally
        )
        ids = keyed(connection(data.get(self.collection.name)).present, has_id=True)
        return int(ids[0].key) if ids else None

    async def id_at(self, place: int) -> str | None:
        """Return the id of the row at `place` (from 0) of a page walk, or None."""
        document = documents.rows(self.collection, "id")
        data = await self._sonar.ask(Query(document, {"page": place + 1, "size": 1}), self.tally)
        ids = keyed(connection(data.get(self.collection.name)).present, has_id=True)
        return ids[0].key if ids else None

    def _query(self, *, changed: bool = False) -> Query:
        """Return the query for rows; it is parsed when it is needed first."""
        if not self._body:
            raise Denied("no field is left that may be read")
        if changed not in self._queries:
            document = documents.rows(self.collection, self._body, changed=changed)
            self._queries[changed] = Query(document)
        return self._queries[changed]

    async def _fetch(self, query: Callable[[], Query], size: int) -> Sequence[Row]:
        raw = await self._answer(query, size)
        found = connection(raw).present if self.collection.is_connection else objects(raw)
        if self.selection.hidden is not None:
            found, emptied = without_secrets(found, self.selection.hidden)
            self.tally.withheld += emptied
        return await self._links.complete(keyed(found, has_id=self.collection.has_id))

    async def _answer(self, query: Callable[[], Query], size: int) -> msgspec.Raw | None:
        # Where pages fail, one retry is enough until a single row is left: less is asked next.
        retries = _ONCE if self.pace.cautious and size > 1 else None
        while True:
            try:
                data = await self._sonar.ask(query(), self.tally, retries=retries)
            except FieldsDenied as exc:
                self._drop(exc)
            except TooMuch as exc:
                self._shorten_links(exc.page_maximum)
                raise
            else:
                self.pace.took(size, data.seconds, data.size)
                return data.get(self.collection.name)

    def _shorten_links(self, maximum: int | None) -> None:
        """Ask for shorter pages of links: the largest page that Sonar serves holds for them too."""
        if maximum is not None and maximum < self._link_size:
            self._link_size = max(1, maximum)
            self._prepare()

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

    def _select(self, dropped: frozenset[str]) -> Selection:
        depth = self._extent.max_depth
        return select(self._schema, self.collection, max_depth=depth, dropped=dropped)

    def _prepare(self) -> None:
        self.selection = self._select(self.dropped)
        body = documents.row_body(self.selection, self._link_size)
        self._body = body
        self._queries: dict[bool, Query] = {}
        self._links = Links(
            self._sonar, self.collection, self.selection.links, self.tally, self._link_size
        )
