"""The second witness of a collection: its rows as their parents count them.

The first proof is Sonar's word about one list. A server that loses rows of that list from its index
can agree with itself; counted through a parent (`parent { children { page_info } }`) the same rows
take another way.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Mapping, Sequence

import msgspec
from graphql import GraphQLSchema
from sqlalchemy import Connection as Session
from sqlalchemy import Engine, text

from extract.catalogue.discovery import Collection
from extract.catalogue.parents import MOST_PARENTS, Candidate, candidates, choose, is_small
from extract.proof.looks import Asked, look
from extract.proof.totals import ONE_ROW, document, query
from extract.reading.rows import Connection, connection
from extract.sonar.client import Sonar, Tally
from extract.sonar.failures import Unreachable
from runtime.errors import FatalSourceError, RetriableSourceError

logger = logging.getLogger(__name__)

AGREES, DIFFERS, NONE = "agrees", "differs", "none"

_RETRIES = 1  # a witness that cannot be heard is no failure of the collection


class _Parent(msgspec.Struct):
    id: str | int
    children: Connection | None = None


_PARENT = msgspec.json.Decoder(_Parent)


def landed_fill(session: Session, collection: Collection, keys: Sequence[str]) -> Mapping[str, int]:
    """Count the live rows with a value by key; the empty key counts all rows. One scan."""
    unique = sorted(set(keys))
    named = "".join(f', count("{key}")' for key in unique)
    source = _records(collection, unique)
    row = session.execute(text(f"select count(*){named} from {source}")).one()
    return {key: row[number] for number, key in enumerate(("", *unique))}


def landed_by_parent(session: Session, collection: Collection, key: str) -> Mapping[str, int]:
    """Count the live rows by the parent that they name."""
    source = _records(collection, [key])
    rows = session.execute(
        text(f'select "{key}", count(*) from {source} where "{key}" is not null group by 1')
    )
    return {row[0]: row[1] for row in rows}


def _records(collection: Collection, keys: Sequence[str]) -> str:
    columns = ", ".join(f'"{key}" text' for key in ("id", *keys))
    return (
        f'(select parents.* from raw_sonar."{collection.name}" as held,'
        f" jsonb_to_record(held.payload) as parents ({columns})"
        " where held._deleted_at is null) as live"
    )


def compare(candidate: Candidate, theirs: Mapping[str, int], landed: Mapping[str, int]) -> str:
    """Return what the witness says (pure).

    Rows that name a parent which Sonar no longer has are outside of its sight.
    """
    differing = [key for key in theirs if theirs[key] != landed.get(key, 0)]
    if not differing:
        named = f"{candidate.parent.name}.{candidate.connection}"
        return f"{AGREES}: by {named} over {len(theirs)} parents"
    differing.sort(key=lambda key: (len(key), key))
    first, more = differing[0], len(differing) - 1
    return (
        f"{DIFFERS}: {candidate.parent.name} {first} has {theirs[first]} by Sonar,"
        f" {landed.get(first, 0)} landed" + (f" (and {more} more parents)" if more else "")
    )


async def witness(  # noqa: PLR0913 - both sides and what is known of them
    sonar: Sonar,
    engine: Engine,
    schema: GraphQLSchema,
    collections: Sequence[Collection],
    collection: Collection,
    *,
    counts: Mapping[str, int | None],
    tally: Tally | None = None,
) -> str:
    """Ask the best parent and compare: `agrees: …`, `differs: …` or `none`.

    `collections` are all that the schema has, `counts` Sonar's counts as far as they are known;
    parents without one are counted here. One request beside that.

    Raises:
        Unreachable, ConfigError: as `Sonar.ask`. What else fails is no witness.
    """
    found = candidates(schema, collections, collection)
    unknown = [Asked(one.parent) for one in found if one.parent.name not in counts]
    looks = await look(sonar, unknown, tally) if unknown else {}
    known = {**counts, **{name: seen.figures.count for name, seen in looks.items()}}
    if not any(is_small(known.get(one.parent.name)) for one in found):
        return NONE

    def fill() -> Mapping[str, int]:
        with engine.connect() as session:
            return landed_fill(session, collection, [one.key for one in found])

    chosen = choose(found, known, await asyncio.to_thread(fill))
    if chosen is None:
        return NONE
    try:
        theirs = await _by_parent(sonar, chosen, tally)
    except Unreachable:
        raise
    except (FatalSourceError, RetriableSourceError) as exc:
        logger.warning("event=no_witness collection=%s cause=%s", collection.name, exc)
        return NONE

    def grouped() -> Mapping[str, int]:
        with engine.connect() as session:
            return landed_by_parent(session, collection, chosen.key)

    return compare(chosen, theirs, await asyncio.to_thread(grouped))


async def _by_parent(sonar: Sonar, candidate: Candidate, tally: Tally | None) -> Mapping[str, int]:
    parent = candidate.parent
    archived = ["include_archived: true"]
    inner = ", ".join([ONE_ROW, *(archived if candidate.takes_archived else [])])
    outer = ", ".join(
        [
            f"paginator: {{page: 1, records_per_page: {MOST_PARENTS}}}",
            *(archived if parent.takes_archived else []),
        ]
    )
    children = f"children: {candidate.connection}({inner}) {{ page_info {{ total_count }} }}"
    asked = f"parents: {parent.name}({outer}) {{ entities {{ id {children} }} }}"
    retries = min(_RETRIES, sonar.manners.retries)
    answer = await sonar.ask(query(document("Witness", {}, [asked])), tally, retries=retries)
    return dict(_counts(connection(answer.get("parents")).present))


def _counts(parents: Sequence[msgspec.Raw]) -> Iterator[tuple[str, int]]:
    for raw in parents:
        try:
            parent = _PARENT.decode(raw)
        except msgspec.ValidationError:
            raise FatalSourceError("Sonar's parents have an unexpected shape") from None
        if parent.children is None or parent.children.total is None:
            raise FatalSourceError("Sonar does not count the rows of a parent")
        yield str(parent.id), parent.children.total
