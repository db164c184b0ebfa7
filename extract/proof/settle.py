"""What does not agree, narrowed down to what has to be read again."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from sqlalchemy import Connection as Session
from sqlalchemy import text

from extract.catalogue.discovery import Collection
from extract.proof.judgement import Figures, differing_leaves, landed_figures
from extract.proof.windows import Window, differing, landed_prefixes, server_prefixes
from extract.reading.ranges import BEFORE_ALL
from extract.reading.reader import Reader
from extract.reading.walks import Means

_STRAY = "_sonar_key is distinct from payload->>'id'"
_MOST_ALONE = 100  # rows asked for one by one; of more, what lies between is read too
EVERYTHING = Window(BEFORE_ALL, None)


async def landed(means: Means, reader: Reader, leaves: Sequence[str]) -> tuple[Figures, list[str]]:
    """Return the warehouse's figures, and the keys of the live rows that cannot be right."""

    def ask() -> tuple[Figures, list[str]]:
        with means.engine.connect() as session:
            figures = landed_figures(session, reader.collection, leaves)
            return figures, faulty_rows(session, reader.collection, reader.link_names)

    return await asyncio.to_thread(ask)


def faulty_rows(session: Session, collection: Collection, links: Sequence[str]) -> list[str]:
    """Return the keys of the live rows that cannot be right by themselves.

    A link holds another number of ids than it says, or the key is not the id in the payload.
    """
    faults = [
        f"jsonb_array_length(payload->'{name}'->'entities')"
        f" <> (payload->'{name}'->'page_info'->>'total_count')::bigint"
        for name in links
    ]
    if collection.has_id:
        faults.append(_STRAY)
    if not faults:
        return []
    query = text(
        f'select _sonar_key from raw_sonar."{collection.name}"'
        f" where _deleted_at is null and ({' or '.join(faults)})"
    )
    return list(session.execute(query).scalars())


async def windows(
    means: Means, reader: Reader, server: Figures, ours: Figures, gaps: Sequence[str]
) -> list[Window]:
    """Return the windows of ids that have to be read again.

    They are the ones in which both sides differ, by totals of id and of the fields that differ as a
    whole; and the rows in `gaps`. Where Sonar gives no totals that is everything.
    """
    numbers = sorted(int(key) for key in gaps if key.isdecimal())
    alone = [Window(number - 1, number) for number in numbers]
    if len(alone) > _MOST_ALONE:
        alone = [Window(numbers[0] - 1, numbers[-1])]
    if agree(server, ours):
        return alone
    if not server.sums:
        return [EVERYTHING]
    leaves = differing_leaves(server, ours)
    collection, tally = reader.collection, reader.tally

    async def theirs(bounds: Sequence[int]) -> Sequence[Figures]:
        return await server_prefixes(means.sonar, collection, leaves, bounds, tally)

    async def held(bounds: Sequence[int]) -> Sequence[Figures]:
        def ask() -> Sequence[Figures]:
            with means.engine.connect() as session:
                return landed_prefixes(session, collection, leaves, bounds)

        return await asyncio.to_thread(ask)

    found = await differing(theirs, held, EVERYTHING, smallest=reader.pace.size)
    return [*found, *(one for one in alone if not any(_holds(wide, one) for wide in found))]


def agree(server: Figures, ours: Figures) -> bool:
    """Tell whether the count, and every total that both sides tell, are equal."""
    both = server.sums.keys() & ours.sums.keys()
    return server.count == ours.count and all(server.sums[k] == ours.sums[k] for k in both)


async def drop_strays(means: Means, collection: Collection) -> int:
    """Delete the rows whose key is not the id in their payload; return how many.

    Sonar never gave such a row: somebody changed the warehouse, and a mark would keep it there.
    """

    def drop() -> int:
        query = text(f'delete from raw_sonar."{collection.name}" where {_STRAY}')
        with means.engine.begin() as session:
            return session.execute(query).rowcount

    return await asyncio.to_thread(drop)


def _holds(wide: Window, one: Window) -> bool:
    return wide.low <= one.low and (wide.high is None or (one.high or 0) <= wide.high)
